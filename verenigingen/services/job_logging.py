"""Scheduled jobs whose failures leave no trace: Frappe swallows what they raise, and `create_log` off keeps no record.

Switching the record on is an offer to the administrator, never done unasked, and is undone by the same call.
"""

from __future__ import annotations

from typing import Any

from verenigingen.core.model import as_text
from verenigingen.exceptions import NotFound, ReadOnlySite, SourceAbsent
from verenigingen.host.port import Host

TYPES = "tabScheduled Job Type"
COLUMNS = {"name", "method", "frequency", "create_log", "stopped"}
COST = (
	"Each run then writes one Scheduled Job Log row, which Frappe clears after the days set in Log Settings (7 unless"
	" changed)."
)


def unlogged_jobs(host: Host) -> list[dict[str, Any]]:
	"""Jobs that run without a record: {"job", "method", "frequency"}. Raises SourceAbsent without such a table."""
	if not COLUMNS <= host.db.columns(TYPES):
		raise SourceAbsent("Scheduled Job Log", "This site has no Scheduled Job Type table.")
	rows = host.db.query(
		f"SELECT name, method, frequency FROM `{TYPES}` WHERE create_log = 0 AND stopped = 0 ORDER BY name"
	)
	return [
		{"job": as_text(name), "method": as_text(method), "frequency": as_text(often)}
		for name, method, often in rows
	]


def enable_job_logging(host: Host, job: str, enabled: bool) -> dict[str, Any]:
	"""Switches the record of one job on or off: {"job", "enabled", "changed", "undo", "cost"}.

	`undo` holds the arguments that take the change back, None when nothing was changed. Raises NotFound for a job
	the site does not have, ReadOnlySite for an audited site.
	"""
	if host.store is not host.db:
		raise ReadOnlySite(
			"This site is only being audited; switch the record on in its own Scheduled Job Type."
		)
	unlogged_jobs(host)  # is there such a table?
	with host.store.transaction("job logging"):
		found = host.store.query(f"SELECT create_log FROM `{TYPES}` WHERE name = %s", (job,))
		if not found:
			raise NotFound(f"This site has no scheduled job {job!r}; `list_unlogged_jobs` names them.")
		changed = bool(int(found[0][0] or 0)) != enabled
		if changed:
			host.store.execute(f"UPDATE `{TYPES}` SET create_log = %s WHERE name = %s", (int(enabled), job))
	return {
		"job": job,
		"enabled": enabled,
		"changed": changed,
		"undo": {"job": job, "enabled": not enabled} if changed else None,
		"cost": COST,
	}
