"""Brings a series into the form the candidates work on: no gaps, known bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

SHORTEST = 8  # points; fewer cannot show how wrong a forecast of them would have been
MOST = 2_000  # latest points looked at; what is older says little of the next weeks and costs time
_FLOOR_ROOM = 0.25  # of the range: how far below all that was seen a forecast may go
_CEILING_ROOM = 0.5


class TooLittleData(ValueError):
	"""The series is too short to forecast; the message says how much is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
	"""values without gaps; known marks what was measured; season and week are period lengths in points (week 0: none
	that the data could show); floor and ceiling bound what is forecast, hard_floor bounds intervals as well."""

	values: Values
	known: NDArray[np.bool_]
	season: int
	week: int
	floor: float
	ceiling: float
	hard_floor: float

	@property
	def unit(self) -> float:
		"""A difference that is nothing, in the unit of the values: keeps quotients finite on constant series."""
		return 1e-9 * (float(np.abs(self.values).mean()) + 1e-9)


def prepare(values: Values, season: int, week: int, lower: float | None, upper: float | None) -> Series:
	"""A Series of the latest MOST points. NaN is a gap, filled from the same hour of neighbouring seasons.

	Raises TooLittleData when fewer than SHORTEST points are known.
	"""
	values = np.asarray(values, dtype=np.float64)[-MOST:]
	known = np.isfinite(values)
	measured = int(known.sum())
	if measured < SHORTEST:
		are = "point is" if measured == 1 else "points are"
		raise TooLittleData(f"{measured} {are} known, at least {SHORTEST} are needed to forecast")
	season = season if 1 < season <= len(values) // 2 else 1
	week = week if season > 1 and 0 < week <= len(values) // 3 else 0
	filled = values if known.all() else _filled(values, known, season)
	low, high = float(values[known].min()), float(values[known].max())
	span = high - low
	floor = low - _FLOOR_ROOM * span
	if low >= 0:
		# what was never negative will not become so: a duration, a count, a size
		floor, lower = max(floor, low / 2), 0.0 if lower is None else lower
	ceiling = high + _CEILING_ROOM * span
	hard = -np.inf if lower is None else lower
	return Series(
		filled, known, season, week, max(floor, hard), ceiling if upper is None else min(ceiling, upper), hard
	)


def _filled(values: Values, known: NDArray[np.bool_], season: int) -> Values:
	"""Gaps closed by a straight line, plus what the season usually adds at that place."""
	at = np.arange(len(values))
	line = np.interp(at, at[known], values[known])
	if season == 1:
		return line
	# the line already bends through the known points, so that only filled places get the profile's deviation
	profile = np.array([_mean(values[start::season], known[start::season]) for start in range(season)])
	usual = np.where(np.isfinite(profile), profile, np.nanmean(profile))[at % season]
	bridge = np.interp(at, at[known], usual[known])
	return np.where(known, values, line + usual - bridge)


def _mean(values: Values, known: NDArray[np.bool_]) -> float:
	return float(values[known].mean()) if known.any() else float("nan")
