"""Series of known truth: kinds of measurements without any anomaly, and anomalies to be put into them.

Each kind is what some measurement of a site looks like when nothing is wrong; its parameters are drawn anew for each
series, so that a detector that fits one of them by chance does not look good.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Values = np.ndarray
Rng = np.random.Generator
DAY = 86_400.0


def _day(times: Values, rng: Rng) -> Values:
	"""A smooth day of one or two humps, between 0 and about 1."""
	phase = 2 * np.pi * (times / DAY + rng.random())
	return np.clip(0.5 + 0.4 * np.sin(phase) + rng.uniform(0, 0.25) * np.sin(2 * phase + 1), 0, None)


def _office(times: Values) -> Values:
	"""1 in office hours of Monday to Friday, else 0, with soft edges."""
	hour, weekday = times / 3600 % 24, times // DAY % 7
	return np.clip(np.minimum(hour - 7.5, 18 - hour), 0, 1) * (weekday < 5)


def _ar(count: int, rng: Rng, near: float) -> Values:
	"""Noise of variance 1 whose neighbours correlate by `near`."""
	from scipy.signal import lfilter

	noise = rng.normal(size=count) * np.sqrt(1 - near**2)
	return np.asarray(lfilter([1.0], [1.0, -near], noise))


def noise(times: Values, rng: Rng) -> Values:
	return 100 + rng.uniform(1, 20) * rng.normal(size=len(times))


def slow_noise(times: Values, rng: Rng) -> Values:
	return 50 + 8 * _ar(len(times), rng, float(rng.uniform(0.7, 0.97)))


def daily(times: Values, rng: Rng) -> Values:
	return 20 + 60 * _day(times, rng) + rng.uniform(1, 5) * _ar(len(times), rng, 0.5)


def weekly(times: Values, rng: Rng) -> Values:
	return 5 + 90 * _office(times) * (1 + 0.15 * _ar(len(times), rng, 0.7)) + rng.normal(size=len(times))


def requests(times: Values, rng: Rng) -> Values:
	rate = rng.uniform(2, 50) * (0.1 + _office(times) + 0.3 * _day(times, rng))
	return rng.poisson(rate * np.exp(0.2 * _ar(len(times), rng, 0.8))).astype(float)


def sparse(times: Values, rng: Rng) -> Values:
	return rng.poisson(rng.uniform(0.5, 5) * (times[1] - times[0]) / DAY, size=len(times)).astype(float)


def heavy(times: Values, rng: Rng) -> Values:
	return np.exp(rng.uniform(0.5, 1.0) * rng.standard_t(6, size=len(times)).clip(-12, 12)) * 100


def bursts(times: Values, rng: Rng) -> Values:
	count = len(times)
	extra = np.where(rng.random(count) < 3 * (times[1] - times[0]) / DAY, rng.gamma(2, 40, size=count), 0)
	return 10 + rng.normal(size=count) + extra


def walk(times: Values, rng: Rng) -> Values:
	return 1000 + np.cumsum(rng.normal(size=len(times)))


def sawtooth(times: Values, rng: Rng) -> Values:
	period = rng.uniform(0.3, 2) * DAY
	return 100 + 200 * ((times / period + rng.random()) % 1) + 2 * rng.normal(size=len(times))


def growth(times: Values, rng: Rng) -> Values:
	return 1e9 + rng.uniform(1e6, 1e7) * times / DAY + 2e5 * _ar(len(times), rng, 0.5)


def backups(times: Values, rng: Rng) -> Values:
	return 20 + 2 * rng.normal(size=len(times)) + 60 * (times % DAY < 2 * (times[1] - times[0]))


def flat(times: Values, rng: Rng) -> Values:
	return np.full(len(times), float(rng.integers(0, 50)))


def ratio(times: Values, rng: Rng) -> Values:
	return np.clip(0.98 - 0.02 * np.abs(_ar(len(times), rng, 0.8)), 0, 1)


QUIET: dict[str, Callable[[Values, Rng], Values]] = {
	made.__name__: made
	for made in (
		noise,
		slow_noise,
		daily,
		weekly,
		requests,
		sparse,
		heavy,
		bursts,
		walk,
		sawtooth,
		growth,
		backups,
		flat,
		ratio,
	)
}


def times_of(days: float, step: float) -> Values:
	"""Even times from a Monday 00:00 on."""
	return np.arange(0, days * DAY, step)


def _scale(values: Values) -> float:
	"""A size by which the series usually moves."""
	low, high = np.quantile(values, [0.05, 0.95])
	return float(high - low) or float(abs(high)) or 1.0


def spike(times: Values, values: Values, at: int, size: float, rng: Rng) -> Values:
	"""Up by `size` times the usual range for half an hour, or one value."""
	last = at + max(1, round(1800 / (times[1] - times[0])))
	return np.concatenate((values[:at], values[at:last] + size * _scale(values), values[last:]))


def drop(times: Values, values: Values, at: int, size: float, rng: Rng) -> Values:
	"""Down for three hours."""
	last = at + max(2, round(3 * 3600 / (times[1] - times[0])))
	return np.concatenate((values[:at], values[at:last] - size * _scale(values), values[last:]))


def shift(times: Values, values: Values, at: int, size: float, rng: Rng) -> Values:
	"""Up, and it stays."""
	return np.concatenate((values[:at], values[at:] + size * _scale(values)))


def unrest(times: Values, values: Values, at: int, size: float, rng: Rng) -> Values:
	"""Half a day of noise."""
	last = at + round(DAY / 2 / (times[1] - times[0]))
	more = size * _scale(values) * rng.normal(size=len(values))
	return np.concatenate((values[:at], (values + more)[at:last], values[last:]))


def still(times: Values, values: Values, at: int, size: float, rng: Rng) -> Values:
	"""A sensor that repeats its last value for a day."""
	last = at + round(DAY / (times[1] - times[0]))
	return np.concatenate((values[:at], np.full(last - at, values[at]), values[last:]))


def bend(times: Values, values: Values, at: int, size: float, rng: Rng) -> Values:
	"""From here on it climbs by `size` of its usual range a day."""
	return values + np.clip(times - times[at], 0, None) / DAY * size * _scale(values)


def hole(times: Values, values: Values, at: int, size: float, rng: Rng) -> Values:
	"""No values for six hours."""
	last = at + round(DAY / 4 / (times[1] - times[0]))
	return np.concatenate((values[:at], np.full(last - at, np.nan), values[last:]))


FAULTS = {made.__name__: made for made in (spike, drop, shift, unrest, still, bend, hole)}
