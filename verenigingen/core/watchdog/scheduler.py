"""The scheduler: switched off, dormant, silent; jobs that are overdue; runs that began and never ended.

One cause is one finding: what a paused scheduler or an absent worker makes overdue is named there, not once per job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from verenigingen.core.watchdog.jobchecks import is_dead
from verenigingen.core.watchdog.jobs import RUNNING, WAITING, JobSeen, JobsView
from verenigingen.core.watchdog.model import LISTED, Finding, Limits, Offer, counted, listed, span, spoken
from verenigingen.core.watchdog.schedule import EVERY, MOST_MISSED, JobType, Overdue, Unreadable, judge

SCHEDULER, JOBS, SCHEDULES, STOPPED = "scheduler", "scheduled_jobs", "schedules", "stopped_jobs"
DORMANT_DAYS = 4
DAY = timedelta(days=1)
SHOWN = 20  # overdue jobs with a finding of their own


@dataclass(frozen=True, slots=True)
class SchedulerFacts:
	"""What decides whether scheduled jobs run.

	switches: raw values as configured (`host.port.SWITCHES`). active: the last Activity Log row, aware, None for none.
	known_activity: is there an Activity Log at all? changed: when a switch was seen to change, by its name.
	"""

	switches: Mapping[str, object]
	active: datetime | None
	known_activity: bool
	changed: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Verdict:
	"""Findings, and the overdue jobs behind them."""

	findings: tuple[Finding, ...]
	overdue: tuple[Overdue, ...]


def check_scheduler(
	facts: SchedulerFacts,
	jobs: Sequence[JobType],
	view: JobsView | None,
	now: datetime,
	limits: Limits,
) -> Verdict:
	"""What is wrong with the scheduler and with the jobs it should run. `view` is None where the queue cannot be seen;
	its jobs bear the names of job types as their key."""
	every = _number(facts.switches.get("scheduler_interval")) or EVERY
	tick = timedelta(seconds=_number(facts.switches.get("scheduler_tick_interval")) or 0)
	judged = [judge(job, now, limits.job + tick, every) for job in jobs]
	overdue = [item for item in judged if isinstance(item, Overdue)]
	findings = [_unreadable(item) for item in judged if isinstance(item, Unreadable)]
	findings += _stopped(jobs)
	off = _switched_off(facts, overdue, now)
	if off:
		return Verdict((*off, *findings), tuple(overdue))
	dormant = _dormant(facts, now)
	if dormant:
		overdue = [item for item in overdue if item.late > DAY + limits.job]  # it still runs them once a day
		findings.append(dormant)
	findings += _late(jobs, overdue, view, now, limits)
	return Verdict(tuple(findings), tuple(overdue))


def _number(value: object) -> int:
	try:
		return int(float(str(value)))
	except (ValueError, OverflowError):
		return 0


def _on(value: object) -> bool:
	return value not in (None, "", 0, "0", False, "false", "False")


def _switched_off(facts: SchedulerFacts, overdue: Sequence[Overdue], now: datetime) -> list[Finding]:
	found = []
	for name, title, why, remedy, offered in _SWITCHED:
		value = facts.switches.get(name)
		off = not _on(value) if name == "enable_scheduler" else _on(value)
		if not off:
			continue
		since = facts.changed.get(name) or min((item.due for item in overdue), default=None)
		late = f" {_overdue_sentence(overdue)}" if overdue else " No job is overdue yet."
		found.append(
			Finding(
				SCHEDULER,
				name,
				"critical",
				title,
				since,
				why + late,
				remedy,
				{"switch": name, "value": str(value), **_overdue_facts(overdue, now)},
				Offer("resume_scheduler", name) if offered else None,
			)
		)
	return found


_SWITCHED = (
	(
		"maintenance_mode",
		"The site is in maintenance mode: no scheduled job runs",
		"maintenance_mode is set in the site's configuration; the site shows its visitors a notice, and the scheduler"
		" leaves it out.",
		"If no migration is under way: bench --site <site> set-maintenance-mode off.",
		False,
	),
	(
		"pause_scheduler",
		"The scheduler is paused",
		"pause_scheduler is set in the site's configuration: no scheduled job runs, mail from the queue is not sent. A"
		" migration that was broken off leaves it so.",
		"If no migration is under way: bench --site <site> scheduler resume.",
		True,
	),
	(
		"disable_scheduler",
		"The scheduler is disabled in the configuration",
		"disable_scheduler is set in the site's configuration: no scheduled job runs, mail from the queue is not sent.",
		"Remove disable_scheduler from site_config.json or common_site_config.json.",
		False,
	),
	(
		"enable_scheduler",
		"The scheduler is disabled in System Settings",
		"Enable Scheduled Jobs is off in System Settings: no scheduled job runs, mail from the queue is not sent.",
		"bench --site <site> scheduler enable.",
		True,
	),
)


def _dormant(facts: SchedulerFacts, now: datetime) -> Finding | None:
	if not facts.known_activity or _on(facts.switches.get("developer_mode")):
		return None
	days = _number(facts.switches.get("dormant_days")) or DORMANT_DAYS
	if facts.active is not None and span(facts.active, now) < timedelta(days=days):
		return None
	seen = f"for {spoken(span(facts.active, now))}" if facts.active else "as far as Activity Log reaches"
	return Finding(
		SCHEDULER,
		"dormant",
		"medium",
		"Frappe takes the site for dormant: its jobs run once a day only",
		facts.active + timedelta(days=days) if facts.active else None,
		f"Nobody logged in {seen}, and after {counted(days, 'day')} Frappe runs scheduled jobs only once in 24 hours; hourly"
		" jobs and mail are late accordingly.",
		"A login ends it. For a site that works without logins raise Dormant Days in System Settings.",
		{"last_activity": facts.active.isoformat() if facts.active else None, "dormant_days": days},
	)


def _late(
	jobs: Sequence[JobType],
	overdue: Sequence[Overdue],
	view: JobsView | None,
	now: datetime,
	limits: Limits,
) -> list[Finding]:
	"""Overdue jobs, less those whose cause the queue shows. What nothing queued is the scheduler's fault as a whole, unless
	other jobs began well after it was due: then the scheduler was there, and left this one out."""
	seen = {job.key: job for job in view.jobs if job.key} if view else {}
	newest = max((job.last for job in jobs if job.last), default=None)
	single: list[Overdue] = []
	silent: list[Overdue] = []
	for item in overdue:
		job = seen.get(item.job.name)
		if _explained(job, now):
			continue
		alive = newest is not None and span(item.due, newest) > limits.job
		running = job is not None and job.place == RUNNING
		(single if alive or running else silent).append(item)
	found = [_silent(silent, newest, view, now)] if silent else []
	return found + [_one(item, seen.get(item.job.name), view, now) for item in single[:SHOWN]]


def _explained(job: JobSeen | None, now: datetime) -> bool:
	"""Does the queue tell why this job does not run? A dead one, a queue that nobody serves and one that is too long are
	findings of their own; where neither is the case, a job that waits is about to be run."""
	return job is not None and (is_dead(job, now) or job.place == WAITING)


def _silent(
	overdue: Sequence[Overdue], newest: datetime | None, view: JobsView | None, now: datetime
) -> Finding:
	ran = (
		f"The last scheduled job began {spoken(span(newest, now))} ago."
		if newest
		else "No scheduled job ever ran."
	)
	if view is None:
		cause = " The queue cannot be seen from here, so that it may be the scheduler or the workers."
	else:
		cause = " None of them waits in the queue, so that nothing queues them: the scheduler's process does not run."
	return Finding(
		SCHEDULER,
		"silent",
		"critical",
		"The scheduler is silent: no scheduled job runs",
		newest or min(item.due for item in overdue),
		f"{ran} {_overdue_sentence(overdue)}{cause}",
		"Look at the scheduler's process (supervisorctl or systemctl status, logs/scheduler.log) and start it again; it is on"
		" no page of the desk. Have heartbeat_url watched from outside: a scheduler that stopped cannot tell.",
		_overdue_facts(overdue, now)
		| {"last_execution": newest.isoformat() if newest else None, "queue_seen": view is not None},
	)


def _one(item: Overdue, job: JobSeen | None, view: JobsView | None, now: datetime) -> Finding:
	missed = f"{MOST_MISSED} runs or more" if item.missed >= MOST_MISSED else counted(item.missed, "run")
	since = f"It was due at {item.due:%Y-%m-%d %H:%M}, {spoken(item.late)} ago, and missed {missed}."
	if job is not None and job.place == RUNNING:
		began = f" for {spoken(span(job.started, now))}" if job.started else ""
		why = f"A run of it goes on{began}, and Frappe queues no other meanwhile."
	elif view is None:
		why = "Other jobs did run meanwhile; the queue cannot be seen from here."
	else:
		why = "Other jobs did run meanwhile, and this one is neither queued nor running."
	return Finding(
		JOBS,
		item.job.name,
		"high" if item.missed > 1 or item.late > DAY else "medium",
		f"A scheduled job is overdue: {item.job.name}",
		item.due,
		f"{since} {why}",
		"See its runs in Scheduled Job Log, and logs/scheduler.log for “Skipped queueing”; Execute in Scheduled Job Type runs"
		" it once.",
		{
			"job": item.job.name,
			"method": item.job.method,
			"frequency": item.job.frequency,
			"last_execution": item.job.last.isoformat() if item.job.last else None,
			"due": item.due.isoformat(),
			"late_seconds": round(item.late.total_seconds()),
			"missed_runs": item.missed,
			"queued": (job.status or None) if job else None,
		},
	)


def _unreadable(item: Unreadable) -> Finding:
	return Finding(
		SCHEDULES,
		item.job.name,
		"high",
		f"A scheduled job can never run: {item.job.name}",
		None,
		f"{item.reason}. The scheduler notes this in its log file only.",
		"Correct its frequency or cron format in Scheduled Job Type, or in the hooks of its app.",
		{
			"job": item.job.name,
			"method": item.job.method,
			"frequency": item.job.frequency,
			"cron": item.job.cron or None,
		},
	)


def _stopped(jobs: Sequence[JobType]) -> list[Finding]:
	names = [job.name for job in jobs if job.stopped]
	if not names:
		return []
	return [
		Finding(
			STOPPED,
			"stopped",
			"low",
			f"{counted(len(names), 'scheduled job')} {'is' if len(names) == 1 else 'are'} switched off",
			None,
			f"Stopped is set in Scheduled Job Type: {listed(names)}. Somebody may have meant it.",
			"Take out Stopped where it was not meant to stay.",
			{"jobs": names[:LISTED], "number": len(names)},
		)
	]


def _overdue_sentence(overdue: Sequence[Overdue]) -> str:
	names = listed(item.job.name for item in sorted(overdue, key=lambda item: (item.due, item.job.name)))
	return f"{counted(len(overdue), 'job')} {'is' if len(overdue) == 1 else 'are'} overdue: {names}."


def _overdue_facts(overdue: Sequence[Overdue], now: datetime) -> dict[str, object]:
	return {
		"overdue": len(overdue),
		"overdue_jobs": sorted(item.job.name for item in overdue)[:LISTED],
		"longest_late_seconds": round(max((item.late.total_seconds() for item in overdue), default=0)),
	}
