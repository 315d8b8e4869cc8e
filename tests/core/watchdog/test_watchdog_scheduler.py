"""One cause, one finding: what a switched-off scheduler, an absent worker or a dead job makes overdue is named there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verenigingen.core.watchdog.jobchecks import check_jobs
from verenigingen.core.watchdog.jobs import LOST, RUNNING, WAITING, JobSeen, JobsView, QueueSeen, WorkerSeen
from verenigingen.core.watchdog.model import Finding, Limits
from verenigingen.core.watchdog.runs import Run, check_runs
from verenigingen.core.watchdog.schedule import JobType
from verenigingen.core.watchdog.scheduler import SchedulerFacts, check_scheduler

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 6, 15, 14, 41, tzinfo=ZONE)
LIMITS = Limits()
AWAKE = SchedulerFacts({"enable_scheduler": "1"}, NOW - timedelta(hours=3), True, {})
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def job(name: str, frequency: str, ago: timedelta, **values: Any) -> JobType:
	"""A job that ran last so long ago."""
	return replace(JobType(name, f"app.{name}", frequency, "", NOW - ago, None, False, True), **values)


def worker(*queues: str, ago: timedelta = MINUTE, **values: Any) -> WorkerSeen:
	"""A worker that gave a sign of life so long ago."""
	return replace(WorkerSeen(f"w-{'-'.join(queues)}", queues, NOW - ago, "", False), **values)


def seen(key: str, place: str, **values: Any) -> JobSeen:
	"""A job in the queue `default`, begun (or queued) two hours ago and alive."""
	made = JobSeen(
		f"site::scheduled_job::{key}", key, "default", "queued" if place == WAITING else "started", place,
		enqueued=NOW - 2 * HOUR, started=NOW - 2 * HOUR, heartbeat=NOW, expires=NOW + MINUTE, worker="w", key=key,
	)  # fmt: skip
	return replace(made, **values)


def view(*jobs: JobSeen, workers: tuple[WorkerSeen, ...] | None = None, waiting: int = 0) -> JobsView:
	"""A queue with one worker, unless told otherwise."""
	oldest = NOW - 2 * HOUR if waiting else None
	made = (worker("default"),) if workers is None else workers
	return JobsView((QueueSeen("default", waiting, oldest),), made, jobs)


def verdict(facts: SchedulerFacts, jobs: list[JobType], queue: JobsView | None) -> list[tuple[str, str, str]]:
	"""Check, subject and level of what is found."""
	return [told(finding) for finding in check_scheduler(facts, jobs, queue, NOW, LIMITS).findings]


def told(finding: Finding) -> tuple[str, str, str]:
	"""Check, subject and level."""
	return finding.check, finding.subject, finding.level


SILENT = [job("a", "Hourly", 17 * HOUR), job("b", "All", 17 * HOUR), job("c", "Daily", 18 * HOUR)]
HEALTHY = [job("a", "Hourly", 30 * MINUTE), job("b", "All", 2 * MINUTE), job("c", "Daily", 14 * HOUR)]


@pytest.mark.parametrize(
	("switches", "subjects"),
	[
		({"enable_scheduler": "1"}, []),
		({"enable_scheduler": "0"}, ["enable_scheduler"]),
		({}, ["enable_scheduler"]),
		({"enable_scheduler": 1, "pause_scheduler": 1}, ["pause_scheduler"]),
		({"enable_scheduler": 1, "pause_scheduler": 0, "maintenance_mode": "0"}, []),
		(
			{"enable_scheduler": 1, "pause_scheduler": 1, "maintenance_mode": 1},
			["maintenance_mode", "pause_scheduler"],
		),
		({"enable_scheduler": 1, "disable_scheduler": True}, ["disable_scheduler"]),
	],
)
@pytest.mark.parametrize("jobs", [HEALTHY, SILENT])
def test_switches(switches: dict[str, object], subjects: list[str], jobs: list[JobType]) -> None:
	found = check_scheduler(replace(AWAKE, switches=switches), jobs, view(), NOW, LIMITS).findings
	off = [finding for finding in found if finding.subject in subjects]
	assert [told(finding) for finding in off] == [("scheduler", name, "critical") for name in subjects]
	if subjects:
		assert len(found) == len(off), "nothing else is said of what the switch explains"
		assert {finding.evidence["overdue"] for finding in off} == {3 if jobs is SILENT else 0}


def test_a_switch_that_was_seen_to_change_tells_since_when() -> None:
	off = replace(AWAKE, switches={"enable_scheduler": 1, "pause_scheduler": 1})
	[first] = check_scheduler(off, SILENT, None, NOW, LIMITS).findings
	assert first.since == datetime(2026, 6, 14, 21, 44, tzinfo=ZONE), "the first run that was missed"
	[known] = check_scheduler(
		replace(off, changed={"pause_scheduler": NOW - DAY}), SILENT, None, NOW, LIMITS
	).findings
	assert known.since == NOW - DAY


def test_a_silent_scheduler() -> None:
	assert verdict(AWAKE, HEALTHY, view()) == []
	for queue in (view(), None):
		[finding] = check_scheduler(AWAKE, SILENT, queue, NOW, LIMITS).findings
		assert told(finding) == ("scheduler", "silent", "critical")
		assert finding.since == NOW - 17 * HOUR
		assert ("cannot be seen" in finding.explanation) == (queue is None)


def test_overdue_jobs_beside_others_that_run() -> None:
	jobs = [*HEALTHY, job("late", "Hourly", 17 * HOUR), job("later", "Daily", 15 * HOUR)]
	assert verdict(AWAKE, jobs, view()) == [
		("scheduled_jobs", "late", "high"),
		("scheduled_jobs", "later", "medium"),
	]


def test_one_job_left_out_on_a_site_whose_jobs_are_rare() -> None:
	jobs = [job("hourly", "Hourly", 40 * MINUTE), job("daily", "Daily", 15 * HOUR)]
	assert verdict(AWAKE, jobs, view()) == [("scheduled_jobs", "daily", "medium")]


def test_a_worker_busy_for_hours_is_no_silent_scheduler() -> None:
	"""One job runs, the others wait behind it: the queue's age is the finding, and the one that runs too long."""
	waits = [seen("b", WAITING), seen("c", WAITING)]
	made = view(seen("a", RUNNING, limit=600.0), *waits, waiting=2, workers=(worker("default", job="a"),))
	assert verdict(AWAKE, SILENT, made) == [("scheduled_jobs", "a", "high")]
	assert [told(item)[0] for item in check_jobs(made, NOW, LIMITS)] == ["queue_age", "long_jobs"]


