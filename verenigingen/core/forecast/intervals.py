"""Conformal intervals: as wide as the combination's misses at held-back origins, scaled by how far ahead they lie."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from .prepare import Series, Values

LEVELS = (0.80, 0.95)
SMOOTHED = 49  # points ahead over which the size of misses is averaged
# Misses of one origin hang together, so that there are as many independent ones as origins: quantiles of so few are
# too small by about this part of one over their number.
CORRECTION = 1.5
SYMMETRIC = 0.5  # half symmetric quantiles (steadier), half those of each side (true to skew)


def bounds(series: Series, mean: Values, misses: Values) -> list[tuple[Values, Values]]:
	"""(lower, upper) for each of LEVELS. misses: actual minus forecast, (origins, points ahead); further ahead than was
	tried, the size grows with the square root of the distance, as that of a random walk does."""
	size = _size(misses, len(mean)) + series.unit
	relative = (misses / size[: misses.shape[1]]).ravel()
	wider = 1.0 + CORRECTION / len(misses)
	found = []
	for level in LEVELS:
		both = float(np.quantile(np.abs(relative), level))
		below, above = np.quantile(relative, [(1 - level) / 2, (1 + level) / 2])
		low = SYMMETRIC * both + (1 - SYMMETRIC) * max(0.0, -float(below))
		high = SYMMETRIC * both + (1 - SYMMETRIC) * max(0.0, float(above))
		lower = np.maximum(mean - wider * low * size, series.hard_floor)
		found.append((np.minimum(lower, mean), mean + wider * high * size))
	return found


def _size(misses: Values, horizon: int) -> Values:
	ahead = uniform_filter1d(np.abs(misses).mean(axis=0), size=SMOOTHED, mode="nearest")
	tried = len(ahead)
	if horizon <= tried:
		return np.asarray(ahead[:horizon])
	further = ahead[-1] * np.sqrt(np.arange(tried + 1, horizon + 1) / tried)
	return np.concatenate([ahead, further])
