"""The analysis of a window: sums, daylight saving, coverage, and statements that follow from figures."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from window_builder import AMSTERDAM, NOON, issue, window

from verenigingen.core.errors import SEVERITIES, ErrorWindow, UserCount, analyse_patterns, health_statement

KOLKATA = ZoneInfo("Asia/Kolkata")
SHAPE = {
	"daily_trends": "series total mean_per_day median_per_day slope_per_day p_value direction reason peak_day",
	"hourly_patterns": "by_hour by_weekday heatmap peak_hour peak_weekday business_hours off_hours",
	"error_types": "categories exceptions",
	"user_impact": "affected_users events_with_user events_without_user top_users concentration reason",
	"severity_distribution": "critical high medium low",
	"growth_trends": "current previous change change_ratio interval_95 direction reason",
}


def random_window(seed: int, issues: int = 8, days: int = 30) -> ErrorWindow:
	rng = np.random.default_rng(seed)
	counts = rng.poisson(0.05, (issues, 2 * days, 24)).astype(np.int64)
	facts = tuple(
		issue(
			f"ISS-{index}",
			category=["code_defect", "database", "mail"][index % 3],
			exception=[None, "KeyError", "ValueError"][index % 3],
			severity=SEVERITIES[index % 4],
			users=index,
			first_seen=NOON - timedelta(days=7 * index),
		)
		for index in range(issues)
	)
	users = (UserCount("u1", 30), UserCount("u2", 12))
	return window(counts, days=days, issues=facts, users=users, users_total=7, user_events=50)


def check(report: dict) -> None:
	text = json.dumps(report, allow_nan=False)
	assert json.loads(text) == report, "keys must be strings and values plain"
	for name, keys in SHAPE.items():
		assert set(keys.split()) <= set(report["patterns"][name])
	assert (
		isinstance(report["patterns"]["recurring_issues"], list) and "recurring_total" in report["patterns"]
	)
	assert report["insights"], "at least one statement"
	json.dumps(health_statement(report), allow_nan=False)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), days=st.integers(1, 45), issues=st.integers(0, 6))
def test_sums_agree(seed: int, days: int, issues: int) -> None:
	report = analyse_patterns(random_window(seed, issues, days))
	check(report)
	patterns, total = report["patterns"], report["total_errors"]
	assert sum(row["count"] for row in patterns["daily_trends"]["series"]) == total
	assert sum(row["count"] for row in patterns["hourly_patterns"]["by_hour"]) == total
	assert sum(row["count"] for row in patterns["hourly_patterns"]["by_weekday"]) == total
	assert sum(map(sum, patterns["hourly_patterns"]["heatmap"])) == total
	assert sum(row["count"] for row in patterns["error_types"]["categories"]) == total
	assert sum(row["count"] for row in patterns["error_types"]["exceptions"]) == total
	assert sum(row["count"] for row in patterns["severity_distribution"].values()) == total
	hours = patterns["hourly_patterns"]
	assert hours["business_hours"]["count"] + hours["off_hours"]["count"] == total


@pytest.mark.parametrize("seed", range(5))
def test_order_of_issues_does_not_matter(seed: int) -> None:
	first = random_window(seed)
	order = np.random.default_rng(seed).permutation(len(first.issues))
	second = replace(first, issues=tuple(first.issues[i] for i in order), counts=first.counts[order])
	assert analyse_patterns(first) == analyse_patterns(second)


def test_a_young_site_has_no_thirty_days_without_errors() -> None:
	report = analyse_patterns(window(days=30, data_since=NOON - timedelta(minutes=5)))
	since = (NOON - timedelta(minutes=5)).strftime("%Y-%m-%d %H:%M")
	told = f"30 days (observed since {since})"
	assert report["insights"][0]["statement"] == f"No errors were recorded in {told}."
	health = health_statement(report)
	assert health["reasons"] == [f"no errors were recorded in {told}"]
	assert health["sentences"][-1].startswith(f"0 errors in {told}, from 0 issues")


def test_empty_window_has_zeros_because_collection_ran() -> None:
	report = analyse_patterns(window(days=30))
	check(report)
	assert report["total_errors"] == 0 and report["analysis_period"] == "30 days"
	assert report["patterns"]["daily_trends"]["direction"] == "stable"
	assert report["patterns"]["daily_trends"]["peak_day"] is None
	assert report["patterns"]["growth_trends"]["change_ratio"] is None
	assert report["insights"][0]["statement"] == "No errors were recorded in 30 days."
	assert health_statement(report)["status"] == "healthy"


@pytest.mark.parametrize("since", [None, NOON + timedelta(days=1)], ids=["never", "starts tomorrow"])
def test_nothing_collected_is_unknown_and_not_zero(since: datetime | None) -> None:
	report = analyse_patterns(window([3] * 60, data_since=since))
	check(report)
	patterns = report["patterns"]
	assert report["total_errors"] is None and "not collected yet" in report["notes"][0]
	assert {row["count"] for row in patterns["daily_trends"]["series"]} == {None}
	assert {row["count"] for row in patterns["hourly_patterns"]["by_hour"]} == {None}
	assert {row["rate_per_hour"] for row in patterns["hourly_patterns"]["by_hour"]} == {None}
	assert patterns["daily_trends"]["direction"] == patterns["growth_trends"]["direction"] == "unknown"
	assert patterns["severity_distribution"]["high"]["count"] is None
	assert patterns["user_impact"]["affected_users"] is None
	assert health_statement(report)["status"] == "unknown"


def test_days_before_collection_have_no_count() -> None:
	since = NOON - timedelta(days=10, hours=2)  # at 10 o'clock of 5 June
	report = analyse_patterns(window([2] * 60, data_since=since))
	series = report["patterns"]["daily_trends"]["series"]
	assert [row["covered"] for row in series] == [False] * 19 + [True] * 11
	assert series[18]["count"] is None and series[19] == {
		"date": "2026-06-05",
		"count": 2,
		"complete": False,
		"covered": True,
	}
	assert report["total_errors"] == 22
	assert any("2026-06-05T10:00:00+02:00" in note for note in report["notes"])
	assert any("98 events" in note for note in report["notes"])
	assert report["patterns"]["growth_trends"]["direction"] == "unknown"
	assert "not covered" in report["patterns"]["growth_trends"]["reason"]
	hours = {row["hour"]: row["hours_observed"] for row in report["patterns"]["hourly_patterns"]["by_hour"]}
	assert hours[9] == 10 and hours[10] == 11 and hours[12] == 10


def test_today_is_not_complete() -> None:
	series = analyse_patterns(window([1] * 60))["patterns"]["daily_trends"]["series"]
	assert series[-1]["complete"] is False and series[-1]["covered"] is True
	assert all(row["complete"] for row in series[:-1])


# name, zone, day looked at, local hour, hours observed of that hour and of the day
DST = [
	("spring, the hour is missing", AMSTERDAM, date(2026, 3, 29), 2, 0.0, 23.0),
	("spring, the next hour is there", AMSTERDAM, date(2026, 3, 29), 3, 1.0, 23.0),
	("autumn, the hour comes twice", AMSTERDAM, date(2026, 10, 25), 2, 2.0, 25.0),
	("an ordinary day", AMSTERDAM, date(2026, 7, 1), 2, 1.0, 24.0),
	("a zone of half hours", KOLKATA, date(2026, 3, 29), 2, 1.0, 24.0),
	("half an hour of saving time", ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 5), 1, 1.5, 24.5),
	("midnight is skipped", ZoneInfo("Asia/Beirut"), date(2026, 3, 29), 0, 0.0, 23.0),
]


@pytest.mark.parametrize(
	("zone", "day", "hour", "expected", "whole"), [row[1:] for row in DST], ids=[row[0] for row in DST]
)
def test_exposure_counts_real_hours(
	zone: ZoneInfo, day: date, hour: int, expected: float, whole: float
) -> None:
	now = datetime(day.year, day.month, day.day, 12, tzinfo=zone) + timedelta(days=1)
	hours = analyse_patterns(window(days=2, now=now))["patterns"]["hourly_patterns"]["by_hour"]
	today = sum(1 for row in hours if row["hour"] == hour and hour < 12)  # of the partial day
	assert hours[hour]["hours_observed"] == expected + today
	assert sum(row["hours_observed"] for row in hours) == whole + 12
	if hours[hour]["hours_observed"] == 0:
		assert hours[hour]["rate_per_hour"] is None


def test_missing_hour_has_no_rate() -> None:
	now = datetime(2026, 3, 29, 20, tzinfo=AMSTERDAM)
	hours = analyse_patterns(window(days=1, now=now))["patterns"]["hourly_patterns"]["by_hour"]
	assert (hours[2]["count"], hours[2]["hours_observed"], hours[2]["rate_per_hour"]) == (0, 0.0, None)
	assert (hours[3]["rate_per_hour"], hours[21]["rate_per_hour"]) == (0.0, None)


def test_daylight_saving_is_no_growth() -> None:
	now = datetime(2026, 10, 29, 12, tzinfo=AMSTERDAM)
	report = analyse_patterns(window([24] * 14, days=7, now=now))
	assert report["patterns"]["growth_trends"]["direction"] == "stable"


@pytest.mark.parametrize("days", [7, 30, 90])
def test_constant_series_is_stable(days: int) -> None:
	report = analyse_patterns(window([5] * (2 * days), days=days))
	daily, growth = report["patterns"]["daily_trends"], report["patterns"]["growth_trends"]
	# the six complete days of a week cannot tell a trend from the week's rhythm
	known = ("unknown", None, 5.0) if days == 7 else ("stable", 0.0, 5.0)
	assert (daily["direction"], daily["slope_per_day"], daily["median_per_day"]) == known
	# rates are per real hour: where one period lost an hour to summer time, equal counts differ a little
	assert growth["direction"] == "stable" and abs(growth["change_ratio"]) < 0.001
	assert health_statement(report)["status"] == "healthy"


def test_planted_trend_is_found() -> None:
	rng = np.random.default_rng(1)
	report = analyse_patterns(window(rng.poisson(np.r_[np.full(30, 10), np.linspace(10, 30, 30)])))
	daily = report["patterns"]["daily_trends"]
	assert daily["direction"] == "rising" and 0.4 < daily["slope_per_day"] < 1.0
	assert any("rise day by day" in row["statement"] for row in report["insights"])
	assert health_statement(report)["status"] in ("attention", "critical")


def test_planted_growth_is_found_and_doubling_is_critical() -> None:
	rng = np.random.default_rng(1)
	report = analyse_patterns(window(rng.poisson(np.r_[np.full(30, 10), np.full(30, 25)])))
	growth = report["patterns"]["growth_trends"]
	low, high = growth["interval_95"]
	assert growth["direction"] == "growing" and low < 1.5 < high
	assert health_statement(report)["status"] == "critical"
	assert report["recommendations"][0]["priority"] == "high"


def test_growth_from_nothing_has_no_ratio() -> None:
	growth = analyse_patterns(window([0] * 30 + [4] * 30))["patterns"]["growth_trends"]
	assert (growth["change_ratio"], growth["interval_95"], growth["direction"]) == (None, None, "growing")
	few = analyse_patterns(window([0] * 57 + [1, 1, 0]))["patterns"]["growth_trends"]
	assert few["direction"] == "unknown" and "no ratio" in few["reason"]


def test_one_burst_is_no_growth() -> None:
	counts = [1] * 60
	counts[45] = 80
	assert analyse_patterns(window(counts))["patterns"]["growth_trends"]["direction"] == "stable"


def test_fall_to_nothing_is_shrinking() -> None:
	growth = analyse_patterns(window([4] * 30 + [0] * 30))["patterns"]["growth_trends"]
	assert growth["direction"] == "shrinking" and growth["change_ratio"] == -1.0


@pytest.mark.parametrize("days", [7, 30])
@pytest.mark.parametrize("rate", [3.0, 20.0])
def test_noise_seldom_alarms(days: int, rate: float) -> None:
	trend_alarms = growth_alarms = 0
	for seed in range(200):
		noise = np.random.default_rng(seed).poisson(rate, 2 * days)
		patterns = analyse_patterns(window(noise, days=days))["patterns"]
		trend_alarms += patterns["daily_trends"]["direction"] in ("rising", "falling")
		growth_alarms += patterns["growth_trends"]["direction"] in ("growing", "shrinking")
	assert trend_alarms <= 16 and growth_alarms <= 16, (trend_alarms, growth_alarms)


def test_recurring_issues() -> None:
	counts = np.zeros((60, 60, 24), dtype=np.int64)
	counts[:, 40, 9] = np.arange(60)
	report = analyse_patterns(window(counts), recurring_threshold=3)
	rows = report["patterns"]["recurring_issues"]
	assert len(rows) == 50 and report["patterns"]["recurring_total"] == 57
	assert [row["count"] for row in rows[:2]] == [59, 58]
	assert rows[0]["trend"][10] == 59 and rows[0]["days_active"] == 1 and len(rows[0]["trend"]) == 30
	assert rows[0]["first_seen"].endswith("+02:00") or rows[0]["first_seen"].endswith("+01:00")


@pytest.mark.parametrize(
	("change", "text"),
	[
		({"now": NOON.replace(tzinfo=None)}, "now must be aware"),
		({"days": 29}, "shape"),
		({"first_day": date(2026, 1, 1)}, "do not end on"),
		({"counts": np.full((1, 60, 24), -1, dtype=np.int64)}, "negative"),
		({"data_since": datetime(2026, 1, 1)}, "data_since must be aware"),
	],
)
def test_a_window_that_does_not_fit_is_refused(change: dict, text: str) -> None:
	with pytest.raises(ValueError, match=text):
		replace(window([1] * 60), **change)


def test_importance_orders_insights_and_evidence_is_numbers() -> None:
	counts = np.zeros((2, 60, 24), dtype=np.int64)
	counts[0, 30:, 2] = 4  # every night
	counts[1, 58, 10] = 5
	facts = (
		issue("night", category="configuration"),
		issue("disk", severity="critical", first_seen=NOON - timedelta(days=1)),
	)
	users = (UserCount("p1", 90), UserCount("p2", 10))
	report = analyse_patterns(window(counts, issues=facts, users=users, users_total=2, user_events=100))
	said = " ".join(row["statement"] for row in report["insights"])
	assert report["insights"][0]["issue"] == "disk" and "Critical issue" in report["insights"][0]["statement"]
	for part in (
		"since 2026-06-14 12:00",
		"Growing issue: Title of night",
		"makes up 96%",
		"2 affected users meets 90%",
		"denser outside business hours",
	):
		assert part in said, said
	assert health_statement(report)["status"] == "critical"


def test_a_regressed_issue_asks_for_attention() -> None:
	report = analyse_patterns(window([1] * 60, issues=(issue("back", status="Regressed"),)))
	found = health_statement(report)
	assert found["status"] == "attention" and "1 resolved issue came back" in found["reasons"]


def test_new_issues_need_some_history() -> None:
	fresh = (issue("fresh", first_seen=NOON - timedelta(days=1)),)
	young = analyse_patterns(window([1] * 60, issues=fresh, data_since=NOON - timedelta(days=2)))
	old = analyse_patterns(window([1] * 60, issues=fresh))
	assert young["patterns"]["new_issues"] == []
	assert [row["issue"] for row in old["patterns"]["new_issues"]] == ["fresh"]
	assert "1 new issue in the last 7 days" in health_statement(old)["reasons"]
