"""Rules of the users: what they match, what they make of an identity, and how bad ones are refused."""

from __future__ import annotations

import random
from fnmatch import translate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verenigingen.core.errors import identify
from verenigingen.core.errors.rules import (
	FIELDS,
	Facets,
	Pattern,
	Rule,
	Rules,
	Subject,
	read_rule,
	read_rules,
)
from verenigingen.core.errors.touched import Match, Past, matching
from verenigingen.exceptions import ConfigurationError

TEXT = """Traceback (most recent call last):
  File "apps/club/club/payments/gateway.py", line {line}, in {function}
    answer = gateway.charge(mandate, {argument})
requests.exceptions.ReadTimeout: bank {bank} did not answer"""


def event(function: str = "charge", argument: str = "amount", line: int = 7, bank: str = "'ABN'") -> Any:
	return identify("x", TEXT.format(function=function, argument=argument, line=line, bank=bank))


def rule(**values: Any) -> Rule:
	return read_rule({"rule_name": "PSP outages", **values})


MERGE = {"action": "merge", "title": "The bank is down"}
PATTERNS = [
	("whole", "ReadTimeout", "ReadTimeout", True),
	("case is the same", "readTIMEOUT", "ReadTimeout", True),
	("only a part", "Timeout", "ReadTimeout", False),
	("star before", "*Timeout", "ReadTimeout", True),
	("star after", "Read*", "ReadTimeout", True),
	("star between", "R*t*t", "ReadTimeout", True),
	("pieces may not overlap", "ab*ba", "aba", False),
	("star is nothing", "a*b", "ab", True),
	("only a star", "*", "", True),
	("nothing", "", "x", False),
	("no other signs", "a.c", "abc", False),
	("brackets are text", "[a]?", "[a]?", True),
]


@pytest.mark.parametrize(
	("pattern", "text", "fits"), [row[1:] for row in PATTERNS], ids=[r[0] for r in PATTERNS]
)
def test_patterns(pattern: str, text: str, fits: bool) -> None:
	assert Pattern(pattern).fits(text) is fits


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_patterns_agree_with_the_shell_s(pattern: str, text: str) -> None:
	import re

	assert Pattern(pattern).fits(text) == bool(re.match(translate(pattern), text))


CONDITIONS = [
	("exception", "requests.exceptions.ReadTimeout", True),
	("exception", "ReadTimeout", True),
	("exception", "requests.*", True),
	("exception", "Timeout", False),
	("app", "club", True),
	("app", "erpnext", False),
	("module", "club/payments/*", True),
	("module", "gateway.py", False),
	("function", "charge", True),
	("function", "refund*", False),
	("message", "did not answer", True),
	("message", "bank*answer", True),
	("message", "answer*bank", False),
	("category", "timeout", True),
	("category", "database", False),
	("entry_point", "club.api.*", True),
	("entry_point", "erpnext.*", False),
	("document_type", "Sales Invoice", False),
]


@pytest.mark.parametrize(("condition", "pattern", "fits"), CONDITIONS)
def test_conditions(condition: str, pattern: str, fits: bool) -> None:
	rules = Rules([rule(**MERGE, **{condition: pattern})])
	found = rules.apply(event(), (("Entry Point", "club.api.pay"),))
	assert (found.title == "The bank is down") is fits


def test_an_issue_is_named_by_its_digits() -> None:
	name = event().fingerprint[:16]
	assert Rules([rule(**MERGE, issue=name)]).apply(event(), ()).title == "The bank is down"
	assert Rules([rule(**MERGE, issue="0" * 16)]).apply(event(), ()) == event()


def test_all_conditions_must_hold() -> None:
	rules = Rules([rule(**MERGE, exception="ReadTimeout", app="erpnext")])
	assert rules.apply(event(), ()) == event()


def test_a_merge_makes_one_issue_of_all_matches_and_says_so() -> None:
	rules = Rules([rule(**MERGE, exception="ReadTimeout", severity="critical", set_category="integration")])
	one, two = (rules.apply(event(argument=argument), ()) for argument in ("first", "second"))
	assert event(argument="first").fingerprint != event(argument="second").fingerprint
	assert one.fingerprint == two.fingerprint
	assert (one.title, one.reason) == ("The bank is down", "merged by rule 'PSP outages'")
	assert (one.severity, one.category, one.pinned) == ("critical", "integration", True)
	assert one.category_reason == one.severity_reason == "set by rule 'PSP outages'"
	same = read_rules([{"rule_name": "PSP outages", "action": "merge", "title": "other", "app": "club"}])
	assert Rules(same).apply(event(), ()).fingerprint == one.fingerprint


