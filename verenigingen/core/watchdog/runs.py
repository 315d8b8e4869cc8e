"""Runs of scheduled jobs that began and never said how they ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from verenigingen.core.watchdog.jobchecks import is_dead
from verenigingen.core.watchdog.jobs import RUNNING, JobsView
from verenigingen.core.watchdog.model import LISTED, Finding, Offer, counted, span, spoken

UNFINISHED = "unfinished_runs"
SURELY_OVER = timedelta(
	hours=1
)  # the queue ends a scheduled job after 25 minutes, if no longer limit was configured


@dataclass(frozen=True, slots=True)
class Run:
	"""A Scheduled Job Log in the state Start: its name, job type, and when it began (aware)."""

	name: str
	job: str
	began: datetime


def check_runs(
	runs: Iterable[Run],
	ended: Mapping[str, datetime],
	view: JobsView | None,
	now: datetime,
	limit: timedelta,
) -> list[Finding]:
	"""Unfinished runs by job. ended: when a run that told its end began last, by job. `view` is None where the queue cannot
	be seen; its jobs bear the names of job types as their key."""
	return [
		_finding(name, unfinished, ended.get(name), view is not None, now)
		for name, unfinished in open_runs(runs, view, now, limit).items()
	]


def open_runs(
	runs: Iterable[Run], view: JobsView | None, now: datetime, limit: timedelta
) -> dict[str, list[Run]]:
	"""Runs older than `limit` that nobody can still be at, by job, each oldest first. A job whose dead remains still lie in
	the queue is left out: that is what to clear away first."""
	by_job: dict[str, list[Run]] = defaultdict(list)
	for run in runs:
		if span(run.began, now) > limit:
			by_job[run.job].append(run)
	jobs = {job.key: job for job in view.jobs if job.key} if view else {}
	found = {}
	for name, unfinished in sorted(by_job.items()):
		job = jobs.get(name)
		if job is not None and is_dead(job, now):
			continue
		unfinished.sort(key=lambda run: run.began)
		if job is not None and job.place == RUNNING:
			unfinished.pop()  # the newest still goes on
		if unfinished:
			found[name] = unfinished
	return found


def over(last: datetime, ended: datetime | None, seen: bool, now: datetime) -> bool:
	"""Is a run that began at `last` over for certain: as the queue was seen, a later one ended, or by its age?"""
	return seen or (ended is not None and span(last, ended) > timedelta(0)) or span(last, now) > SURELY_OVER


def _finding(
	name: str, unfinished: Sequence[Run], ended: datetime | None, seen: bool, now: datetime
) -> Finding:
	first, last = unfinished[0].began, unfinished[-1].began
	number = len(unfinished)
	later = ended is not None and span(last, ended) > timedelta(0)
	certain = over(last, ended, seen, now)
	began = (
		f"began at {last:%Y-%m-%d %H:%M}, {spoken(span(last, now))} ago"
		if number == 1
		else (f"{counted(number, 'run')} began from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}")
	)
	if later:
		after = "Later runs ended well or told of their failure."
	elif certain:
		after = "No later run has ended."
	else:
		after = "Whether it still runs cannot be seen from here."
	verb = "and never told how it ended" if number == 1 else "and never told how they ended"
	return Finding(
		UNFINISHED,
		name,
		"low" if later else "high" if certain else "medium",
		f"A scheduled job began and never ended: {name}",
		first,
		f"{name}: {began} {verb}. Its worker was killed or its machine stopped: nothing was logged as an error, and its"
		f" transaction was not kept. {after}",
		"Find out what ended the worker at that time (memory, a deployment, a restart). The log rows can be closed as failed,"
		" so that they count as what they were.",
		{
			"job": name,
			"runs": number,
			"logs": [run.name for run in unfinished[-LISTED:]],
			"last_began": last.isoformat(),
		},
		Offer("close_runs", name) if certain else None,
	)
