"""Is it getting more? Two answers that do not mistake noise for change.

Within a period: the Theil-Sen slope (median of pairwise slopes; one bad day does not bend it) judged by the Kendall
test, both between days of the same weekday, so that a quiet weekend is no fall. Between periods: the ratio of rates
with a quasi-Poisson interval, weekday against weekday where both sides know them. Errors come in bursts, so that a
plain Poisson interval would be far too narrow; the dispersion seen between days widens it. And a bad day is often
followed by another one: both variances are inflated by the correlation of neighbouring days, without which every
fifth to third such series without trend would be called one.

Sources: P. K. Sen, JASA 63 (1968) 1379-1389; H. B. Mann, Econometrica 13 (1945) 245-259, variance with ties
after M. G. Kendall, Rank Correlation Methods (1975); R. M. Hirsch, J. R. Slack and R. A. Smith, Water Resour. Res. 18 (1982)
107-121 (seasons); K. H. Hamed and A. R. Rao, J. Hydrol. 204 (1998) 182-196 (correlated values); P. McCullagh and J. A. Nelder, Generalized Linear Models
(1989), 4.5.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit
from scipy.stats import rankdata

from .chance import p_text

ALPHA = 0.05  # error rate of a trend, and of the interval that is shown
SURE = 0.01  # of calling a period growing or shrinking: a report is read every day
# Two weeks without today. Less holds the week's rhythm hardly once: a weekend at its end would be a fall.
MIN_TREND_DAYS = 13
MIN_COMPARED_DAYS = 3  # on either side; below that the spread between days is not known
WEEK = 7
_MOST_CORRELATION = 0.9

Vector = NDArray[np.float64]


class Trend(NamedTuple):
	"""slope in events per day per day, p_value two-sided; both None where direction is "unknown"."""

	slope: float | None
	p_value: float | None
	direction: str
	reason: str


class Growth(NamedTuple):
	"""Change of the rate: -0.5 means half, 1.0 means twice as much; interval of 95 % on the same scale."""

	ratio: float | None
	interval: tuple[float, float] | None
	direction: str
	reason: str


def mann_kendall(values: Vector) -> tuple[int, float]:
	"""S (concordant minus discordant pairs) and the two-sided p-value, corrected for ties and continuity.

	`values` in order of time, at least two. All equal gives (0, 1.0).
	"""
	return _judged(*_kendall(values))


def seasonal_kendall(values: Vector, seasons: NDArray[np.int64], inflated: float = 1.0) -> tuple[int, float]:
	"""Mann-Kendall over values of the same season only, as (S, two-sided p-value); `seasons` numbers each value.

	The seasons' scores and variances add up, so that no difference between seasons can look like a trend;
	`inflated` is by how much correlation of neighbours raises the variance.
	"""
	score, variance = 0, 0.0
	for season in np.unique(seasons):
		own, spread = _kendall(values[seasons == season])
		score, variance = score + own, variance + spread
	return _judged(score, variance * inflated)


def _kendall(values: Vector) -> tuple[int, float]:
	"""S and its variance without trend, corrected for ties."""
	size = len(values)
	upper = np.triu_indices(size, 1)
	score = int(np.sign(values[upper[1]] - values[upper[0]]).sum())
	_, ties = np.unique(values, return_counts=True)
	tied = float((ties * (ties - 1) * (2 * ties + 5)).sum())
	return score, (size * (size - 1) * (2 * size + 5) - tied) / 18


def _judged(score: int, variance: float) -> tuple[int, float]:
	if variance <= 0 or score == 0:
		return score, 1.0
	deviation = (abs(score) - 1) / math.sqrt(variance)
	return score, math.erfc(deviation / math.sqrt(2))


def theil_sen(times: Vector, values: Vector) -> float:
	"""Median of the slopes between all pairs; `times` strictly increasing, at least two points."""
	upper = np.triu_indices(len(times), 1)
	return float(np.median((values[upper[1]] - values[upper[0]]) / (times[upper[1]] - times[upper[0]])))


def seasonal_theil_sen(times: Vector, values: Vector, seasons: NDArray[np.int64]) -> float:
	"""Median of the slopes between all pairs of the same season; 0 where no season has two values."""
	first, second = np.triu_indices(len(times), 1)
	same = seasons[first] == seasons[second]
	first, second = first[same], second[same]
	if not len(first):
		return 0.0
	return float(np.median((values[second] - values[first]) / (times[second] - times[first])))


def inflation(days: Vector, residuals: Vector) -> float:
	"""How many times larger correlation of neighbouring days makes the variance of a sum; at least 1.

	First-order correlation of the residuals' ranks between days that adjoin, with its bias in short series
	taken out; negative correlation is not credited.
	"""
	ranks = rankdata(residuals) - (len(residuals) + 1) / 2
	adjoin = np.diff(days) == 1
	size, power = len(ranks), float((ranks**2).mean())
	if size <= WEEK or power == 0 or adjoin.sum() < WEEK:
		return 1.0
	rho = float((ranks[1:] * ranks[:-1])[adjoin].mean()) / power
	rho = min(max((size * rho + 1) / (size - 4), 0.0), _MOST_CORRELATION)
	lags = np.arange(1, size)
	return float(1 + 2 * ((1 - lags / size) * rho**lags).sum())


def _without(values: Vector, seasons: NDArray[np.int64]) -> Vector:
	"""Values without the mean of their season."""
	left: Vector = values.copy()
	for season in np.unique(seasons):
		left[seasons == season] -= values[seasons == season].mean()
	return left


def daily_trend(days: Vector, counts: Vector, *, threshold: float) -> Trend:
	"""Trend of daily counts.

	Args: `days` numbers of the complete days, increasing (gaps allowed); `counts` events on them; `threshold`
	the smallest change over the period, relative to the mean, that is called a trend.
	"""
	if len(days) < MIN_TREND_DAYS:
		said = f"{len(days)} complete days are too few; {MIN_TREND_DAYS} are needed"
		return Trend(None, None, "unknown", said)
	weekday = days.astype(np.int64) % WEEK
	slope = seasonal_theil_sen(days, counts, weekday)
	inflated = inflation(days, _without(counts - slope * days, weekday))
	_, p_value = seasonal_kendall(counts, weekday, inflated)
	mean = float(counts.mean())
	if mean == 0:
		return Trend(slope, p_value, "stable", "no errors on any complete day")
	change = slope * float(days[-1] - days[0]) / mean
	said = f"{slope:+.2f} errors a day per day over {len(days)} complete days, same weekdays compared ({p_text(p_value)})"
	if p_value >= ALPHA:
		return Trend(slope, p_value, "stable", f"{said}: not told from chance")
	if abs(change) < threshold or slope == 0:
		return Trend(
			slope, p_value, "stable", f"{said}: below the threshold of {threshold:.0%} over the period"
		)
	return Trend(slope, p_value, "rising" if slope > 0 else "falling", said)


def compare(
	current: Vector,
	previous: Vector,
	hours: tuple[float, float],
	*,
	threshold: float,
	weekdays: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> Growth:
	"""Rate of the current days against that of the previous ones.

	Args: daily counts of both sides, real hours observed on (current, previous), smallest relative change
	that counts, the weekdays of both sides' days. With weekdays that occur on both sides the ratio is that of a
	log-linear model with a factor for each, so that five Sundays against four are no fall. The interval is that of
	log(rate ratio) with variance dispersion * (1/current + 1/previous) and a t quantile; the dispersion is Pearson's,
	at least 1, times the inflation by correlation of neighbouring days.
	"""
	if min(len(current), len(previous)) < MIN_COMPARED_DAYS:
		said = f"fewer than {MIN_COMPARED_DAYS} complete days to compare on either side"
		return Growth(None, None, "unknown", said)
	now, before = float(current.sum()), float(previous.sum())
	ratio, expected, parameters = _weekly_model(current, previous, weekdays)
	counts = np.concatenate([current, previous])
	dispersion, freedom = _dispersion(counts, expected, parameters)
	if before == 0:
		return _from_nothing(now, dispersion)
	ratio *= len(current) / len(previous) * hours[1] / hours[0]
	# a period without any error has no logarithm: half an event on both sides stands in (Haldane-Anscombe)
	shift = 0.5 if now == 0 else 0.0
	centre = math.log(ratio) if now else math.log(shift / (before + shift) * hours[1] / hours[0])
	spread = math.sqrt(dispersion * (1 / (now + shift) + 1 / (before + shift)))
	reach = float(stdtrit(freedom, 1 - ALPHA / 2)) * spread
	low, high = math.expm1(min(centre - reach, 50.0)), math.expm1(min(centre + reach, 50.0))
	change = ratio - 1
	plain = now / before * hours[1] / hours[0] - 1
	how = " weekday by weekday" if f"{plain:+.0%}" != f"{change:+.0%}" else ""
	said = (
		f"{now:.0f} against {before:.0f} errors: {change:+.0%}{how} (95 % interval {low:+.0%} to {high:+.0%})"
	)
	if low <= 0 <= high:
		return Growth(change, (low, high), "stable", f"{said}: not told from chance")
	if abs(centre) <= float(stdtrit(freedom, 1 - SURE / 2)) * spread:
		return Growth(
			change, (low, high), "stable", f"{said}: chance alone does as much more than once in a hundred"
		)
	if abs(change) < threshold:
		return Growth(change, (low, high), "stable", f"{said}: below the threshold of {threshold:.0%}")
	return Growth(change, (low, high), "growing" if change > 0 else "shrinking", said)


def _weekly_model(
	current: Vector, previous: Vector, weekdays: tuple[NDArray[np.int64], NDArray[np.int64]] | None
) -> tuple[float, Vector, int]:
	"""Ratio of the mean day now to the mean day before, the expected counts of all days, and how many parameters they
	took. With weekdays: maximum likelihood of side times weekday, by proportional fitting."""
	now, before = float(current.sum()), float(previous.sum())
	plain = now / len(current) / (before / len(previous)) if before else 0.0
	sides = np.repeat([current.mean(), previous.mean()], [len(current), len(previous)])
	if weekdays is None or not now or not before or set(weekdays[0]) != set(weekdays[1]):
		return plain, sides, 2
	day = np.concatenate(weekdays)
	here = np.arange(len(day)) < len(current)
	counts = np.concatenate([current, previous])
	if len(day) < len(set(weekdays[0])) + MIN_COMPARED_DAYS:
		return plain, sides, 2
	ratio, factor = plain, np.zeros(WEEK)
	for _ in range(20):
		side = np.where(here, ratio, 1.0)
		factor = np.bincount(day, counts, WEEK) / np.maximum(np.bincount(day, side, WEEK), 1e-9)
		ratio = now / factor[day[here]].sum() * factor[day[~here]].sum() / before
	expected: Vector = factor[day] * np.where(here, ratio, 1.0)
	return ratio, expected, 1 + len(set(weekdays[0]))


def _dispersion(counts: Vector, expected: Vector, parameters: int) -> tuple[float, int]:
	"""Pearson's dispersion of daily counts around what is expected, at least 1, times the inflation by correlated
	days; degrees of freedom."""
	freedom = max(1, len(counts) - parameters)
	known = expected > 0
	pearson = float(((counts - expected)[known] ** 2 / expected[known]).sum())
	residuals = (counts - expected) / np.sqrt(np.maximum(expected, 1e-9))
	days = np.arange(len(counts), dtype=np.float64)
	return max(1.0, pearson / freedom) * inflation(days, residuals), freedom


def _from_nothing(now: float, dispersion: float) -> Growth:
	if now == 0:
		return Growth(None, None, "stable", "no errors in either period")
	said = f"{now:.0f} against 0 errors: there is no ratio to nothing"
	# were both rates equal, each of the independent bursts would fall into the current period with
	# probability 1/2
	if 0.5 ** (now / dispersion) < ALPHA / 2:
		return Growth(None, None, "growing", f"{said}; so many do not appear by chance")
	return Growth(None, None, "unknown", f"{said}, and too few to tell growth from chance")