def test_a_split_keeps_parts_apart() -> None:
	rules = Rules([rule(action="split", exception="ReadTimeout", split_by="entry point")])
	ways = ["club.api.pay", "club.jobs.collect", "club.api.pay"]
	found = [rules.apply(event(), (("Entry Point", way),)) for way in ways]
	assert len({each.fingerprint for each in found}) == 2
	assert found[0] == found[2]
	assert found[1].title.endswith("[club.jobs.collect]")
	assert found[0].reason.endswith("split by entry point by rule 'PSP outages'")
	assert rules.apply(event(), ()) == event()  # what is not known of an event does not split it


def test_a_split_by_function() -> None:
	long = "gateway.charge(mandate, amount)"  # the statement alone groups, whatever function holds it
	assert event("charge").fingerprint == event("collect").fingerprint, long
	rules = Rules([rule(action="split", exception="ReadTimeout", split_by="function")])
	assert rules.apply(event("charge"), ()).fingerprint != rules.apply(event("collect"), ()).fingerprint


def test_no_value_of_an_event_becomes_part_of_an_issue() -> None:
	rules = Rules([rule(action="split", exception="*", app="club", split_by="function")])
	found = {
		rules.apply(event(bank=bank), ())
		for bank in ("'ABN'", "'p.jansen@example.org'", "'NL91ABNA0417164300'")
	}
	assert len(found) == 1


def test_a_pin_fixes_what_it_names_and_leaves_the_fingerprint() -> None:
	found = Rules([rule(action="pin", exception="ReadTimeout", severity="low")]).apply(event(), ())
	assert (found.fingerprint, found.title, found.severity) == (event().fingerprint, event().title, "low")
	assert found.pinned and found.reason == f"{event().reason}; pinned by rule 'PSP outages'"


def test_the_first_enabled_rule_that_matches_decides() -> None:
	rows = [
		{"rule_name": "off", "action": "merge", "title": "off", "exception": "*Timeout", "enabled": False},
		{"rule_name": "other", "action": "merge", "title": "other", "app": "erpnext"},
		{"rule_name": "keep", "action": "pin", "function": "charge"},
		{"rule_name": "all", "action": "merge", "title": "all", "exception": "*Timeout", "enabled": 1},
	]
	rules = Rules(read_rules(rows))
	assert rules.apply(event("charge"), ()).reason.endswith("by rule 'keep'")
	assert rules.apply(event("refund"), ()).title == "all"


def test_order_of_events_and_restarts_change_nothing() -> None:
	made = [
		rule(**MERGE, function="c*"),
		read_rule({"rule_name": "b", "action": "split", "app": "club", "split_by": "entry point"}),
	]
	events = [
		(event(function, argument), (("Entry Point", way),))
		for function in "abc"
		for argument in "de"
		for way in "fg"
	]
	first = {pair: Rules(made).apply(*pair).fingerprint for pair in events}
	random.Random(3).shuffle(events)
	rules = Rules(made)
	assert {pair: rules.apply(*pair).fingerprint for pair in events} == first


