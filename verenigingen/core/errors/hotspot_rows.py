"""Judges the values of a dimension (apps, roles, files, …) against their own past and against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .excess import RISE_FACTOR, Rise, rises, share_interval, significant
from .hotspot_text import reasons, section_statement
from .scan import Usual
from .severity import KIND_POINTS, score_severity
from .standing import Severity
from .window import Observed

CONCENTRATED = 1 / 3  # of all errors, by the lower end of the interval
ENOUGH = 10  # events
LISTED = 10
TOP_ISSUES = 3

Days = NDArray[np.float64]


class Group(NamedTuple):
	"""A value of a dimension: daily counts of all days of the window, and events of the period by issue's position."""

	value: str
	days: Days
	issues: dict[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Dimension:
	"""What groups are made of: the name in the report, what one and several are called, the groups, the daily events
	that shares are of and what those are called, the index of the first day on which values were recorded; or the
	reason why nothing is known."""

	name: str
	one: str
	many: str
	groups: Sequence[Group]
	totals: Days
	of: str = "all errors"
	since: int = 0
	reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
	"""What all dimensions are judged by: the window, days of the period, the usual hours, severities and users by issue, how much of each
	day was observed (0 to 1), distinct users with any error in the period."""

	seen: Observed
	period: int
	usual: Usual | None
	severities: Sequence[Severity]
	people: Mapping[str, frozenset[str]]
	weight: Days
	users_total: int | None


def judged(look: Look, dimensions: Sequence[Dimension]) -> dict[str, dict[str, Any]]:
	"""The section of every dimension; whether counts rose is decided over all of them together."""
	weekdays = (look.seen.window.first_day.weekday() + np.arange(len(look.weight))) % 7
	found: list[Rise | None] = []
	for dimension in dimensions:
		weight = np.where(np.arange(len(look.weight)) < dimension.since, 0.0, look.weight)
		counts = _matrix(dimension.groups, len(weight))
		found.append(rises(counts, weight, weekdays, look.period) if len(counts) else None)
	holds = significant(np.concatenate([np.zeros(0), *(rise.p_value for rise in found if rise)]))
	sections, start = {}, 0
	for dimension, rise in zip(dimensions, found, strict=True):
		size = len(dimension.groups) if rise else 0
		sections[dimension.name] = _section(look, dimension, rise, holds[start : start + size])
		start += size
	return sections


def _matrix(groups: Sequence[Group], days: int) -> Days:
	return np.stack([group.days for group in groups]) if groups else np.zeros((0, days))


def _section(look: Look, dimension: Dimension, rise: Rise | None, holds: NDArray[np.bool_]) -> dict[str, Any]:
	if dimension.reason:
		return {
			"status": "unknown",
			"statement": f"Not known: {dimension.reason}.",
			"total": None,
			"rows": [],
		}
	here = slice(-look.period, None)
	counts, totals = _matrix(dimension.groups, len(look.weight))[:, here], dimension.totals[here]
	happened = np.flatnonzero(counts.sum(axis=1))
	interval = share_interval(counts, totals) if len(happened) else None
	own = counts.sum(axis=1)
	rose = np.zeros(len(counts), dtype=np.bool_)
	if rise is not None:
		rose = holds & (rise.events >= RISE_FACTOR * rise.expected)
	dense = np.zeros(len(counts), dtype=np.bool_)
	if interval is not None and len(happened) > 2:
		dense = (own >= ENOUGH) & (interval[0] >= CONCENTRATED)
	out = rose | dense | _acute(look, dimension)
	# what stands out, then the largest; only what is shown is worked out
	order = sorted(map(int, happened), key=lambda i: (not out[i], -own[i], dimension.groups[i].value))
	kept = order[: max(LISTED, int(out[happened].sum()))]
	rows = []
	for index in kept:
		share = (float(interval[0][index]), float(interval[1][index])) if interval else None
		figures = _figures(int(own[index]), float(totals.sum()), share, rise, index)
		marks = {"stands_out": bool(out[index]), "rising": None, "concentrated": bool(dense[index])}
		if rise is not None:
			marks["rising"] = bool(rose[index])
		rows.append(_row(look, dimension, dimension.groups[index], figures | marks))
	known = rise is not None or not len(happened)
	said = section_statement(dimension.many, rows, len(order), int(totals.sum()), dimension.of, known)
	return {"status": "ok", "statement": said, "total": len(order), "rows": rows}


def _acute(look: Look, dimension: Dimension) -> NDArray[np.bool_]:
	"""Which groups are a critical issue."""
	critical = np.zeros(len(dimension.groups), dtype=np.bool_)
	if dimension.name == "issues":
		for place, group in enumerate(dimension.groups):
			critical[place] = any(look.severities[index].level == "critical" for index in group.issues)
	return critical


def _figures(
	count: int, total: float, share: tuple[float, float] | None, rise: Rise | None, index: int
) -> dict[str, Any]:
	figures: dict[str, Any] = {
		"count": count,
		"share": round(count / total, 4) if total else None,
		"share_interval_95": [round(end, 4) for end in share] if share else None,
		"usual": None,
		"ratio": None,
		"ratio_interval_95": None,
	}
	if rise is not None:
		expected = float(rise.expected[index])
		figures["usual"] = round(expected, 2) if rise.before[index] else 0.0
		if rise.before[index]:  # to nothing there is no ratio
			figures["ratio"] = round(count / expected, 2)
			figures["ratio_interval_95"] = [round(float(end[index]), 2) for end in (rise.low, rise.high)]
	return figures


def _row(look: Look, dimension: Dimension, group: Group, figures: dict[str, Any]) -> dict[str, Any]:
	row: dict[str, Any] = {
		"dimension": dimension.name,
		"kind": dimension.one,
		"value": group.value,
		**figures,
		"share_of": dimension.of,
		**severity_fields(
			severity_of(look, group.issues, bool(figures["rising"]), one=dimension.name == "issues")
		),
		**top_issues(look, group.issues),
	}
	return row | {"reasons": reasons(row)}


def severity_fields(severity: Severity) -> dict[str, Any]:
	"""A severity as a report shows it."""
	return {
		"severity": severity.level,
		"severity_score": severity.score,
		"severity_parts": severity.parts,
		"severity_reason": severity.reason,
	}


def severity_of(
	look: Look, events: Mapping[int, int], rising: bool, ended: datetime | None = None, one: bool = False
) -> Severity:
	"""Of one issue its own severity; of several the score of their events together. `ended`: of those until then; whom
	just these hit is not known. `one`: they are those of an issue by itself, which has one severity wherever it is named."""
	issues = look.seen.issues
	own = [look.severities[index] for index in events]
	if ended is None and len(own) == 1 and (one or own[0].parts["change"] or not rising):
		return own[0]
	total = sum(events.values())
	points = sum(KIND_POINTS.get(issues[i].severity, KIND_POINTS["medium"]) * n for i, n in events.items())
	last = [moment for i in events if (moment := issues[i].last_seen) is not None]
	met = [look.people.get(issues[i].name, frozenset()) for i in events] if ended is None else []
	users = frozenset[str]().union(*met)
	back = any(issues[i].status.lower() == "regressed" for i in events)
	return score_severity(
		points / total if total else KIND_POINTS["medium"],
		kind="mean kind of its events" if total else "kind not known",
		age=max(timedelta(0), look.seen.window.now - (ended or max(last))) if last else None,
		users=len(users) or None,
		users_total=look.users_total,
		change="regressed" if back else "rising" if rising else "",
	)


def top_issues(look: Look, events: Mapping[int, int]) -> dict[str, Any]:
	"""How many issues there are, and those with most events."""
	ranked = sorted(events, key=lambda i: (-events[i], look.seen.issues[i].name))[:TOP_ISSUES]
	named = [look.seen.issues[i] for i in ranked]
	return {
		"issues": len(events),
		"top_issues": [
			{"issue": facts.name, "title": facts.title, "culprit": facts.culprit, "count": events[i]}
			for i, facts in zip(ranked, named, strict=True)
		],
	}
