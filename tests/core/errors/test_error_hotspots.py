"""Hotspots: what is planted is found with its reason, what is chance is not, and what is not known is said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from window_builder import AMSTERDAM, NOON, issue, window

from verenigingen.core.errors import ErrorWindow, Facets, find_hotspots
from verenigingen.core.errors.areas import area_of
from verenigingen.core.errors.excess import rises, share_interval, significant
from verenigingen.core.errors.scan import scan, usual_hours

NONE = Facets(None, reason="nobody recorded it")
DAYS, PERIOD = 32, 7
TOTAL = 2 * DAYS
FILES = ("a.py", "b.py", "c.py", "d.py", "e.py", "f.py")
OFFICE = np.where((np.arange(24) >= 9) & (np.arange(24) < 17), 1.0, 0.1)


def site(seed: int, *, rate: float = 0.4, now: datetime = NOON) -> ErrorWindow:
	"""Six issues in six files of two apps, busier in office hours and on working days."""
	rng = np.random.default_rng(seed)
	first = now.date() - timedelta(days=TOTAL - 1)
	week = np.where((first.weekday() + np.arange(TOTAL)) % 7 >= 5, 0.2, 1.0)
	level = rate * rng.lognormal(0, 0.5, len(FILES))
	mean = level[:, None, None] * week[None, :, None] * OFFICE
	counts = rng.poisson(mean).astype(np.int64)
	counts[:, -1, now.hour :] = 0
	apps = ["crm", "shop"]
	issues = tuple(
		issue(f"I{n}", app=apps[n % 2], culprit=f"save in {apps[n % 2]}/{apps[n % 2]}/core/{file}")
		for n, file in enumerate(FILES)
	)
	return window(counts, days=DAYS, issues=issues, now=now)


def find(what: ErrorWindow, **values: object) -> dict:
	report = find_hotspots(what, PERIOD, **{"roles": NONE, "doctypes": NONE, **values})
	assert json.loads(json.dumps(report, allow_nan=False)) == report
	return report


def out(report: dict) -> set[tuple[str, str]]:
	rows = [row for section in report["hotspots"].values() for row in section["rows"]]
	return {(row["dimension"], row["value"]) for row in rows if row["stands_out"]}


def test_a_file_that_triples_is_a_hotspot_with_its_figures() -> None:
	quiet = site(1)
	counts = quiet.counts.copy()
	counts[2, -PERIOD:, 9:17] *= 4
	report = find(replace(quiet, counts=counts))
	assert {("files", "crm/crm/core/c.py"), ("issues", "I2")} <= out(report)
	row = report["hotspots"]["files"]["rows"][0]
	low, high = row["ratio_interval_95"]
	assert row["rising"] and low > 1.5 and low < row["ratio"] < high
	assert f"{row['count']} errors where {row['usual']:.1f} are usual" in row["reasons"][0]
	first = report["remediation_order"][0]
	assert first["issue"] == "I2" and {"dimension", "value", "events"} <= set(first["hotspots"][0])
	assert report["statement"].startswith(f"{report['total_errors']} errors in 7 days; what stands out")


def test_what_never_happened_before_has_no_ratio() -> None:
	quiet = site(2)
	counts = quiet.counts.copy()
	counts[3, :-PERIOD] = 0
	counts[3, -PERIOD:-1, 10] = 9
	(row,) = [
		r for r in find(replace(quiet, counts=counts))["hotspots"]["issues"]["rows"] if r["value"] == "I3"
	]
	assert row["stands_out"] and row["ratio"] is None and row["usual"] == 0
	assert row["reasons"] == [f"{row['count']} errors, and none in the days before that are known"]


def test_a_night_of_errors_is_found_by_its_hours() -> None:
	quiet = site(3)
	counts = quiet.counts.copy()
	counts[4, -4, 2:5] += 15
	report = find(replace(quiet, counts=counts))
	(row,) = report["hotspots"]["time_windows"]["rows"]
	assert row["start"] == "2026-06-12T02:00:00+02:00" and row["until"] == "2026-06-12T05:00:00+02:00"
	assert row["p_value"] < 0.001 and row["top_issues"][0]["issue"] == "I4"
	assert row["severity_parts"]["reach"] == 0, "whom just these hours hit is not known"


def test_a_quiet_site_says_so() -> None:
	report = find(site(4))
	assert out(report) == set() and report["critical"] == report["remediation_order"] == []
	assert report["statement"] == f"{report['total_errors']} errors in 7 days; nothing stands out."
	assert report["hotspots"]["files"]["statement"].startswith("Nothing stands out among 6 files; most on ")
	assert report["hotspots"]["time_windows"]["statement"].startswith("No time stands out")
	assert report["hotspots"]["roles"] == {
		"status": "unknown",
		"statement": "Not known: nobody recorded it.",
		"total": None,
		"rows": [],
	}


def test_few_errors_nobody_looked_and_no_baseline_are_three_things() -> None:
	empty = replace(site(5), counts=np.zeros_like(site(5).counts))
	assert find(empty)["statement"] == "No errors in 7 days: no hotspots."
	never = find(replace(site(5), data_since=None))
	assert never["statement"] == "Not known: errors are not collected yet." and never["total_errors"] is None
	young = find(replace(site(5), data_since=NOON - timedelta(days=9)))
	assert "as far as that is known without two weeks before them" in young["statement"]
	assert young["hotspots"]["time_windows"]["status"] == "unknown"
	assert "is not known" in young["hotspots"]["files"]["statement"]
	assert {row["rising"] for row in young["hotspots"]["files"]["rows"]} == {None}


def test_roles_are_shares_of_the_errors_with_a_user() -> None:
	quiet = site(6)
	days = quiet.counts.sum(axis=(0, 2)).astype(float)
	with_user = np.floor(days * 0.5)
	roles = Facets(
		quiet.first_day,
		{
			"Treasurer": with_user.copy(),
			"Member": np.floor(with_user * 0.2),
			"Board": np.floor(with_user * 0.1),
		},
		{"Treasurer": {"I0": int(with_user[-PERIOD:].sum())}},
		with_user,
	)
	section = find(quiet, roles=roles)["hotspots"]["roles"]
	row = section["rows"][0]
	assert (row["value"], row["share"], row["concentrated"]) == ("Treasurer", 1.0, True)
	assert "100% of errors with a user" in section["statement"]


def test_roles_recorded_since_yesterday_have_no_usual() -> None:
	quiet = site(6)
	days = np.zeros(TOTAL)
	days[-1] = 40
	roles = Facets(NOON.date(), {"Board": days}, {"Board": {"I0": 40}}, days)
	(row,) = find(quiet, roles=roles)["hotspots"]["roles"]["rows"]
	assert row["usual"] is None and row["rising"] is None and not row["stands_out"]


def test_what_is_ignored_is_not_to_be_repaired() -> None:
	quiet = site(1)
	counts = quiet.counts.copy()
	counts[2, -PERIOD:, 9:17] *= 4
	issues = tuple(replace(f, status="Ignored") if f.name == "I2" else f for f in quiet.issues)
	order = find(replace(quiet, counts=counts, issues=issues))["remediation_order"]
	assert "I2" not in {row["issue"] for row in order}


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.integers(0, 400))
def test_totals_add_up_and_order_does_not_matter(seed: int, shift: int) -> None:
	# days with and without a change of the clocks among them
	first = site(seed, now=NOON.astimezone(AMSTERDAM) + timedelta(days=shift))
	report = find(first)
	for name in ("files", "functions", "issues", "apps"):
		section = report["hotspots"][name]
		assert sum(row["count"] for row in section["rows"]) == report["total_errors"]
		for row in section["rows"]:
			low, high = row["share_interval_95"]
			assert 0 <= low <= row["share"] + 1e-4 and row["share"] - 1e-4 <= high <= 1
			assert 0 <= row["severity_score"] <= 100
	order = np.random.default_rng(seed).permutation(len(first.issues))
	second = replace(first, issues=tuple(first.issues[i] for i in order), counts=first.counts[order])
	assert find(second) == report


def test_quiet_sites_seldom_have_a_hotspot() -> None:
	"""A hundred sites without any change: nominally one false hotspot, of whatever dimension."""
	alarmed = sum(bool(out(find(site(seed)))) for seed in range(100, 200))
	assert alarmed <= 4


def clumped(rng: np.random.Generator, mean: np.ndarray) -> np.ndarray:
	"""Events in clumps of three on average, as retries make them."""
	clumps = rng.poisson(mean / 3)
	return np.where(clumps > 0, clumps + rng.negative_binomial(np.maximum(clumps, 1), 1 / 3), 0)


@pytest.mark.parametrize("kind", ["even", "clumps", "bad days"])
def test_the_scan_seldom_finds_a_time_in_chance(kind: str) -> None:
	rng = np.random.default_rng(11)
	week = np.where(np.arange(63) % 7 >= 5, 0.2, 1.0)[:, None]
	found = 0
	for _ in range(150):
		mean = 4 * week * OFFICE
		if kind == "bad days":
			mean = mean * rng.gamma(4, 0.25, (63, 1))
		counts = clumped(rng, mean) if kind == "clumps" else rng.poisson(mean)
		usual = usual_hours(counts.astype(float), np.ones((63, 24)), 0, 7)
		assert usual is not None
		found += bool(scan(counts[-7:], usual)[0])
	assert found <= 6  # 1.5 expected


def test_a_weekly_job_is_no_news_for_the_scan() -> None:
	rng = np.random.default_rng(12)
	counts = rng.poisson(0.2, (63, 24))
	counts[0::7, 3] = rng.poisson(60, 9)
	usual = usual_hours(counts.astype(float), np.ones((63, 24)), 0, 7)
	assert usual is not None and scan(counts[-7:], usual)[0] == []
	counts[-1, 3] = 60  # the same on another day
	assert [c.start for c in scan(counts[-7:], usual)[0]] == [6 * 24 + 3]


def test_a_busier_week_as_a_whole_is_growth_and_no_time() -> None:
	rng = np.random.default_rng(13)
	counts = rng.poisson(2, (63, 24))
	usual = usual_hours(counts.astype(float), np.ones((63, 24)), 0, 7)
	assert usual is not None and scan(rng.poisson(6, (7, 24)), usual)[0] == []


@pytest.mark.parametrize("kind", ["even", "clumps", "bad weeks"])
def test_rises_are_seldom_chance(kind: str) -> None:
	"""Sixty groups of very different size, 120 times: nominally one of a hundred reports has one."""
	rng, days = np.random.default_rng(14), 63
	weekdays = np.arange(days) % 7
	alarms = 0
	for _ in range(120):
		mean = rng.lognormal(0.5, 1.5, (60, 1)) * np.where(weekdays >= 5, 0.2, 1.0)
		if kind == "bad weeks":
			mean = mean * np.repeat(rng.gamma(6, 1 / 6, (60, 9)), 7, axis=1)
		counts = clumped(rng, mean) if kind == "clumps" else rng.poisson(mean)
		rise = rises(counts.astype(float), np.ones(days), weekdays, 7)
		assert rise is not None
		alarms += bool((significant(rise.p_value) & (rise.events >= 1.5 * rise.expected)).any())
	assert alarms <= 6


def test_share_intervals_hold_the_share() -> None:
	rng = np.random.default_rng(15)
	shares = np.array([0.5, 0.3, 0.15, 0.05])
	held = np.zeros(4)
	for _ in range(400):
		counts = clumped(rng, 30 * shares[:, None] * np.ones(30)).astype(float)
		interval = share_interval(counts, counts.sum(axis=0))
		assert interval is not None
		held += (interval[0] <= shares) & (shares <= interval[1])
	assert (held / 400 > 0.90).all(), held / 400
	assert share_interval(counts[:, :2], counts[:, :2].sum(axis=0)) is None


AREAS = [
	(
		"app, module, DocType",
		"crm",
		"save in crm/crm/sales/doctype/lead_source/lead_source.py",
		("crm/sales", "Lead Source"),
	),
	("without the package's name", "crm", "save in crm/sales/doctype/lead/lead.py", ("crm/sales", "Lead")),
	("a file of the app itself", "crm", "save in crm/dues.py", ("crm/dues", None)),
	("no traceback", None, None, (None, None)),
]


@pytest.mark.parametrize(
	("app", "culprit", "expected"), [row[1:] for row in AREAS], ids=[row[0] for row in AREAS]
)
def test_areas(app: str | None, culprit: str | None, expected: tuple[str | None, str | None]) -> None:
	area = area_of(issue(app=app, culprit=culprit))
	assert (area.module, area.doctype) == expected and area.app == app