def test_what_the_queue_explains_is_said_there_and_not_again() -> None:
	waits, dead = seen("a", WAITING), seen("b", RUNNING, expires=NOW - MINUTE)
	lost, alive = seen("c", LOST, status="queued"), seen("b", RUNNING)
	nobody = view(waits, workers=(), waiting=1)
	assert verdict(AWAKE, SILENT[:1], nobody) == []
	assert [told(item) for item in check_jobs(nobody, NOW, LIMITS)] == [("workers", "default", "critical")]
	assert verdict(AWAKE, SILENT[1:], view(dead, lost)) == []
	assert (
		sorted(told(item)[::2] for item in check_jobs(view(dead, lost), NOW, LIMITS))
		== [("dead_jobs", "critical")] * 2
	)
	# where somebody works, a job that waits is about to run, and one that goes on for hours is its own finding
	assert verdict(AWAKE, SILENT[:2], view(waits, alive)) == [("scheduled_jobs", "b", "high")]


@pytest.mark.parametrize(
	("active", "known", "developer", "dormant"),
	[
		(5 * DAY, True, 0, True),
		(3 * DAY, True, 0, False),
		(None, True, 0, True),
		(None, False, 0, False),
		(9 * DAY, True, 1, False),
	],
)
def test_a_dormant_site_runs_its_jobs_once_a_day(
	active: timedelta | None, known: bool, developer: int, dormant: bool
) -> None:
	facts = SchedulerFacts(
		{"enable_scheduler": 1, "developer_mode": developer}, NOW - active if active else None, known, {}
	)
	said = verdict(facts, SILENT, view())
	assert said == (
		[("scheduler", "dormant", "medium")] if dormant else [("scheduler", "silent", "critical")]
	)
	old = [replace(item, last=NOW - 3 * DAY) for item in SILENT]
	assert ("scheduler", "silent", "critical") in verdict(facts, old, view()), (
		"three days are too long even for a dormant one"
	)


def test_stopped_jobs_are_told_and_a_schedule_that_is_none() -> None:
	jobs = [*HEALTHY, job("off", "Daily", 90 * DAY, stopped=True), job("odd", "Cron", DAY, cron="what")]
	assert verdict(AWAKE, jobs, view()) == [("schedules", "odd", "high"), ("stopped_jobs", "stopped", "low")]


