"""The life of an issue: decisions, and what later events make of them, in whatever order they arrive."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verenigingen.core.errors.life import (
	IGNORED,
	OPEN,
	REGRESSED,
	RESOLVED,
	RESOLVED_IN,
	Life,
	after_events,
	app_version,
	as_of,
	ignore,
	reopen,
	resolve,
	runs_at_most,
	without,
)
from verenigingen.exceptions import BadArgument

NOW = datetime(2026, 11, 3, 10)
HOUR = timedelta(hours=1)


def test_an_event_after_the_resolve_is_a_regression_and_says_when() -> None:
	life = after_events(resolve(Life(), NOW), [(NOW + 2 * HOUR, None), (NOW + HOUR, "1.2")])
	assert (life.status, life.regressed) == (REGRESSED, NOW + HOUR)
	assert (
		"seen again on 2026-11-03 11:00 with version 1.2; it was resolved on 2026-11-03 10:00" in life.reason
	)


def test_an_event_from_before_the_resolve_that_arrives_late_is_none() -> None:
	resolved = resolve(Life(), NOW)
	assert after_events(resolved, [(NOW - HOUR, None), (NOW, None)]) == resolved


VERSIONS = [
	("older", "1.3.9", RESOLVED_IN),
	("the same", "1.4.0", RESOLVED_IN),
	("the same, written shorter", "1.4", RESOLVED_IN),
	("newer", "1.4.1", REGRESSED),
	("newer by more digits", "1.10.0", REGRESSED),
	("a development version of it", "1.4.0-dev", RESOLVED_IN),
	("unknown", None, REGRESSED),
	("not comparable", "main@3f2a", REGRESSED),
]


@pytest.mark.parametrize(("name", "version", "status"), VERSIONS, ids=[row[0] for row in VERSIONS])
def test_resolved_in_a_version(name: str, version: str | None, status: str) -> None:
	life = after_events(resolve(Life(), NOW, in_version="1.4.0"), [(NOW + HOUR, version)])
	assert life.status == status
	if version is None:
		assert "the version that ran is unknown" in life.reason


def test_ignored_for_a_number_of_events_counts_only_later_ones() -> None:
	life = ignore(Life(), NOW, more=3)
	life = after_events(life, [(NOW - HOUR, None), (NOW + HOUR, None)])
	assert (life.status, life.ignored_left) == (IGNORED, 2)
	life = after_events(life, [(NOW + 3 * HOUR, None), (NOW + 2 * HOUR, None)])
	assert (life.status, life.changed) == (OPEN, NOW + 3 * HOUR)
	assert life.reason == "was ignored for 3 more events, which have come"


def test_ignored_until_a_date_opens_with_time_or_with_an_event_after_it() -> None:
	until = NOW + timedelta(days=2)
	life = ignore(Life(), NOW, until=until)
	assert as_of(life, until - HOUR).status == IGNORED
	assert as_of(life, until).status == OPEN
	assert after_events(life, [(until - HOUR, None)]).status == IGNORED
	assert after_events(life, [(until, None)]).reason == "was ignored until 2026-11-05 10:00"


def test_what_comes_first_opens_it() -> None:
	life = ignore(Life(), NOW, more=2, until=NOW + 5 * HOUR)
	by_count = after_events(life, [(NOW + HOUR, None), (NOW + 2 * HOUR, None), (NOW + 9 * HOUR, None)])
	assert by_count.changed == NOW + 2 * HOUR
	by_time = after_events(life, [(NOW + HOUR, None), (NOW + 9 * HOUR, None)])
	assert by_time.changed == NOW + 5 * HOUR


def test_an_event_whose_time_was_wrong_is_taken_back() -> None:
	resolved = resolve(Life(), NOW, in_version="1.4")
	false = after_events(resolved, [(NOW + HOUR, None)])
	life = without(false, NOW + HOUR, NOW - HOUR)
	assert (life.status, life.resolved_in, life.regressed) == (RESOLVED_IN, "1.4", None)
	assert after_events(life, [(NOW - HOUR / 60, None)]).status == RESOLVED_IN
	assert without(false, NOW + HOUR, NOW + HOUR / 2).regressed == NOW + HOUR / 2, "another one came as well"
	assert without(false, NOW + 2 * HOUR, None) == false
	ignored = after_events(ignore(Life(), NOW, more=3), [(NOW + HOUR, None)])
	assert without(ignored, NOW + HOUR, None).ignored_left == 3


def test_ignored_for_ever_stays_so() -> None:
	life = ignore(Life(), NOW)
	assert after_events(life, [(NOW + n * HOUR, None) for n in range(1000)]) == life


def test_the_onset_of_a_regression_does_not_depend_on_the_order_of_arrival() -> None:
	moments = [NOW - HOUR, NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR]
	for order in permutations(moments):
		life = resolve(Life(), NOW)
		for when in order:
			life = after_events(life, [(when, None)])
		assert (life.status, life.regressed) == (REGRESSED, NOW + HOUR)


@given(st.lists(st.integers(-50, 50), max_size=30), st.integers(1, 30), st.integers(1, 5))
def test_one_batch_or_many_make_the_same_of_an_ignored_issue(hours: list[int], more: int, parts: int) -> None:
	events = [(NOW + hour * HOUR, None) for hour in sorted(hours)]
	whole = after_events(ignore(Life(), NOW, more=more), events)
	life = ignore(Life(), NOW, more=more)
	for start in range(0, len(events), parts):
		life = after_events(life, events[start : start + parts])
	assert life == whole
	assert (whole.status == OPEN) == (sum(hour > 0 for hour in hours) >= more)


REFUSED = [
	("resolved twice", lambda life: resolve(resolve(life, NOW), NOW), "is Resolved already"),
	("no version", lambda life: resolve(life, NOW, in_version="next one"), "must be a version"),
	("open already", lambda life: reopen(life, NOW), "is Open already"),
	("ignored twice", lambda life: ignore(ignore(life, NOW), NOW), "is Ignored already"),
	("the past", lambda life: ignore(life, NOW, until=NOW), "must lie ahead"),
	("no events", lambda life: ignore(life, NOW, more=0), "from 1 to"),
]


@pytest.mark.parametrize("row", REFUSED, ids=[row[0] for row in REFUSED])
def test_decisions_that_make_no_sense_are_refused(row: tuple) -> None:
	with pytest.raises(BadArgument, match=row[2]):
		row[1](Life())


def test_other_terms_replace_a_decision() -> None:
	assert ignore(ignore(Life(), NOW), NOW, more=5).ignored_left == 5
	assert resolve(ignore(Life(), NOW, more=5), NOW).status == RESOLVED
	assert resolve(resolve(Life(), NOW), NOW, in_version="2.0").status == RESOLVED_IN
	assert reopen(resolve(Life(), NOW), NOW).resolved is None


def test_versions_are_compared_as_numbers() -> None:
	ordered = [
		"0.9",
		"1.0.0-beta.1",
		"1.0.0-rc1",
		"1.0",
		"1.0.1",
		"1.9",
		"1.10",
		"15.41.0",
		"16.0.0-dev",
		"16.0.0",
	]
	for first, second in pairwise(ordered):
		assert runs_at_most(first, second), (first, second)
		assert not runs_at_most(second, first), (second, first)
	assert runs_at_most("v2", "2.0")
	assert not runs_at_most("abc", "2.0")


def test_the_version_of_the_app_at_fault_is_taken() -> None:
	facets = (("Role", "Treasurer"), ("App Version", "frappe 15.41.0"), ("App Version", "club 1.4.0"))
	assert app_version(facets, "club") == "1.4.0"
	assert app_version(facets, "other") is None
	assert app_version(facets, None) is None