REFUSED = [
	("no list", "merge", "must be a list"),
	("no object", ["merge"], "rule 1 must be an object"),
	("no name", [{"action": "pin", "app": "x"}], "rule 1 needs a name"),
	("no action", [{"rule_name": "A", "app": "x"}], "action must be one of merge, split, pin, not ''"),
	("unknown action", [{"rule_name": "A", "action": "drop", "app": "x"}], "'A': action must be one of"),
	("no condition", [{"rule_name": "A", "action": "pin"}], "'A' would match every error: fill at least one"),
	("stars only", [{"rule_name": "A", "action": "pin", "message": "* *"}], "would match every error"),
	("merge without title", [{"rule_name": "A", "action": "merge", "app": "x"}], "needs a title"),
	("split by nothing", [{"rule_name": "A", "action": "split", "app": "x"}], "split_by must say by what"),
	("split by value", [{"rule_name": "A", "action": "split", "app": "x", "split_by": "value"}], "split_by must be one of function, entry point"),
	("unknown severity", [{"rule_name": "A", "action": "pin", "app": "x", "severity": "worst"}], "severity must be one of critical"),
	("unknown category", [{"rule_name": "A", "action": "pin", "category": "x"}], "category must be one of"),
	("unknown key", [{"rule_name": "A", "action": "pin", "app": "x", "regex": "x"}], "'regex' is not known. Known: rule_name"),
	("no text", [{"rule_name": "A", "action": "pin", "app": 7}], "app must be a text, not 7"),
	("too long", [{"rule_name": "A", "action": "pin", "app": "x" * 141}], "app may have 140 characters, not 141"),
	("twice", [{"rule_name": "A", "action": "pin", "app": "x"}, {"rule_name": "a", "action": "pin", "app": "y"}], "Two grouping rules are named 'a'"),
	("enabled is no word", [{"rule_name": "A", "action": "pin", "app": "x", "enabled": "yes"}], "enabled must be true or false"),
	("too many", [{"rule_name": str(i), "action": "pin", "app": "x"} for i in range(201)], "At most 200"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_rule_that_cannot_be_used_is_refused_by_name(rows: Any, said: str) -> None:
	with pytest.raises(ConfigurationError, match=said.replace("(", r"\(").replace("*", r"\*")):
		read_rules(rows)


def test_a_pattern_with_a_value_is_pointed_out() -> None:
	assert "<n>" in rule(**MERGE, message="bank 42 did*answer").hint
	assert rule(**MERGE, message="bank <n> did * answer").hint == ""
	assert rule(**MERGE, message="did not answer").hint == ""


VALUES = st.sampled_from(["", "a", "merge", "pin", "low", "*", 7, None, True, []])


@given(st.lists(st.dictionaries(st.sampled_from([*FIELDS, "other"]), VALUES), max_size=3))
def test_reading_rules_raises_nothing_else(rows: list[dict[str, Any]]) -> None:
	try:
		read_rules(rows)
	except ConfigurationError as error:
		assert str(error)


def past(events: int, **facets: dict[str, int]) -> Past:
	subject = Subject("i", "ReadTimeout: x", "requests.ReadTimeout", "pay in club/api.py", "club", "timeout")
	kinds: dict[str, dict[str, int]] = {name.replace("_", " "): counts for name, counts in facets.items()}
	return Past(subject, events, "low", "", False, kinds)


def test_how_many_past_events_a_rule_matches() -> None:
	way, both = rule(**MERGE, entry_point="a*"), rule(**MERGE, entry_point="a*", document_type="Member")
	assert matching(rule(**MERGE, app="club"), past(9)) == Match(9, True, True)
	assert matching(rule(**MERGE, app="x"), past(9)) == Match(0, True, False)
	assert matching(way, past(9, Entry_Point={"a1": 2, "a2": 3, "b": 4})) == Match(5, True, False)
	assert matching(way, past(9, Entry_Point={"a1": 9})) == Match(9, True, True)
	assert matching(way, past(9, Entry_Point={"a1": 2, "b": 3})) == Match(2, False, False)
	assert matching(both, past(9, Entry_Point={"a": 9}, DocType={"Member": 4, "ToDo": 5})) == Match(
		4, True, False
	)
	assert matching(both, past(9, Entry_Point={"a": 6, "b": 3}, DocType={"Member": 5, "ToDo": 4})) == Match(
		2, False, False
	)
	assert matching(both, past(9, Entry_Point={"a": 6, "b": 3}, DocType={"ToDo": 9})).events == 0


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("MT")), min_size=1, max_size=12))
def test_matching_is_a_lower_bound_and_exact_where_it_says_so(ways: list[tuple[str, str]]) -> None:
	both = rule(**MERGE, entry_point="a", document_type="M")
	pairs = [{"Entry Point": way, "DocType": kind} for way, kind in ways]
	truth = sum(both.fits_way(pair) for pair in pairs)
	counts: dict[str, dict[str, int]] = {"Entry_Point": {}, "DocType": {}}
	facets: Facets
	for facets in pairs:
		for kind, value in facets.items():
			counted = counts[kind.replace(" ", "_")]
			counted[value] = counted.get(value, 0) + 1
	found = matching(both, past(len(ways), **counts))
	assert found.events <= truth
	assert not found.exact or found.events == truth
	assert not found.whole or truth == len(ways)