@pytest.mark.parametrize(
	("made", "expected"),
	[
		(view(), []),
		(view(workers=()), [("workers", "default", "medium")]),
		(view(workers=(), waiting=3), [("workers", "default", "critical")]),
		(view(workers=(worker("default", gone=True),)), [("workers", "default", "medium")]),
		(
			view(workers=(worker("default"), worker("default", "long", ago=HOUR))),
			[("workers", "w-default-long", "medium")],
		),
		(view(waiting=3), [("queue_age", "default", "high")]),
		(view(seen("x", RUNNING, limit=600.0)), [("long_jobs", "site::scheduled_job::x", "high")]),
		(view(seen("x", RUNNING, limit=9_000.0)), []),
		(view(seen("x", RUNNING)), []),
		(
			view(seen("x", RUNNING, started=NOW - 7 * HOUR)),
			[("long_jobs", "site::scheduled_job::x", "medium")],
		),
		(view(seen("x", RUNNING, expires=None)), []),
		(view(seen("x", "", status="failed")), []),
	],
)
def test_queues_workers_and_jobs(made: JobsView, expected: list[tuple[str, str, str]]) -> None:
	assert [told(finding) for finding in check_jobs(made, NOW, LIMITS)] == expected


def test_the_only_busy_worker_is_named_as_the_reason() -> None:
	[finding] = check_jobs(view(waiting=2, workers=(worker("default", job="x"),)), NOW, LIMITS)
	assert "All 1 worker that serve it are busy" in finding.explanation
	assert finding.evidence["oldest_seconds"] == 7_200


RUNS = [Run("1", "a", NOW - 30 * HOUR), Run("2", "a", NOW - 2 * HOUR), Run("3", "b", NOW - 5 * MINUTE)]


@pytest.mark.parametrize(
	("ended", "queue", "expected"),
	[
		({}, view(), ("high", 2)),
		({"a": NOW - HOUR}, view(), ("low", 2)),
		({"a": NOW - 3 * HOUR}, view(), ("high", 2)),
		({}, view(seen("a", RUNNING)), ("high", 1)),
		({}, view(seen("a", RUNNING, expires=NOW - MINUTE)), None),
		({}, None, ("high", 2)),
	],
)
def test_runs_that_never_ended(
	ended: dict[str, datetime], queue: JobsView | None, expected: tuple[str, int] | None
) -> None:
	found = check_runs(RUNS, ended, queue, NOW, 15 * MINUTE)
	assert [(row.level, row.evidence["runs"]) for row in found] == ([expected] if expected else [])


def test_a_run_that_may_still_go_on_unseen_is_offered_no_remedy() -> None:
	[finding] = check_runs([Run("1", "a", NOW - 30 * MINUTE)], {}, None, NOW, 15 * MINUTE)
	assert (finding.level, finding.offer) == ("medium", None)


moments = st.one_of(st.none(), st.integers(-120, 60 * 24 * 400).map(lambda minutes: NOW - minutes * MINUTE))
switch_values = st.sampled_from([0, 1, "0", "1", "", None, True, False, "x", 7.5, float("inf")])


@settings(deadline=None)
@given(
	st.lists(
		st.tuples(
			st.sampled_from(["All", "Hourly", "Daily Long", "Weekly", "?"]), moments, moments, st.booleans()
		),
		max_size=8,
	),
	st.dictionaries(
		st.sampled_from(
			["enable_scheduler", "pause_scheduler", "maintenance_mode", "dormant_days", "scheduler_interval"]
		),
		switch_values,
	),
	moments,
	st.booleans(),
)
def test_whatever_a_site_holds_it_is_judged_and_each_finding_says_why(
	rows: list[tuple[str, datetime | None, datetime | None, bool]],
	switches: dict[str, object],
	active: datetime | None,
	known: bool,
) -> None:
	jobs = [
		JobType(f"j{i}", "m", often, "", last, made, off, True)
		for i, (often, last, made, off) in enumerate(rows)
	]
	result = check_scheduler(SchedulerFacts(switches, active, known, {}), jobs, None, NOW, LIMITS)
	assert all(finding.explanation and finding.remedy and finding.title for finding in result.findings)
	assert len({(finding.check, finding.subject) for finding in result.findings}) == len(result.findings)
	stopped = {item.name for item in jobs if item.stopped}
	assert not stopped & {item.job.name for item in result.overdue}
