"""Runs the collectors: each alone, each failure visible, none fatal to the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from typing import Any

from verenigingen.core.errors import ALGORITHM
from verenigingen.core.model import as_datetime
from verenigingen.exceptions import CollectorBusy, MonitoringError, SourceAbsent
from verenigingen.host import current_host
from verenigingen.host.port import Host
from verenigingen.services import forecasts
from verenigingen.services.advice import performance_recommendations
from verenigingen.services.collection import LOCK, STATE, CollectResult
from verenigingen.services.gauges import collect_gauges
from verenigingen.services.impact import business_impact
from verenigingen.services.issues import wake
from verenigingen.services.ledger import LEDGER
from verenigingen.services.lives import JUDGED
from verenigingen.services.pulse import beat
from verenigingen.services.redaction import cleaned
from verenigingen.services.site import ERPNEXT, doctype_state, error_log_rows
from verenigingen.settings import SETTINGS, TEXT_SETTINGS, resolve, resolve_text

log = logging.getLogger("verenigingen")

JOIN_ISSUES = "verenigingen.services.joined_issues.join_issues"  # of what was collected
JUDGE_ISSUES = "verenigingen.services.standings.judge_issues"
OWN_TABLES = (
	"tabError Issue",
	"tabError Issue Day",
	"tabError Issue User",
	"tabError User Day",
	"tabError Issue Facet",
	"tabSite Change",
	"tabError Issue Alias",
	"tabError Grouping Rule",
	"tabError Event",
	"tabRequest Failure Hour",
	"tabRequest Rollup",
	"tabJob Rollup",
	"tabStatement Rollup",
	"tabMetric Rollup",
	"tabWatchdog Action",
	LEDGER,
	STATE,
)


def collect_now() -> list[dict[str, Any]]:
	"""The scheduled job: runs every collector on the current site."""
	host = current_host()
	results = collect_all(host)
	beat(host, results)
	return results


def collect_all(host: Host, seconds: float | None = None) -> list[dict[str, Any]]:
	"""Runs every collector of the hook `monitoring_collectors`, for at most `seconds` each, then reads what is due of
	the hook `monitoring_gauges`.

	Result: per collector {"collector", "source", "collected", "finished", "seconds", "absent", "error"}; `error` is None or the
	reason, `absent` says why a source is not there on this site (which is no error), else None.
	Raises DatabaseUnavailable only when not even the failure can be written down.
	"""
	limit = resolve("collect_seconds", host.config.get) if seconds is None else seconds
	absences: list[SourceAbsent] = []
	failed = frozenset(
		row[0] for row in host.store.query(f"SELECT name FROM `{STATE}` WHERE status = 'failed'")
	)
	results = [_run(host, path, limit, absences, failed) for path in host.hooks.get("monitoring_collectors")]
	_note_absences(host, absences)
	woken = _woken(host)
	told = any([result.pop("events") and result["collected"] for result in results])
	if told:
		joined = _run(host, JOIN_ISSUES, limit, absences, failed)
		del joined["events"]
		if joined["error"]:
			results.append(joined)
	if woken or told or host.cache.get(JUDGED) is None:
		judged = _run(host, JUDGE_ISSUES, limit, absences, failed)
		del judged["events"]
		if judged["error"]:
			results.append(judged)
		host.cache.clear("analytics_")
	return results + collect_gauges(host, limit, results)


def _woken(host: Host) -> int:
	try:
		return wake(host)
	except CollectorBusy as error:
		log.info("issues that are ignored until now open with the next run: %s", error)
		return 0


def _run(
	host: Host, path: str, seconds: float, absences: list[SourceAbsent], failed: frozenset[str]
) -> dict[str, Any]:
	row: dict[str, Any] = {
		"collector": path,
		"collected": 0,
		"events": True,
		"finished": False,
		"source": None,
		"seconds": None,
		"absent": None,
		"error": None,
	}
	try:
		collect: Callable[..., CollectResult] = _load(path)
		result = collect(host, seconds=seconds)
	except SourceAbsent as absent:
		row |= {"absent": str(absent), "finished": True, "source": absent.source}
		absences.append(absent)  # written down together: most sites lack several sources
	except CollectorBusy as error:
		row["error"] = str(error)
	except Exception as error:  # one broken collector must not stop the others; it is written down and shown
		log.error("collector %s failed: %s", path, error, exc_info=not isinstance(error, MonitoringError))
		row["error"] = cleaned(host, "", f"{type(error).__name__}: {error}")[1]
		_note(host, _state(host, path[-140:], "failed", row["error"]))
	else:
		row |= {
			"collected": result.collected,
			"events": result.events,
			"finished": result.finished,
			"source": result.source,
			"seconds": round(result.seconds, 3),
		}
		if path[-140:] in failed:
			_recovered(host, path[-140:])
	return row


def _recovered(host: Host, name: str) -> None:
	try:
		with host.store.transaction(LOCK):
			host.store.execute(f"DELETE FROM `{STATE}` WHERE name = %s AND status = 'failed'", (name,))
	except CollectorBusy as error:
		log.info("that %s works again is written down by the next run: %s", name, error)


def _note_absences(host: Host, absences: list[SourceAbsent]) -> None:
	try:
		_note(host, *(_state(host, absent.source, "absent", str(absent)) for absent in absences))
	except CollectorBusy as error:
		log.info("which sources are absent is written down by the next run: %s", error)


def _state(host: Host, name: str, status: str, reason: str) -> dict[str, object]:
	now = host.clock.now().replace(tzinfo=None)
	return {"name": name, "status": status, "last_error": reason[:500], "last_run": now}


def _note(host: Host, *states: dict[str, object]) -> None:
	if states:
		with host.store.transaction(LOCK):
			host.store.upsert(STATE, states)


def _load(path: str) -> Callable[..., CollectResult]:
	module, _, name = path.rpartition(".")
	return getattr(import_module(module), name)  # type: ignore[no-any-return]


def collector_states(host: Host) -> list[dict[str, Any]]:
	"""How each collector stands: name, status, last run, rows counted, since when, last error."""
	rows = host.store.query(
		f"SELECT name, status, last_run, collected_rows, data_since, last_error FROM `{STATE}` ORDER BY name"
	)
	return [
		{
			"collector": name,
			"status": status or "never",
			"last_run": as_datetime(last),
			"collected_rows": int(count or 0),
			"data_since": as_datetime(since),
			"error": error or None,
		}
		for name, status, last, count, since, error in rows
	]


def check_components(host: Host) -> dict[str, Any]:
	"""Tries every part the analyses need: {"ok", "components": {name: {"ok", "detail"}}}."""
	components = {name: _attempt(probe) for name, probe in _probes(host).items()}
	return {
		"ok": all(part["ok"] for part in components.values()),
		"algorithm": ALGORITHM,
		"components": components,
	}


def _probes(host: Host) -> dict[str, Callable[[], str]]:
	def database() -> str:
		rows = error_log_rows(host)
		return "there is no Error Log" if rows is None else f"Error Log has {rows} rows"

	def tables() -> str:
		missing = [table for table in OWN_TABLES if not host.store.columns(table)]
		if missing:
			raise MonitoringError(f"missing tables: {', '.join(missing)}")
		return f"{len(OWN_TABLES)} tables"

	def cache() -> str:
		host.cache.put("analytics_selftest", 1, 10)
		if host.cache.get("analytics_selftest") != 1:
			raise MonitoringError(
				"a value just written was not found: the cache is down; results are not cached"
			)
		return "write and read back"

	def secrets() -> str:
		if host.secrets.decrypt(host.secrets.encrypt("probe")) != "probe":
			raise MonitoringError("encryption does not round-trip")
		return "encrypt and decrypt"

	def settings() -> str:
		for setting in SETTINGS:
			resolve(setting.name, host.config.get)
		for text in TEXT_SETTINGS:
			resolve_text(text.name, host.config.get)
		return f"{len(SETTINGS) + len(TEXT_SETTINGS)} settings within their ranges"

	def collection() -> str:
		states = collector_states(host)
		failed = [
			f"{state['collector']}: {state['error']}" for state in states if state["status"] == "failed"
		]
		if failed:
			raise MonitoringError("; ".join(failed))
		return (
			"; ".join(
				f"{s['collector']}: "
				+ ("not there" if s["status"] == "absent" else f"{s['collected_rows']} rows")
				for s in states
			)
			or "has not run yet"
		)

	def forecast() -> str:
		return str(forecasts.forecast_performance_trends(host)["statements"][-1])

	def impact() -> str:
		parts = business_impact(host, int(resolve("historical_days", host.config.get)))
		return "; ".join(parts["statements"]) or parts["reason"] or "nothing failed that is counted"

	return {
		"database": database,
		"tables": tables,
		"cache": cache,
		"secrets": secrets,
		"settings": settings,
		"collection": collection,
		"forecasts": forecast,
		"recommendations": lambda: performance_recommendations(host)["statement"],
		"business_impact": impact,
		"erpnext": lambda: ", ".join(doctype_state(host, doctype) for doctype in ERPNEXT),
	}


def _attempt(probe: Callable[[], str]) -> dict[str, Any]:
	try:
		return {"ok": True, "detail": probe()}
	except MonitoringError as error:
		return {"ok": False, "detail": str(error)}
