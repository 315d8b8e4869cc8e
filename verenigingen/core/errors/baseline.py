"""What is usual for an issue at an hour, from its past alone: level, hour of day, weekday, and hour of the week.

Each of the four is shrunk towards the one above it (gamma-Poisson), so that a rare issue gets a flat expectation and a
frequent one its own pattern. The spread around it is learned from the issue's own forecast errors: variance
`(1 + b) * mean + a * mean ** 2` (clumps and shifting rates) and, for sums over several hours, a factor for errors that
hang together. Everything is an array over issues; one step is one day.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WINDOWS = (1, 2, 3, 6, 12, 24)  # hours looked at together
KEPT = 0.985  # of what is known of the pattern after a day: half in 46 days
KEPT_LEVEL = 0.9  # of the level: half in four and a half days
PRIOR_HOUR = 4.0  # events a pattern must outweigh before it is believed, times the dispersion
PRIOR_WEEKDAY = 2.0
PRIOR_CELL = 30.0
BELIEVED = 3.0
KEPT_MISSES = 0.985
PRIOR_LEVEL = 1.0
SWING = 0.02  # variance of a day's factor on the level, believed before anything is seen
PRIOR_SWING = 1.0
LEAST_SWING = 0.003
CLUMP, SPREAD = 0.7, 0.3  # dispersion believed before anything is seen
PRIOR_SPREAD = 1.5  # weighted hours
LEARNED = 90  # hours before whole days are judged
_NEAR = np.array([0.5, 1.0, 1.0, 1.0, 0.5])

Vector = NDArray[np.float64]


class Baseline:
	"""Learned state of `size` issues; `expect` a day, then `learn` it."""

	def __init__(self, size: int) -> None:
		self.events = np.zeros((size, 7, 24))
		self.hours = np.zeros((size, 7, 24))
		self.recent = np.zeros(size)
		self.foreseen = np.zeros(size)
		self.clump = np.full(size, CLUMP)
		self.spread = np.full(size, SPREAD)
		self._moments = np.zeros((5, size))
		self.daily = np.full(size, SWING)
		self._swings = np.zeros((2, size))
		self._profile = np.zeros((size, 24))
		self._uncertain = np.zeros(size)

	@property
	def known(self) -> Vector:
		"""Hours seen by issue, forgotten ones left out."""
		known: Vector = self.hours.sum(axis=(1, 2))
		return known

	def expect(self, weekday: int) -> tuple[Vector, Vector, Vector]:
		"""Mean and variance by hour (issues, 24), and the variance of the day's level relative to its square."""
		events, hours = self.events.sum(axis=1), self.hours.sum(axis=1)
		overall = (events.sum(axis=1) + 0.25) / (hours.sum(axis=1) + 12)
		dispersion = 1 + self.clump + self.spread * overall
		foreseen = overall[:, None] * hours
		prior = (PRIOR_HOUR * dispersion)[:, None]
		near = (_around(events) + prior) / (_around(foreseen) + prior)
		hourly = (events + prior * near) / (foreseen + prior)
		base = overall[:, None] * hourly
		of_days = (base[:, None, :] * self.hours[:, weekday : weekday + 1]).sum(axis=(1, 2))
		strong = PRIOR_WEEKDAY * dispersion
		seen = self.events[:, weekday].sum(axis=1)
		daily = (seen + strong) / (of_days + strong)
		base = base * daily[:, None]
		cells = base * self.hours[:, weekday]
		odd = (self.events[:, weekday] - cells) ** 2 / (cells * dispersion[:, None] + 0.5) / BELIEVED**2
		prior_cell = PRIOR_CELL * dispersion[:, None] / (1 + odd**2)
		cell = (self.events[:, weekday] + prior_cell) / (cells + prior_cell)
		self._profile = base * cell
		level = (self.recent + PRIOR_LEVEL * dispersion) / (self.foreseen + PRIOR_LEVEL * dispersion)
		mean = self._profile * level[:, None]
		self._uncertain = dispersion / (self.recent + PRIOR_LEVEL * dispersion) + dispersion / (seen + strong)
		own = dispersion[:, None] / (events + prior * near)
		variance = mean * (1 + self.clump[:, None]) + mean**2 * (self.spread[:, None] + own)
		return mean, variance, self._uncertain + self.daily

	def learn(self, weekday: int, counts: Vector, exposure: Vector, odd: Vector, mean: Vector) -> None:
		"""Take a day in: counts without spikes and hours observed (issues, 24), and the mean that was expected."""
		self.events *= KEPT
		self.hours *= KEPT
		self.events[:, weekday] += counts
		self.hours[:, weekday] += exposure
		self.recent = KEPT_LEVEL * self.recent + counts.sum(axis=1)
		self.foreseen = KEPT_LEVEL * self.foreseen + (self._profile * exposure).sum(axis=1)
		self._learn_spread(odd, mean, (exposure > 0) & (self.known > 48)[:, None])

	def _learn_spread(self, counts: Vector, mean: Vector, seen: NDArray[np.bool_]) -> None:
		"""Least squares of squared errors on mean and squared mean, weighted, neither below 0."""
		usual = mean * (1 + self.clump[:, None]) + self.spread[:, None] * mean**2
		weight = seen / (usual + 2 * usual**2 + 1e-9)
		beyond = (counts - mean) ** 2 - mean
		powers = (mean**2, mean**3, mean**4, mean * beyond, mean**2 * beyond)
		self._moments *= KEPT_MISSES
		self._moments += np.array([(weight * power).sum(axis=1) for power in powers])
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
		self._swings *= KEPT_MISSES
		self._swings += weight * ((total - expected) ** 2 - own) / square, weight
		found = (self._swings[0] + PRIOR_SWING * SWING) / (self._swings[1] + PRIOR_SWING)
		self.daily = np.maximum(found, LEAST_SWING)

	def rescale(self, row: int, events: float, factor: float) -> None:
		"""Take the level of an issue from its last day alone: so many events, `factor` times the expected ones."""
		dispersion = 1 + self.clump[row] + self.spread[row]
		prior = PRIOR_LEVEL * dispersion
		level = factor * (self.recent[row] + prior) / (self.foreseen[row] + prior)
		self.recent[row], self.foreseen[row] = events, events / max(level, 1e-9)


def _around(values: Vector) -> Vector:
	"""Weighted sum with the two hours before and after, round the clock."""
	total = np.zeros_like(values)
	for shift, weight in enumerate(_NEAR, -2):
		total += weight * np.roll(values, shift, axis=1)
	return total
