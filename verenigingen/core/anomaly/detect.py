"""The anomalies of one series, as someone would have seen them who watched it value by value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from verenigingen.core.anomaly.describe import describe
from verenigingen.core.anomaly.evidence import ENOUGH, alerts, evidence
from verenigingen.core.anomaly.gaps import Gap, gaps
from verenigingen.core.anomaly.model import MISSING, Anomaly
from verenigingen.core.anomaly.rolling import Values
from verenigingen.core.anomaly.views import look

LEAST_POINTS = 20  # fewer show nothing that could be called usual


def detect(
	times: Values, values: Values, *, until: float | None = None, enough: float = ENOUGH
) -> list[Anomaly]:
	"""The anomalies of a series in order of time.

	times: seconds on the wall clock of the place that is measured (so that a day's rhythm stays at its hours), ascending,
	repeated times allowed; values: NaN where nothing was measured. until: the present moment, where it is known that the
	series should go on. enough: decades of evidence for an alert.
	An alert rests on the values up to its own, so it is the same whatever follows. At most one alert in half a day
	(but for missing data, and for much stronger evidence). Nothing is said of the first two days: they tell what is usual. Fewer than LEAST_POINTS known
	values give no alerts. Raises ValueError when times descend or the lengths differ.
	"""
	times, values = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
	if times.shape != values.shape or times.ndim != 1:
		raise ValueError(
			f"times {times.shape} and values {values.shape} must be one-dimensional and equally long"
		)
	if (np.diff(times) < 0).any():
		raise ValueError("times must ascend")
	known = np.flatnonzero(np.isfinite(values))
	if len(known) < LEAST_POINTS:
		return []
	moments, measured = times[known], values[known]
	if until is None:
		until = float(times[-1])  # the grid may have gone on without values
	found = [_missing(gap, moments, enough) for gap in gaps(moments, until, enough)]
	views = look(moments, measured)
	proof = evidence(views)
	for place in alerts(proof.decades, views.width, enough):
		one = describe(place, moments, measured, views, proof)
		found.append(replace(one, score=score_of(one.decades, enough)))
	placed = (replace(one, place=int(known[one.place])) for one in found)
	return sorted(placed, key=lambda one: (one.at, one.place))


def score_of(decades: float, enough: float = ENOUGH) -> float:
	"""0.5 at the threshold, 0.75 at twice the evidence, towards 1."""
	return 1.0 - float(np.exp2(-decades / enough))


def _missing(gap: Gap, times: Values, enough: float) -> Anomaly:
	since = float(times[gap.after])
	waited = gap.overdue - since
	return Anomaly(
		place=gap.after,
		at=gap.overdue,
		began=since,
		ended=gap.ended,
		kind=MISSING,
		score=score_of(gap.decades, enough),
		decades=gap.decades,
		rising=False,
		value=waited,
		expected=gap.usual,
		low=None,
		high=None,
		seconds=waited,
		weekly=False,
		seasonal=False,
	)
