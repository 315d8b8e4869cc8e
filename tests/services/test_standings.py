"""How severe an issue is and what it does: judged once after a collection, the same wherever it is shown."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.services.test_collection import TRACEBACK, add_rows, now_of
from verenigingen.host import Host
from verenigingen.services import standings
from verenigingen.services.lives import JUDGED
from verenigingen.services.monitoring import collect_all
from verenigingen.utils.analytics_engine import analyze_error_patterns, identify_error_hotspots
from verenigingen.utils.error_issues import get_issue, list_issues, reopen_issue, resolve_issue

PLACE = TRACEBACK.format(line=7)
KINDS = {
	"code": PLACE,
	"rights": PLACE.replace("KeyError: 'annual_fee'", "frappe.exceptions.PermissionError: no"),
	"lock": PLACE.replace(
		"KeyError: 'annual_fee'", "pymysql.err.OperationalError: (1205, 'Lock wait timeout')"
	),
}


@pytest.fixture
def busy(host: Host) -> Host:
	"""Two months of three issues, one of which bursts today; collected as the scheduler does it."""
	now = now_of(host)
	random = np.random.default_rng(1)
	for number, (kind, text) in enumerate(KINDS.items()):
		assert text != PLACE or kind == "code"
		for day in range(60):
			for place in range(int(random.poisson(2))):
				when = now - timedelta(days=day, hours=2 + place)
				add_rows(host, [f"{kind}-{day}-{place}"], when, error=text, owner=f"user{place}@club.example")
		for place in range(30 if number == 2 else 0):
			add_rows(
				host,
				[f"burst-{place}"],
				now - timedelta(minutes=70 + place),
				error=text,
				owner="Administrator",
			)
	assert {result["error"] for result in collect_all(host, 300)} == {None}
	return host


def shown(row: dict[str, Any]) -> tuple[object, ...]:
	return row["severity"], row["severity_score"], row["severity_reason"]


def test_every_door_tells_the_same_of_an_issue_whatever_period_it_looks_at(busy: Host) -> None:
	listed = {row["name"]: row for row in list_issues(days=30)["issues"]}
	assert len(listed) == 3 and len({row["severity_score"] for row in listed.values()}) > 1
	for days in (1, 7, 30, 90):
		for row in analyze_error_patterns(days=days)["patterns"]["recurring_issues"]:
			known = listed[row["issue"]]
			assert shown(row) == shown(known)
			assert (row["state"], row["state_reason"]) == (known["state"], known["state_reason"])
		for row in identify_error_hotspots(days=days)["hotspots"]["issues"]["rows"]:
			assert shown(row) == shown(listed[row["value"]])
	for name, known in listed.items():
		page = get_issue(name=name)
		assert shown(page) == shown(known)
		assert (page["state"]["state"], page["state"]["reason"]) == (known["state"], known["state_reason"])


def test_users_are_those_of_the_period_and_unknown_is_not_0(busy: Host) -> None:
	add_rows(busy, ["nobody"], now_of(busy), error="printer on fire", owner="Administrator")
	collect_all(busy, 300)
	rows = {row["issue"]: row for row in analyze_error_patterns(days=30)["patterns"]["recurring_issues"]}
	listed = {row["name"]: row for row in list_issues(days=30)["issues"]}
	assert {name: row["users"] for name, row in rows.items()} == {
		name: listed[name]["users"] for name in rows
	}
	(nobody,) = (row for row in listed.values() if row["events_total"] == 1)
	assert nobody["users"] is None and nobody["users_total"] is None
	assert get_issue(name=nobody["name"])["users"]["count"] is None
	by_users = [row["users"] or 0 for row in list_issues(sort="users")["issues"]]
	assert by_users == sorted(by_users, reverse=True)


def test_a_site_of_which_no_user_is_known_has_no_number_of_them(host: Host) -> None:
	add_rows(host, ["a", "b"], now_of(host) - timedelta(hours=1), owner="Administrator")
	collect_all(host, 300)
	impact = analyze_error_patterns(days=7)["patterns"]["user_impact"]
	assert impact["affected_users"] is None and "no event" in impact["reason"]


def test_lists_can_be_sorted_by_what_they_show(busy: Host) -> None:
	scores = [row["severity_score"] for row in list_issues(sort="severity")["issues"]]
	levels = [row["severity"] for row in list_issues(sort="severity")["issues"]]
	order = ("critical", "high", "medium", "low")
	assert [order.index(level) for level in levels] == sorted(order.index(level) for level in levels)
	assert scores == sorted(scores, reverse=True)


def test_a_decision_shows_at_once_and_the_severity_after_the_next_run(busy: Host) -> None:
	name = list_issues()["issues"][0]["name"]
	resolve_issue(name=name)
	assert get_issue(name=name)["state"]["state"] == "resolved"
	assert {row["name"]: row["state"] for row in list_issues()["issues"]}[name] == "resolved"
	assert busy.cache.get(JUDGED) is None
	add_rows(busy, ["again"], now_of(busy) + timedelta(seconds=2), error=text_of(busy, name))
	collect_all(busy, 300)
	found = get_issue(name=name)
	assert (found["status"], found["state"]["state"]) == ("Regressed", "regressed")
	assert "came back after it was resolved" in found["severity_reason"]
	reopen_issue(name=name)
	assert get_issue(name=name)["state"]["state"] in ("ongoing", "spiking")


def text_of(host: Host, name: str) -> str:
	exception = get_issue(name=name)["exception"]
	return next(text for text in KINDS.values() if exception.rpartition(".")[2] in text)


def test_an_issue_that_no_pass_has_judged_says_so_and_is_judged_by_itself(host: Host) -> None:
	add_rows(host, ["a", "b", "c"], now_of(host) - timedelta(hours=2))
	collect_all(host, 300)
	host.store.execute("UPDATE `tabError Issue` SET judgement = NULL, state = NULL")
	(row,) = list_issues()["issues"]
	assert row["state"] is None and row["severity_reason"].startswith("not judged yet")
	assert get_issue(name=row["name"])["state"]["state"] == "ongoing"


def test_an_issue_long_silent_keeps_the_severity_of_its_kind(busy: Host) -> None:
	name = list_issues()["issues"][0]["name"]
	past = now_of(busy) - timedelta(days=80)
	busy.store.execute("UPDATE `tabError Issue` SET last_seen = %s WHERE name = %s", (past, name))
	busy.store.execute("DELETE FROM `tabError Issue Day` WHERE issue = %s", (name,))
	busy.cache.clear(JUDGED)
	standings.judge_issues(busy, seconds=60)
	found = get_issue(name=name)
	assert "no event in the period" in found["severity_reason"] and found["severity_score"] < 61


def test_what_changed_is_written_and_nothing_else(busy: Host) -> None:
	written: list[object] = []
	before = busy.store.query("SELECT name, modified FROM `tabError Issue` ORDER BY name")
	upsert = type(busy.store).upsert
	busy.cache.clear(JUDGED)
	with pytest.MonkeyPatch.context() as patch:
		patch.setattr(type(busy.store), "upsert", lambda *args: (written.extend(args[2]), upsert(*args))[1])
		standings.judge_issues(busy, seconds=60)
	assert written == []
	assert busy.store.query("SELECT name, modified FROM `tabError Issue` ORDER BY name") == before


def test_an_expensive_judgement_is_made_less_often(busy: Host) -> None:
	now = busy.clock.now()
	busy.cache.put(JUDGED, [now.isoformat(), 3.0], 3600)
	assert not standings.judge_issues(busy, seconds=60).thorough
	busy.cache.put(JUDGED, [(now - timedelta(minutes=3)).isoformat(), 3.0], 3600)
	assert standings.judge_issues(busy, seconds=60).thorough
	busy.cache.put(JUDGED, [(now - timedelta(minutes=50)).isoformat(), 61.0], 3600)
	assert not standings.judge_issues(busy, seconds=60).thorough


def test_what_is_kept_is_plain_json(busy: Host) -> None:
	for (kept,) in busy.store.query("SELECT judgement FROM `tabError Issue`"):
		assert json.loads(kept).keys() == {"parts", "evidence"} and "NaN" not in kept
