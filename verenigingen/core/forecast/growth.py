"""Slow growth of daily values: how steep it is, and when it may reach a limit, both with what is not known about them.

A local line (level, slope and noise, after Harvey) of which it is not known how much of the movement is noise and how
much the level's own wandering: every mixture of a grid is filtered side by side, and each counts as much as the data
speak for it. A steady trend with noise and a random walk that only looks like one so get very different ranges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from .prepare import SHORTEST, TooLittleData, Values

WEEK = 7
WEEKS_TO_KNOW = 4  # whole weeks from which weekdays are told apart
OUTLIER = 4.0  # standard deviations at which a single miss is cut off: one bad day is no new slope
# Of the variance of a day's change: the part of the level itself (the rest is noise), and that of the slope.
WANDERS = (0.0, 0.001, 0.01, 0.03, 0.1, 0.3, 0.7, 1.0)
BENDS = (0.0, 1e-5, 1e-4, 1e-3)
# What is believed before the data speak: noise around a straight line is as likely as all wandering together, and
# a line that does not bend is what most growth is over some months.
WANDERS_PRIOR = (0.75, *(0.25 / 7,) * 7)
BENDS_PRIOR = (0.7, 0.1, 0.1, 0.1)
JUMP = 8.0  # times a day's usual change: what so changes for good within a day is an event, not growth
SIDE = 5  # days on each side whose medians must differ as well, or it was one bad day
RARE = 60  # days for each jump at most: where there are more, jumping is how the series grows
DIFFUSE = 1e7  # variance of what is not known at the start, in variances of a day's change
_NOISE = 1e-6  # a little observation noise always: keeps the filter's arithmetic sound


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
	"""Level and slope (per day) at the end of a series, for every mixture of the grid, and how likely each is.

	All arrays have one entry per mixture. `levels` and `slopes` are means, `spread` their covariance in units of the
	square of `size` (a day's change, with `freedom` degrees). weekday holds what a place in the week adds, beginning with
	the day after the last.
	"""

	weight: Values
	levels: Values
	slopes: Values
	spread: NDArray[np.float64]  # (mixtures, 2, 2)
	size: Values
	freedom: float
	wander: Values
	bend: Values
	weekday: Values
	known: int
	jumps: tuple[tuple[int, float], ...]  # (days before the end, by how much): what was not counted as growth

	@property
	def level(self) -> float:
		"""Where the series stands, without noise and weekday."""
		return float(self.weight @ self.levels)

	@property
	def slope(self) -> float:
		"""Steady change per day over the history: of the mixtures that do not bend."""
		return float(self._steady @ self.slopes)

	@property
	def _steady(self) -> Values:
		weight = np.where(self.bend == 0, self.weight, 0.0)
		return np.asarray(weight / weight.sum())

	def doubt(self) -> float:
		"""Probability that the slope has the other sign than `slope` says, twice: small when there is a trend."""
		error = self.size * np.sqrt(self.spread[:, 1, 1])
		below = float(self._steady @ stdtr(self.freedom, -self.slopes / np.maximum(error, 1e-300)))
		return float(min(1.0, 2 * min(below, 1 - below)))

	def slope_range(self, level: float = 0.95) -> tuple[float, float]:
		"""Interval of the slope: its mixtures' t intervals, joined by weight."""
		error = self.size * np.sqrt(self.spread[:, 1, 1])
		reach = float(stdtrit(self.freedom, (1 + level) / 2)) * error
		return float(self._steady @ (self.slopes - reach)), float(self._steady @ (self.slopes + reach))


def fit_growth(values: Values) -> Growth:
	"""Growth of one value a day, oldest first (NaN: not measured).

	Raises TooLittleData under SHORTEST known days.
	"""
	series = np.asarray(values, dtype=np.float64)
	known = np.isfinite(series)
	if known.sum() < SHORTEST:
		raise TooLittleData(
			f"{int(known.sum())} days are known, at least {SHORTEST} are needed to see growth"
		)
	series = series[int(np.argmax(known)) :]
	weekday = _weekdays(series)
	rest = series - np.resize(weekday, len(series))
	unit = _unit(rest)
	jumps = _jumps(rest, unit)
	wander, bend = (part.ravel() for part in np.meshgrid(WANDERS, BENDS, indexing="ij"))
	mean, spread, fit, scale, freedom = _filtered(rest / unit, wander, bend, {at for at, _ in jumps})
	fit = fit + np.log(np.outer(WANDERS_PRIOR, BENDS_PRIOR).ravel())
	weight = np.exp(fit - fit.max())
	weight /= weight.sum()
	return Growth(
		weight,
		mean[:, 0] * unit,
		mean[:, 1] * unit,
		spread,
		np.sqrt(scale) * unit,
		freedom,
		wander,
		bend,
		np.roll(weekday, -(len(series) % WEEK)),
		int(known.sum()),
		tuple((len(series) - at, size) for at, size in jumps),
	)


def _unit(rest: Values) -> float:
	"""The usual size of a day's change; keeps numbers near 1 whatever the unit."""
	seen = rest[np.isfinite(rest)]
	usual = float(np.median(np.abs(np.diff(seen))))
	return usual or float(np.abs(np.diff(seen)).mean()) or 1e-9 * (float(np.abs(seen).mean()) or 1.0)


def _jumps(rest: Values, unit: float) -> list[tuple[int, float]]:
	"""(first place after it, size) of each change for good within a day; none where they are not rare."""
	at = np.flatnonzero(np.isfinite(rest))
	change = np.diff(rest[at])
	found = []
	for place in np.flatnonzero(np.abs(change) > JUMP * unit) + 1:
		before, after = rest[at[max(0, place - SIDE) : place]], rest[at[place : place + SIDE]]
		size = float(np.median(after) - np.median(before))
		if len(before) == len(after) == SIDE and abs(size) > JUMP * unit / 2:
			found.append((int(at[place]), size))
	return found if len(found) <= max(1, len(rest) // RARE) else []


def _weekdays(series: Values) -> Values:
	"""What each place of the week adds (sum 0), from the first day on; zeros where too few weeks are known."""
	whole = len(series) // WEEK
	if whole < WEEKS_TO_KNOW or np.isfinite(series).sum() < WEEK * WEEKS_TO_KNOW:
		return np.zeros(WEEK)
	around = np.array(
		[
			_mean(series[max(0, at - WEEK // 2) : at + WEEK // 2 + 1])
			for at in range(WEEK // 2, len(series) - WEEK // 2)
		]
	)
	off = series[WEEK // 2 : len(series) - WEEK // 2] - around
	places = (np.arange(len(off)) + WEEK // 2) % WEEK
	found = np.array([_median(off[places == place]) for place in range(WEEK)])
	return np.asarray(found - found.mean())


def _mean(values: Values) -> float:
	known = values[np.isfinite(values)]
	return float(known.mean()) if len(known) == WEEK else float("nan")  # a part of a week has another mean


def _median(values: Values) -> float:
	known = values[np.isfinite(values)]
	return float(np.median(known)) if len(known) else 0.0


Filtered = tuple[Values, NDArray[np.float64], Values, Values, float]


def _filtered(series: Values, wander: Values, bend: Values, anew: set[int]) -> Filtered:
	"""Kalman filter of all mixtures at once: state, its covariance, log likelihood, variance and degrees of freedom.

	anew: places at which the level is looked for anew, as at the start; the slope stays.
	"""
	count = len(wander)
	noise = np.maximum(1.0 - wander, _NOISE)
	first = float(series[np.isfinite(series)][0])
	mean = np.tile([first, 0.0], (count, 1))
	level, both, slope = np.full(count, DIFFUSE), np.zeros(count), np.full(count, DIFFUSE)
	logs, squares, used, seen = np.zeros(count), np.full(count, 1e-9), 1, 0
	for at, value in enumerate(series):
		mean[:, 0] += mean[:, 1]
		level, both, slope = level + 2 * both + slope + wander, both + slope, slope + bend
		if not np.isfinite(value):
			continue
		seen += 1
		if at in anew:
			level = level + DIFFUSE
		spread = level + noise
		miss = value - mean[:, 0]
		if seen > 2 and at not in anew:  # the first two only say where it starts
			if used > SHORTEST // 2:
				most = OUTLIER * np.sqrt(spread * squares / used)
				miss = np.clip(miss, -most, most)
			logs += np.log(spread)
			squares = squares + miss**2 / spread
			used += 1
		gain_level, gain_slope = level / spread, both / spread
		mean[:, 0] += gain_level * miss
		mean[:, 1] += gain_slope * miss
		level, both, slope = level - gain_level * level, both - gain_level * both, slope - gain_slope * both
	spread_all = np.stack([np.stack([level, both], -1), np.stack([both, slope], -1)], -2)
	return mean, spread_all, -0.5 * (logs + used * np.log(squares)), squares / used, float(used)
