"""The watchdog: every check made by itself, so that one which cannot be made hides no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from verenigingen.core.watchdog.backups import BACKUPS, check_backups
from verenigingen.core.watchdog.jobchecks import DEAD, LONG, QUEUES, WORKERS, check_jobs
from verenigingen.core.watchdog.jobs import JobsView
from verenigingen.core.watchdog.mail import BACKLOG, GIVEN_UP, STUCK, check_mail
from verenigingen.core.watchdog.model import Finding, Limits, Unknown, span, spoken
from verenigingen.core.watchdog.report import Report, report_of
from verenigingen.core.watchdog.runs import UNFINISHED, check_runs
from verenigingen.core.watchdog.schedule import JobType
from verenigingen.core.watchdog.scheduler import JOBS, SCHEDULER, SCHEDULES, STOPPED, check_scheduler
from verenigingen.core.watchdog.tables import FLOOD, LARGE, UNCLEARED, TableFacts, check_tables
from verenigingen.exceptions import MonitoringError, QueueUnavailable
from verenigingen.host.port import Host
from verenigingen.services import watch_jobs, watch_site
from verenigingen.settings import resolve

COLLECTION = "collection"
QUEUE_CHECKS = (QUEUES, WORKERS, DEAD, LONG)
NO_QUEUE = "Jobs of this site do not wait in a queue that can be read here; who runs them cannot be seen."
TABLES_KEY, TABLES_SECONDS = "monitoring_watchdog_tables", 3_600  # large tables are counted once an hour


@dataclass(slots=True)
class Round:
	"""One round of checks: what was found, what could not be seen, what was checked."""

	host: Host
	now: datetime
	limits: Limits
	findings: list[Finding] = field(default_factory=list)
	unknown: list[Unknown] = field(default_factory=list)
	checked: list[str] = field(default_factory=list)

	def look(self, checks: tuple[str, ...], work: Callable[[], list[Finding]]) -> None:
		"""Makes checks of one kind; an error raised on purpose makes them unknown, a bug raises."""
		try:
			self.findings += work()
		except MonitoringError as error:
			self.cannot(checks, str(error))
		else:
			self.checked += checks

	def cannot(self, checks: tuple[str, ...], reason: str) -> None:
		"""Notes why checks could not be made."""
		self.unknown += [Unknown(check, reason) for check in checks]


def limits_of(host: Host) -> Limits:
	"""The limits in force."""
	get = host.config.get
	hours = resolve("backup_hours", get)
	return Limits(
		job=timedelta(minutes=resolve("watchdog_job_minutes", get)),
		queue=timedelta(minutes=resolve("watchdog_queue_minutes", get)),
		mail=timedelta(minutes=resolve("watchdog_mail_minutes", get)),
		backup=timedelta(hours=hours) if hours else None,
		table_rows=int(resolve("log_table_rows", get)),
		pulse=timedelta(minutes=resolve("heartbeat_minutes", get)),
	)


def watchdog_report(host: Host) -> Report:
	"""Everything the watchdog finds now; the shape is that of `core.watchdog.report.report_of`. Raises DatabaseUnavailable
	only when the site's database is gone as a whole, and ConfigurationError for a limit out of its range."""
	round_ = Round(host, host.clock.now(), limits_of(host))
	_jobs(round_)
	round_.look((STUCK, BACKLOG, GIVEN_UP), lambda: _mail(round_))
	if round_.limits.backup is None:
		round_.cannot((BACKUPS,), "The setting backup_hours is 0: backups are made by other means.")
	else:
		round_.look((BACKUPS,), lambda: _backups(round_))
	round_.look((FLOOD, LARGE, UNCLEARED), lambda: _tables(round_))
	round_.look((COLLECTION,), lambda: list(_collection(round_)))
	return report_of(round_.findings, round_.unknown, round_.checked, round_.now)


