"""From the answers of checks to scores that say what they rest on.

A check counts with the share of its records that keep the rule, weighted by severity; records are not weighed, so that
ten thousand good mandates do not drown one open permission. What could not be judged (UNKNOWN) lowers the coverage and
widens the band instead of the score; a check that crashed counts as broken, as in XCCDF. An open failure of a critical
rule caps the area below 70 and the whole below the alert line of 80: averages cannot hide it. An approved exception
neither raises nor lowers the score and is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .model import Result, Rule, Severity, State

AREA_CAP, OVERALL_CAP = 69.0, 79.0  # with an open critical failure
LEAST_COVERAGE = 0.6
AREA_WEIGHTS: Mapping[str, float] = {
	"sepa": 30.0,
	"audit_trail": 25.0,
	"privacy": 15.0,
	"retention": 15.0,
	"security": 15.0,
}
SCORED = (State.PASS, State.FAIL, State.ERROR)

Answer = tuple[Rule, Result]


@dataclass(frozen=True, slots=True)
class Score:
	"""A score of 0 to 100, None where too little was judged; coverage 0 to 1 (None: nothing applies); the band that the
	score would lie in if all that is unknown were broken, or kept; whether a critical failure caps it, or would cap the low
	end of the band; and what it rests on."""

	value: float | None
	coverage: float | None
	low: float | None
	high: float | None
	capped: bool
	low_capped: bool
	reason: str


@dataclass(frozen=True, slots=True)
class Scores:
	"""The overall score and that of each area."""

	overall: Score
	areas: dict[str, Score]


def score(answers: Sequence[Answer], weights: Mapping[str, float] = AREA_WEIGHTS) -> Scores:
	"""Scores of all answers, whatever their order.

	Args: rules with what their checks answered; weight of each area in the overall score (areas without answers are left
	out). Raises ValueError for an area without a weight, or a rule that is answered twice.
	"""
	by_area: dict[str, list[Answer]] = {}
	seen: set[str] = set()
	for rule, result in sorted(answers, key=lambda answer: answer[0].number):
		if rule.number in seen:
			raise ValueError(f"{rule.number} is answered twice")
		if rule.area not in weights:
			raise ValueError(f"area {rule.area} has no weight")
		seen.add(rule.number)
		by_area.setdefault(rule.area, []).append((rule, result))
	areas = {area: _area(found) for area, found in by_area.items()}
	return Scores(_overall(areas, weights), areas)


def gain(answers: Sequence[Answer], number: str, weights: Mapping[str, float] = AREA_WEIGHTS) -> float | None:
	"""How many points the overall score gains when the failure of one rule is repaired: computed again without it.
	None where there is no score before or after. Raises KeyError for a rule that was not answered."""
	if number not in {rule.number for rule, _ in answers}:
		raise KeyError(number)
	repaired = [(rule, _kept(result) if rule.number == number else result) for rule, result in answers]
	before, after = score(answers, weights).overall.value, score(repaired, weights).overall.value
	return None if before is None or after is None else after - before


def _kept(result: Result) -> Result:
	return Result(result.number, State.PASS, result.reason, max(1, result.applicable))


def _area(answers: Sequence[Answer]) -> Score:
	applicable = [answer for answer in answers if answer[1].state is not State.NOT_APPLICABLE]
	if not applicable:
		return Score(
			None, None, None, None, False, False, "INSUFFICIENT_DATA: nothing here applies to this site."
		)
	scored = [answer for answer in applicable if answer[1].state in SCORED]
	unseen = [rule for rule, result in applicable if result.state is State.UNKNOWN]
	coverage = 1.0 - _weight(unseen) / _weight(rule for rule, _ in applicable)
	capped = any(is_open_critical(rule, result) for rule, result in scored)
	reached = sum(rule.severity.value * result.value for rule, result in scored)
	known, missing = _weight(rule for rule, _ in scored), _weight(unseen)
	low_capped = capped or any(rule.severity is Severity.CRITICAL for rule in unseen)
	if not known:
		why = f"INSUFFICIENT_DATA: none of the {len(applicable)} rules that apply could be judged."
		low, high = (0.0, 100.0) if unseen else (None, None)
		return Score(None, coverage, low, high, False, low_capped, why)
	low = _limited(100 * reached / (known + missing), low_capped, AREA_CAP)
	high = _limited(100 * (reached + missing) / (known + missing), capped, AREA_CAP)
	if coverage < LEAST_COVERAGE:
		why = f"INSUFFICIENT_DATA: {coverage:.0%} of what applies could be judged; {LEAST_COVERAGE:.0%} are needed."
		return Score(None, coverage, low, high, capped, low_capped, why)
	reason = f"{len(scored)} rules judged, {len(unseen)} unknown"
	reason += "; an open critical failure caps the score" if capped else ""
	return Score(
		_limited(100 * reached / known, capped, AREA_CAP), coverage, low, high, capped, low_capped, reason
	)


def _overall(areas: Mapping[str, Score], weights: Mapping[str, float]) -> Score:
	applying = {area: found for area, found in areas.items() if found.coverage is not None}
	whole = sum(weights[area] for area in applying)
	if not whole:
		return Score(None, None, None, None, False, False, "INSUFFICIENT_DATA: no rule applies to this site.")
	coverage = sum(weights[area] * (found.coverage or 0.0) for area, found in applying.items()) / whole
	capped = any(found.capped for found in applying.values())
	low_capped = any(found.low_capped for found in applying.values())
	ends = {area: found for area, found in applying.items() if found.low is not None}
	within = sum(weights[area] for area in ends)
	low = _limited(_mean(ends, weights, "low"), low_capped, OVERALL_CAP) if within else None
	high = _limited(_mean(ends, weights, "high"), capped, OVERALL_CAP) if within else None
	known = {area: found.value for area, found in applying.items() if found.value is not None}
	if not known or coverage < LEAST_COVERAGE:
		why = f"INSUFFICIENT_DATA: {coverage:.0%} of what applies could be judged; {LEAST_COVERAGE:.0%} are needed."
		return Score(None, coverage, low, high, capped, low_capped, why)
	mean = sum(weights[area] * value for area, value in known.items()) / sum(weights[area] for area in known)
	left = sorted(set(applying) - set(known))
	reason = f"areas weighed: {', '.join(sorted(known))}" + (f"; without {', '.join(left)}" if left else "")
	reason += "; an open critical failure caps the score" if capped else ""
	return Score(_limited(mean, capped, OVERALL_CAP), coverage, low, high, capped, low_capped, reason)


def _mean(areas: Mapping[str, Score], weights: Mapping[str, float], end: str) -> float:
	total = sum(weights[area] * (getattr(found, end) or 0.0) for area, found in areas.items())
	return total / sum(weights[area] for area in areas)


def is_open_critical(rule: Rule, result: Result) -> bool:
	"""Whether this is a failure of a critical rule that nobody approved."""
	return rule.severity is Severity.CRITICAL and result.state is State.FAIL


def _weight(rules: Iterable[Rule]) -> float:
	return sum(rule.severity.value for rule in rules)


def _limited(value: float, capped: bool, cap: float) -> float:
	return min(value, cap) if capped else value
