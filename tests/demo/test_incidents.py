"""Every planted incident is found in the rows, by looking at the rows alone; the manifest says the same."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from .conftest import ZONE, Demo

CULPRIT = re.compile(r'verenigingen_demo/(\w+\.py)", line \d+, in (\w+)')
DAY = timedelta(days=1)


def _moment(text: str) -> datetime:
	return datetime.fromisoformat(text).astimezone(ZONE).replace(tzinfo=None)


def _by_culprit(demo: Demo) -> dict[str, list[Mapping[str, Any]]]:
	"""Rows by the innermost function of their last traceback."""
	found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
	for row in demo.rows("Error Log"):
		found[CULPRIT.findall(row["error"])[-1][1]].append(row)
	return found


def _daily(demo: Demo, rows: list[Mapping[str, Any]], days: int) -> np.ndarray:
	"""Rows in each of the last `days` times 24 hours."""
	age = [int((demo.now - row["creation"]) / DAY) for row in rows]
	return np.bincount([a for a in age if a < days], minlength=days)[::-1].astype(float)


@pytest.mark.parametrize(
	("identifier", "exception", "culprit"),
	[
		("error-spike", "LockTimeoutError", "lock_batch"),
		("error-new_after_change", "ValueError", "parse_rate"),
		("error-resolved", "UnboundLocalError", "choose_survivor"),
		("error-growing", "QueueFullError", "queue_messages"),
		("error-one_user", "TypeError", "first_row"),
	],
)
def test_facts_are_those_of_the_rows(demo: Demo, identifier: str, exception: str, culprit: str) -> None:
	facts, rows = demo.facts(identifier), _by_culprit(demo)[culprit]
	assert (facts["exception"], facts["culprit"], facts["count"]) == (exception, culprit, len(rows))
	for row in rows:
		last = row["error"].rstrip().splitlines()[-1]
		assert last.split(":")[0].rsplit(".", 1)[-1] == exception
		assert facts["file"] in row["error"]


def test_the_spike_is_twenty_times_the_usual_for_three_hours(demo: Demo) -> None:
	rows = _by_culprit(demo)["lock_batch"]
	start = _moment(next(e["when"] for e in demo.manifest["incidents"] if e["id"] == "error-spike"))
	assert 8.5 * DAY < demo.now - start < 12 * DAY and start.weekday() < 5
	hours = Counter(row["creation"].replace(minute=0, second=0, microsecond=0) for row in rows)
	inside = {start + timedelta(hours=hour) for hour in range(3)}
	assert min(hours[hour] for hour in inside) > max(
		count for hour, count in hours.items() if hour not in inside
	)
	usual = sum(row["creation"].hour in (10, 11, 12) and row["creation"].weekday() < 5 for row in rows) - sum(
		hours[hour] for hour in inside
	)
	assert sum(hours[hour] for hour in inside) > 12 * usual / 63


def test_the_new_error_begins_after_the_change_and_goes_on(demo: Demo) -> None:
	rows, facts = _by_culprit(demo)["parse_rate"], demo.facts("error-new_after_change")
	first = min(row["creation"] for row in rows)
	changes = [
		row
		for row in demo.rows("Version")
		if row["ref_doctype"] == "System Settings" and first - timedelta(hours=2) < row["creation"] < first
	]
	assert len(changes) == 1
	changed = json.loads(changes[0]["data"])["changed"]
	assert [entry[0] for entry in changed] == [facts["cause_field"]]
	assert abs(first - changes[0]["creation"] - timedelta(minutes=20)) < timedelta(seconds=1)
	assert changes[0]["owner"] == facts["cause_user"]
	assert 3.5 * DAY < demo.now - first < 7 * DAY
	assert len(rows) >= 20 and demo.now - max(row["creation"] for row in rows) < DAY


def test_the_resolved_error_is_over(demo: Demo) -> None:
	ages = [(demo.now - row["creation"]) / DAY for row in _by_culprit(demo)["choose_survivor"]]
	assert len(ages) > 50 and min(ages) >= 60 and max(ages) <= 80


def test_the_growing_error_grows_linearly(demo: Demo) -> None:
	rows = _by_culprit(demo)["queue_messages"]
	assert max((demo.now - row["creation"]) / DAY for row in rows) <= 45
	counts = _daily(demo, rows, 45)
	days = np.arange(45)
	slope, start = np.polyfit(days, counts, 1)
	assert 0.35 < slope < 0.6 and start < 4
	assert np.corrcoef(days, counts)[0, 1] > 0.75


def test_one_error_meets_one_user(demo: Demo) -> None:
	owners = {culprit: {row["owner"] for row in rows} for culprit, rows in _by_culprit(demo).items()}
	assert owners["first_row"] == {demo.facts("error-one_user")["user"]}
	alone = [culprit for culprit, users in owners.items() if len(users) == 1 and users != {"Administrator"}]
	assert alone == ["first_row"]


def test_the_background_has_no_trend_burst_or_change(demo: Demo) -> None:
	groups = _by_culprit(demo)
	background = demo.manifest["background"]
	assert len(background) == 12
	for bug in background:
		function = (
			"open_connection"
			if bug["culprit"] == "deliver" and "open_connection" in groups
			else bug["culprit"]
		)
		rows = groups[function]
		assert len(rows) == bug["count"] > 150
		weeks = _daily(demo, rows, 84).reshape(12, 7).sum(axis=1)
		position = np.arange(12) - 5.5
		error = np.sqrt(weeks.mean() * (position**2).sum())
		assert abs(weeks @ position) / error < 2.0, bug["bug"]
		assert np.abs(weeks - weeks.mean()).max() / np.sqrt(weeks.mean()) < 3.5, bug["bug"]


def test_the_background_follows_the_week_and_the_day(demo: Demo) -> None:
	groups = _by_culprit(demo)
	office = [bug for bug in demo.manifest["background"] if bug["rhythm"] == "office"]
	rows = [row for bug in office for row in groups[bug["culprit"]]]
	weekend = sum(row["creation"].weekday() >= 5 for row in rows)
	night = sum(row["creation"].hour < 7 or row["creation"].hour >= 20 for row in rows)
	assert weekend < 0.1 * len(rows) and night < 0.06 * len(rows)


def _durations(demo: Demo) -> dict[str, list[tuple[float, float]]]:
	found: dict[str, list[tuple[float, float]]] = defaultdict(list)
	for row in demo.rows("Scheduled Job Log"):
		if row["status"] != "Start":
			age = (demo.now - row["creation"]) / DAY
			found[row["scheduled_job_type"]].append(
				(-age, (row["modified"] - row["creation"]).total_seconds())
			)
	return found


def test_one_job_and_only_that_grows_slower(demo: Demo) -> None:
	growing = demo.facts("job-slower")["job"]
	for job, runs in _durations(demo).items():
		if len(runs) < 60:
			continue
		ages, seconds = np.array(runs).T
		first, last = np.median(seconds[ages < ages.min() + 14]), np.median(seconds[ages > -14])
		assert (last / first > 2) == (job == growing), job


def test_failed_runs_have_a_traceback_and_are_not_in_the_error_log(demo: Demo) -> None:
	failed = [row for row in demo.rows("Scheduled Job Log") if row["status"] == "Failed"]
	counts = Counter(row["scheduled_job_type"] for row in failed)
	planted = [e["facts"] for e in demo.manifest["incidents"] if e["kind"] == "job_failures"]
	assert counts == {fact["job"]: fact["count"] for fact in planted} and len(counts) == 2
	assert all(row["details"] for row in failed)
	assert not any(row["details"] for row in demo.rows("Scheduled Job Log") if row["status"] != "Failed")
	for fact in planted:
		assert not any(fact["culprit"].split(".")[1] in row["error"] for row in demo.rows("Error Log"))


def test_one_page_grows_with_the_members(demo: Demo) -> None:
	facts = demo.facts("page-n-plus-one")
	lines = [line for line in demo.traffic() if line["transaction_type"] == "request"]
	calls = [line for line in lines if line["request"]["path"] == facts["path"]]
	assert len(calls) == facts["requests"] > 500
	members = np.array([line["rows"] for line in calls])
	seconds = np.array([line["duration"] for line in calls]) / 1e6
	assert np.polyfit(members, seconds, 1)[0] == pytest.approx(facts["seconds_per_member"], rel=0.35)
	present = sum(row["status"] == "Active" for row in demo.rows("Member"))
	assert abs(members[-1] - present) < 30 and facts["last_week_ms"] > 1.02 * facts["first_week_ms"]
	others: dict[str, list[tuple[str, int]]] = defaultdict(list)
	for line in lines:
		if line["request"]["path"] != facts["path"]:
			others[line["request"]["path"]].append((line["timestamp"], line["duration"]))
	for path, values in others.items():
		if len(values) > 800:
			half = len(values) // 2
			halves = [
				float(np.median([duration for _, duration in part]))
				for part in (values[:half], values[half:])
			]
			assert halves[1] / halves[0] == pytest.approx(1, abs=0.12), path


def test_the_request_log_has_the_form_of_frappe_monitor(demo: Demo) -> None:
	lines = demo.traffic()
	stamps = [line["timestamp"] for line in lines]
	assert stamps == sorted(stamps) and all(stamp.endswith("+00:00") for stamp in stamps)
	assert len({line["uuid"] for line in lines}) == len(lines)
	keys: Mapping[str, Callable[[dict[str, Any]], set[str]]] = {
		"request": lambda line: set(line["request"]),
		"job": lambda line: set(line["job"]),
	}
	expected = {
		"request": {"ip", "method", "path", "response_length", "status_code"},
		"job": {"method", "scheduled", "wait"},
	}
	for line in lines:
		kind = line["transaction_type"]
		assert keys[kind](line) == expected[kind] and line["duration"] > 0


def test_one_member_changed_without_a_version(demo: Demo) -> None:
	"""AUD-02: `modified` later than creation and than the last Version."""
	last: dict[tuple[str, str], datetime] = {}
	for row in demo.rows("Version"):
		place = (row["ref_doctype"], row["docname"])
		last[place] = max(row["creation"], last.get(place, row["creation"]))
	silent = [
		(doctype, row["name"])
		for doctype in (
			"Member",
			"SEPA Mandate",
			"Membership",
			"Membership Dues Schedule",
			"Direct Debit Batch",
		)
		for row in demo.rows(doctype)
		if row["modified"]
		> max(row["creation"], last.get((doctype, row["name"]), row["creation"])) + timedelta(seconds=1)
	]
	assert silent == [("Member", name) for name in demo.facts("audit-silent-change")["names"]]


def test_versions_can_be_replayed_to_the_row_of_today(demo: Demo) -> None:
	"""AUD-04: old value after old value, up to what the row says; only plain fields, which need no formatting."""
	current = {("Member", row["name"]): row for row in demo.rows("Member")}
	current |= {("SEPA Mandate", row["name"]): row for row in demo.rows("SEPA Mandate")}
	current |= {("Direct Debit Batch", row["name"]): row for row in demo.rows("Direct Debit Batch")}
	values: dict[tuple[str, str, str], Any] = {}
	for row in sorted(demo.rows("Version"), key=lambda row: row["creation"]):
		for field, old, new in json.loads(row["data"])["changed"]:
			place = (row["ref_doctype"], row["docname"], field)
			assert values.get(place, old) == old, place
			values[place] = new
	replayed = 0
	for (doctype, name, field), value in values.items():
		if (doctype, name) in current and not field.endswith("_date"):
			assert current[doctype, name][field] == value
			replayed += 1
	assert replayed > 0.2 * len(demo.rows("Member"))


def test_one_deletion_has_only_a_comment(demo: Demo) -> None:
	deleted = {f"{row['deleted_doctype']} {row['deleted_name']}" for row in demo.rows("Deleted Document")}
	comments = {row["subject"] for row in demo.rows("Comment") if row["comment_type"] == "Deleted"}
	permanent = demo.facts("audit-permanent-delete")["names"]
	assert comments - deleted == {f"Member {name}" for name in permanent}
	assert deleted <= comments and len(deleted) == 5


def test_member_names_have_gaps_only_where_members_were_deleted(demo: Demo) -> None:
	numbers: dict[str, set[int]] = defaultdict(set)
	names = {row["name"] for row in demo.rows("Member")}
	gone = {row["deleted_name"] for row in demo.rows("Deleted Document")}
	for name in names | gone:
		numbers[name[:-4]].add(int(name[-4:]))
	missing = {
		f"{prefix}{number:04d}"
		for prefix, found in numbers.items()
		for number in range(1, max(found))
		if number not in found
	}
	assert missing <= set(demo.facts("audit-permanent-delete")["names"]) and not names & gone
