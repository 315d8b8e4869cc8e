"""Issues through their doors, on SQLite and MariaDB: lists, decisions, and what a collection makes of them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from tests.services.test_collection import TRACEBACK, add_rows, collect, now_of
from verenigingen.core.model import ErrorRow
from verenigingen.exceptions import BadArgument, NotFound, NotPermitted
from verenigingen.host import Host, User
from verenigingen.host.endpoint import REGISTRY
from verenigingen.host.on_local import acting_as
from verenigingen.services import issues
from verenigingen.services.batch import Batch, gather
from verenigingen.services.collection import LOCK
from verenigingen.services.monitoring import collect_all
from verenigingen.services.rollup import write
from verenigingen.utils.error_issues import (
	get_issue,
	ignore_issue,
	list_issues,
	reopen_issue,
	resolve_issue,
)

OTHER = TRACEBACK.replace("annual_fee", "iban").replace("collect", "export")
HOUR = timedelta(hours=1)


def only_issue(host: Host) -> str:
	found = host.store.query("SELECT name FROM `tabError Issue`")
	assert len(found) == 1
	return found[0][0]


def status(name: str) -> str:
	return get_issue(name=name)["status"]


@pytest.fixture
def issue(host: Host) -> str:
	"""An issue of three events, two hours ago."""
	add_rows(host, ["a", "b", "c"], now_of(host) - 2 * HOUR)
	collect(host)
	return only_issue(host)


def arrive(host: Host, when: datetime, *facets: tuple[str, str], name: str = "") -> None:
	"""An event of the same issue as a source tells it."""
	batch = Batch()
	row = ErrorRow(name or str(when), when, "dues", TRACEBACK.format(line=9), None, facets)
	gather(batch, [(row, when)], host.secrets.pseudonym)
	with host.store.transaction(LOCK):
		write(host, "Error Log", batch)


def test_an_issue_tells_all_that_is_known(host: Host, issue: str) -> None:
	found = get_issue(name=issue)
	assert found["title"] == "KeyError: 'annual_fee'"
	assert found["culprit"] == {"function": "collect", "file": "club/dues.py", "app": "club"}
	assert (found["events_total"], found["users"]["count"]) == (3, 1)
	assert found["users"]["top"][0]["user"] == host.secrets.pseudonym("p.jansen@vereniging.example")
	assert sum(day["events"] or 0 for day in found["counts"]["daily"]) == 3
	assert sum(sum(day["events"]) for day in found["counts"]["hourly"]) == 3
	assert found["counts"]["daily"][0]["events"] is None, "nobody looked then"
	assert found["app_versions"] == {
		"values": [],
		"more": 0,
		"reason": "no event of this issue told its app version",
	}
	assert found["state"]["state"] == "ongoing", "what is there when collection starts is not new"
	assert "annual_fee" in found["sample"]
	assert found["status_reason"] == "nobody has decided about it yet"
	assert "jansen" not in json.dumps(found)


def test_facets_are_added_up_over_days(host: Host, issue: str) -> None:
	for days in (0, 1, 1):
		arrive(host, now_of(host) - timedelta(days=days), ("Entry Point", "POST /api/dues"))
	found = get_issue(name=issue)["entry_points"]["values"]
	assert [(item["value"], item["events"]) for item in found] == [("POST /api/dues", 3)]
	assert found[0]["first_day"] < found[0]["last_day"]


def test_a_resolved_issue_regresses_by_a_later_event_and_not_by_a_late_one(host: Host, issue: str) -> None:
	assert resolve_issue(name=issue)["status"] == "Resolved"
	add_rows(host, ["late"], now_of(host) - 9 * HOUR)
	collect(host)
	assert status(issue) == "Resolved"
	assert get_issue(name=issue)["events_total"] == 4
	add_rows(host, ["new"])
	collect(host)
	found = get_issue(name=issue)
	assert found["status"] == "Regressed"
	assert "seen again on" in found["status_reason"]
	assert found["suspects"]["onset"] == found["regressed_at"]
	assert found["suspects"]["onset_reason"] == "it came back then"


def test_resolved_in_a_version_waits_for_a_newer_one(host: Host, issue: str) -> None:
	answer = resolve_issue(name=issue, in_version="1.4.0")
	assert (answer["status"], answer["resolved_in"]) == ("Resolved in Version", "1.4.0")
	soon = now_of(host) + HOUR
	arrive(host, soon, ("App Version", "club 1.3.9"), ("App Version", "frappe 15.41.0"))
	assert status(issue) == "Resolved in Version"
	arrive(host, soon, ("App Version", "club 1.4.1"))
	assert status(issue) == "Regressed"


def test_ignored_for_two_more_events(host: Host, issue: str) -> None:
	assert ignore_issue(name=issue, until_count="2")["ignored_left"] == 2
	add_rows(host, ["late"], now_of(host) - 9 * HOUR)
	collect(host)
	assert get_issue(name=issue)["ignored_left"] == 2
	add_rows(host, ["one"])
	collect(host)
	assert (status(issue), get_issue(name=issue)["ignored_left"]) == ("Ignored", 1)
	add_rows(host, ["two"])
	collect(host)
	assert status(issue) == "Open"


def test_ignored_until_a_moment_opens_with_the_next_collection(host: Host, issue: str) -> None:
	until = (host.clock.now() + HOUR).isoformat(timespec="seconds")
	answer = ignore_issue(name=issue, until_date=until)
	assert answer["ignored_until"] == until
	assert issues.wake(host) == 0
	past = now_of(host) - timedelta(minutes=1)
	host.store.execute("UPDATE `tabError Issue` SET ignored_until = %s", (past,))
	assert status(issue) == "Open", "it reads as open before any collection"
	collect_all(host, 10)
	stored = host.store.query("SELECT status, status_reason FROM `tabError Issue`")[0]
	assert stored[0] == "Open"
	assert stored[1].startswith("was ignored until")
	assert list_issues(status="Unresolved")["total"] == 1


def test_ignored_for_ever_and_reopened(host: Host, issue: str) -> None:
	assert ignore_issue(name=issue)["status_reason"].startswith("ignored for ever")
	add_rows(host, ["more"])
	collect(host)
	assert status(issue) == "Ignored"
	assert reopen_issue(name=issue)["status"] == "Open"


def test_a_decision_keeps_the_counts_and_says_who(host: Host, issue: str) -> None:
	with acting_as(User("beheer@vereniging.example", frozenset({"System Manager"}))):
		resolve_issue(name=issue)
	row = host.store.query("SELECT event_count, resolved_by, title FROM `tabError Issue`")[0]
	assert row == (3, "beheer@vereniging.example", "KeyError: 'annual_fee'")
	traced = host.store.query(
		"SELECT user, filters FROM `tabAccess Log` WHERE method LIKE %s", ("%resolve_issue",)
	)
	assert traced == [("beheer@vereniging.example", json.dumps({"name": issue}))]


REFUSED = [
	(resolve_issue, {"name": "no-such-issue"}, NotFound, "There is no Error Issue"),
	(get_issue, {"name": "no-such-issue"}, NotFound, "There is no Error Issue"),
	(ignore_issue, {"name": "?", "until_count": 0}, BadArgument, "until_count must be a whole number from 1"),
	(ignore_issue, {"name": "?", "until_date": "soon"}, BadArgument, "until_date must be a date or time"),
	(ignore_issue, {"name": "?", "until_date": "2020-01-01"}, BadArgument, "must lie ahead"),
	(resolve_issue, {"name": "?", "in_version": "x" * 500}, BadArgument, "in_version must be a version"),
	(reopen_issue, {"name": "?"}, BadArgument, "is Open already"),
	(list_issues, {"status": "Done"}, BadArgument, "status must be one of Open, Resolved"),
	(list_issues, {"sort": "name; DROP"}, BadArgument, "sort must be one of"),
	(list_issues, {"limit": 501}, BadArgument, "limit must be a whole number from 1 to 500"),
	(list_issues, {"search": "x" * 141}, BadArgument, "at most 140 characters"),
]


@pytest.mark.parametrize("row", REFUSED, ids=[f"{row[0].__name__} {list(row[1])[-1]}" for row in REFUSED])
def test_what_is_refused_changes_nothing(host: Host, issue: str, row: tuple) -> None:
	door, arguments, kind, message = row
	before = host.store.query("SELECT * FROM `tabError Issue`")
	with pytest.raises(kind, match=message):
		door(**{key: issue if value == "?" else value for key, value in arguments.items()})
	assert host.store.query("SELECT * FROM `tabError Issue`") == before


def test_only_system_managers_decide_and_only_by_post(host: Host, issue: str) -> None:
	for door in (resolve_issue, ignore_issue, reopen_issue, get_issue, list_issues):
		with acting_as(User("lid@vereniging.example", frozenset({"Member"}))), pytest.raises(NotPermitted):
			door(**({} if door is list_issues else {"name": issue}))
	for name in ("resolve_issue", "ignore_issue", "reopen_issue"):
		assert REGISTRY[f"verenigingen.utils.error_issues.{name}"].methods == ("POST",)


@pytest.fixture
def two(host: Host) -> dict[str, str]:
	"""Two issues by the key they miss: one of three old events, one of a new event."""
	add_rows(host, ["a", "b", "c"], now_of(host) - timedelta(days=3))
	add_rows(host, ["d"], error=OTHER.format(line=3), method="100%_sure!")
	collect(host)
	rows = host.store.query("SELECT name, title FROM `tabError Issue`")
	return {("iban" if "iban" in title else "fee"): name for name, title in rows}


def names(**arguments: object) -> list[str]:
	return [row["name"] for row in list_issues(**arguments)["issues"]]


def test_lists_are_filtered_sorted_and_paged(host: Host, two: dict[str, str]) -> None:
	assert names() == [two["iban"], two["fee"]]
	assert names(sort="events") == [two["fee"], two["iban"]]
	assert names(sort="events", limit=1, start=1) == [two["iban"]]
	assert names(days=2) == [two["iban"]]
	assert names(search="IBAN") == [two["iban"]]
	assert names(search="collect") == [two["fee"]]
	assert names(search="%") == names(search="_x") == []
	ignore_issue(name=two["fee"])
	assert names(status="Ignored") == [two["fee"]]
	assert names(status="Unresolved") == [two["iban"]]


def test_a_listed_issue_has_the_counts_of_its_days(host: Host, two: dict[str, str]) -> None:
	page = list_issues(days=7)
	assert page["total"] == 2
	fee = page["issues"][1]
	assert (fee["events"], fee["daily"]) == (3, [0, 0, 0, 3, 0, 0, 0])
	assert fee["users"] == 1


def test_the_onset_of_a_spiking_issue_is_its_spike(host: Host) -> None:
	now = now_of(host).replace(minute=0, second=0, microsecond=0)
	for day in range(1, 40):
		add_rows(host, [f"usual {day}"], now - timedelta(days=day))
	add_rows(host, [f"spike {n}" for n in range(200)], now - timedelta(minutes=59))
	collect(host)
	found = get_issue(name=only_issue(host))
	assert found["state"]["state"] == "spiking"
	assert found["suspects"]["onset_reason"] == "it spikes since then"
	assert found["suspects"]["onset"] == aware_text(host, now - HOUR)


def aware_text(host: Host, moment: datetime) -> str:
	return moment.replace(tzinfo=host.clock.now().tzinfo).isoformat()


def test_an_event_without_a_user_makes_users_unknown_not_none(host: Host) -> None:
	add_rows(host, ["x"], owner="Administrator")
	collect(host)
	found = get_issue(name=only_issue(host))
	assert found["users"]["count"] is None
	assert found["users"]["reason"] == "no event of this issue told who was affected"
	assert list_issues()["issues"][0]["users"] is None
