"""Running statistics that know only the past, each in time linear (or nearly so) in the number of values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

Values = NDArray[np.float64]


def median_before(values: Values, width: int) -> Values:
	"""The median of up to `width` values before each one; NaN for the first. `values` has no NaN."""
	count = len(values)
	width |= 1  # an even number of values has no middle one
	found = np.full(count, np.nan)
	for place in range(1, min(width, count)):
		found[place] = np.median(values[:place])
	if count > width:
		# centred filter, read half a width later: the window of place p is then p-width .. p-1
		centred = median_filter(values, size=width, mode="nearest")
		half = width // 2
		found[width:] = centred[half : count - half - 1]
	return found


def mean_until(values: Values, width: int) -> Values:
	"""The mean of the last `width` known values of each place, its own among them; NaN where none is known."""
	known = np.isfinite(values)
	sums = np.concatenate(([0.0], np.cumsum(np.where(known, values, 0.0))))
	counts = np.concatenate(([0], np.cumsum(known)))
	end = np.arange(1, len(values) + 1)
	begin = np.maximum(end - width, 0)
	many = counts[end] - counts[begin]
	# differences of long sums leave dust where the values are all zero
	return np.where(many > 0, (sums[end] - sums[begin]) / np.maximum(many, 1), np.nan)


def largest_until(values: Values, width: int) -> Values:
	"""The largest of the last `width` values of each place, its own among them; 0 where fewer are there."""
	if width <= 1 or not len(values):
		return values
	padded = np.concatenate((np.zeros(width - 1), values))
	found: Values = np.lib.stride_tricks.sliding_window_view(padded, width).max(axis=1)
	return found


def later(values: Values, places: int) -> Values:
	"""The values moved `places` onwards, NaN before them."""
	found = np.full(len(values), np.nan)
	found[places:] = values[: max(len(values) - places, 0)]
	return found
