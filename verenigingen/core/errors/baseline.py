"""What is usual for an issue at an hour, from its past alone: level, hour of day, weekday, and hour of the week.

Each of the four is shrunk towards the one above it (gamma-Poisson), so that a rare issue gets a flat expectation and a
frequent one its own pattern. The spread around it is learned from the issue's own forecast errors: variance
`(1 + clump) * mean + spread * mean ** 2` by hour (retries come in clumps, rates shift), and a factor that a whole day has in
common. What the baseline cannot know yet widens it too. Everything is an array over issues; one step is one day.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WINDOWS = (1, 2, 3, 6, 12, 24)  # hours looked at together
KEPT = 0.985  # a day, of what is known of pattern and spread: half in 46 days
KEPT_LEVEL = 0.9  # a day, of the level: half in a week
# Events that the data must outweigh before they are believed, times the dispersion.
PRIOR_LEVEL = 1.0
PRIOR_HOUR = 4.0
PRIOR_WEEKDAY = 2.0
PRIOR_CELL = 30.0  # an hour of the week seldom differs from its hour and its weekday ...
BELIEVED = 3.0  # ... but where it does, by so many standard deviations, it is believed sooner (a weekly job)
# Spread believed before anything is seen (clumps of two are common), and its weight in events and days.
CLUMP, SPREAD, SWING = 1.0, 0.3, 0.02
PRIOR_SPREAD, PRIOR_SWING = 3.0, 1.0
LEAST_SWING = 0.003
SETTLED = 48  # hours before forecast errors say more about the issue than about the forecast
LEARNED = 90  # hours before whole days do
# weights of the two hours before and after each hour, round the clock
_AROUND = sum(
	weight * np.roll(np.eye(24), shift, axis=1) for shift, weight in enumerate((0.5, 1.0, 1.0, 1.0, 0.5), -2)
)

Vector = NDArray[np.float64]


class Baseline:
	"""What is known of `size` issues; each day `expect`, then `learn` and `learn_swing`."""

	def __init__(self, size: int) -> None:
		self.events = np.zeros((size, 7, 24))
		self.hours = np.zeros((size, 7, 24))
		# the two above by hour of the day, and all hours seen: kept beside them, as adding them up costs more than all else
		self._by_hour = np.zeros((2, size, 24))
		self.known = np.zeros(size)
		self.recent = np.zeros(size)
		self.foreseen = np.zeros(size)
		self.clump = np.full(size, CLUMP)
		self.spread = np.full(size, SPREAD)
		self._moments = np.zeros((5, size))
		self.daily = np.full(size, SWING)
		self._swings = np.zeros((2, size))
		self._profile = np.zeros((size, 24))
		self._uncertain = np.zeros(size)

	def expect(self, weekday: int) -> tuple[Vector, Vector, Vector]:
		"""Of a day's hours (issues, 24) the mean and the variance of each alone; and, relative to the squared mean of any sum
		of them, the variance that they have in common (issues)."""
		overall = (self._by_hour[0].sum(axis=1) + 0.25) / (self.known + 12)
		dispersion = 1 + self.clump + self.spread * overall
		hourly, own = self._hourly(overall, dispersion)
		seen = self.events[:, weekday].sum(axis=1)
		strong = PRIOR_WEEKDAY * dispersion
		daily = (seen + strong) / ((hourly * self.hours[:, weekday]).sum(axis=1) + strong)
		self._profile = self._by_cell(weekday, hourly * daily[:, None], dispersion[:, None])
		firm = PRIOR_LEVEL * dispersion
		mean = self._profile * ((self.recent + firm) / (self.foreseen + firm))[:, None]
		self._uncertain = dispersion / (self.recent + firm) + dispersion / (seen + strong)
		variance = mean * (1 + self.clump[:, None]) + mean**2 * (self.spread[:, None] + own)
		return mean, variance, self._uncertain + self.daily

	def _hourly(self, overall: Vector, dispersion: Vector) -> tuple[Vector, Vector]:
		"""Rate by hour of the day, shrunk towards the hours around it; and how uncertain it is (relative variance)."""
		events, hours = self._by_hour
		foreseen = overall[:, None] * hours
		prior = (PRIOR_HOUR * dispersion)[:, None]
		near = (events @ _AROUND + prior) / (foreseen @ _AROUND + prior)
		hourly: Vector = overall[:, None] * (events + prior * near) / (foreseen + prior)
		return hourly, dispersion[:, None] / (events + prior * near)

	def _by_cell(self, weekday: int, rate: Vector, dispersion: Vector) -> Vector:
		"""Rate by hour of the week, shrunk towards `rate`, the less the more it differs."""
		events, foreseen = self.events[:, weekday], rate * self.hours[:, weekday]
		oddness = (events - foreseen) ** 2 / (foreseen * dispersion + 0.5) / BELIEVED**2
		prior = PRIOR_CELL * dispersion / (1 + oddness**2)
		cell: Vector = rate * (events + prior) / (foreseen + prior)
		return cell

	def learn(self, weekday: int, counts: Vector, exposure: Vector, odd: Vector, mean: Vector) -> None:
		"""Take a day in, all (issues, 24): counts without spikes, hours observed, counts with what is to widen the spread, and
		the mean that was expected."""
		self.events *= KEPT
		self.hours *= KEPT
		self.events[:, weekday] += counts
		self.hours[:, weekday] += exposure
		self._by_hour *= KEPT
		self._by_hour += counts, exposure
		self.known = KEPT * self.known + exposure.sum(axis=1)
		self.recent = KEPT_LEVEL * self.recent + counts.sum(axis=1)
		self.foreseen = KEPT_LEVEL * self.foreseen + (self._profile * exposure).sum(axis=1)
		self._learn_spread(odd, mean, (exposure > 0) & (self.known > SETTLED)[:, None])

	def _learn_spread(self, counts: Vector, mean: Vector, seen: NDArray[np.bool_]) -> None:
		"""Least squares of squared errors on mean and squared mean, weighted, neither below 0."""
		square = mean**2
		usual = mean * (1 + self.clump[:, None]) + self.spread[:, None] * square
		once = mean * (seen / (usual + 2 * usual**2 + 1e-9))
		twice = once * mean
		beyond = (counts - mean) ** 2 - mean
		self._moments *= KEPT
		self._moments += np.stack([twice, twice * mean, twice * square, once * beyond, twice * beyond]).sum(
			axis=2
		)
		one, both, two, with_one, with_two = self._moments
		one, two = one + PRIOR_SPREAD, two + PRIOR_SPREAD
		with_one, with_two = with_one + PRIOR_SPREAD * CLUMP, with_two + PRIOR_SPREAD * SPREAD
		determinant = one * two - both**2
		clump = (with_one * two - with_two * both) / determinant
		spread = (with_two * one - with_one * both) / determinant
		alone = np.maximum(with_one / one, 0.0)
		self.clump = np.where(clump < 0, 0.0, np.where(spread < 0, alone, clump))
		self.spread = np.where(spread < 0, 0.0, np.where(clump < 0, np.maximum(with_two / two, 0.0), spread))

	def learn_swing(self, counts: Vector, mean: Vector, variance: Vector) -> None:
		"""Learn how far whole days differ from what was expected; arrays of a day's hours as `expect` foresaw them."""
		total, expected = counts.sum(axis=1), mean.sum(axis=1)
		own = variance.sum(axis=1) + (self._uncertain * expected**2)
		square = np.maximum(expected, 0.01) ** 2
		weight = (self.daily / (own / square + self.daily)) ** 2 * (self.known > LEARNED) * (expected > 0)
		self._swings *= KEPT
		self._swings += weight * ((total - expected) ** 2 - own) / square, weight
		found = (self._swings[0] + PRIOR_SWING * SWING) / (self._swings[1] + PRIOR_SWING)
		self.daily = np.maximum(found, LEAST_SWING)

	def rescale(self, row: int, events: float, factor: float) -> None:
		"""Take the level of an issue from its last day alone: so many events, `factor` times the expected ones."""
		dispersion = 1 + self.clump[row] + self.spread[row]
		prior = PRIOR_LEVEL * dispersion
		level = factor * (self.recent[row] + prior) / (self.foreseen[row] + prior)
		self.recent[row], self.foreseen[row] = events, events / max(level, 1e-9)
