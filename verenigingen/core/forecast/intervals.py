"""Conformal intervals: as wide as the combination's misses at held-back origins, scaled by how far ahead they lie."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.special import ndtri, stdtrit

from .prepare import Series, Values

LEVELS = (0.80, 0.95)
SMOOTHED = 49  # points ahead over which the size of misses is averaged
SYMMETRIC = 0.5  # half symmetric quantiles (steadier), half those of each side (true to skew)


def bounds(series: Series, mean: Values, misses: Values, apart: int) -> list[tuple[Values, Values]]:
	"""(lower, upper) for each of LEVELS. misses: actual minus forecast, (origins, points ahead), of origins `apart` points
	from each other; further ahead than was tried, the size grows with the square root of the distance, as that of a
	random walk does."""
	size = _size(misses, len(mean)) + series.unit
	relative = misses / size[: misses.shape[1]]
	independent = _independent(relative, apart)
	found = []
	for level in LEVELS:
		both = float(np.quantile(np.abs(relative), level))
		below, above = np.quantile(relative, [(1 - level) / 2, (1 + level) / 2])
		low = SYMMETRIC * both + (1 - SYMMETRIC) * max(0.0, -float(below))
		high = SYMMETRIC * both + (1 - SYMMETRIC) * max(0.0, float(above))
		wider = _wider(len(misses), independent, level)
		lower = np.maximum(mean - wider * low * size, series.hard_floor)
		found.append((np.minimum(lower, mean), mean + wider * high * size))
	return found


def _independent(relative: Values, apart: int) -> float:
	"""How many independent trials the misses are worth: as many as origins where each misses up and down by turns; where
	a whole stretch is missed to one side, only as many as do not overlap."""
	origins, reach = relative.shape
	whole = float(np.square(relative).mean())
	shared = min(1.0, float(np.square(relative.mean(axis=1)).mean()) / whole) if whole > 0 else 0.0
	apart_from_all = min(float(origins), (apart * (origins - 1) + reach) / reach)
	return float(origins ** (1 - shared) * apart_from_all**shared)


def _wider(origins: int, independent: float, level: float) -> float:
	"""Quantiles of few misses are too small: by one part of their number as every empirical quantile, and as Student's t
	is wider than the normal distribution."""
	side = (1 + level) / 2
	return float((1 + 1 / origins) * stdtrit(max(independent, 1.5), side) / ndtri(side))


def _size(misses: Values, horizon: int) -> Values:
	ahead = uniform_filter1d(np.abs(misses).mean(axis=0), size=SMOOTHED, mode="nearest")
	tried = len(ahead)
	if horizon <= tried:
		return np.asarray(ahead[:horizon])
	further = ahead[-1] * np.sqrt(np.arange(tried + 1, horizon + 1) / tried)
	return np.concatenate([ahead, further])
