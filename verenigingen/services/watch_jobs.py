"""Reads what the watchdog judges of scheduler and jobs: job types, their runs, the switches, the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from verenigingen.core.model import as_datetime, as_text
from verenigingen.core.watchdog.jobs import JobsView
from verenigingen.core.watchdog.runs import Run
from verenigingen.core.watchdog.schedule import JobType
from verenigingen.core.watchdog.scheduler import SchedulerFacts
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host

TYPES, LOG, ACTIVITY, CHANGES = (
	"tabScheduled Job Type",
	"tabScheduled Job Log",
	"tabActivity Log",
	"tabSite Change",
)
TYPE_COLUMNS = ("name", "method", "frequency", "cron_format", "last_execution", "creation", "stopped")
MOST_RUNS = 500
RUNS_OF = timedelta(days=30)
NO_SCHEDULER = "This site has no Scheduled Job Type: it is no Frappe site, or one that was never migrated."


def job_types(host: Host) -> list[JobType]:
	"""The scheduled jobs of the site. Raises SourceAbsent where there are none."""
	columns = host.db.columns(TYPES)
	if not set(TYPE_COLUMNS) <= columns:
		raise SourceAbsent("Scheduled Job Type", NO_SCHEDULER)
	logged = "create_log" if "create_log" in columns else "1"
	rows = host.db.query(f"SELECT {', '.join(TYPE_COLUMNS)}, {logged} FROM `{TYPES}` ORDER BY name")
	zone = host.clock.now().tzinfo
	return [
		JobType(
			name=as_text(name),
			method=as_text(method),
			frequency=as_text(often),
			cron=as_text(cron).strip(),
			last=aware(last, zone),
			created=aware(created, zone),
			stopped=bool(int(stopped or 0)),
			logged=bool(int(log or 0)),
		)
		for name, method, often, cron, last, created, stopped, log in rows
	]


def scheduler_facts(host: Host) -> SchedulerFacts:
	"""What decides whether scheduled jobs run."""
	zone = host.clock.now().tzinfo
	active = None
	known = {"creation", "modified"} <= host.db.columns(ACTIVITY)
	if known:
		# v15 looks at the one column, v16 at the other; each has an index in its version, and they hardly differ
		[(last,)] = host.db.query(f"SELECT MAX(modified) FROM `{ACTIVITY}`")
		active = aware(last, zone)
	return SchedulerFacts(host.operations.switches(), active, known, _changed(host, zone))


def _changed(host: Host, zone: tzinfo | None) -> dict[str, datetime]:
	rows = host.store.query(
		f"SELECT kind, subject, seen_at FROM `{CHANGES}` WHERE is_current = 1 AND action <> 'first seen'"
		" AND kind IN ('Site Config', 'Scheduler')"
	)
	found = {}
	for kind, subject, seen in rows:
		moment = aware(seen, zone)
		if moment:
			found["enable_scheduler" if kind == "Scheduler" else as_text(subject)] = moment
	return found


@dataclass(frozen=True, slots=True)
class Runs:
	"""Runs that left their end open, and when the last run that told its end began, by job type."""

	unfinished: list[Run]
	ended: dict[str, datetime]


def runs(host: Host) -> Runs:
	"""The open runs of the last 30 days. Raises SourceAbsent where runs are not logged."""
	if not {"status", "scheduled_job_type", "creation", "modified"} <= host.db.columns(LOG):
		raise SourceAbsent("Scheduled Job Log", "This site has no Scheduled Job Log.")
	now = host.clock.now()
	since = now.replace(tzinfo=None) - RUNS_OF
	rows = host.db.query(
		f"SELECT name, scheduled_job_type, creation FROM `{LOG}` WHERE status = 'Start' AND creation >= %s"
		f" AND modified >= %s ORDER BY creation DESC LIMIT {MOST_RUNS}",
		(since, since),
	)
	unfinished = [
		Run(as_text(name), as_text(job), moment)
		for name, job, began in rows
		if (moment := aware(began, now.tzinfo)) is not None
	]
	ended = {}
	for job in {run.job for run in unfinished}:
		[(last,)] = host.db.query(
			f"SELECT MAX(creation) FROM `{LOG}` WHERE scheduled_job_type = %s AND status <> 'Start'", (job,)
		)
		moment = aware(last, now.tzinfo)
		if moment:
			ended[job] = moment
	return Runs(unfinished, ended)


def queue_view(host: Host, types: Sequence[JobType]) -> JobsView | None:
	"""The queue, the jobs of job types named by their type; None where jobs do not wait. Raises QueueUnavailable."""
	# v15 names the job by its method, v16 by its job type
	names = {f"scheduled_job::{job.method}": job.name for job in types}
	names |= {f"scheduled_job::{job.name}": job.name for job in types}
	view = host.queue.view(list(names))
	if view is None:
		return None
	found = tuple(replace(job, key=names.get(job.key, "")) for job in view.jobs)
	return replace(
		view, jobs=tuple(sorted(found, key=lambda job: bool(job.place)))
	)  # of two of a name the live one counts


def aware(value: object, zone: tzinfo | None) -> datetime | None:
	"""A naive site time of the database as a moment."""
	moment = as_datetime(value)
	return moment.replace(tzinfo=zone) if moment else None
