"""Frappe's scheduler, each minute: is it allowed to run, does it, which jobs are late, which failed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from croniter import croniter

from verenigingen.core.gauges import GaugeSource, Item, Missing, Reading
from verenigingen.core.measures import MINUTE
from verenigingen.core.metrics import SCHEDULER
from verenigingen.core.model import as_datetime, as_text
from verenigingen.core.watchdog.schedule import EVERY, SPREAD, JobType, cron_of
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host, Row

NAME = "Scheduler"
TYPES, LOG, ACTIVITY = "tabScheduled Job Type", "tabScheduled Job Log", "tabActivity Log"
GRACE = timedelta(minutes=10)
DORMANT_DAYS = 4  # Frappe's default


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
	rows = host.db.query(
		f"SELECT name, frequency, cron_format, last_execution, creation, stopped FROM `{TYPES}`"
	)
	jobs = [_job_type(row) for row in rows]
	tick = int(_number(host.config.get("scheduler_interval")) or EVERY)
	running = [job for job in jobs if not job.stopped]
	delays = [(job, now - due) for job in running if (due := next_run(job, tick))]
	yield Reading("scheduled_jobs", len(running))
	yield Reading("scheduled_jobs_stopped", len(jobs) - len(running))
	yield Reading("scheduled_jobs_late", sum(delay > _patience(job) for job, delay in delays))
	longest = max([timedelta(0), *(delay for _, delay in delays)])
	yield Reading("scheduled_job_longest_delay_seconds", longest.total_seconds())
	executed = [job.last for job in jobs if job.last]
	if executed:
		age = max((now - max(executed)).total_seconds(), 0.0)
		yield Reading("scheduler_heartbeat_age_seconds", age)
	else:
		yield Missing("scheduler_heartbeat_age_seconds", "No scheduled job has run yet.")


def _job_type(row: Row) -> JobType:
	name, frequency, cron, last, created, stopped = row
	return JobType(
		name=as_text(name),
		method="",
		frequency=as_text(frequency),
		cron=as_text(cron).strip(),
		last=as_datetime(last),
		created=as_datetime(created),
		stopped=bool(stopped),
		logged=True,
	)


def _patience(job: JobType) -> timedelta:
	return GRACE + (SPREAD if job.frequency.endswith((" Long", " Maintenance")) else timedelta(0))


def next_run(job: JobType, tick: int = EVERY) -> datetime | None:
	"""When a job is due, as Frappe reckons; None where that cannot be known. tick: seconds between jobs of "All"."""
	base, entry = job.last or job.created, cron_of(job, tick)
	if base is None or not entry:
		return None
	try:
		return as_datetime(croniter(entry, base).get_next(datetime))
	except ValueError:  # an entry croniter cannot read is one Frappe cannot run
		return None


def _is_on(value: object) -> bool:
	return bool(value) and as_text(value).strip().lower() not in {"0", "false", ""}


def _number(value: object) -> float | None:
	try:
		return float(as_text(value))
	except ValueError:
		return None


SOURCE = GaugeSource(NAME, MINUTE, read, SCHEDULER)
