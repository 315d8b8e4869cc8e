"""Exponential smoothing with a damped trend, one or two seasons and remembered errors, over a grid of parameters.

After Holt and Winters, with Taylor's second season and correction for autocorrelated errors (Short-term electricity
demand forecasting using double seasonal exponential smoothing, JORS 2003). All parameter sets run side by side through
one pass over the series, and the state at each origin is kept: so forecasts from every origin cost one pass in all.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .candidates import Origins
from .prepare import Series, Values


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
	"""One column per parameter, one row per parameter set; season has the shape (seasons, sets)."""

	level: Values
	trend: Values
	damping: Values
	memory: Values
	season: Values


def grid(
	levels: tuple[float, ...],
	trends: tuple[tuple[float, float], ...],
	memories: tuple[float, ...],
	*seasons: tuple[float, ...],
) -> Grid:
	"""Every combination of the smoothing parameters given; a trend is (weight, damping)."""
	sets = product(levels, trends, memories, product(*seasons))
	rows = np.array([(level, *trend, memory, *rest) for level, trend, memory, rest in sets])
	columns: Values = rows.T
	return Grid(columns[0], columns[1], columns[2], columns[3], columns[4:])


_FLAT, _DAMPED = (0.0, 0.0), (0.01, 0.9)
UNSEASONAL = grid((0.05, 0.2, 0.5, 0.9), (_FLAT, (0.1, 0.8), (0.05, 0.98)), (0.0,))
ONE_SEASON = grid((0.03, 0.2, 0.6), (_FLAT, _DAMPED), (0.0, 0.6, 0.9), (0.05, 0.15, 0.4))
TWO_SEASONS = grid((0.005, 0.05, 0.2), (_FLAT,), (0.0, 0.6, 0.9), (0.02, 0.15), (0.05, 0.2, 0.4))


@dataclass(slots=True, eq=False)
class _State:
	level: Values
	trend: Values
	error: Values
	seasons: list[NDArray[np.float64]]  # (place in the season, sets)

	def copy(self) -> _State:
		return _State(
			self.level.copy(), self.trend.copy(), self.error.copy(), [part.copy() for part in self.seasons]
		)


def smoothed(series: Series, origins: Origins, horizon: int, sets: Grid, periods: tuple[int, ...]) -> Values:
	"""Forecasts of every parameter set from every origin: shape (sets, origins, horizon)."""
	start = max(periods, default=1)
	state = _first(series.values[:start], len(sets.level), periods)
	wanted, result = set(origins.tolist()), {}
	for now in range(start, int(origins[-1]) + 1):
		if now in wanted:
			result[now] = _ahead(state, sets, periods, now, horizon)
		if now < origins[-1]:
			_step(state, sets, periods, now, series.values[now] if series.known[now] else None)
	return np.stack([result[origin] for origin in origins.tolist()], axis=1)


def _first(begin: Values, sets: int, periods: tuple[int, ...]) -> _State:
	"""The state after the first whole period: its mean, and what each place differs from it."""
	rest = begin - begin.mean()
	seasons = []
	for period in periods:
		profile = np.array([rest[place::period].mean() for place in range(period)])
		rest = rest - np.resize(profile, len(rest))
		seasons.append(np.repeat(profile[:, None], sets, axis=1))
	return _State(np.full(sets, begin.mean()), np.zeros(sets), np.zeros(sets), seasons)


def _step(state: _State, sets: Grid, periods: tuple[int, ...], now: int, value: float | None) -> None:
	trend = sets.damping * state.trend
	expected = state.level + trend
	for part, period in zip(state.seasons, periods, strict=True):
		expected = expected + part[now % period]
	# a gap teaches nothing; the error before it fades as it would have
	miss = sets.memory * state.error if value is None else value - expected
	news = miss - sets.memory * state.error
	state.level = state.level + trend + sets.level * news
	state.trend = trend + sets.trend * news
	for index, (part, period) in enumerate(zip(state.seasons, periods, strict=True)):
		part[now % period] += sets.season[index] * news
	state.error = miss


def _ahead(state: _State, sets: Grid, periods: tuple[int, ...], now: int, horizon: int) -> Values:
	steps = np.arange(1, horizon + 1)
	powers = sets.damping[:, None] ** steps
	result = state.level[:, None] + np.cumsum(powers, axis=1) * state.trend[:, None]
	result += sets.memory[:, None] ** steps * state.error[:, None]
	for part, period in zip(state.seasons, periods, strict=True):
		result += part[(now + steps - 1) % period].T
	return result
