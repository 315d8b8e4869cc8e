"""Is it getting more? Two answers that do not mistake noise for change.

Within a period: the Theil-Sen slope (median of all pairwise slopes; one bad day does not bend it) judged by
the Mann-Kendall test. Between periods: the ratio of rates with a quasi-Poisson interval. Errors come in
bursts, so that a plain Poisson interval would be far too narrow; the dispersion seen between days widens it.

Sources: P. K. Sen, JASA 63 (1968) 1379-1389; H. B. Mann, Econometrica 13 (1945) 245-259, variance with ties
after M. G. Kendall, Rank Correlation Methods (1975); R. M. Hirsch, J. R. Slack and R. A. Smith, Water Resour. Res. 18 (1982)
107-121 (seasons); P. McCullagh and J. A. Nelder, Generalized Linear Models
(1989), 4.5.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

ALPHA = 0.05  # error rate of each statement about a change
# Two weeks without today. Less holds the week's rhythm hardly once: a weekend at its end would be a fall.
MIN_TREND_DAYS = 13
MIN_COMPARED_DAYS = 3  # on either side; below that the spread between days is not known

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


def seasonal_kendall(values: Vector, seasons: NDArray[np.int64]) -> tuple[int, float]:
	"""Mann-Kendall over values of the same season only, as (S, two-sided p-value); `seasons` numbers each value.

	The seasons' scores and variances add up, so that no difference between seasons can look like a trend.
	"""
	score, variance = 0, 0.0
	for season in np.unique(seasons):
		own, spread = _kendall(values[seasons == season])
		score, variance = score + own, variance + spread
	return _judged(score, variance)


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


def daily_trend(days: Vector, counts: Vector, *, threshold: float) -> Trend:
	"""Trend of daily counts.

	Args: `days` numbers of the complete days, increasing (gaps allowed); `counts` events on them; `threshold`
	the smallest change over the period, relative to the mean, that is called a trend.
	"""
	if len(days) < MIN_TREND_DAYS:
		said = f"{len(days)} complete days are too few; {MIN_TREND_DAYS} are needed"
		return Trend(None, None, "unknown", said)
	slope = theil_sen(days, counts)
	_, p_value = mann_kendall(counts)
	mean = float(counts.mean())
	if mean == 0:
		return Trend(slope, p_value, "stable", "no errors on any complete day")
	change = slope * float(days[-1] - days[0]) / mean
	said = f"{slope:+.2f} errors a day per day over {len(days)} complete days (p = {p_value:.3f})"
	if p_value >= ALPHA:
		return Trend(slope, p_value, "stable", f"{said}: not told from chance")
	if abs(change) < threshold or slope == 0:
		return Trend(
			slope, p_value, "stable", f"{said}: below the threshold of {threshold:.0%} over the period"
		)
	return Trend(slope, p_value, "rising" if slope > 0 else "falling", said)


def compare(current: Vector, previous: Vector, hours: tuple[float, float], *, threshold: float) -> Growth:
	"""Rate of the current days against that of the previous ones.

	Args: daily counts of both sides, real hours observed on (current, previous), smallest relative change
	that counts. The interval is that of log(rate ratio) with variance dispersion * (1/current + 1/previous)
	and a t quantile; the dispersion is Pearson's, at least 1.
	"""
	if min(len(current), len(previous)) < MIN_COMPARED_DAYS:
		said = f"fewer than {MIN_COMPARED_DAYS} complete days to compare on either side"
		return Growth(None, None, "unknown", said)
	now, before = float(current.sum()), float(previous.sum())
	dispersion, freedom = _dispersion(current, previous)
	if before == 0:
		return _from_nothing(now, dispersion)
	ratio = (now / hours[0]) / (before / hours[1])
	# a period without any error has no logarithm: half an event on both sides stands in (Haldane-Anscombe)
	shift = 0.5 if now == 0 else 0.0
	centre = math.log((now + shift) / (before + shift) * hours[1] / hours[0])
	spread = math.sqrt(dispersion * (1 / (now + shift) + 1 / (before + shift)))
	reach = float(stdtrit(freedom, 1 - ALPHA / 2)) * spread
	low, high = math.expm1(min(centre - reach, 50.0)), math.expm1(min(centre + reach, 50.0))
	change = ratio - 1
	said = f"{now:.0f} against {before:.0f} errors: {change:+.0%} (95 % interval {low:+.0%} to {high:+.0%})"
	if low <= 0 <= high:
		return Growth(change, (low, high), "stable", f"{said}: not told from chance")
	if abs(change) < threshold:
		return Growth(change, (low, high), "stable", f"{said}: below the threshold of {threshold:.0%}")
	return Growth(change, (low, high), "growing" if change > 0 else "shrinking", said)


def _dispersion(current: Vector, previous: Vector) -> tuple[float, int]:
	"""Pearson's dispersion of daily counts around the mean of their side, at least 1; degrees of freedom."""
	freedom = len(current) + len(previous) - 2
	pearson = 0.0
	for side in (current, previous):
		mean = float(side.mean())
		if mean > 0:
			pearson += float(((side - mean) ** 2).sum()) / mean
	return max(1.0, pearson / freedom), freedom


def _from_nothing(now: float, dispersion: float) -> Growth:
	if now == 0:
		return Growth(None, None, "stable", "no errors in either period")
	said = f"{now:.0f} against 0 errors: there is no ratio to nothing"
	# were both rates equal, each of the independent bursts would fall into the current period with
	# probability 1/2
	if 0.5 ** (now / dispersion) < ALPHA / 2:
		return Growth(None, None, "growing", f"{said}; so many do not appear by chance")
	return Growth(None, None, "unknown", f"{said}, and too few to tell growth from chance")
