"""How surprising a score is, measured on what the same score did before: a tail fitted to its own past maxima.

Blocks of a few hours take the dependence of neighbouring values out; the excesses of the largest block maxima over a
high quantile give a generalised Pareto tail by their moments: exponential, unless enough excesses say that it is
heavier. A weak prior makes two days of history enough to begin with. What happened before is never so surprising
again: it is means, not medians, that remember bursts.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass

import numpy as np

from verenigingen.core.anomaly.rolling import Values

TAIL = 0.15  # share of the blocks whose maxima make the tail
PRIOR_BLOCKS = 4.0  # weight of the prior, in blocks
PRIOR_EXCESS = 0.25  # prior mean excess, as a share of the quantile it exceeds
SHAPE_BLOCKS = 10.0  # weight of "exponential" against the shape that the excesses show
GRAIN = 0.5  # of the resolution of the values: the mean excess of counts cannot be smaller
MOST = 20.0  # decades; beyond, numbers say nothing more
_HEAVIEST = 0.5  # shape beyond which moments tell nothing
_EXPONENTIAL = 1e-6  # the shape that stands for 0


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
	"""Per place, the tail that was known there: a `share` of blocks exceeds `usual`, by `excess` in the mean and with
	that `shape` (all NaN before enough blocks are known)."""

	usual: Values
	share: Values
	excess: Values
	shape: Values

	def decades(self, score: Values) -> Values:
		"""Minus the decimal logarithm of the chance that a block reaches the score; 0 up to `usual`."""
		above = score > self.usual  # never where nothing is known
		with np.errstate(over="ignore"):  # against a history of nothing, a value may lie infinitely far out
			over = np.where(above, score - self.usual, 0.0) / np.where(above, self.excess, 1.0)
		shape = np.where(above, self.shape, 1.0)
		found = np.log10(1.0 + shape * over) / shape - np.log10(np.where(above, self.share, 1.0))
		return np.where(above, np.minimum(found, MOST), 0.0)

	def score(self, decades: float) -> Values:
		"""The score that would be so surprising."""
		power = (decades + np.log10(self.share)) * self.shape
		return self.usual + self.excess * (np.power(10.0, power) - 1.0) / self.shape


def tail_of(score: Values, block: int, warm: int, nothing: Values, grain: Values) -> Tail:
	"""The tail at each place of a score (0 or more, NaN where it is not known) from the blocks of `block` scores before.

	warm: blocks that must be known before anything surprises. nothing: per place, a score too small to matter; grain:
	the resolution of the score, as far as it shows.
	"""
	fitted = np.full((4, len(score)), np.nan)
	known = np.isfinite(score)
	if not known.any():
		return Tail(*fitted)
	first = int(np.argmax(known))
	values = np.where(known, score, 0.0)[first:]
	starts = np.arange(0, len(values), block)
	maxima = np.maximum.reduceat(values, starts).tolist()
	fits = np.full((len(starts), 4), np.nan)
	past: list[float] = []
	least = zip(nothing[first:][starts].tolist(), grain[first:][starts].tolist(), strict=True)
	for index, (floor, resolution) in enumerate(least):
		if index >= warm:
			fits[index] = _fit(past, floor, GRAIN * resolution)
		insort(past, maxima[index])
	fitted[:, first:] = np.repeat(fits, block, axis=0)[: len(values)].T
	return Tail(*fitted)


def _fit(past: list[float], nothing: float, least: float) -> tuple[float, float, float, float]:
	"""(quantile, share of blocks above it, mean excess over it, shape) of ascending block maxima."""
	count = len(past)
	size = min(max(3, int(np.ceil(TAIL * count))), count - 1)
	level = past[count - size - 1]
	if level <= nothing:  # hardly ever anything: what there was is the tail
		top = [value for value in past[count - size :] if value > nothing]
		mean = sum(top) / len(top) - nothing if top else 0.0
		return nothing, (len(top) + 1) / (count + 1), max(PRIOR_EXCESS * nothing, mean, least), _EXPONENTIAL
	excesses = [value - level for value in past[count - size :]]
	mean = sum(excesses) / size
	excess = (size * mean + PRIOR_BLOCKS * PRIOR_EXCESS * level) / (size + PRIOR_BLOCKS)
	variance = sum((one - mean) ** 2 for one in excesses) / size
	shape = 0.5 * (1.0 - mean * mean / variance) if variance > 0 else 0.0
	shape = min(_HEAVIEST, shape) * size / (size + SHAPE_BLOCKS)
	return level, (size + 1) / (count + 1), max(excess, least), max(_EXPONENTIAL, shape)
