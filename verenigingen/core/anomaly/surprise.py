"""How surprising a score is, measured on what the same score did before: a tail fitted to its own past maxima.

Blocks of a few hours take the dependence of neighbouring values out; the excess of the largest block maxima over a
high quantile is taken as exponential, with a weak prior, so that two days of history are enough to begin with. What
happened before is never so surprising again: a mean, not a median, of the excesses is what remembers bursts.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass

import numpy as np

from verenigingen.core.anomaly.rolling import Values

TAIL = 0.15  # share of the blocks whose maxima make the tail
PRIOR_BLOCKS = 4.0  # weight of the prior, in blocks
PRIOR_EXCESS = 0.25  # prior mean excess, as a share of the quantile it exceeds
MOST = 20.0  # decades; beyond, numbers say nothing more
_PER_DECADE = float(np.log10(np.e))


@dataclass(frozen=True, slots=True, eq=False)
class Surprise:
	"""decades: minus the decimal logarithm of the chance that a block of the past reaches such a score; usual: the score
	that a share of about TAIL of the past blocks exceeds, by `excess` in the mean (NaN before enough of them are known)."""

	decades: Values
	usual: Values
	share: Values
	excess: Values

	def needed(self, decades: float) -> Values:
		"""The score that would be so surprising at each place."""
		return self.usual + self.excess * (decades + np.log10(self.share)) / _PER_DECADE

	def per_unit(self) -> Values:
		"""The decades that one unit of score more is worth, beyond what is usual."""
		return _PER_DECADE / self.excess


def surprise(score: Values, block: int, warm: int, nothing: Values) -> Surprise:
	"""The surprise of each score (0 or more, NaN where it is not known) from the blocks of `block` scores before its own.

	warm: blocks that must be known before anything surprises. nothing: per place, a score too small to matter.
	"""
	count = len(score)
	decades, fitted = np.zeros(count), np.full((3, count), np.nan)
	known = np.isfinite(score)
	if not known.any():
		return Surprise(decades, *fitted)
	first = int(np.argmax(known))
	values = np.where(known, score, 0.0)[first:]
	starts = np.arange(0, len(values), block)
	maxima = np.maximum.reduceat(values, starts)
	fits = np.full((len(starts), 3), np.nan)
	past: list[float] = []
	floors = nothing[first:][starts]
	for index in range(len(starts)):
		if index >= warm:
			fits[index] = _tail(past, float(floors[index]))
		insort(past, float(maxima[index]))
	level, share, excess = np.repeat(fits, block, axis=0)[: len(values)].T
	above = values > level  # never where the fit is NaN
	with np.errstate(over="ignore"):  # against a history of nothing, a value may lie infinitely far out
		over = np.where(above, values - level, 0.0) / np.where(above, excess, 1.0)
	found = _PER_DECADE * over - np.log10(np.where(above, share, 1.0))
	decades[first:] = np.where(above, np.minimum(found, MOST), 0.0)
	fitted[:, first:] = level, share, excess
	return Surprise(decades, *fitted)


def _tail(past: list[float], nothing: float) -> tuple[float, float, float]:
	"""(quantile, share of blocks above it, mean excess over it) of ascending block maxima."""
	count = len(past)
	size = min(max(3, int(np.ceil(TAIL * count))), count - 1)
	level = past[count - size - 1]
	if level > nothing:
		mean = sum(past[count - size :]) / size - level
		excess = (size * mean + PRIOR_BLOCKS * PRIOR_EXCESS * level) / (size + PRIOR_BLOCKS)
		return level, (size + 1) / (count + 1), excess
	# hardly ever anything: what there was is the tail
	top = [value for value in past[count - size :] if value > nothing]
	excess = max(PRIOR_EXCESS * nothing, sum(top) / len(top) - nothing if top else 0.0)
	return nothing, (len(top) + 1) / (count + 1), excess
