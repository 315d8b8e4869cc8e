"""Which hours stand out: a scan over windows of 1 to 72 hours, each against what is usual at that hour of the week.

A scan statistic in the manner of Kulldorff (Comm. Statist. Theory Methods 26 (1997) 1481-1496), in time only. Errors come
in clumps and bad days follow each other, so a window is not judged by a Poisson tail: the spread of windows of the same
length before the period sets the dispersion of a negative binomial. Windows of every length are tried at steps of a
quarter of it, and the p-value of the best is multiplied by their number (Bonferroni): analytic, with no drawing of random
numbers, and close enough as windows at such steps overlap little.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

LENGTHS = (1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48, 72)  # hours
SCAN_ALPHA = 0.01  # for all windows of one report together
WINDOW_EVENTS = 10
WINDOW_FACTOR = 2.0  # times the usual
LISTED = 5
BASELINE_HOURS = 14 * 24 - 2  # two weeks, of which summer time may have taken an hour each
_PRIOR_WEEKS = 2.0  # weight of the model beside what was seen in that very hour of the week
_PRIOR_EVENTS = 10.0
_HALF = 0.5

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


class Usual(NamedTuple):
	"""Expected events by day and hour of the period, in the real hours observed and in whole ones; and by window length the spread that
	windows of the baseline showed: variance by mean, and (variance - mean) by squared mean."""

	expected: Matrix
	rate: Matrix
	spread: dict[int, tuple[float, float]]


class Cluster(NamedTuple):
	"""Hours start to end (exclusive, numbered from the period's first), events in them, how many are usual, p-value
	corrected for all windows looked at."""

	start: int
	end: int
	events: int
	expected: float
	p_value: float


def usual_hours(counts: Matrix, exposure: Matrix, first_weekday: int, period: int) -> Usual | None:
	"""What is usual in the last `period` days, learnt from the days before them; None with too little baseline.

	Args: events and observed hours by day and local hour, (days, 24); the weekday of the first day (Monday 0).
	A slot's rate is its own mean over the weeks, drawn towards the product of its weekday's level and the profile
	of working days or weekends; so a weekly job is no news, and a single busy Monday is not taken for a rule.
	"""
	weekdays = (first_weekday + np.arange(len(counts))) % 7
	before = slice(0, len(counts) - period)
	seen, hours, days = counts[before], exposure[before], weekdays[before]
	if hours.sum() < BASELINE_HOURS:
		return None
	model = _model(seen, hours, days)
	events, observed = np.zeros((7, 24)), np.zeros((7, 24))
	np.add.at(events, days, seen)
	np.add.at(observed, days, hours)
	rate = (events + _PRIOR_WEEKS * model) / (observed + _PRIOR_WEEKS)
	# what the other weeks lead one to expect of each baseline hour: its error is that of a prediction
	others = (events[days] - seen + _PRIOR_WEEKS * model[days]) / (observed[days] - hours + _PRIOR_WEEKS)
	spread = _spread((seen - others * hours), others * hours, float(hours.sum()))
	here = rate[weekdays[-period:]]
	return Usual(here * exposure[-period:], here, spread)


def _model(seen: Matrix, hours: Matrix, days: NDArray[np.int64]) -> Matrix:
	"""Rates an hour by weekday and hour: profile of the kind of day times level of the weekday."""
	profile = np.zeros((7, 24))
	for kind in (days < 5, days >= 5):
		own = kind if hours[kind].sum(axis=0).min(initial=0.0) > 0 and kind.any() else np.ones_like(kind)
		of_kind = (seen[own].sum(axis=0) + _HALF) / np.maximum(hours[own].sum(axis=0), 1.0)
		profile[np.unique(days[kind])] = of_kind
	profile[profile.sum(axis=1) == 0] = (seen.sum(axis=0) + _HALF) / np.maximum(hours.sum(axis=0), 1.0)
	for weekday in range(7):
		own = days == weekday
		expected = float((profile[weekday] * hours[own]).sum())
		profile[weekday] *= (float(seen[own].sum()) + _PRIOR_EVENTS) / (expected + _PRIOR_EVENTS)
	return profile


def _spread(residuals: Matrix, expected: Matrix, hours: float) -> dict[int, tuple[float, float]]:
	"""Spread of window sums by length. The day that stands out most counts as the second one does, so that one
	earlier incident does not hide the next."""
	second, worst = np.argsort(residuals.sum(axis=1) / np.sqrt(expected.sum(axis=1) + _HALF))[-2:]
	order = np.arange(len(residuals))
	order[worst] = second
	left = residuals[order].ravel(), expected[order].ravel()
	spread, least, square = {}, 1.0, 0.0
	for length in LENGTHS:
		blocks = len(left[0]) // length
		if blocks >= 7:
			off, mean = (part[: blocks * length].reshape(blocks, length).sum(axis=1) for part in left)
			squares = float((off**2).sum())
			least = max(least, squares / max(float(mean.sum()), _HALF))
			square = max(0.0, squares - float(mean.sum())) / max(float((mean**2).sum()), _HALF)
		# the level itself is known from so many weeks only
		spread[length] = least * (1 + length / hours) + 7 * 24 / hours * 0.1, square
	return spread


def scan(counts: Matrix, usual: Usual) -> tuple[list[Cluster], int]:
	"""Windows of the period that stand out, the least probable first and none overlapping another, and how many
	windows were looked at.

	Args: events by day and hour of the period, and what is usual there. Where the whole period lies above the usual,
	the expectation is raised with it: that is growth, and no time of its own.
	"""
	seen, expected = counts.ravel().astype(np.float64), usual.expected.ravel()
	expected = expected * _level(counts, usual.expected)
	free = np.ones(len(seen), dtype=np.bool_)
	found: list[Cluster] = []
	looked = sum(len(_starts(len(seen), length)) for length in LENGTHS)
	while len(found) < LISTED:
		best = _best(seen, expected, usual.spread, free)
		if best is None or best[0] * looked >= SCAN_ALPHA:
			break
		start, end = _trimmed(seen, expected, *best[1:])
		count, mean = int(seen[start:end].sum()), float(expected[start:end].sum())
		found.append(Cluster(start, end, count, mean, min(1.0, best[0] * looked)))
		free[start:end] = False
	return found, looked


def _level(counts: Matrix, expected: Matrix) -> float:
	daily = expected.sum(axis=1)
	known = daily > 0
	if known.sum() < 3:
		return 1.0
	return max(1.0, float(np.median(counts.sum(axis=1)[known] / daily[known])))


def _starts(size: int, length: int) -> NDArray[np.int64]:
	return np.arange(0, max(size - length + 1, 0), max(1, length // 4))


def _best(
	seen: Vector, expected: Vector, spread: dict[int, tuple[float, float]], free: NDArray[np.bool_]
) -> tuple[float, int, int] | None:
	"""p-value, start and end of the least probable window among the free hours."""
	sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (seen, expected, ~free)]
	best: tuple[float, int, int] | None = None
	for length in LENGTHS:
		starts = _starts(len(seen), length)
		count, mean, taken = (part[starts + length] - part[starts] for part in sums)
		worth = (count >= WINDOW_EVENTS) & (count >= WINDOW_FACTOR * mean) & (taken == 0) & (mean > 0)
		if not worth.any():
			continue
		# clumps make the variance a multiple of the mean, bad days a multiple of its square: the wider one counts
		wide = np.maximum(spread[length][0], 1 + spread[length][1] * mean[worth])
		tail = betainc(count[worth], mean[worth] / (wide - 1), (wide - 1) / wide)
		place = int(np.argmin(tail))
		if best is None or tail[place] < best[0]:
			start = int(starts[worth][place])
			best = float(tail[place]), start, start + length
	return best


def _trimmed(seen: Vector, expected: Vector, start: int, end: int) -> tuple[int, int]:
	"""The window without hours at its ends that are not above the usual."""
	while end - start > 1 and seen[start] <= expected[start]:
		start += 1
	while end - start > 1 and seen[end - 1] <= expected[end - 1]:
		end -= 1
	return start, end
