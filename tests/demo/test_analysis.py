"""The analysis finds every planted error incident, says when and how much, and is silent where nothing was planted."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.fernet import Fernet

from verenigingen.core.errors import ErrorWindow, IssueFacts, analyse_patterns, health_statement
from verenigingen.host import Host, use_host
from verenigingen.host.on_local import open_host
from verenigingen.services.analytics import analyze_error_patterns
from verenigingen.services.executive import generate_insights_report
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.demo import bugs, rhythm
from verenigingen.standalone.import_errors import ensure_error_log

from .conftest import CONFIGURATIONS, ZONE, Demo, make

DAY = timedelta(days=1)
CULPRIT = re.compile(r'verenigingen_demo/(\w+)\.py", line \d+, in (\w+)')
# Further seeds, on other days of the week and of the year.
FURTHER: dict[str, dict[str, Any]] = {
	"summer": {"now": datetime(2026, 7, 18, 19, 2, tzinfo=ZONE), "seed": 11, "members": 600},
	"new year": {"now": datetime(2027, 1, 1, 12, 30, tzinfo=ZONE), "seed": 4711, "members": 600},
	"midweek": {"now": datetime(2026, 9, 2, 10, 5, tzinfo=ZONE), "seed": 99, "members": 600},
}


@dataclass
class Fixed:
	"""A clock that stands still."""

	moment: datetime

	def now(self) -> datetime:
		return self.moment


@dataclass
class Analysed:
	"""A demo, its site after collection, and what was said about it."""

	demo: Demo
	host: Host
	errors: dict[str, Any]
	report: dict[str, Any]

	@property
	def patterns(self) -> dict[str, Any]:
		return self.errors["patterns"]

	def incident(self, name: str) -> tuple[datetime, dict[str, Any]]:
		"""When an incident began, and its facts."""
		found = next(entry for entry in self.demo.manifest["incidents"] if entry["id"] == f"error-{name}")
		return datetime.fromisoformat(found["when"]), found["facts"]

	def issues(self, facts: dict[str, Any]) -> list[tuple[Any, ...]]:
		"""Name, events, first and last time of the issues of a bug."""
		where = f"{facts['culprit']} in verenigingen_demo/{Path(facts['file']).name}"
		sql = "SELECT name, event_count, first_seen, last_seen FROM `tabError Issue` WHERE culprit = %s"
		return self.host.store.query(sql, (where,))

	def issue(self, name: str) -> str:
		"""The one issue of an incident."""
		(found,) = self.issues(self.incident(name)[1])
		return str(found[0])

	def statements(self, issue: str) -> list[str]:
		return [row["statement"] for row in self.errors["insights"] if row["issue"] == issue]


def analyse(demo: Demo, now: datetime, folder: Path) -> Analysed:
	"""Puts a demo's Error Log into a site of its own, collects it, and asks for the report of that moment."""
	folder.mkdir(parents=True)
	config = {
		"db_type": "sqlite",
		"db_name": "site",
		"monitoring_own_site": True,
		"time_zone": "Europe/Amsterdam",
	}
	path = folder / "site_config.json"
	path.write_text(json.dumps({**config, "encryption_key": Fernet.generate_key().decode()}))
	host = replace(open_host(path), clock=Fixed(now.astimezone(ZONE)))
	ensure_error_log(host)
	with host.store.transaction("demo"):
		host.store.insert("tabError Log", demo.rows("Error Log"))
	with use_host(host):
		assert {run["error"] for run in collect_all(host, 600)} == {None}
		return Analysed(demo, host, analyze_error_patterns(host, 30), generate_insights_report(host))


@pytest.fixture(scope="module", params=[*CONFIGURATIONS, *FURTHER])
def site(
	request: pytest.FixtureRequest,
	configured: Callable[[str], Demo],
	tmp_path_factory: pytest.TempPathFactory,
) -> Analysed:
	"""Both configurations and the further sites, collected and analysed."""
	folder = tmp_path_factory.mktemp("analysed")
	if request.param in CONFIGURATIONS:
		demo = configured(request.param)
	else:
		demo = make(folder / "demo.localhost", **FURTHER[request.param])
	return analyse(demo, demo.now.replace(tzinfo=ZONE), folder / "own")


def test_every_bug_is_one_issue_and_every_issue_one_bug(site: Analysed) -> None:
	planted = [
		entry["facts"] for entry in site.demo.manifest["incidents"] if entry["id"].startswith("error-")
	]
	known = [*site.demo.manifest["background"], *planted]
	for facts in known:
		found = site.issues(facts)
		assert [row[1] for row in found] == [facts["count"]], facts["bug"]
	assert site.host.store.query("SELECT COUNT(*) FROM `tabError Issue`") == [(len(known),)]


