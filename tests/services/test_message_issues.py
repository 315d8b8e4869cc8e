"""Issues of messages without traceback that become one, in a site that collects."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from tests.services.test_collection import add_rows, collect, counts, now_of
from verenigingen.core.errors import identify
from verenigingen.host import Host
from verenigingen.services import message_issues
from verenigingen.services.batch import issue_name
from verenigingen.services.grouping import merge_issues, unmerge_issue
from verenigingen.services.message_issues import join_message_issues

# words that could be anything: only beside each other they show that they are values
PLANS = ("basic", "senior", "youth", "family", "patron")


def message(plan: str) -> str:
	return f"no seat for member {plan} in the bus"


def add(host: Host, *plans: str, key: str = "", days: int = 1) -> None:
	for plan in plans:
		when = now_of(host) - timedelta(days=days)
		add_rows(host, [f"{key}{plan}-{n}" for n in range(3)], when, method="Trip", error=message(plan))


def name_of(plan: str) -> str:
	return issue_name(identify("Trip", message(plan)).fingerprint)


def live(host: Host) -> dict[str, int]:
	rows = host.store.query("SELECT name, event_count FROM `tabError Issue` WHERE status <> 'Merged'")
	return {name: int(count) for name, count in rows}


def test_issues_become_one_once_enough_is_seen_and_later_events_follow(host: Host) -> None:
	assert len({name_of(plan) for plan in PLANS}) == len(PLANS)
	add_rows(host, ["other"], method="Queue", error="5 jobs wait")
	queue = issue_name(identify("Queue", "5 jobs wait").fingerprint)
	add(host, PLANS[0], days=3)
	add(host, PLANS[1])
	collect(host)
	assert live(host) == {name_of(PLANS[0]): 3, name_of(PLANS[1]): 3, queue: 1}  # two may be two errors
	add(host, *PLANS[2:4])
	collect(host)
	assert live(host) == {name_of(PLANS[0]): 12, queue: 1}  # the oldest one holds them
	add(host, PLANS[1], PLANS[4], key="later-", days=9)  # seen first, but what holds the others stays
	collect(host)
	assert live(host) == {name_of(PLANS[0]): 18, queue: 1}
	assert counts(host) == (19, 19, 19)
	reason = host.store.query(
		"SELECT reason FROM `tabError Issue Alias` WHERE name = %s", (name_of(PLANS[2]),)
	)
	assert "same message but for its values" in reason[0][0] and "varies" in reason[0][0]


def test_what_users_took_apart_stays_apart(host: Host) -> None:
	add(host, *PLANS[:4])
	collect(host)
	assert len(live(host)) == 1
	out = next(name_of(plan) for plan in PLANS[:4] if name_of(plan) not in live(host))
	unmerge_issue(host, out)
	add(host, *PLANS, key="again-")
	collect(host)
	assert live(host)[out] == 6 and len(live(host)) == 2 and sum(live(host).values()) == 27


def test_messages_follow_the_issue_with_traceback_that_one_of_them_belongs_to(host: Host) -> None:
	add_rows(host, ["traced", "other"], method="bus")
	host.store.execute(
		"UPDATE `tabError Log` SET error = REPLACE(error, 'annual_fee', 'seat') WHERE name = 'other'"
	)
	add(host, *PLANS[:2])
	collect(host)
	traced, other = sorted(set(live(host)) - {name_of(plan) for plan in PLANS})
	merge_issues(host, traced, [name_of(PLANS[0])], "by hand")
	add(host, PLANS[2])
	collect(host)
	assert live(host) == {traced: 10, other: 1}  # all three plans are where the first one went
	unmerge_issue(host, name_of(PLANS[1]), pin=False)
	merge_issues(host, other, [name_of(PLANS[1])], "by hand")
	add(host, *PLANS[3:])
	collect(host)
	assert live(host) == {traced: 7, other: 4, name_of(PLANS[3]): 6}  # of two, nobody knows which


def test_the_same_whatever_the_order_of_arrival(host: Host) -> None:
	order = list(PLANS)
	random.Random(3).shuffle(order)
	add(host, *order)
	collect(host)
	assert list(live(host).values()) == [15]


def test_nothing_is_read_where_nothing_was_added(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
	add(host, *PLANS)
	collect(host)
	monkeypatch.setattr(message_issues, "_issues", lambda host: pytest.fail("read again"))
	assert join_message_issues(host, seconds=60).finished
	add(host, PLANS[0], key="more-")
	collect(host)
	assert list(live(host).values()) == [18]


def test_a_failure_is_shown(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
	add(host, *PLANS)
	monkeypatch.setattr(message_issues, "unions", lambda messages: 1 / 0)
	with pytest.raises(AssertionError, match="ZeroDivisionError"):
		collect(host)
	assert counts(host) == (15, 15, 15)


def test_out_of_time_is_said_and_gone_on_with(host: Host) -> None:
	add(host, *PLANS)
	collect(host)
	host.cache.clear(message_issues.SEEN)
	assert join_message_issues(host, seconds=-1).finished is False
	assert host.cache.get(message_issues.SEEN) is None
