"""Which daily series really grow: tested together, so that watching many of them does not find trends by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from verenigingen.core.forecast import Growth, fit_growth
from verenigingen.services.capacity import insufficient
from verenigingen.services.measures import DOWN, MEASURES, UP, Loaded
from verenigingen.services.series import Grid, Requests, Values
from verenigingen.services.wording import days, figure

FALSE_SHARE = 0.05  # of what is called a trend may be none (Benjamini and Hochberg)
MATERIAL = 0.05  # of the level, within the history: what grows less is of no use to know
RISING, FALLING, STEADY = "rising", "falling", "steady"


@dataclass(frozen=True, slots=True, eq=False)
class Course:
	"""A daily series with its growth: `where` names its endpoint, or is empty."""

	key: str
	title: str
	unit: str
	worse: str
	where: str
	growth: Growth
	span: int  # days from the first known to the last
	mean: float

	@property
	def change(self) -> float:
		"""What the slope adds up to within the history, relative to where it began."""
		began = abs(self.growth.level - self.growth.slope * self.span)
		return self.growth.slope * self.span / began if began > 0 else 0.0


def courses(loaded: Loaded, endpoints: dict[str, Requests]) -> list[Course]:
	"""Every series with days enough: the measures, and the median response time of each endpoint."""
	found = []
	for measure in MEASURES:
		found += _course(
			loaded.grid, measure.read(loaded), measure.key, measure.title, measure.unit, measure.worse
		)
	for endpoint, measured in endpoints.items():
		title = f"Median response time of {endpoint}"
		found += _course(loaded.grid, measured.p50 * 1e3, "endpoint_p50_ms", title, "ms", UP, endpoint)
	return found


def _course(
	grid: Grid, values: Values, key: str, title: str, unit: str, worse: str, where: str = ""
) -> list[Course]:
	if insufficient(values, grid):
		return []
	known = np.flatnonzero(np.isfinite(values))
	mean = float(values[known].mean())
	return [Course(key, title, unit, worse, where, fit_growth(values), int(known[-1] - known[0]), mean)]


def directions(found: list[Course]) -> list[str]:
	"""RISING, FALLING or STEADY for each: by the procedure of Benjamini and Hochberg on the doubts, and only where it is
	material."""
	doubts = [course.growth.doubt() for course in found]
	ranked = sorted(doubts)
	passing = [value for rank, value in enumerate(ranked, 1) if value <= FALSE_SHARE * rank / len(ranked)]
	limit = max(passing, default=-1.0)
	return [_direction(course, doubt <= limit) for course, doubt in zip(found, doubts, strict=True)]


def _direction(course: Course, sure: bool) -> str:
	if not sure or abs(course.change) < MATERIAL:
		return STEADY
	return RISING if course.growth.slope > 0 else FALLING


def trend_row(course: Course, direction: str) -> dict[str, Any]:
	"""What is known of a series' trend: {"direction", "change_per_day", "interval_95", "change_ratio", "days", "doubt",
	"statement"}. doubt: probability that the sign of the slope is wrong, before the correction for many series."""
	low, high = course.growth.slope_range()
	return {
		"direction": direction,
		"change_per_day": course.growth.slope,
		"interval_95": [low, high],
		"change_ratio": course.change,
		"days": course.span + 1,
		"doubt": course.growth.doubt(),
		"statement": sentence(course, direction),
	}


def sentence(course: Course, direction: str) -> str:
	"""The trend in words with its figures."""
	growth, span = course.growth, days(course.span + 1)
	if direction == STEADY:
		return f"{course.title} shows no trend within {span}; about {figure(course.mean, course.unit)}."
	low, high = sorted(abs(edge) for edge in growth.slope_range())
	verb = "rises" if direction == RISING else "falls"
	began = growth.level - growth.slope * course.span
	return (
		f"{course.title} {verb} by {figure(abs(growth.slope), course.unit)} a day (95 %: {figure(low, course.unit)} to"
		f" {figure(high, course.unit)}): from {figure(began, course.unit)} to {figure(growth.level, course.unit)} within"
		f" {span} ({course.change:+.1%})."
	)


def trend_alerts(found: list[Course], verdicts: list[str]) -> list[dict[str, Any]]:
	"""An alert for each series that grows in its bad direction, the largest change first."""
	bad = {UP: RISING, DOWN: FALLING}
	alerts = []
	for course, verdict in zip(found, verdicts, strict=True):
		if bad.get(course.worse) == verdict:
			row = trend_row(course, verdict)
			alerts.append(
				{
					"kind": "trend",
					"metric": course.key,
					"endpoint": course.where or None,
					"title": course.title,
					"severity": "medium",
					"statement": row.pop("statement"),
					"evidence": row,
				}
			)
	return sorted(alerts, key=lambda alert: -abs(alert["evidence"]["change_ratio"]))
