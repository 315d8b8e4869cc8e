"""A series looked at in five ways, each in units of surprise: jump, level, season, variability, trend.

jump: the step from one value to the next; level: the distance from the median of the last day; season: the distance
from what time of day or week lets one expect; variability: how much neighbouring values differ; trend: how far the
day's median moved within a day. Level and season also as means over an hour and an eighth of a day: what is small but
stays. Ups and downs are judged apart, as a series that often jumps up may never fall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verenigingen.core.anomaly.rolling import Values, largest_until, later, mean_until, median_before
from verenigingen.core.anomaly.season import clock_of, expected_by_season
from verenigingen.core.anomaly.surprise import tail_of

BLOCKS = 6  # of a day
SPANS = (0.0, 1 / 24, 1 / 8)  # of a day; the first stands for single values
WARM_DAYS = 2  # that must be known before a view surprises
LEAST_WIDTH = 8  # points that stand for a day where a day has fewer
_NOTHING = 1e-3  # of the usual size of the values: a change too small to matter
_LITTLE_STEP = 1e-4  # of the usual size of the values: steps too small to speak of variability
_LITTLE_CHANGE = 0.1  # of the logarithm of the variability
_STILL = 0.01  # of the long-run variability: less counts as no variability


@dataclass(frozen=True, slots=True, eq=False)
class View:
	"""One way of looking: decades of surprise, the span of points it was found over, its direction (1 up, -1 down), and
	the score that is still usual: over that span, and of single values."""

	decades: Values
	span: NDArray[np.int64]
	sign: NDArray[np.int64]
	usual: Values
	usual_single: Values


@dataclass(frozen=True, slots=True, eq=False)
class Views:
	"""All ways of looking at a series. width: points of a day; expected: by season where known, else the level;
	weekly: where the week's profile was used; seasonal: where a season's profile was."""

	width: int
	step: float
	jump: View
	level: View
	season: View
	variability: View
	trend: View
	median: Values
	expected: Values
	seasonal: NDArray[np.bool_]
	weekly: NDArray[np.bool_]


def look(times: Values, values: Values) -> Views:
	"""All views of a series: ascending times in seconds, values without NaN. What is said of a point rests on it and the
	points before it alone."""
	clock = clock_of(times)
	width = max(LEAST_WIDTH, clock.day)
	count = len(values)
	usual_size = np.cumsum(np.abs(values)) / np.arange(1, count + 1)
	nothing = _NOTHING * usual_size + np.finfo(np.float64).tiny
	median = median_before(values, width)
	by_day, by_week, weekly = expected_by_season(clock, values, width)
	season = np.where(weekly, by_week, by_day)
	step = np.concatenate(([np.nan], np.diff(values)))
	grain = _grain(step)
	variability = _variability(step, width, _LITTLE_STEP * usual_size)
	fixed = np.full(count, _LITTLE_CHANGE)
	seasonal = np.isfinite(season)
	return Views(
		width,
		clock.step,
		_view(step, (1,), width, nothing, grain),
		_view(values - median, _points(width), width, nothing, grain),
		_either(
			weekly,
			_view(values - by_week, _points(width), width, nothing, grain),
			_view(values - by_day, _points(width), width, nothing, grain),
		),
		_view(variability, (1,), width, fixed, np.zeros(count)),
		_view(median - later(median, width), (1,), width, nothing, grain),
		median,
		np.where(seasonal, season, median),
		seasonal,
		weekly,
	)


def _points(width: int) -> tuple[int, ...]:
	return tuple(sorted({max(1, round(span * width)) for span in SPANS}))


def variability_span(width: int) -> int:
	"""Steps whose mean is the present variability."""
	return max(4, round(width / 8))


def _variability(step: Values, width: int, nothing: Values) -> Values:
	"""Logarithm of the mean step of the last eighth of a day over that of the whole past."""
	size = np.abs(np.nan_to_num(step))
	usual = np.cumsum(size) / np.arange(1, len(size) + 1)
	span = variability_span(width)
	recent = mean_until(size, span)
	floor = nothing + np.finfo(np.float64).tiny
	change: Values = np.log((recent + _STILL * usual + floor) / (usual + floor))
	change[:span] = np.nan
	return change


def _view(rest: Values, spans: tuple[int, ...], width: int, nothing: Values, grain: Values) -> View:
	count = len(rest)
	block = max(1, width // BLOCKS)
	warm = max(8, WARM_DAYS * width // block)
	decades, usual, single = np.zeros(count), np.full(count, np.nan), np.full(count, np.nan)
	span, sign = np.ones(count, np.int64), np.ones(count, np.int64)
	for points in spans:
		mean = np.where(np.isfinite(rest), mean_until(rest, points), np.nan)
		for direction in (1, -1):
			score = np.where(np.isnan(mean), np.nan, np.maximum(direction * mean, 0.0))
			tail = tail_of(score, block, warm, nothing, grain / points)
			found = tail.decades(score)
			more = found > decades
			decades[more] = found[more]
			span[more], sign[more], usual[more] = points, direction, tail.usual[more]
			if points == spans[0]:
				single = np.fmax(single, tail.usual)
	return View(decades, span, sign, np.where(np.isnan(usual), single, usual), single)


def _either(first: NDArray[np.bool_], one: View, other: View) -> View:
	"""The one view where `first`, else the other: each is judged by its own past."""
	return View(
		np.where(first, one.decades, other.decades),
		np.where(first, one.span, other.span),
		np.where(first, one.sign, other.sign),
		np.where(first, one.usual, other.usual),
		np.where(first, one.usual_single, other.usual_single),
	)


def _grain(step: Values) -> Values:
	"""The smallest step before each place that was not 0; 0 before there was one."""
	size = np.abs(step)
	least = np.fmin.accumulate(np.where(size > 0, size, np.inf))
	return np.concatenate(([0.0], np.where(np.isfinite(least), least, 0.0)[:-1]))


def recent(view: View, width: int) -> Values:
	"""The view's surprise, kept for an hour (a 24th of a day), so that views that notice one after the other add up."""
	return largest_until(view.decades, max(1, width // 24))
