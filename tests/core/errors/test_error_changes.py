"""Bursts and growing issues: what sticks out against the issue's own past, and what only seems to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from window_builder import NOON, issue, window

from verenigingen.core.errors import analyse_patterns

Counts = np.ndarray
WEEKEND = np.array([(NOON - timedelta(days=59 - day)).weekday() >= 5 for day in range(60)])


def office(seed: int = 1, per_hour: float = 1.0) -> Counts:
	"""Sixty days of noise in office hours, almost nothing in weekends."""
	counts = np.zeros((60, 24), dtype=np.int64)
	rates = np.where(WEEKEND, 0.1 * per_hour, per_hour)[:, None]
	counts[:, 9:17] = np.random.default_rng(seed).poisson(np.broadcast_to(rates, (60, 8)))
	counts[59, 12:] = 0
	return counts


def patterns(counts: Counts, **facts: object) -> dict:
	return analyse_patterns(window(counts[None], issues=(issue("ISS-0", **facts),)))["patterns"]


def nightly(counts: Counts) -> None:
	counts[:, 2] = 30


def weekly(counts: Counts) -> None:
	counts[0::7, 3] = 40


def clumps(counts: Counts) -> None:
	for day in range(0, 60, 3):
		counts[day, 9 + day % 8] += 8 + day % 9


def new_and_frequent(counts: Counts) -> None:
	counts[:56] = 0
	counts[56:, 9:12] = 12


NO_BURST = [
	("every night", nightly),
	("every week", weekly),
	("in clumps", clumps),
	("new", new_and_frequent),
]


@pytest.mark.parametrize("change", [row[1] for row in NO_BURST], ids=[row[0] for row in NO_BURST])
def test_what_is_usual_is_no_burst(change: Callable[[Counts], None]) -> None:
	counts = office()
	change(counts)
	first_seen = (
		NOON - timedelta(days=3, hours=3) if change is new_and_frequent else NOON - timedelta(days=300)
	)
	assert patterns(counts, first_seen=first_seen)["bursts"] == []


def test_two_bursts_do_not_hide_each_other() -> None:
	counts = office()
	counts[40, 10:13] = [20, 25, 9]
	counts[51, 14] = 30
	late, early = patterns(counts)["bursts"]
	assert (late["start"], late["until"]) == ("2026-06-07T14:00:00+02:00", "2026-06-07T15:00:00+02:00")
	assert (early["start"][11:16], early["until"][11:16], early["burst_count"]) == ("10:00", "13:00", 54)
	assert "54 events within 3 hours, where" in early["reason"]


def test_a_day_full_of_errors_is_a_burst_without_a_dense_hour() -> None:
	counts = office(per_hour=0.2)
	counts[50, 9:17] = 5
	(found,) = patterns(counts)["bursts"]
	assert found["burst_count"] == 40 and found["start"].startswith("2026-06-06T09")


def test_a_burst_right_now_that_hits_many_is_critical() -> None:
	counts = office()
	counts[59, 10] = 40
	report = analyse_patterns(window(counts[None], issues=(issue("ISS-0", users=30),), users_total=60))
	(found,) = report["patterns"]["active_critical"]
	assert "30 of 60 users hit 15" in found["severity_reason"]
	assert any(
		row["statement"].startswith("Burst from 2026-06-15 10:00 to 11:00") for row in report["insights"]
	)


def test_a_growing_issue_is_found_and_a_burst_does_not_make_one() -> None:
	counts = office()
	counts[:, 9:17] += np.random.default_rng(2).poisson(np.linspace(0, 1.5, 60)[:, None], (60, 8))
	(found,) = patterns(counts)["growing_issues"]
	assert found["to_per_day"] > 1.5 * found["from_per_day"] and found["p_value"] < 0.01
	burst = office()
	burst[50, 10] = 200
	assert patterns(burst)["growing_issues"] == []


def test_a_new_issue_is_not_called_growing_as_well() -> None:
	counts = office()
	counts[:35] = 0
	assert patterns(counts, first_seen=NOON - timedelta(days=24))["growing_issues"] == []
	assert patterns(counts, first_seen=NOON - timedelta(days=300))["growing_issues"]
