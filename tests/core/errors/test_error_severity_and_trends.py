"""The rules for severity, and the statistics against values worked out elsewhere."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from window_builder import NOON, issue

from verenigingen.core.errors import rank_severity
from verenigingen.core.errors.trends import compare, daily_trend, mann_kendall, seasonal_kendall, theil_sen

LONG_AGO = NOON - timedelta(days=9)
# name, facts, events, users in all, level, part of the reason
RANKS = [
	("its kind decides", {}, 5, None, "high", "high by its kind (code_defect) 38"),
	("a quarter of the users", {"severity": "medium", "users": 10}, 5, 40, "high", "10 of 40 users hit 15"),
	("as ever, whoever it hits", {"users": 10}, 5, 40, "high", "73 of 100"),
	("few users of a small site", {"users": 3}, 5, 3, "high", "3 of 3 users hit 5.3"),
	("many users", {"severity": "low", "users": 50}, 5, 5000, "medium", "50 of 5000 users hit 15"),
	("many documents", {"severity": "medium", "documents": 80}, 5, None, "high", "80 documents hit 15"),
	("users unknown", {"users": None}, 500, 40, "high", "no user or document known to be hit 0"),
	("quiet for a week", {"last_seen": LONG_AGO}, 5, None, "medium", "quiet for 9 days 0"),
	("a few days old", {"last_seen": NOON - timedelta(days=3)}, 5, None, "high", "the last 7 days 17"),
	("no event", {}, 0, None, "medium", "no event in the period 0"),
	("low stays low", {"severity": "low", "last_seen": LONG_AGO}, 5, None, "low", "low by its kind"),
	("critical by its kind", {"severity": "critical"}, 5, None, "critical", "critical by its kind"),
	(
		"not beyond 100",
		{"severity": "critical", "users": 60, "status": "Regressed"},
		5,
		None,
		"critical",
		"100 of",
	),
	("it came back", {"severity": "medium", "status": "Regressed"}, 5, None, "high", "came back"),
	("came back, but not now", {"severity": "medium", "status": "Regressed"}, 0, None, "low", "no event"),
	("unreadable severity", {"severity": "Terrible"}, 5, None, "medium", "medium by its kind"),
	("words do not count", {"title": "critical system failure", "severity": "low"}, 5, None, "low", "low"),
]


@pytest.mark.parametrize(
	("facts", "events", "total", "level", "reason"), [row[1:] for row in RANKS], ids=[row[0] for row in RANKS]
)
def test_rank_severity(facts: dict, events: int, total: int | None, level: str, reason: str) -> None:
	found = rank_severity(issue(**facts), events, now=NOON, users_total=total)
	assert found.level == level and reason in found.reason
	assert found.score == min(100.0, round(sum(found.parts.values()), 1))


@pytest.mark.parametrize(("change", "level"), [("", "high"), ("new", "critical"), ("rising", "critical")])
def test_only_what_is_acute_and_hits_many_is_critical(change: str, level: str) -> None:
	assert rank_severity(issue(users=10), 5, now=NOON, users_total=40, change=change).level == level
	assert rank_severity(issue(users=1), 5, now=NOON, users_total=40, change=change).level == "high"


def test_seasonal_kendall_does_not_mistake_a_week_for_a_trend() -> None:
	# Saturday and Sunday, then a working week: rising for Mann-Kendall, nothing within each weekday
	counts = np.array([0.0, 1, 10, 11, 12, 13, 14] * 3)
	assert seasonal_kendall(counts, np.arange(21) % 7) == (0, 1.0)
	assert mann_kendall(counts[:7])[1] < 0.01
	# three weeks of each weekday rising: S = 7 * 3, Var = 7 * 11 / 3, z = 20 / 5.0662
	score, p_value = seasonal_kendall(counts + np.arange(21), np.arange(21) % 7)
	assert score == 21 and p_value == pytest.approx(7.88e-5, rel=0.01)


def test_mann_kendall_of_a_rising_series() -> None:
	# n = 10 without ties: S = 45, Var = 10*9*25/18 = 125, z = 44 / sqrt(125) = 3.9355, p = 8.303e-5
	score, p_value = mann_kendall(np.arange(10.0))
	assert score == 45 and p_value == pytest.approx(8.303e-5, rel=1e-3)


def test_mann_kendall_with_ties() -> None:
	# 1 1 2 2 3 3: S = 12, Var = (6*5*17 - 3*2*1*9) / 18 = 25.333, z = 11 / 5.0332, p = 0.02884
	score, p_value = mann_kendall(np.array([1.0, 1, 2, 2, 3, 3]))
	assert score == 12 and p_value == pytest.approx(0.02884, abs=2e-4)


def test_theil_sen_is_not_bent_by_one_day() -> None:
	values = 2.0 * np.arange(9)
	values[4] = 500
	assert theil_sen(np.arange(9.0), values) == 2.0


@settings(max_examples=60, deadline=None)
@given(arrays(np.int64, 12, elements=st.integers(0, 10**6)))
def test_reversed_time_reverses_the_trend(values: np.ndarray) -> None:
	series = values.astype(float)
	there, back = mann_kendall(series), mann_kendall(series[::-1])
	assert there[0] == -back[0] and there[1] == pytest.approx(back[1])
	assert 0.0 <= there[1] <= 1.0
	days = np.arange(12.0)
	assert theil_sen(days, series) == pytest.approx(-theil_sen(days, series[::-1]))


@settings(max_examples=100, deadline=None)
@given(
	arrays(np.int64, 7, elements=st.integers(0, 10**6)), arrays(np.int64, 7, elements=st.integers(0, 10**6))
)
def test_interval_holds_the_ratio_and_is_finite(now: np.ndarray, before: np.ndarray) -> None:
	growth = compare(now.astype(float), before.astype(float), (168.0, 168.0), threshold=0.1)
	if growth.interval is None:
		assert before.sum() == 0
		return
	low, high = growth.interval
	assert np.isfinite([low, high]).all() and -1.0 <= low <= high
	assert growth.ratio is not None
	assert now.sum() == 0 or low - 1e-9 <= growth.ratio <= high + 1e-9 or high > 1e20


def test_exposure_counts_and_not_days() -> None:
	day = np.full(6, 100.0)
	assert compare(day, day, (150.0, 144.0), threshold=0.0).ratio == pytest.approx(-0.04)
	assert compare(day[:2], day[:2], (48.0, 48.0), threshold=0.0).direction == "unknown"


def days_of(kind: str, rng: np.random.Generator, size: int) -> np.ndarray:
	"""Daily counts without trend: working weeks, and on "bad days" with a level that is correlated from day to day."""
	mean = 20 * np.where(np.arange(size) % 7 >= 5, 0.3, 1.0)
	if kind == "bad days":
		level = np.zeros(size)
		for day in range(1, size):
			level[day] = 0.5 * level[day - 1] + rng.normal() * 0.866
		mean = mean * np.exp(0.5 * level)
	return rng.poisson(mean).astype(float)


@pytest.mark.parametrize("kind", ["weeks", "bad days"])
@pytest.mark.parametrize("size", [13, 29, 89])
def test_chance_is_seldom_called_a_trend(kind: str, size: int) -> None:
	"""Nominally 5 %; plain Mann-Kendall calls 10 to 20 % of the correlated ones a trend."""
	rng = np.random.default_rng(21)
	found = [daily_trend(np.arange(float(size)), days_of(kind, rng, size), threshold=0.0) for _ in range(300)]
	assert np.mean([trend.direction in ("rising", "falling") for trend in found]) < 0.11


def test_a_trend_is_found_under_a_working_week() -> None:
	rng = np.random.default_rng(22)
	days = np.arange(29.0)
	grown = [days_of("weeks", rng, 29) * (1 + days / 20) for _ in range(100)]
	found = [daily_trend(days, counts, threshold=0.1).direction for counts in grown]
	assert found.count("rising") > 90 and "falling" not in found


@pytest.mark.parametrize("kind", ["weeks", "bad days"])
def test_chance_is_seldom_called_growth(kind: str) -> None:
	"""Thirty days hold other weekdays than the thirty before: neither that nor bad days are growth. Nominally 1 %."""
	rng = np.random.default_rng(23)
	directions = []
	for _ in range(300):
		counts = days_of(kind, rng, 59)
		now, before = np.arange(30, 59), np.arange(29)
		growth = compare(
			counts[now], counts[before], (696.0, 696.0), threshold=0.0, weekdays=(now % 7, before % 7)
		)
		directions.append(growth.direction)
	assert np.mean([d != "stable" for d in directions]) < 0.04


def test_weekdays_are_compared_with_weekdays() -> None:
	# a month of five Mondays and Tuesdays against one of five Saturdays and Sundays, every weekday as ever
	now, before = np.arange(0, 30), np.arange(5, 35)
	count = np.where(np.arange(35) % 7 >= 5, 10.0, 100.0)
	growth = compare(count[now], count[before], (720.0, 720.0), threshold=0.0, weekdays=(now % 7, before % 7))
	assert growth.ratio == pytest.approx(0.0, abs=1e-6) and growth.direction == "stable"
	plain = compare(count[now], count[before], (720.0, 720.0), threshold=0.0)
	assert plain.ratio is not None and plain.ratio > 0.05
