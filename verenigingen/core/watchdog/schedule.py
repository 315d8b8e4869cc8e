"""When scheduled jobs are due, and which are overdue, reckoned as Frappe's scheduler reckons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from croniter import croniter

from verenigingen.core.watchdog.model import span

# What Frappe means by its named frequencies; "Long" and "Maintenance" only choose a queue and spread the start.
NAMED = {
	"Hourly": "0 * * * *",
	"Daily": "0 0 * * *",
	"Weekly": "0 0 * * 0",
	"Monthly": "0 0 1 * *",
	"Yearly": "0 0 1 1 *",
	"Annual": "0 0 1 1 *",
}
SPREAD = timedelta(minutes=10)  # Frappe starts jobs of the long queue up to so much later
EVERY = 240  # seconds between runs of "All", unless scheduler_interval says otherwise
MOST_MISSED = 200  # each costs a tenth of a millisecond; a site has a hundred jobs


@dataclass(frozen=True, slots=True)
class JobType:
	"""A Scheduled Job Type. `last` and `created` are aware; `logged`: does each run leave a Scheduled Job Log?"""

	name: str
	method: str
	frequency: str
	cron: str
	last: datetime | None
	created: datetime | None
	stopped: bool
	logged: bool


@dataclass(frozen=True, slots=True)
class Overdue:
	"""A job that should have run: due when, by how much it is late, and how many runs it missed (at most MOST_MISSED)."""

	job: JobType
	due: datetime
	late: timedelta
	missed: int


@dataclass(frozen=True, slots=True)
class Unreadable:
	"""A job whose schedule says nothing, so that it never runs."""

	job: JobType
	reason: str


def cron_of(job: JobType, every: int = EVERY) -> str:
	"""The cron entry in force for a job; "" when its frequency is none that Frappe knows. every: seconds of "All"."""
	if job.cron:
		return job.cron
	if job.frequency == "All":
		return f"*/{max(1, every // 60)} * * * *"
	return NAMED.get(job.frequency.removesuffix(" Long").removesuffix(" Maintenance"), "")


def judge(job: JobType, now: datetime, limit: timedelta, every: int = EVERY) -> Overdue | Unreadable | None:
	"""Is the job overdue by more than `limit` at `now`? None when it is not, was stopped on purpose, or nothing tells when
	it ran last. A job that never ran is reckoned from its creation, as the scheduler does."""
	base = job.last or job.created
	if job.stopped or base is None:
		return None
	cron = cron_of(job, every)
	if not cron:
		return Unreadable(job, f"{job.frequency!r} is no frequency that Frappe knows")
	try:
		times = croniter(cron, base.replace(tzinfo=None))
		due = times.get_next(datetime).replace(tzinfo=base.tzinfo)
		late = span(due, now)
		spread = SPREAD if job.frequency.endswith((" Long", " Maintenance")) else timedelta(0)
		if late <= limit + spread:
			return None
		missed = 1
		while missed < MOST_MISSED and span(
			times.get_next(datetime).replace(tzinfo=base.tzinfo), now
		) > timedelta(0):
			missed += 1
	except (ValueError, OverflowError) as error:
		return Unreadable(job, f"{cron!r} is no cron entry: {error}")
	return Overdue(job, due, late, missed)
