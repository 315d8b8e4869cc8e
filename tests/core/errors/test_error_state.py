"""What an issue does now, judged from its counts, its first time and what people decided."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from window_builder import AMSTERDAM, NOON, issue, window

from verenigingen.core.errors import analyse_patterns
from verenigingen.core.errors.state import History, judge

SINCE = NOON - timedelta(days=50)
OLD = NOON - timedelta(days=200)
Counts = np.ndarray


def steady(seed: int, rate: float) -> Counts:
	counts = np.random.default_rng(seed).poisson(rate, (60, 24))
	counts[-1, 12:] = 0
	return counts


def history(name: str, counts: Counts, **facts: object) -> History:
	known: dict = {"first_seen": OLD, "last_seen": NOON, **facts}
	return History(name, counts, **known)


def states(*issues: History, data_since: datetime | None = SINCE) -> dict[str, str]:
	return {found.issue: found.state for found in judge(issues, now=NOON, data_since=data_since)}


def test_each_state_has_its_sign() -> None:
	spike, fade, young = steady(1, 1.0), steady(2, 2.0), steady(3, 1.0)
	spike[-1, 9:12] = [12, 15, 6]
	fade[-5:] = 0
	young[:57] = 0
	found = states(
		history("steady", steady(4, 1.0)),
		history("spike", spike),
		history("fade", fade, last_seen=NOON - timedelta(days=5)),
		history("young", young, first_seen=NOON - timedelta(days=2, hours=11)),
	)
	assert found == {"steady": "ongoing", "spike": "spiking", "fade": "fading", "young": "new"}


def test_a_spike_says_since_when_how_much_and_how_sure() -> None:
	counts = steady(1, 1.0)
	counts[-1, 9:12] = [12, 15, 6]
	(found,) = judge([history("spike", counts)], now=NOON, data_since=SINCE)
	assert found.reason.startswith("33 events since 2026-06-15 09:00, where ") and "p < 0.001" in found.reason
	assert found.evidence["since"] == "2026-06-15T09:00:00+02:00"
	assert found.evidence["count"] == 33 and 1 < found.evidence["expected"] < 6
	assert found.evidence["ratio"] == pytest.approx(33 / found.evidence["expected"], rel=0.01)
	assert 0 < found.evidence["p_value"] < 1e-4


RESOLVED = NOON - timedelta(days=3)
REGRESSIONS = [
	("an event after the repair", "Resolved", RESOLVED + timedelta(hours=1), RESOLVED, "regressed"),
	("a late row from before the repair", "Resolved", RESOLVED - timedelta(minutes=1), RESOLVED, "resolved"),
	("marked by the collector", "Regressed", NOON, RESOLVED, "regressed"),
	("resolved in a version is decided by versions", "Resolved in Version", NOON, RESOLVED, "resolved"),
	(
		"naive times are the site's",
		"Resolved",
		datetime(2026, 6, 12, 13),
		datetime(2026, 6, 12, 12),
		"regressed",
	),
	("an open issue cannot come back", "Open", NOON, RESOLVED, "ongoing"),
]


@pytest.mark.parametrize(
	("status", "last", "resolved", "state"),
	[row[1:] for row in REGRESSIONS],
	ids=[row[0] for row in REGRESSIONS],
)
def test_a_regression_is_an_event_after_the_repair(
	status: str, last: datetime, resolved: datetime, state: str
) -> None:
	issue = history("one", steady(5, 0.2), status=status, last_seen=last, resolved_at=resolved)
	assert states(issue) == {"one": state}


def test_nothing_is_new_before_collection_has_settled() -> None:
	counts = np.zeros((60, 24), dtype=np.int64)
	counts[-1, 9:12] = 2
	issue = history("one", counts, first_seen=NOON - timedelta(hours=3))
	assert states(issue, data_since=NOON - timedelta(days=1)) == {"one": "ongoing"}
	assert states(issue, data_since=NOON - timedelta(days=3)) == {"one": "new"}
	assert states(issue, data_since=None) == {"one": "unknown"}


def test_a_rare_new_issue_is_said_to_be_rare() -> None:
	counts = np.zeros((60, 24), dtype=np.int64)
	counts[-4, 9] = 1
	first = datetime(2026, 6, 12, 9, 30, tzinfo=AMSTERDAM)
	(found,) = judge(
		[history("one", counts, first_seen=first)], now=NOON, data_since=NOON - timedelta(days=20)
	)
	assert found.state == "new" and "may have been there before" in found.reason
	assert found.evidence["p_value"] > 0.05


def test_many_issues_give_no_more_alarms_by_chance_than_few() -> None:
	issues = [history(f"issue {seed}", steady(seed, 0.1 * 1.03**seed)) for seed in range(150)]
	found = states(*issues)
	assert set(found.values()) == {"ongoing"}


def test_what_cannot_be_judged_is_refused() -> None:
	with pytest.raises(ValueError, match="aware"):
		judge([], now=datetime(2026, 1, 1), data_since=None)
	with pytest.raises(ValueError, match="shape"):
		judge([history("flat", np.zeros(100))], now=NOON, data_since=SINCE)
	assert judge([], now=NOON, data_since=SINCE) == []


def test_a_report_says_of_each_issue_what_it_does() -> None:
	spike, gone = steady(1, 1.0), steady(2, 2.0)
	spike[-1, 9:12] = [12, 15, 6]
	gone[-5:] = 0
	issues = (
		issue("ISS-0"),
		issue("ISS-1", last_seen=NOON - timedelta(days=5)),
		issue("ISS-2", status="Resolved", resolved_at=NOON - timedelta(days=3)),
	)
	seen = window(np.stack([spike, gone, steady(3, 0.5)]), issues=issues)
	rows = analyse_patterns(seen)["patterns"]["recurring_issues"]
	assert {row["issue"]: row["state"] for row in rows} == {
		"ISS-0": "spiking",
		"ISS-1": "fading",
		"ISS-2": "regressed",
	}
	assert all(row["state_reason"] for row in rows)


def test_a_source_read_since_yesterday_makes_nothing_new() -> None:
	counts = np.zeros((60, 24), dtype=np.int64)
	counts[-1, 9:12] = 2
	first = NOON - timedelta(hours=3)
	assert states(history("one", counts, first_seen=first, known_since=NOON - timedelta(days=1))) == {
		"one": "ongoing"
	}
	assert states(history("one", counts, first_seen=first, known_since=NOON - timedelta(days=9))) == {
		"one": "new"
	}
