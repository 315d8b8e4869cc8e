"""The state of the site that leaves no rows of its own when it changes: app versions and code, configuration, scheduler.

Each run compares it with the one before and records what differs. Of the configuration only the names of changed keys
are kept, values as keyed digests.
"""

from __future__ import annotations

import time

from verenigingen.core.errors.suspects import APP_CODE, APP_VERSION, SCHEDULER, SITE_CONFIG
from verenigingen.core.model import as_text
from verenigingen.host.port import Host
from verenigingen.services.collection import CollectResult
from verenigingen.services.site_changes import SOURCE, State, record

INSTALLED = "tabInstalled Application"
# Where Frappe keeps whether the scheduler runs, beside the site config.
SWITCH = ("System Settings", "enable_scheduler")


def collect(host: Host, *, seconds: float) -> CollectResult:
	"""Records what changed since the last run; `seconds` is not needed, it takes a few queries."""
	began = time.monotonic()
	changes = record(host, state(host))
	return CollectResult(SOURCE, changes, True, False, time.monotonic() - began)


def state(host: Host) -> dict[str, State]:
	"""By kind, what is there now: {subject: value}. A kind that this site does not tell is left out."""
	found: dict[str, State] = {SITE_CONFIG: host.config.digests()}
	versions = _installed(host)
	apps = host.hooks.apps()
	# the table is renewed by a migration only, the code tells what runs
	versions.update({app.name: app.version for app in apps if app.version})
	if versions:
		found[APP_VERSION] = versions
	if apps:
		found[APP_CODE] = {app.name: app.commit for app in apps if app.commit}
	switch = _switch(host)
	if switch is not None:
		found[SCHEDULER] = {"scheduler": switch}
	return found


def _installed(host: Host) -> State:
	if not {"app_name", "app_version"} <= host.db.columns(INSTALLED):
		return {}
	rows = host.db.query(f"SELECT app_name, app_version FROM `{INSTALLED}`")
	return {as_text(name): as_text(version) for name, version in rows if name and version}


def _switch(host: Host) -> str | None:
	if not host.db.columns("tabSingles"):
		return None
	rows = host.db.query("SELECT value FROM `tabSingles` WHERE doctype = %s AND field = %s", SWITCH)
	return ("on" if as_text(rows[0][0]) == "1" else "off") if rows else None