def _jobs(round_: Round) -> None:
	"""Scheduler, runs and queue: they explain one another, so they are read together."""
	types: list[JobType] = []
	absent = ""
	try:
		types = watch_jobs.job_types(round_.host)
	except MonitoringError as error:
		absent = str(error)
	view = _queue(round_, types)
	if absent:
		round_.cannot((SCHEDULER, JOBS, SCHEDULES, STOPPED, UNFINISHED), absent)
		return
	now, limits = round_.now, round_.limits

	def scheduler() -> list[Finding]:
		facts = watch_jobs.scheduler_facts(round_.host)
		return list(check_scheduler(facts, types, view, now, limits).findings)

	def unfinished() -> list[Finding]:
		found = watch_jobs.runs(round_.host)
		return check_runs(found.unfinished, found.ended, view, now, limits.job)

	round_.look((SCHEDULER, JOBS, SCHEDULES, STOPPED), scheduler)
	round_.look((UNFINISHED,), unfinished)


def _queue(round_: Round, types: list[JobType]) -> JobsView | None:
	try:
		view = watch_jobs.queue_view(round_.host, types)
	except QueueUnavailable as error:
		round_.findings.append(_no_queue(error))
		round_.checked.append(QUEUES)
		round_.cannot((WORKERS, DEAD, LONG), str(error))
		return None
	if view is None:
		round_.cannot(QUEUE_CHECKS, NO_QUEUE)
		return None
	round_.look(QUEUE_CHECKS, lambda: check_jobs(view, round_.now, round_.limits))
	return view


def _no_queue(error: QueueUnavailable) -> Finding:
	return Finding(
		QUEUES,
		"redis",
		"critical",
		"The job queue does not answer",
		None,
		f"{error} No job can be queued or run: mail, reports and scheduled jobs stand still.",
		"Start the Redis of the queue (redis_queue in common_site_config.json) and then the workers.",
	)


def _mail(round_: Round) -> list[Finding]:
	facts = watch_site.mail(round_.host, round_.limits.mail)
	return check_mail(facts, round_.now, round_.limits)


def _backups(round_: Round) -> list[Finding]:
	found = watch_site.backups(round_.host)
	return check_backups(found, round_.now, round_.limits, watch_site.backups_elsewhere(round_.host))


def _tables(round_: Round) -> list[Finding]:
	host = round_.host
	kept = host.cache.get(TABLES_KEY)
	if kept is None:
		found = watch_site.log_tables(host, round_.limits.table_rows)
		rows = [asdict(table) | {"stale": table.stale and table.stale.isoformat()} for table in found]
		host.cache.put(TABLES_KEY, rows, TABLES_SECONDS)
	else:
		found = [
			TableFacts(**row | {"stale": row["stale"] and datetime.fromisoformat(row["stale"])})
			for row in kept
		]
	return check_tables(found, round_.now, round_.limits)


def _collection(round_: Round) -> Iterator[Finding]:
	"""Is the watchdog's own ground firm: do the collectors run, and which fail?"""
	last = watch_site.last_collection(round_.host)
	if last is not None and span(last, round_.now) > round_.limits.pulse:
		yield Finding(
			COLLECTION,
			"stopped",
			"high",
			f"Monitoring itself stands still for {spoken(span(last, round_.now))}",
			last,
			f"The collectors ran last {spoken(span(last, round_.now))} ago. What is said of errors and figures since then is"
			" incomplete.",
			"They are run by the scheduler each minute; stand-alone by `verenigingen work`. See the findings about it.",
			{"last_run": last.isoformat()},
		)
	rows: list[tuple[Any, ...]] = round_.host.store.query(
		"SELECT name, last_error FROM `tabCollector State` WHERE status = 'failed' ORDER BY name"
	)
	for name, error in rows:
		yield Finding(
			COLLECTION,
			str(name),
			"medium",
			f"A collector fails: {name}",
			None,
			f"{error}",
			"What this source tells is missing from every figure until it is repaired.",
			{"collector": str(name)},
		)