def test_no_title_or_sentence_names_a_person(site: Analysed) -> None:
	said = [row[0] for row in site.host.store.query("SELECT title FROM `tabError Issue`")]
	said += [row["statement"] for row in site.errors["insights"]]
	text = " ".join(said)
	names = {row["last_name"].split()[-1] for row in site.demo.rows("Member")}
	assert not names & set(re.findall(r"\w+", text))
	assert "@" not in text and not re.search(r"\b[A-Z]{2}\d\d[A-Z]{4}\d{6}", text)


def test_counts_are_those_of_the_rows(site: Analysed) -> None:
	first = site.demo.now.date() - 29 * DAY
	rows = [row for row in site.demo.rows("Error Log") if row["creation"].date() >= first]
	assert site.errors["total_errors"] == len(rows)
	days = Counter(row["creation"].date().isoformat() for row in rows)
	series = site.patterns["daily_trends"]["series"]
	assert len(series) == 30 and {row["date"]: row["count"] for row in series if row["count"]} == days
	hours = Counter((row["creation"].weekday(), row["creation"].hour) for row in rows)
	heat = site.patterns["hourly_patterns"]["heatmap"]
	assert {
		(day, hour): heat[day][hour] for day in range(7) for hour in range(24) if heat[day][hour]
	} == hours


def test_the_spike_is_the_one_burst_and_has_its_hours(site: Analysed) -> None:
	start, facts = site.incident("spike")
	(burst,) = site.patterns["bursts"]
	assert burst["issue"] == site.issue("spike")
	assert datetime.fromisoformat(burst["start"]) == start
	assert datetime.fromisoformat(burst["until"]) == datetime.fromisoformat(facts["until"])
	assert facts["extra"] <= burst["burst_count"] <= facts["extra"] + 4 * facts["usual_in_these_hours"] + 5
	assert burst["expected"] == pytest.approx(facts["usual_in_these_hours"], abs=1.5)
	(said,) = [text for text in site.statements(burst["issue"]) if text.startswith("Burst")]
	assert (
		start.strftime("from %Y-%m-%d %H:%M") in said
		and f"{burst['burst_count']} events within 3 hours" in said
	)
	# of all errors together a busy Monday may have more; of this one no day has
	first = site.demo.now.date() - 29 * DAY
	days = Counter(
		row["creation"].date() for row in site.demo.rows("Error Log") if row["creation"].date() >= first
	)
	peak = site.patterns["daily_trends"]["peak_day"]
	assert peak["count"] == max(days.values()) == days[datetime.fromisoformat(peak["date"]).date()]
	trend = next(row["trend"] for row in site.patterns["recurring_issues"] if row["issue"] == burst["issue"])
	assert first + trend.index(max(trend)) * DAY == start.date()


def test_the_new_error_is_the_only_new_issue(site: Analysed) -> None:
	when, facts = site.incident("new_after_change")
	(new,) = site.patterns["new_issues"]
	assert new["issue"] == site.issue("new_after_change") and new["count"] == facts["count"]
	assert abs(datetime.fromisoformat(new["first_seen"]) - when) <= timedelta(seconds=1)
	first = site.errors["insights"][0]
	assert first["issue"] == new["issue"] and when.strftime("since %Y-%m-%d %H:%M") in first["statement"]


def test_the_resolved_error_is_not_spoken_of(site: Analysed) -> None:
	issue = site.issue("resolved")
	assert issue not in json.dumps(site.errors)


def test_the_growing_error_is_the_only_one_that_grows(site: Analysed) -> None:
	_, facts = site.incident("growing")
	(growing,) = site.patterns["growing_issues"]
	assert growing["issue"] == site.issue("growing")
	# the first and the last week of 45 days from 1 to 22 a day
	assert growing["from_per_day"] < 6 and 0.75 * facts["per_day_at_end"] < growing["to_per_day"] < 27
	assert site.statements(growing["issue"])[0].startswith("Growing issue")
	drivers = site.patterns["growth_trends"]["drivers"]
	assert not drivers or drivers[0]["issue"] == growing["issue"]


def test_the_error_of_one_user_is_said_to_be_of_one_user(site: Analysed) -> None:
	rows = {row["issue"]: row for row in site.patterns["recurring_issues"]}
	issue = site.issue("one_user")
	assert rows[issue]["users"] == 1 and any("Only one user" in text for text in site.statements(issue))
	others = [row for row in rows.values() if row["users"] == 1 and row["issue"] != issue]
	assert not others and sum("Only one user" in row["statement"] for row in site.errors["insights"]) == 1


