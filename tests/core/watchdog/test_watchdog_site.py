"""Mail, backups, log tables; the report as a whole; addresses and signs of life."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verenigingen.core.addresses import check_address, public
from verenigingen.core.watchdog.backups import check_backups, database_backups
from verenigingen.core.watchdog.mail import MailFacts, check_mail
from verenigingen.core.watchdog.model import LEVELS, Finding, Limits, Unknown
from verenigingen.core.watchdog.pulse import DOWN, UNKNOWN, UP, Part, heartbeat, verdict
from verenigingen.core.watchdog.report import actions, prioritised, report_of, with_watchdog
from verenigingen.core.watchdog.tables import TableFacts, check_tables
from verenigingen.exceptions import ConfigurationError

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 6, 15, 14, 41, tzinfo=ZONE)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIMITS = Limits()
NO_MAIL = MailFacts([], 0, 0, None, 0, None, False, False)


def mail(**values: Any) -> list[tuple[str, str]]:
	"""Check and level of what is wrong with mail."""
	return [(row.check, row.level) for row in check_mail(replace(NO_MAIL, **values), NOW, LIMITS)]


def test_mail() -> None:
	assert mail() == []
	assert mail(sending=[("m1", NOW - 5 * HOUR)], sending_total=1) == [("mail_stuck", "high")]
	assert mail(waiting_total=3, waiting_since=NOW - 2 * HOUR) == [("mail_waiting", "medium")]
	assert mail(waiting_total=3, waiting_since=NOW - 9 * HOUR) == [("mail_waiting", "high")]
	assert mail(given_up=2, given_up_since=NOW - DAY) == [("mail_given_up", "medium")]


def test_a_reason_for_waiting_mail_is_named() -> None:
	late = replace(NO_MAIL, waiting_total=1, waiting_since=NOW - 2 * HOUR)
	said = [
		check_mail(facts, NOW, LIMITS)[0].explanation
		for facts in (replace(late, suspended=True), replace(late, muted=True), late)
	]
	assert "suspended" in said[0] and "mute_emails" in said[1] and "Nothing is switched off" in said[2]


def dumps(*made: tuple[timedelta, int]) -> list[tuple[str, int, datetime]]:
	"""Files of dumps so old and large; their times of change tell something else, as those of copies do."""
	return [
		(f"{NOW - ago:%Y%m%d_%H%M%S}-my_site-database.sql.gz", size, NOW - 300 * DAY) for ago, size in made
	]


@pytest.mark.parametrize(
	("files", "expected"),
	[
		([], [("missing", "high")]),
		(dumps((HOUR, 500_000)), []),
		(dumps((3 * DAY, 500_000)), [("old", "medium")]),
		(dumps((9 * DAY, 500_000)), [("old", "high")]),
		(dumps((HOUR, 20), (DAY, 500_000)), [("empty", "critical")]),
		(dumps((HOUR, 100_000), (DAY, 500_000), (2 * DAY, 480_000)), [("shrunk", "high")]),
		(dumps((HOUR, 100_000), (DAY, 500_000)), []),
		(dumps((HOUR, 450_000), (DAY, 500_000), (2 * DAY, 480_000)), []),
		([("20260615_100000-my_site-files.tar", 9_000_000, NOW)], [("missing", "high")]),
		([("20260615_100000-my_site-partial-database.sql.gz", 9_000_000, NOW)], [("missing", "high")]),
		([("20260615_100000-my_site-database-enc.sql.gz", 9_000_000, NOW)], []),
	],
)
def test_backups(files: list[tuple[str, int, datetime]], expected: list[tuple[str, str]]) -> None:
	found = check_backups(database_backups(files, NOW), NOW, LIMITS, [])
	assert [(row.subject, row.level) for row in found] == expected
	assert check_backups(database_backups(files, NOW), NOW, replace(LIMITS, backup=None), []) == []


def test_backups_carried_away_are_not_called_missing_for_certain() -> None:
	[row] = check_backups([], NOW, LIMITS, ["S3 Backup Settings"])
	assert row.level == "medium" and "cannot be seen" in row.explanation


@settings(deadline=None)
@given(
	st.lists(
		st.tuples(
			st.text(max_size=60), st.integers(0, 10**13), st.datetimes().map(lambda t: t.replace(tzinfo=ZONE))
		),
		max_size=6,
	)
)
def test_any_file_name_is_bearable(files: list[tuple[str, int, datetime]]) -> None:
	check_backups(database_backups(files, NOW), NOW, LIMITS, [])


TABLE = TableFacts("Error Log", 2_000, False, None, 100, 700, None, 14, True)


@pytest.mark.parametrize(
	("values", "expected"),
	[
		({}, None),
		({"day": 60_000}, ("log_flood", "high")),
		({"day": 60_000, "week": 400_000}, None),
		({"day": 4_000, "week": 0}, None),
		({"rows": 1_000_001, "more": True}, ("log_size", "medium")),
		({"rows": 1_000_001, "kept_days": None}, ("log_size", "high")),
		({"stale": NOW - 40 * DAY}, ("log_clearing", "medium")),
		({"rows": 20_000, "kept_days": None}, ("log_clearing", "low")),
		({"rows": 20_000, "kept_days": None, "clearable": False}, None),
		({"rows": 9_000, "kept_days": None}, None),
		({"day": None, "week": None}, None),
	],
)
def test_log_tables(values: dict[str, Any], expected: tuple[str, str] | None) -> None:
	found = check_tables([replace(TABLE, **values)], NOW, LIMITS)
	assert [(row.check, row.level) for row in found] == ([expected] if expected else [])


def finding(level: str, subject: str = "x", **values: Any) -> Finding:
	"""A finding of one level."""
	return Finding("check", subject, level, f"Title {subject}", None, "Because.", "Do it.", **values)


@pytest.mark.parametrize(
	("levels", "blind", "status"),
	[
		([], False, "ok"),
		([], True, "unknown"),
		(["low"], False, "ok"),
		(["low", "medium"], False, "attention"),
		(["high"], True, "attention"),
		(["critical", "low"], False, "critical"),
	],
)
def test_the_report_s_status(levels: list[str], blind: bool, status: str) -> None:
	unknown = [Unknown("queue", "not to be seen")] if blind else []
	report = report_of([finding(level, level) for level in levels], unknown, ["check"], NOW)
	assert report["status"] == status
	assert [row["severity"] for row in report["findings"]] == sorted(levels, key=LEVELS.index)
	assert json.loads(json.dumps(report)) == report
	assert [row["priority"] for row in actions(report)] == [
		{"critical": "high"}.get(x, x) for x in sorted(levels, key=LEVELS.index) if x != "low"
	]


def test_the_longest_lasting_comes_first_among_equals() -> None:
	rows = [
		finding(
			"high",
			name,
		)
		for name in "abc"
	]
	rows = [replace(row, since=since) for row, since in zip(rows, (None, NOW - HOUR, NOW - DAY), strict=True)]
	report = report_of(rows, [], [], NOW)
	assert [row["subject"] for row in report["findings"]] == ["c", "b", "a"]
	assert [row["age_seconds"] for row in report["findings"]] == [86_400, 3_600, None]


@pytest.mark.parametrize(
	("health", "levels", "overall"),
	[
		("healthy", [], "healthy"),
		("healthy", ["medium"], "healthy"),
		("healthy", ["high"], "attention"),
		("unknown", ["critical"], "critical"),
		("unknown", [], "unknown"),
		("attention", ["critical"], "critical"),
		("critical", ["high"], "critical"),
	],
)
def test_the_summary_is_no_better_than_what_the_watchdog_found(
	health: str, levels: list[str], overall: str
) -> None:
	report = report_of([finding(level) for level in levels], [], [], NOW)
	summary = with_watchdog({"status": health, "reasons": ["r"], "sentences": ["s"]}, report)
	assert summary["overall_health"] == overall
	assert summary["sentences"][0] == "s" and len(summary["sentences"]) > 1


def test_actions_are_ordered_by_priority_and_the_watchdog_s_first_among_equals() -> None:
	report = report_of([finding("critical"), finding("medium", "y")], [], [], NOW)
	others = [{"priority": "high", "action": "A"}, {"priority": "low", "action": "B"}]
	assert [row["action"] for row in prioritised(others, report)] == ["Do it.", "A", "Do it.", "B"]


@pytest.mark.parametrize(
	("address", "is_public"),
	[
		("8.8.8.8", True),
		("127.0.0.1", False),
		("10.1.2.3", False),
		("172.16.0.1", False),
		("192.168.1.1", False),
		("169.254.169.254", False),
		("100.64.0.1", False),
		("0.0.0.0", False),
		("224.0.0.1", False),
		("::1", False),
		("fe80::1%eth0", False),
		("fc00::1", False),
		("2606:4700::1111", True),
		("::ffff:127.0.0.1", False),
		("::ffff:8.8.8.8", True),
		("64:ff9b::7f00:1", False),
		("2002:7f00:1::", False),
		("ff02::1", False),
	],
)
def test_addresses_of_the_public_internet(address: str, is_public: bool) -> None:
	assert public(address) is is_public


@pytest.mark.parametrize(
	"url",
	[
		"",
		"example.org",
		"ftp://example.org",
		"javascript:alert(1)",
		"http://",
		"https:///path",
		"http://user:pw@example.org/",
		"http://example.org:99999/",
		"http://example.org:0/",
		"http://[::1",
		"https://example.org/a b",
		"https://example.org/\r\nHost: x",
		"https://vereniging.example/é",
		"https://example.org/" + "x" * 2_000,
	],
)
def test_addresses_that_are_none(url: str) -> None:
	with pytest.raises(ConfigurationError):
		check_address(url)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_an_address_or_refused(url: str) -> None:
	try:
		parts = check_address(url)
	except ConfigurationError:
		return
	assert parts.scheme in ("http", "https") and parts.hostname


def test_signs_of_life() -> None:
	def part(ago: timedelta | None) -> str:
		moment = NOW - ago if ago is not None else None
		return heartbeat(moment, NOW, 15 * HOUR / 60, what="a job began", never="none yet").status

	assert [part(None), part(timedelta(0)), part(14 * HOUR / 60), part(HOUR)] == [UNKNOWN, UP, UP, DOWN]
	assert verdict({}) == UP
	assert verdict({"a": Part(UP, ""), "b": Part(UNKNOWN, "")}) == UP
	assert verdict({"a": Part(UP, ""), "b": Part(DOWN, "")}) == DOWN
