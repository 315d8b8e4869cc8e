"""What the clock lets one expect: the same time of the days before, or of the weeks before once that is better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verenigingen.core.anomaly.rolling import Values, mean_until, median_before

DAY, WEEK = 86_400.0, 604_800.0
DAYS, WEEKS = 7, 4  # periods looked back
_BETTER = 0.8  # the weekly profile is used once its error is below this share of the daily one's
_STEP_SAMPLE = 100  # first differences that tell the step
_LEAST_SLOTS = 4  # a period of fewer steps has no profile
_MOST_SLOTS = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
	"""Places of the points on an even grid: slot of each point, mean value of each slot's neighbourhood is read from it.

	step: seconds between slots; day: slots of a day (at least 1).
	"""

	step: float
	slot: NDArray[np.int64]
	day: int


def clock_of(times: Values) -> Clock:
	"""The grid of ascending times (seconds): its step is the usual one of the first points, so that later ones move nothing."""
	steps = np.diff(times[: _STEP_SAMPLE + 1])
	steps = steps[steps > 0]
	step = float(np.median(steps)) if len(steps) else 1.0
	span = float(times[-1] - times[0]) if len(times) else 0.0
	step = max(step, span / _MOST_SLOTS)
	slot = np.round((times - times[0]) / step).astype(np.int64) if len(times) else np.zeros(0, np.int64)
	return Clock(step, slot, max(1, round(DAY / step)))


def profile(clock: Clock, values: Values, period: int, back: int) -> Values:
	"""The median of the values at the same time of the last `back` periods (NaN where none is known)."""
	slots = int(clock.slot[-1]) + 1
	sums, counts = np.zeros(slots), np.zeros(slots)
	np.add.at(sums, clock.slot, values)
	np.add.at(counts, clock.slot, 1.0)
	half = max(1, period // 48) if period > 24 else 1
	half = min(half, max(1, clock.day // 48), (period - 1) // 2)
	near = _around(sums, half)
	many = _around(counts, half)
	mean = np.where(many > 0.5, near / np.maximum(many, 1.0), np.nan)
	seen = np.full((back, len(values)), np.nan)
	for index in range(back):
		at = clock.slot - (index + 1) * period
		inside = at >= 0
		seen[index, inside] = mean[at[inside]]
	seen.sort(axis=0)  # NaN last
	known = np.isfinite(seen).sum(axis=0)
	column = np.arange(len(values))
	low, high = seen[np.maximum(known - 1, 0) // 2, column], seen[known // 2 % back, column]
	return np.where(known > 0, (low + np.where(known > 1, high, low)) / 2, np.nan)


def _around(values: Values, half: int) -> Values:
	"""Sums over each place and `half` places on either side."""
	total = np.concatenate(([0.0], np.cumsum(values)))
	place = np.arange(len(values))
	return total[np.minimum(place + half + 1, len(values))] - total[np.maximum(place - half, 0)]


def expected_by_season(clock: Clock, values: Values, width: int) -> tuple[Values, Values, NDArray[np.bool_]]:
	"""What time of day, and what time of week, with the level of the last day let one expect; and where the week does so
	better, by what was seen until then.

	width: points of a day. NaN where no earlier period is known.
	"""
	daily = _levelled(clock, values, clock.day, DAYS, width)
	weekly = _levelled(clock, values, round(WEEK / clock.step), WEEKS, width)
	worse = _error(values, daily, width)
	better = _error(values, weekly, width)
	verdict = np.where(better < _BETTER * worse, 1, np.where(better > worse, -1, 0))
	decided = np.maximum.accumulate(np.where(verdict != 0, np.arange(len(values)), 0))
	return daily, weekly, (verdict[decided] == 1) & np.isfinite(weekly)


def _levelled(clock: Clock, values: Values, period: int, back: int, width: int) -> Values:
	if period < _LEAST_SLOTS or not len(values) or clock.slot[-1] < period:
		return np.full(len(values), np.nan)
	base = profile(clock, values, period, back)
	known = np.isfinite(base)
	if not known.any():
		return base
	first = int(np.argmax(known))
	rest = np.where(known, values - base, 0.0)[first:]
	level = median_before(rest, width)
	level[0] = 0.0
	base[first:] += level
	return base


def _error(values: Values, expected: Values, width: int) -> Values:
	"""Mean absolute error of the last week before each place; infinite before half a week is known."""
	miss = np.abs(values - expected)
	known = np.isfinite(miss)
	counts = mean_until(known.astype(np.float64), 7 * width) * np.minimum(
		np.arange(1, len(values) + 1), 7 * width
	)
	mean = np.where(counts >= 3.5 * width, mean_until(miss, 7 * width), np.inf)
	return np.concatenate(([np.inf], mean[:-1]))