def test_only_planted_issues_are_spoken_of(site: Analysed) -> None:
	"""What the manifest calls background has no part in any finding; other incidents than errors neither."""
	known = {site.issue(name) for name in ("spike", "new_after_change", "growing", "one_user")}
	assert {row["issue"] for row in site.errors["insights"]} - {None} == known
	critical = [row["issue"] for row in site.patterns["active_critical"]]
	assert critical in ([], [site.issue("new_after_change")])
	summary = site.report["executive_summary"]
	assert summary["overall_health"] == ("critical" if critical else "attention")
	assert summary["sentences"][0].startswith("Errors need a")
	assert summary["sentences"][1:5] == [row["statement"] for row in site.errors["insights"][:4]]
	assert len(summary["sentences"]) <= 12  # the other parts of the report add a few


@pytest.mark.parametrize("seed", [5, 42])
def test_a_demo_without_error_incidents_is_healthy(seed: int, tmp_path: Path) -> None:
	now = datetime(2026, 10, 20 + seed % 7, 14, 0, tzinfo=ZONE)
	demo = make(tmp_path / "demo.localhost", now=now, seed=seed, members=600, error_incidents=False)
	found = analyse(demo, now, tmp_path / "own")
	patterns = found.patterns
	assert found.report["executive_summary"]["overall_health"] == "healthy"
	assert not any(patterns[key] for key in ("new_issues", "active_critical", "bursts", "growing_issues"))
	assert patterns["growth_trends"]["direction"] == patterns["daily_trends"]["direction"] == "stable"
	assert not [row for row in found.errors["insights"] if row["issue"]]


def chance(seed: int, days: int) -> ErrorWindow:
	"""A window of the background bugs by pure chance: unlike the demo's, these are not chosen to look steady."""
	now = datetime(2026, 9, 1, 15, 40, tzinfo=ZONE) + seed % 7 * DAY
	first = (now - (2 * days - 1) * DAY).date()
	start = datetime.combine(first, datetime.min.time())
	random = rhythm.generator(seed, "chance")
	counts = np.zeros((len(bugs.NOISE), 2 * days, 24), dtype=np.int64)
	for index, bug in enumerate(bugs.NOISE):
		moments, expected = rhythm.rates(bug.shape, bug.per_day, start, rhythm.local(now))
		counts[index].flat[: len(moments)] = random.poisson(expected)
	issues = tuple(
		IssueFacts(
			name=bug.name,
			title=bug.exception,
			exception=bug.exception,
			culprit=bug.culprit,
			app="demo",
			category="code_defect",
			category_reason="",
			severity="high",
			status="Open",
			first_seen=now - 300 * DAY,
			last_seen=now - timedelta(hours=1),
			events_total=int(counts[index].sum()),
			users=60,
		)
		for index, bug in enumerate(bugs.NOISE)
	)
	return ErrorWindow(now, days, first, issues, counts, now - 400 * DAY, (), 200, 0)


def in_clumps(window: ErrorWindow, seed: int) -> ErrorWindow:
	"""As many events, but in clumps of three on average, as retries and impatient users make them."""
	random = rhythm.generator(seed, "clumps")
	clumps = random.binomial(window.counts, 1 / 3)
	counts = np.where(clumps > 0, clumps + random.negative_binomial(np.maximum(clumps, 1), 1 / 3), 0)
	return replace(window, counts=counts)


@pytest.mark.parametrize(("days", "clumped"), [(7, False), (30, False), (30, True)])
def test_chance_seldom_alarms(days: int, clumped: bool) -> None:
	"""Twelve steady issues under 140 seeds: an alarm of any kind in one report of fifty at most."""
	alarms: Counter[str] = Counter()
	for seed in range(140):
		noise = chance(seed, days)
		report = analyse_patterns(in_clumps(noise, seed) if clumped else noise)
		patterns = report["patterns"]
		alarms["burst"] += bool(patterns["bursts"])
		alarms["growing issue"] += bool(patterns["growing_issues"])
		alarms["critical"] += bool(patterns["active_critical"])
		alarms["growth"] += patterns["growth_trends"]["direction"] == "growing"
		alarms["trend"] += patterns["daily_trends"]["direction"] == "rising"
		alarms["health"] += health_statement(report)["status"] != "healthy"
	assert alarms["critical"] <= 1 and alarms["health"] <= 3, alarms
