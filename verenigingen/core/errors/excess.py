"""Of many groups at once: which share of the errors each has, and which have more than they used to.

Errors of a group come in clumps, so neither is a binomial or Poisson matter: the interval of a share is widened by how
much the share differs from day to day (cluster-robust variance, then Wilson, J. Amer. Statist. Assoc. 22 (1927) 209-212),
that of a count by the dispersion between the group's days before the period and by the correlation of neighbouring days.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, stdtrit

RISE_ALPHA = 0.01  # for all groups of one report together
RISE_FACTOR = 1.5
RISE_EVENTS = 10
LEAST_DAYS = 3  # with events of any group; below that, a share's spread between days is not known
LEAST_BASELINE = 14
_POOLED = 50.0  # events; with fewer of its own, a group's spread leans on that of all groups
_OF_EACH = 3  # days of a weekday from which its own mean is used

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


class Rise(NamedTuple):
	"""By group: events before the period and in it, how many were to be expected, their ratio's 95 % interval, and the chance of so
	many (not yet corrected for the number of groups)."""

	before: Vector
	events: Vector
	expected: Vector
	low: Vector
	high: Vector
	p_value: Vector


def share_interval(counts: Matrix, totals: Vector) -> tuple[Vector, Vector] | None:
	"""95 % interval of each group's share, by daily counts (groups, days) and the totals of those days; None where
	fewer than three days have events."""
	days = totals > 0
	if days.sum() < LEAST_DAYS:
		return None
	counts, totals = counts[:, days], totals[days]
	events, size = float(totals.sum()), int(days.sum())
	share = counts.sum(axis=1) / events
	off = ((counts - share[:, None] * totals) ** 2).sum(axis=1) * size / (size - 1) / events**2
	plain = np.maximum(share * (1 - share) / events, 1e-12)
	worth = events / np.maximum(1.0, off / plain)  # as many independent events would tell as much
	z = float(stdtrit(size - 1, 0.975))
	centre = (share + z * z / (2 * worth)) / (1 + z * z / worth)
	reach = z / (1 + z * z / worth) * np.sqrt(share * (1 - share) / worth + z * z / (4 * worth**2))
	return np.clip(centre - reach, 0.0, 1.0), np.clip(centre + reach, 0.0, 1.0)


def rises(counts: Matrix, weight: Vector, weekdays: NDArray[np.int64], period: int) -> Rise | None:
	"""Each group's count in the last `period` days against its own days before; None with under two weeks of them.

	Args: daily counts (groups, days); how much of each day was observed, 0 to 1 (only whole days serve as
	baseline); the days' weekdays. Working days are compared with working days and weekends with weekends; each weekday
	with itself where three are known.
	"""
	before = np.flatnonzero(weight[:-period] >= 1.0)
	if len(before) < LEAST_BASELINE:
		return None
	own = counts[:, before]
	kinds = _kinds(weekdays, weekdays[before])
	sizes = np.bincount(kinds[before], minlength=7)
	sums = np.stack([own[:, kinds[before] == kind].sum(axis=1) for kind in range(7)], axis=1)
	means = sums / np.maximum(sizes, 1)
	here = np.arange(len(weekdays) - period, len(weekdays))
	expected = (means[:, kinds[here]] * weight[here]).sum(axis=1)
	of_days = float(weight[here].sum())
	expected += 0.5 * of_days / len(before)  # half an event: no group is expected never to err
	count = counts[:, here].sum(axis=1)
	wide = _spread(own, means[:, kinds[before]], before, int((sizes > 0).sum())) * (1 + of_days / len(before))
	tail = betainc(np.maximum(count, 1), expected / (wide - 1), (wide - 1) / wide)
	z = float(stdtrit(len(before) - 1, 0.975))
	reach = z * np.sqrt(wide / np.maximum(count, 0.5))
	ratio = np.maximum(count, 0.5) / expected
	low, high = ratio * np.exp(-reach), ratio * np.exp(np.minimum(reach, 50.0))
	tail = np.where(count >= RISE_EVENTS, tail, 1.0)
	return Rise(own.sum(axis=1), count, expected, low, high, tail)


def _kinds(weekdays: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
	"""What each day is compared with: its weekday, else working day (0) or weekend (5), else any day (0)."""
	if min(np.bincount(known, minlength=7)) >= _OF_EACH:
		return weekdays
	kinds: NDArray[np.int64] = np.where(weekdays >= 5, 5, 0)
	alone = min((known >= 5).sum(), (known < 5).sum()) < _OF_EACH
	return np.zeros_like(kinds) if alone else kinds


def _spread(own: Matrix, means: Matrix, days: NDArray[np.int64], parameters: int) -> Vector:
	"""Dispersion of each group's days, at least 1, times what correlation of neighbouring days adds. The fullest day
	counts as the second fullest does, so that one earlier incident does not hide the next."""
	off = own - means
	order = np.argsort(off, axis=1)
	off = off.copy()
	rows = np.arange(len(off))
	off[rows, order[:, -1]] = off[rows, order[:, -2]]
	size = len(days)
	pearson = (off**2).sum(axis=1) / np.maximum(means.sum(axis=1), 0.5) * size / max(size - parameters, 1)
	power = np.maximum((off**2).mean(axis=1), 1e-12)
	adjoin = np.diff(days) == 1
	rho = (off[:, 1:] * off[:, :-1])[:, adjoin].mean(axis=1) / power if adjoin.any() else np.zeros(len(off))
	rho = np.clip((size * rho + 1) / (size - 4), 0.0, 0.8)
	spread = np.maximum(1.0, pearson) * (1 + rho) / (1 - rho)
	# a rare group shows too few clumps to know their size: the spread of all groups together stands beside its own
	known = means.sum(axis=1)
	alike = float((spread * known).sum() / max(float(known.sum()), 0.5))
	events = own.sum(axis=1)
	found: Vector = np.maximum(spread, (events * spread + _POOLED * max(1.0, alike)) / (events + _POOLED))
	return found


def significant(p_values: Vector, alpha: float = RISE_ALPHA) -> NDArray[np.bool_]:
	"""Which hold when all are judged together (Holm, Scand. J. Statist. 6 (1979) 65-70)."""
	order = np.argsort(p_values, kind="stable")
	limits = alpha / (len(order) - np.arange(len(order)))
	failed = np.flatnonzero(p_values[order] >= limits)
	holds = np.zeros(len(order), dtype=np.bool_)
	holds[order[: failed[0] if len(failed) else len(order)]] = True
	return holds
