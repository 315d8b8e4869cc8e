"""`verenigingen check`: what is configured, reachable and missing, one line each, each tried by itself.

Nothing one part lacks hides the others: with the database down one still learns whether Redis answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from verenigingen.exceptions import MonitoringError, SourceAbsent
from verenigingen.host import Host
from verenigingen.host.on_local import (
	open_cache,
	open_database,
	open_host,
	open_queue,
	open_secrets,
	read_config,
)
from verenigingen.host.on_local.site_config import SiteConfig
from verenigingen.services.job_logging import unlogged_jobs
from verenigingen.services.monitoring import check_components
from verenigingen.services.site import ERPNEXT, doctype_state, error_log_rows
from verenigingen.services.watchdog import watchdog_report
from verenigingen.standalone.pages import FrontEndMissing, require_front_end

OK, ABSENT, BROKEN = "ok", "absent", "BROKEN"
LEFT_ALONE = "; the Redis of an audited site is left alone"


@dataclass(frozen=True, slots=True)
class Line:
	"""One finding: `state` is "ok", "absent" (fine, but something is not to be had) or "BROKEN"."""

	name: str
	state: str
	detail: str


Finding = tuple[str, str]


def check_site(path: Path, store: Path | None = None) -> Iterator[Line]:
	"""The findings about a site, in the order to read them. Raises ConfigurationError for an unusable config."""
	config = read_config(path)
	yield Line("site", OK, _kind(config, store))
	yield _tried("database", lambda: _database(config))
	try:
		host = open_host(path, store=store)
	except MonitoringError as error:
		yield Line("opening the site", BROKEN, f"{error} What needs the open site is not checked.")
	else:
		yield from _of_open_site(host, config)
	yield _tried("cache", lambda: (OK, open_cache(config).describe() + _left_alone(config, "redis_cache")))
	yield _tried("queue", lambda: (OK, open_queue(config).describe() + _left_alone(config, "redis_queue")))
	yield _tried("encryption key", lambda: _key(config, store))
	yield _front_end()


def _tried(name: str, probe: Callable[[], Finding]) -> Line:
	try:
		return Line(name, *probe())
	except MonitoringError as error:
		return Line(name, BROKEN, str(error))


def _kind(config: SiteConfig, store: Path | None) -> str:
	if config.own:
		return f"{config.name}, our own ({config.path})"
	return f"{config.name}, audited: only read ({config.path}); our tables are in {store or config.store()}"


def _database(config: SiteConfig) -> Finding:
	return OK, open_database(config).describe() + ("" if config.own else ", opened read-only")


def _of_open_site(host: Host, config: SiteConfig) -> Iterator[Line]:
	yield _tried("error log", lambda: _error_log(host, config))
	parts = check_components(host)["components"]
	for name in ("tables", "settings", "collection"):
		yield Line(name, OK if parts[name]["ok"] else BROKEN, parts[name]["detail"])
	yield _tried("job logging", lambda: _job_logging(host))
	yield _tried("watchdog", lambda: _watchdog(host))
	yield Line(
		"time zone", OK, f"{host.clock.now().tzinfo}, where it is now {host.clock.now():%Y-%m-%d %H:%M}"
	)
	states = [doctype_state(host, doctype) for doctype in ERPNEXT]
	there = not any(state.endswith("not installed") for state in states)
	yield Line("ERPNext", OK if there else ABSENT, ", ".join(states))


def _error_log(host: Host, config: SiteConfig) -> Finding:
	rows = error_log_rows(host)
	if rows is not None:
		return OK, f"{rows} rows"
	if config.own:
		return ABSENT, "no Error Log table yet; `import-errors` or `demo` make one"
	return BROKEN, "no Error Log table; is it a Frappe site?"


def _job_logging(host: Host) -> Finding:
	try:
		jobs = [job["job"] for job in unlogged_jobs(host)]
	except SourceAbsent as absent:
		return ABSENT, str(absent)
	if not jobs:
		return OK, "every scheduled job that runs leaves a record"
	shown = ", ".join(jobs[:5]) + (", …" if len(jobs) > 5 else "")
	return ABSENT, (
		f"{len(jobs)} scheduled jobs fail unseen, as create_log is off: {shown};"
		" verenigingen.utils.error_sources.enable_job_logging switches it on"
	)


def _watchdog(host: Host) -> Finding:
	report = watchdog_report(host)
	serious = [row["title"] for row in report["findings"] if row["severity"] in ("critical", "high")]
	said = "; ".join(serious) or f"{len(report['findings'])} minor findings"
	blind = sorted({row["check"] for row in report["unknown"]})
	said += f"; not to be seen here: {', '.join(blind)}" if blind else ""
	return (BROKEN if report["counts"]["critical"] else OK), said


def _left_alone(config: SiteConfig, setting: str) -> str:
	return LEFT_ALONE if config.values.get(setting) and not config.own else ""


def _key(config: SiteConfig, store: Path | None) -> Finding:
	if not config.values.get("encryption_key"):
		return ABSENT, "none in site_config.json: nothing is encrypted, pseudonyms use a key file of ours"
	secrets = open_secrets(config, store)
	if secrets.decrypt(secrets.encrypt("probe")) != "probe":
		return BROKEN, "what was encrypted is not what is decrypted"
	return OK, "encrypts and decrypts"


def _front_end() -> Line:
	try:
		require_front_end()
	except FrontEndMissing as error:
		return Line("front end", ABSENT, str(error))
	return Line("front end", OK, "built")
