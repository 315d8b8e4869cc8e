"""Missing data: a value that is overdue by far more than was ever usual for the series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from verenigingen.core.anomaly.rolling import Values, median_before
from verenigingen.core.anomaly.surprise import tail_of

_LEAST = 20  # intervals that must be known
_BLOCK = 8  # intervals
_TIMES = 5.0  # the usual interval; a shorter wait is never worth a word
_WIDTH = 101  # intervals whose median is the usual one


@dataclass(frozen=True, slots=True)
class Gap:
	"""after: place of the last value before the gap. overdue: seconds (as the times) when the missing value became
	alarming. ended: when values came again, None if they have not. usual: the usual interval in seconds."""

	after: int
	overdue: float
	ended: float | None
	usual: float
	decades: float


def gaps(times: Values, until: float, enough: float) -> Iterator[Gap]:
	"""The gaps in ascending times (seconds), and one at the end if a value is overdue at `until`. What is said of a gap
	rests on the intervals before it and, but for its end, on no more than that it was overdue. enough: decades of
	evidence."""
	if len(times) <= _LEAST:
		return
	open_end = until > times[-1]
	waits = np.diff(times, append=[until] if open_end else [])
	usual = np.maximum(median_before(waits, _WIDTH), 1e-9)
	tail = tail_of(waits, _BLOCK, -(-_LEAST // _BLOCK), usual, np.zeros(len(waits)))
	alarm = np.maximum(tail.score(enough), _TIMES * usual)
	decades = tail.decades(alarm)
	for place in np.flatnonzero(waits >= alarm):
		going_on = open_end and place == len(waits) - 1
		yield Gap(
			int(place),
			float(times[place] + alarm[place]),
			None if going_on else float(times[place + 1]),
			float(usual[place]),
			float(decades[place]),
		)
