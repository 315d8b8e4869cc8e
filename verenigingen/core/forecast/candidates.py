"""Simple candidates: each gives, for every origin, the `horizon` values from there on, knowing only what came before.

Origins are indices into the series; the last one is its end. The result of a candidate has the shape
(origins, horizon). A candidate with fitted coefficients fits them on what lies before `fit_end`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .prepare import Series, Values

Origins = NDArray[np.int64]

RECENT = (24, 72, 168)  # points whose median is a candidate: best where a series has no memory, only outliers
HALF_LIFE = 400.0  # points after which an observation counts half in a regression
RIDGE = 1e-3  # of the mean diagonal: keeps correlated lags from cancelling each other with huge coefficients


def last_value(series: Series, origins: Origins, horizon: int) -> Values:
	"""The last value, for ever."""
	return np.repeat(series.values[origins - 1][:, None], horizon, axis=1)


def recent_median(series: Series, origins: Origins, horizon: int, points: int) -> Values:
	"""The median of the latest `points`."""
	middle = [float(np.median(series.values[max(0, origin - points) : origin])) for origin in origins]
	return np.repeat(np.array(middle)[:, None], horizon, axis=1)


def seasonal_mean(series: Series, origins: Origins, horizon: int, season: int, seasons: int) -> Values:
	"""The mean of the same place in the latest `seasons`; with one season the seasonal naive forecast."""
	ahead = np.arange(horizon) % season
	total, weight = np.zeros((len(origins), horizon)), np.zeros((len(origins), horizon))
	for back in range(1, seasons + 1):
		places = origins[:, None] - back * season + ahead
		usable = places >= 0
		total += np.where(usable, series.values[np.maximum(places, 0)], 0.0)
		weight += usable
	return total / np.maximum(weight, 1)


def linear_trend(series: Series, origins: Origins, horizon: int) -> Values:
	"""Least-squares line through all points before each origin, continued."""
	values = series.values
	steps = np.arange(len(values), dtype=np.float64)
	sums = np.concatenate([[0.0], np.cumsum(values)])
	crossed = np.concatenate([[0.0], np.cumsum(steps * values)])
	count = origins.astype(np.float64)
	middle = (count - 1) / 2
	spread = count * (count**2 - 1) / 12
	slope = (crossed[origins] - middle * sums[origins]) / spread
	level = sums[origins] / count
	ahead = count[:, None] + np.arange(horizon) - middle[:, None]
	return np.asarray(level[:, None] + slope[:, None] * ahead)


def regression(
	series: Series, origins: Origins, horizon: int, fit_end: int, lags: Sequence[int], difference: int = 0
) -> Values:
	"""Linear autoregression on `lags`, of the series or of its differences over a season, continued step by step.

	Older points count less (HALF_LIFE), filled gaps not at all; coefficients are shrunk a little (RIDGE).
	"""
	back = np.array(lags)
	start = int(back.max()) + difference
	values = series.values
	worked = _differences(values, difference)
	mean = 0.0 if difference else float(values[max(0, fit_end - 2 * start) : fit_end].mean())
	coefficients = _fit(worked - mean, series.known, np.arange(start, fit_end), back)
	history = worked[origins[:, None] - start + np.arange(start)] - mean
	path = np.concatenate([history, np.zeros((len(origins), horizon))], axis=1)
	with np.errstate(
		over="ignore", invalid="ignore"
	):  # an unstable fit runs away, and is bounded and outscored
		for step in range(start, start + horizon):
			path[:, step] = path[:, step - back] @ coefficients
		ahead = path[:, start:] + mean
		return _summed(values, origins, ahead, difference) if difference else ahead


def _fit(worked: Values, known: NDArray[np.bool_], at: Origins, back: Origins) -> Values:
	places = at[:, None] - back
	rows = worked[places]
	weight = 0.5 ** ((at[-1] - at) / HALF_LIFE) * known[at]
	weighted = rows * weight[:, None]
	# not by matrix products: for so little work the threads of a linear algebra library cost more than they bring
	square, side = np.einsum("ij,ik->jk", weighted, rows), np.einsum("ij,i->j", weighted, worked[at])
	square[np.diag_indices_from(square)] += RIDGE * np.trace(square) / len(square) + 1e-12
	return np.asarray(np.linalg.solve(square, side))


def _differences(values: Values, over: int) -> Values:
	if not over:
		return values
	return np.concatenate([np.zeros(over), values[over:] - values[:-over]])


def _summed(values: Values, origins: Origins, ahead: Values, over: int) -> Values:
	"""Undoes differences: each value is the one a season earlier, known or forecast, plus its difference."""
	result = np.empty_like(ahead)
	for step in range(ahead.shape[1]):
		before = values[origins - over + step] if step < over else result[:, step - over]
		result[:, step] = before + ahead[:, step]
	return result
