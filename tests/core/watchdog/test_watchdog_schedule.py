"""When a scheduled job is overdue: by its cron entry, across summer time, for any entry a person may have written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verenigingen.core.watchdog.model import span, spoken
from verenigingen.core.watchdog.schedule import NAMED, JobType, Overdue, Unreadable, cron_of, judge

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 6, 15, 14, 40, tzinfo=ZONE)
LIMIT = timedelta(minutes=15)


def job(
	frequency: str = "Hourly", cron: str = "", *, ago: timedelta | None = None, **values: object
) -> JobType:
	"""A job that ran last so long ago, or never."""
	made = JobType(
		"jobs.x",
		"app.jobs.x",
		frequency,
		cron,
		NOW - ago if ago is not None else None,
		NOW - timedelta(days=90),
		False,
		True,
	)
	return replace(made, **values)  # type: ignore[arg-type]


CASES = [
	("hourly, ran this hour", job(ago=timedelta(minutes=39)), None),
	("hourly, due 40 minutes ago", job(ago=timedelta(minutes=45)), (timedelta(minutes=40), 1)),
	("hourly, 17 hours of silence", job(ago=timedelta(hours=17)), (timedelta(hours=16, minutes=40), 17)),
	("daily, ran today", job("Daily", ago=timedelta(hours=14)), None),
	("daily, missed one night", job("Daily", ago=timedelta(hours=20)), (timedelta(hours=14, minutes=40), 1)),
	("weekly, ran on Sunday", job("Weekly", ago=timedelta(days=1, hours=14)), None),
	("every four minutes", job("All", ago=timedelta(minutes=14)), None),
	("every four minutes, late", job("All", ago=timedelta(minutes=23)), (timedelta(minutes=20), 5)),
	("stopped on purpose", job(ago=timedelta(days=9), stopped=True), None),
	("never ran, made just now", job("Daily", created=NOW - timedelta(hours=1)), None),
	(
		"never ran, made long ago",
		job("Daily", created=NOW - timedelta(days=3)),
		(timedelta(days=2, hours=14, minutes=40), 3),
	),
	("nothing known of it", job(created=None), None),
	(
		"its cron entry comes before its frequency",
		job("Daily", "*/5 * * * *", ago=timedelta(minutes=30)),
		(timedelta(minutes=25), 5),
	),
]


@pytest.mark.parametrize(("seen", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_lateness_and_missed_runs(seen: JobType, expected: tuple[timedelta, int] | None) -> None:
	found = judge(seen, NOW, LIMIT)
	assert (None if found is None else (found.late, found.missed)) == expected


def test_the_long_queue_starts_its_jobs_up_to_ten_minutes_later() -> None:
	now = NOW.replace(minute=24)
	ran = {"last": NOW.replace(minute=0) - timedelta(minutes=1)}
	assert isinstance(judge(job("Hourly", **ran), now, LIMIT), Overdue)
	assert judge(job("Hourly Long", **ran), now, LIMIT) is None
	assert isinstance(judge(job("Hourly Long", **ran), now + timedelta(minutes=2), LIMIT), Overdue)


@pytest.mark.parametrize(
	"cron", ["61 * * * *", "every day", "* * *", "0 0 31 2 *", "* * * * * * * *", "@never", "\x00"]
)
def test_an_entry_that_is_none_is_said_to_be_none(cron: str) -> None:
	found = judge(job("Cron", cron, ago=timedelta(days=1)), NOW, LIMIT)
	assert isinstance(found, Unreadable)
	assert repr(cron) in found.reason
	assert isinstance(judge(job("Sometimes", ago=timedelta(days=1)), NOW, LIMIT), Unreadable)


@pytest.mark.parametrize(
	("last", "now", "late"),
	[  # the clock jumps from 2:00 to 3:00, and back from 3:00 to 2:00
		(
			datetime(2026, 3, 29, 1, 59, tzinfo=ZONE),
			datetime(2026, 3, 29, 3, 10, tzinfo=ZONE),
			timedelta(minutes=10),
		),
		(
			datetime(2026, 10, 25, 1, 59, tzinfo=ZONE),
			datetime(2026, 10, 25, 2, 50, fold=1, tzinfo=ZONE),
			timedelta(minutes=110),
		),
	],
)
def test_lateness_is_the_time_that_really_passed(last: datetime, now: datetime, late: timedelta) -> None:
	found = judge(job(last=last), now, timedelta(minutes=5))
	assert isinstance(found, Overdue) and found.late == late


@settings(deadline=None)
@given(
	st.text(max_size=40),
	st.sampled_from([*NAMED, "All", "Cron", "Hourly Long", "Monthly Maintenance", "", "x"]),
)
def test_any_text_is_judged_without_a_surprise(cron: str, frequency: str) -> None:
	found = judge(job(frequency, cron.strip(), ago=timedelta(days=40)), NOW, LIMIT)
	assert found is None or isinstance(found, Overdue | Unreadable)


@settings(deadline=None)
@given(st.sampled_from(sorted(NAMED)), st.integers(0, 90 * 24 * 60))
def test_overdue_means_due_before_the_limit_and_after_the_last_run(frequency: str, minutes: int) -> None:
	seen = job(frequency, ago=timedelta(minutes=minutes))
	found = judge(seen, NOW, LIMIT)
	assert seen.last is not None
	if isinstance(found, Overdue):
		assert seen.last < found.due and found.late > LIMIT
		assert found.late == span(found.due, NOW)
		assert found.missed >= 1
	else:
		assert found is None
		assert cron_of(seen)


@pytest.mark.parametrize(
	("seconds", "said"),
	[
		(0, "0 seconds"),
		(59, "59 seconds"),
		(60, "1 minute"),
		(90, "90 seconds"),
		(3600, "1 hour"),
		(5400, "90 minutes"),
		(61_200, "17 hours"),
		(172_800, "2 days"),
	],
)
def test_lengths_of_time_in_words(seconds: int, said: str) -> None:
	assert spoken(timedelta(seconds=seconds)) == said


def test_a_span_counts_real_time() -> None:
	winter = datetime(2026, 10, 25, 1, 0, tzinfo=ZONE)
	assert span(winter, winter + timedelta(hours=2)) == timedelta(hours=3)
	assert span(winter.astimezone(timezone.utc), winter) == timedelta(0)
