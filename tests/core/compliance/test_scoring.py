"""Scores: what they promise, whatever the answers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verenigingen.core.compliance.model import (
	Certainty,
	Finding,
	Result,
	Rule,
	RuleSet,
	Severity,
	State,
	judged,
	unknown,
)
from verenigingen.core.compliance.scoring import AREA_CAP, AREA_WEIGHTS, OVERALL_CAP, Answer, gain, score


def rule(number: str, area: str = "sepa", severity: Severity = Severity.HIGH) -> Rule:
	return Rule(number, area, severity, "title", "source", Certainty.OFFICIAL, (), "action", "authority")


@st.composite
def answers(draw: st.DrawFn) -> list[Answer]:
	made = []
	for place in range(draw(st.integers(0, 12))):
		number = f"R-{place:02d}"
		state = draw(st.sampled_from(list(State)))
		applicable = draw(st.integers(1, 50))
		failed = draw(st.integers(1, applicable)) if state is State.FAIL else 0
		if state in (State.PASS, State.FAIL):
			result = Result(number, state, "", applicable, failed)
		else:
			result = Result(number, state, "")
		area, severity = draw(st.sampled_from(list(AREA_WEIGHTS))), draw(st.sampled_from(list(Severity)))
		made.append((rule(number, area, severity), result))
	return made


@given(answers(), st.integers(0, 2**32))
def test_any_order_gives_the_same_scores(found: list[Answer], seed: int) -> None:
	mixed = found[:]
	random.Random(seed).shuffle(mixed)
	assert score(mixed) == score(found)


@given(answers())
def test_scores_lie_between_0_and_100_and_within_their_band(found: list[Answer]) -> None:
	scores = score(found)
	for one in (scores.overall, *scores.areas.values()):
		if one.coverage is not None:
			assert 0 <= one.coverage <= 1
		if one.low is not None and one.high is not None:
			assert 0 <= one.low <= one.high + 1e-9 <= 100 + 1e-9
	for one in scores.areas.values():
		if one.value is not None:
			assert one.low is not None and one.high is not None
			assert one.low - 1e-9 <= one.value <= one.high + 1e-9


def broken_more(result: Result) -> Result:
	return Result(result.number, State.FAIL, "", result.applicable, result.failed + 1)


@given(answers(), st.data())
def test_one_more_violation_never_raises_a_score_and_lowers_it_unless_it_is_capped(
	found: list[Answer], data: st.DataObject
) -> None:
	places = [
		place
		for place, (_, result) in enumerate(found)
		if result.state in (State.PASS, State.FAIL) and result.failed < result.applicable
	]
	if not places:
		return
	place = data.draw(st.sampled_from(places))
	worse = found[:]
	worse[place] = (found[place][0], broken_more(found[place][1]))
	area = found[place][0].area
	for before, after, cap in (
		(score(found).areas[area], score(worse).areas[area], AREA_CAP),
		(score(found).overall, score(worse).overall, OVERALL_CAP),
	):
		assert (before.value is None) == (after.value is None)
		if before.value is not None and after.value is not None:
			assert after.value <= before.value
			inside = (
				score(found).areas[area].value is not None
			)  # an area without a score does not count in the whole
			if inside and not before.capped and not (after.capped and before.value <= cap):
				assert after.value < before.value


@given(answers(), st.data())
def test_repairing_never_lowers_a_score(found: list[Answer], data: st.DataObject) -> None:
	broken = [one.number for one, result in found if result.state in (State.FAIL, State.ERROR)]
	if broken:
		gained = gain(found, data.draw(st.sampled_from(broken)))
		assert gained is None or gained >= 0


def test_nothing_to_judge_is_no_score() -> None:
	assert score([]).overall.value is None
	empty = score(
		[(rule("A"), judged("A", 0, [], "mandates")), (rule("B", "security"), unknown("B", "no table"))]
	)
	assert empty.overall.value is None and "INSUFFICIENT_DATA" in empty.overall.reason
	assert empty.areas["sepa"].coverage is None
	assert (empty.areas["security"].low, empty.areas["security"].high) == (0, 100)


def test_an_area_judged_by_less_than_three_fifths_has_no_score() -> None:
	known = (rule("A", severity=Severity.MEDIUM), judged("A", 10, [], "mandates"))
	hidden = (rule("B", severity=Severity.MEDIUM), unknown("B", "no table"))
	found = score([known, hidden])
	assert found.areas["sepa"].value is None and found.areas["sepa"].coverage == 0.5
	assert (found.areas["sepa"].low, found.areas["sepa"].high) == (50, 100)


def test_an_open_critical_failure_cannot_be_averaged_away() -> None:
	good = [(rule(f"G{place}"), judged(f"G{place}", 1_000, [], "mandates")) for place in range(50)]
	bad = (
		rule("K", severity=Severity.CRITICAL),
		judged("K", 100_000, [Finding("SEPA Mandate", "M-1", "bad")], "mandates"),
	)
	found = score([*good, bad])
	assert found.areas["sepa"].value == AREA_CAP and found.overall.value == AREA_CAP
	other = [(rule(f"S{place}", "security"), judged(f"S{place}", 1, [], "settings")) for place in range(5)]
	others = [
		(rule(f"P{area}", area), judged(f"P{area}", 1, [], "settings"))
		for area in ("privacy", "retention", "audit_trail")
	]
	assert score([*good, bad, *other, *others]).overall.value == OVERALL_CAP
	assert gain([*good, bad, *other, *others], "K") == pytest.approx(100 - OVERALL_CAP)


def test_an_approved_exception_counts_neither_way_and_a_crash_counts_as_broken() -> None:
	kept = (rule("A"), judged("A", 4, [], "mandates"))
	excused = (rule("B", severity=Severity.CRITICAL), Result("B", State.EXCEPTION, "approved until 2027"))
	assert score([kept, excused]).areas["sepa"].value == 100
	assert score([kept, (rule("C"), Result("C", State.ERROR, "crashed"))]).areas["sepa"].value == 50


def test_bad_answers_are_refused() -> None:
	with pytest.raises(ValueError, match="twice"):
		score([(rule("A"), unknown("A", "")), (rule("A"), unknown("A", ""))])
	with pytest.raises(ValueError, match="no weight"):
		score([(rule("A", "weather"), unknown("A", ""))])
	with pytest.raises(ValueError, match="cannot have failed"):
		Result("A", State.FAIL, "", 1, 2)
	with pytest.raises(ValueError, match="0 failures"):
		Result("A", State.FAIL, "", 3, 0)


def test_a_rule_set_is_known_by_its_words() -> None:
	one = RuleSet("sepa", "2026-11-15", (rule("A"), rule("B")))
	same = RuleSet("sepa", "2026-11-15", (rule("B"), rule("A")))
	other = RuleSet("sepa", "2026-11-15", (rule("A"), rule("B", severity=Severity.LOW)))
	assert one.version == "sepa@2026-11-15"
	assert one.digest == same.digest != other.digest
	with pytest.raises(ValueError, match="twice"):
		RuleSet("sepa", "2026-11-15", (rule("A"), rule("A")))
