"""Frappe's scheduler, each minute: is it allowed to run, does it, which jobs are late, which failed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from croniter import croniter

from verenigingen.core.gauges import GaugeSource, Item, Missing, Reading
from verenigingen.core.measures import MINUTE
from verenigingen.core.metrics import SCHEDULER
from verenigingen.core.model import as_datetime, as_text
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host

NAME = "Scheduler"
TYPES, LOG, ACTIVITY = "tabScheduled Job Type", "tabScheduled Job Log", "tabActivity Log"
GRACE = timedelta(minutes=10)  # Frappe adds as much at random to long jobs
DORMANT_DAYS = 4  # Frappe's default
TICK = 240  # seconds, likewise: how often the jobs of "All" run
CRON = {
	"yearly": "0 0 1 1 *",
	"annual": "0 0 1 1 *",
	"monthly": "0 0 1 * *",
	"weekly": "0 0 * * 0",
	"daily": "0 0 * * *",
	"hourly": "0 * * * *",
}


def read(host: Host) -> Iterable[Item]:
	"""How the scheduler stands. Raises SourceAbsent where there is none."""
	needed = {"last_execution", "stopped", "cron_format", "frequency", "creation"}
	if not needed <= host.db.columns(TYPES):
		raise SourceAbsent(NAME, "This site has no scheduled jobs: it is no Frappe site.")
	now = host.clock.now().replace(tzinfo=None)
	yield from _switches(host, now)
	yield from _jobs(host, now)
	if "status" in host.db.columns(LOG):
		[(failed,)] = host.db.query(
			f"SELECT COUNT(*) FROM `{LOG}` WHERE creation >= %s AND status = 'Failed'",
			(now - timedelta(days=1),),
		)
		yield Reading("scheduled_job_failures_last_day", int(failed))
	else:
		yield Missing("scheduled_job_failures_last_day", "This site has no Scheduled Job Log.")


def _switches(host: Host, now: datetime) -> Iterable[Item]:
	settings: dict[str, object] = dict(
		host.db.query("SELECT field, value FROM `tabSingles` WHERE doctype = %s", ("System Settings",))
	)
	off = _is_on(host.config.get("disable_scheduler")) or not _is_on(settings.get("enable_scheduler"))
	yield Reading("scheduler_enabled", 0 if off else 1)
	paused = any(_is_on(host.config.get(name)) for name in ("pause_scheduler", "maintenance_mode"))
	yield Reading("scheduler_paused", int(paused))
	if not host.db.columns(ACTIVITY):
		yield Missing("scheduler_dormant", "This site has no Activity Log.")
		return
	[(last,)] = host.db.query(f"SELECT MAX(creation) FROM `{ACTIVITY}`")
	active = as_datetime(last)
	days = _number(settings.get("dormant_days")) or DORMANT_DAYS
	sleeps = active is None or now - active >= timedelta(days=days)
	yield Reading("scheduler_dormant", int(sleeps and not _is_on(host.config.get("developer_mode"))))


def _jobs(host: Host, now: datetime) -> Iterable[Item]:
	rows = host.db.query(f"SELECT stopped, frequency, cron_format, last_execution, creation FROM `{TYPES}`")
	tick = _number(host.config.get("scheduler_interval")) or TICK
	delays, executed, stopped = [], [], 0
	for is_stopped, frequency, cron, last, created in rows:
		when = as_datetime(last)
		executed += [when] if when else []
		if is_stopped:
			stopped += 1
			continue
		due = next_run(as_text(frequency), as_text(cron), when or as_datetime(created), tick)
		delays += [now - due] if due else []
	yield Reading("scheduled_jobs", len(rows) - stopped)
	yield Reading("scheduled_jobs_stopped", stopped)
	yield Reading("scheduled_jobs_late", sum(delay > GRACE for delay in delays))
	longest = max([*delays, timedelta(0)])
	yield Reading("scheduled_job_longest_delay_seconds", longest.total_seconds())
	if executed:
		age = max((now - max(executed)).total_seconds(), 0.0)
		yield Reading("scheduler_heartbeat_age_seconds", age)
	else:
		yield Missing("scheduler_heartbeat_age_seconds", "No scheduled job has run yet.")


def next_run(frequency: str, cron: str, last: datetime | None, tick: float) -> datetime | None:
	"""When a job that last ran at `last` is due, as Frappe reckons; None where it cannot be known.

	frequency and cron: of its Scheduled Job Type. tick: seconds between runs of the jobs of frequency All.
	"""
	if last is None:
		return None
	entry = cron.strip() or CRON.get(frequency.lower().removesuffix(" long").removesuffix(" maintenance"))
	if not entry:
		return last + timedelta(seconds=tick) if frequency == "All" else None
	try:
		found = croniter(entry, last).get_next(datetime)
	except ValueError:  # an entry croniter cannot read is one Frappe cannot run
		return None
	return as_datetime(found)


def _is_on(value: object) -> bool:
	return bool(value) and as_text(value).strip().lower() not in {"0", "false", ""}


def _number(value: object) -> float | None:
	try:
		return float(as_text(value))
	except ValueError:
		return None


SOURCE = GaugeSource(NAME, MINUTE, read, SCHEDULER)
