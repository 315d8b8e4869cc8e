"""Where errors come from, and what hides them. Thin: each function is a door to `services`."""

# no `from __future__ import annotations` here: the door checks real types

from typing import Any

from verenigingen.exceptions import SourceAbsent
from verenigingen.host import current_host
from verenigingen.host.endpoint import WRITE, endpoint
from verenigingen.services import job_logging, monitoring


@endpoint()
def list_error_sources() -> dict[str, Any]:
	"""How each source of errors stands: {"sources": [{"collector", "status", "last_run", "collected_rows", "data_since",
	"error"}]}.

	The status is "ok", "failed", "absent" (the site has no such source; `error` says why) or "never".
	"""
	host = current_host()
	zone = host.clock.now().tzinfo
	states = monitoring.collector_states(host)
	for state in states:
		for key in ("last_run", "data_since"):
			state[key] = state[key].replace(tzinfo=zone) if state[key] else None
	return {"sources": states}


@endpoint()
def list_unlogged_jobs() -> dict[str, Any]:
	"""Scheduled jobs whose failures nobody sees, because `create_log` is off: {"jobs": [{"job", "method", "frequency"}],
	"cost", "reason"}. On a site without such a table `jobs` is null and `reason` says so."""
	try:
		return {"jobs": job_logging.unlogged_jobs(current_host()), "cost": job_logging.COST, "reason": None}
	except SourceAbsent as absent:
		return {"jobs": None, "cost": None, "reason": str(absent)}


@endpoint(methods=WRITE)
def enable_job_logging(job: str, enabled: bool = True) -> dict[str, Any]:
	"""Has each run of a scheduled job recorded, so that its failures are seen; `enabled` false takes it back.

	Result: {"job", "enabled", "changed", "undo", "cost"}; `undo` holds the arguments of the call that restores what was.
	Raises a validation error (HTTP 404) for a job the site does not have.
	"""
	return job_logging.enable_job_logging(current_host(), job, enabled)
