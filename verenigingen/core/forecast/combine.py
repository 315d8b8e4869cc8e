"""From a series to its forecast: candidates are tried at earlier origins, weighted by what they missed, and combined.

The width of the intervals is what the *combination* missed at those origins, each judged with weights and parameters
chosen at the other ones (leave one out): a selection must not be measured on what it was selected by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .candidates import (
	RECENT,
	Origins,
	last_value,
	linear_trend,
	recent_median,
	regression,
	seasonal_mean,
)
from .intervals import bounds
from .prepare import Series, Values, prepare
from .smoothing import ONE_SEASON, TWO_SEASONS, UNSEASONAL, smoothed

ORIGINS = 14  # at most; each costs little, and intervals need many
FEWEST = 3
SHARPNESS = 12.0  # power of the inverse error that weighs a candidate
WORST = 1.5  # times the best one's error: what misses more gets no weight
UNMOVED = 1e-8  # error relative to the values: less is rounding
AVERAGED = 4  # parameter sets of exponential smoothing that are averaged


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
	"""mean and the bounds of the 80 % and 95 % intervals, each of length `horizon`.

	weights: candidates and their share, largest first. skill: 1 minus the mean absolute error at held-back origins over
	that of the seasonal naive forecast there (1: perfect, 0: no better, negative: worse). coverage80 and coverage95:
	share of held-back values inside intervals made without them. origins: how many were held back. error: mean absolute
	error there, in the unit of the values.
	"""

	mean: Values
	lo80: Values
	hi80: Values
	lo95: Values
	hi95: Values
	weights: tuple[tuple[str, float], ...]
	skill: float
	coverage80: float
	coverage95: float
	origins: int
	error: float

	@property
	def method(self) -> str:
		"""The candidates that count, in words."""
		return " + ".join(f"{name} {share:.0%}" for name, share in self.weights if share >= 0.01)

	@property
	def confidence(self) -> float | None:
		"""How far this forecast is to be believed, 0 to 1, by what was held back from it: accuracy × calibration.

		Accuracy is 1 less half the error relative to the seasonal naive forecast (1: perfect, ½: no better than it, 0:
		twice as wrong). Calibration is 1 less what coverage80 lacks of 80 % and coverage95 of 95 %, and less half of what
		they have too much: too wide an interval is a lesser fault than too narrow a one.
		None for a series that did not move: there was nothing to be right about.
		"""
		if self.skill == 0.0 and self.error <= UNMOVED * (float(np.abs(self.mean).mean()) + 1e-9):
			return None
		accuracy = min(1.0, max(0.0, (1.0 + self.skill) / 2))
		off = (self.coverage80 - 0.8, self.coverage95 - 0.95)
		calibration = 1.0 - sum(-part if part < 0 else part / 2 for part in off)
		return accuracy * max(0.0, calibration)


def forecast(
	values: Values,
	horizon: int,
	*,
	season: int = 24,
	week: int | None = None,
	lower: float | None = None,
	upper: float | None = None,
) -> Forecast:
	"""Forecast of the next `horizon` points of an evenly spaced series (NaN: a gap).

	season is the length of the short season in points (24 for hours of a day, 7 for days of a week, 1 for none), week
	that of the long one (default: seven seasons of 24; 0: none). lower and upper are bounds the value cannot pass.

	Raises TooLittleData when the series is too short, ValueError for a horizon or season below 1.
	"""
	if horizon < 1 or season < 1:
		raise ValueError(f"horizon and season must be at least 1, not {horizon} and {season}")
	series = prepare(values, season, (168 if season == 24 else 0) if week is None else week, lower, upper)
	origins = _origins(len(series.values), horizon, series.season)
	return _combined(series, origins, _candidates(series, origins, horizon), horizon)


def _origins(length: int, horizon: int, season: int) -> Origins:
	"""Where earlier forecasts begin, and the end of the series as the last one."""
	reach = min(horizon, max(1, length // 4))  # a short series is judged on a shorter horizon
	wanted = reach // 4 if season == 1 else season if length >= 20 * season else season // 2
	step = max(1, min(wanted, reach))
	count = min(ORIGINS, max(FEWEST, (length // 2 - reach) // step))
	first = length - reach - step * np.arange(count)[::-1]
	return np.concatenate([first[first >= 3], [length]])


Tried = dict[str, NDArray[np.float64]]


def _candidates(series: Series, origins: Origins, horizon: int) -> Tried:
	"""Forecasts by candidate: (origins, horizon), or (parameter sets, origins, horizon)."""
	season, week, first, end = series.season, series.week, int(origins[0]), len(series.values)
	tried: Tried = {
		"last value": last_value(series, origins, horizon),
		"linear trend": linear_trend(series, origins, horizon),
	}
	for points in RECENT:
		tried[f"median of {points}"] = recent_median(series, origins, horizon, points)
	if season == 1:
		tried["exponential smoothing"] = smoothed(series, origins, horizon, UNSEASONAL, ())
	if first >= 2 * season > 2:
		for seasons in (1, 3, 7):
			name = "seasonal naive" if seasons == 1 else f"mean of {seasons} seasons"
			tried[name] = seasonal_mean(series, origins, horizon, season, seasons)
		tried["exponential smoothing"] = smoothed(series, origins, horizon, ONE_SEASON, (season,))
	if week and first >= 2 * week:
		tried["same hour last week"] = seasonal_mean(series, origins, horizon, week, 1)
		tried["mean of 3 weeks"] = seasonal_mean(series, origins, horizon, week, 3)
		tried["double seasonal smoothing"] = smoothed(series, origins, horizon, TWO_SEASONS, (season, week))
	for name, (lags, difference) in _regressions(season, week).items():
		if first >= max(lags) + difference + 2 * len(lags):
			held = regression(series, origins[:-1], horizon, first, lags, difference)
			last = regression(series, origins[-1:], horizon, end, lags, difference)
			tried[name] = np.concatenate([held, last])
	return {
		name: np.clip(np.nan_to_num(found), series.floor, series.ceiling) for name, found in tried.items()
	}


def _regressions(season: int, week: int) -> dict[str, tuple[list[int], int]]:
	near = list(range(1, min(season, 24) + 3)) if season > 1 else [1, 2, 3]
	found = {"autoregression": (near, 0)}
	if season > 1:
		found["autoregression"] = (sorted({*near, 2 * season - 1, 2 * season, 2 * season + 1, 3 * season}), 0)
		found["seasonal differences"] = (sorted({1, 2, 3, season, season + 1, 2 * season}), season)
	if week:
		lags = {*near, 2 * season, week - season, week - 1, week, week + 1}
		found["weekly autoregression"] = (sorted(lags), 0)
		found["weekly differences"] = (sorted({1, 2, 3, season, season + 1, 2 * season, week}), week)
	return found


def _combined(series: Series, origins: Origins, tried: Tried, horizon: int) -> Forecast:
	held = len(origins) - 1
	reach = min(horizon, len(series.values) - int(origins[-2]))
	actual = np.stack([series.values[origin : origin + reach] for origin in origins[:-1]])
	# a row of weights for each held-back origin, which it does not see itself, and one for the end
	others = np.vstack([1.0 - np.eye(held), np.ones(held)]) if held > 1 else np.ones((held + 1, held))
	others /= others.sum(axis=1, keepdims=True)
	found, errors = [], []
	for options in tried.values():
		one, error = _chosen(options if options.ndim == 3 else options[None], actual, others)
		found.append(one)
		errors.append(error)
	misses = np.array(errors) + series.unit
	best = misses.min(axis=0)
	weight = np.where(misses > WORST * best, 0.0, (best / misses) ** SHARPNESS)
	weight /= weight.sum(axis=0)
	joined = np.einsum("mk,mkh->kh", weight, np.array(found))
	apart = int(origins[-2] - origins[0]) // (held - 1) if held > 1 else reach
	return _result(series, tried, weight[:, -1], joined, actual, np.array(found), apart)


def _chosen(options: Values, actual: Values, others: Values) -> tuple[Values, Values]:
	"""Of each origin the mean of the parameter sets that did best at the other origins, and their mean error there."""
	missed = np.abs(options[:, :-1, : actual.shape[1]] - actual).mean(axis=2) @ others.T
	if len(options) == 1:
		return options[0], missed[0]
	best = np.argsort(missed, axis=0, kind="stable")[:AVERAGED]
	rows = np.arange(options.shape[1])
	chosen = options[best, rows].mean(axis=0)
	return chosen, np.take_along_axis(missed, best, axis=0).mean(axis=0)


def _result(
	series: Series,
	tried: Tried,
	share: Values,
	joined: Values,
	actual: Values,
	found: Values,
	apart: int,
) -> Forecast:
	reach = actual.shape[1]
	misses = actual - joined[:-1, :reach]
	mean = joined[-1]
	(lo80, hi80), (lo95, hi95) = bounds(series, mean, misses, apart)
	names = list(tried)
	naive = found[names.index("seasonal naive" if "seasonal naive" in tried else "last value")]
	usual = float(np.abs(actual - naive[:-1, :reach]).mean())
	error = float(np.abs(misses).mean())
	held80, held95 = _coverage(series, joined[:-1, :reach], misses, apart)
	order = np.argsort(-share, kind="stable")
	return Forecast(
		mean,
		lo80,
		hi80,
		lo95,
		hi95,
		tuple((names[index], float(share[index])) for index in order if share[index] > 0),
		1.0 - error / usual if usual > series.unit else (0.0 if error <= series.unit else -1.0),
		held80,
		held95,
		len(actual),
		error,
	)


def _coverage(series: Series, means: Values, misses: Values, apart: int) -> tuple[float, float]:
	"""Share of held-back values inside the intervals that the misses at the other origins give."""
	inside = np.zeros(2)
	for index, mean in enumerate(means):
		rest = np.delete(misses, index, axis=0) if len(misses) > 1 else misses
		actual = mean + misses[index]
		for level, (low, high) in enumerate(bounds(series, mean, rest, apart)):
			inside[level] += float(((actual >= low) & (actual <= high)).mean())
	return float(inside[0] / len(means)), float(inside[1] / len(means))
