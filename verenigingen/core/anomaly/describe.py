"""What kind of anomaly an alert tells of, since when, and the numbers that show it."""

from __future__ import annotations

import numpy as np

from verenigingen.core.anomaly.evidence import JUMP, TREND, VARIABILITY, Evidence
from verenigingen.core.anomaly.model import BREAK, DROP, SHIFT, SPIKE, SPREAD, Anomaly
from verenigingen.core.anomaly.rolling import Values
from verenigingen.core.anomaly.views import SPANS, View, Views, variability_span

_LASTING = SPANS[-1]  # of a day: a distance that is found over so long is a shift of the level


def describe(place: int, times: Values, values: Values, views: Views, proof: Evidence) -> Anomaly:
	"""The alert at `place` in words of `Anomaly`; its score is left 0."""
	route = int(proof.route[place])
	decades = float(proof.decades[place])
	if route == VARIABILITY:
		return _spread(place, times, values, views, decades)
	if route == TREND:
		return _break(place, times, views, decades)
	level, season = (_strongest(view, place, views.width) for view in (views.level, views.season))
	by_season = views.season.decades[season] >= views.level.decades[level] and bool(views.seasonal[season])
	view, seen = (views.season, season) if by_season else (views.level, level)
	if view.decades[seen] <= 0 and route == JUMP:
		view, seen = views.jump, _strongest(views.jump, place, views.width)
	span = int(view.span[seen])
	rising = bool(view.sign[seen] > 0)
	expected = (views.expected if by_season else views.median)[place]
	single = (views.season if by_season else views.level).usual_single[place]
	usual_by_itself = bool(abs(values[place] - expected) <= single)
	lasting = span > 1 and (usual_by_itself or span >= round(_LASTING * views.width))
	first = max(0, place - span + 1) if lasting else place
	usual = view.usual[seen] if lasting else single
	began = _began(place, values, views, by_season=by_season, rising=rising)
	return Anomaly(
		place=place,
		at=float(times[place]),
		began=float(times[min(began, first)]),
		ended=_ended(place, times, view, views.width),
		kind=SHIFT if lasting else SPIKE if rising else DROP,
		score=0.0,
		decades=decades,
		rising=rising,
		value=float(values[first : place + 1].mean()),
		expected=float(expected),
		low=None if np.isnan(usual) else float(expected - usual),
		high=None if np.isnan(usual) else float(expected + usual),
		seconds=float(times[place] - times[first]) + views.step,
		weekly=by_season and bool(views.weekly[place]),
		seasonal=by_season,
	)


def _strongest(view: View, place: int, width: int) -> int:
	"""Where the view was most surprised in the hour that counts for `place`."""
	first = max(0, place - max(1, width // 24) + 1)
	# the latest of equals
	return place - int(np.argmax(view.decades[first : place + 1][::-1]))


def _began(place: int, values: Values, views: Views, *, by_season: bool, rising: bool) -> int:
	"""The first of the values before `place` that lie beyond the usual in the same direction without a break."""
	usual = (views.season if by_season else views.level).usual_single
	rest = values - (views.expected if by_season else views.median)
	first = place
	while first > 0 and place - first < views.width // 8:
		distance = rest[first - 1] if rising else -rest[first - 1]
		if not distance > usual[first - 1]:
			break
		first -= 1
	return first


def _ended(place: int, times: Values, view: View, width: int) -> float | None:
	"""The time from which the view saw only usual values for an hour."""
	calm = view.decades[place + 1 :] <= 0
	hour = max(1, width // 24)
	runs = np.convolve(calm, np.ones(hour), "valid") >= hour if len(calm) >= hour else np.zeros(0, bool)
	return float(times[place + 1 + int(np.argmax(runs))]) if runs.any() else None


def _spread(place: int, times: Values, values: Values, views: Views, decades: float) -> Anomaly:
	span = variability_span(views.width)
	first = max(0, place - span)
	steps = np.abs(np.diff(values[: place + 1]))
	seen = _strongest(views.variability, place, views.width)
	return Anomaly(
		place=place,
		at=float(times[place]),
		began=float(times[first]),
		ended=_ended(place, times, views.variability, views.width),
		kind=SPREAD,
		score=0.0,
		decades=decades,
		rising=bool(views.variability.sign[seen] > 0),
		value=float(steps[first:].mean()),
		expected=float(steps[:first].mean()),
		low=None,
		high=None,
		seconds=float(times[place] - times[first]),
		weekly=False,
		seasonal=False,
	)


def _break(place: int, times: Values, views: Views, decades: float) -> Anomaly:
	first = max(0, place - views.width)
	move, usual = views.median[place] - views.median[first], views.trend.usual[place]
	return Anomaly(
		place=place,
		at=float(times[place]),
		began=float(times[first]),
		ended=_ended(place, times, views.trend, views.width),
		kind=BREAK,
		score=0.0,
		decades=decades,
		rising=bool(move > 0),
		value=float(views.median[place]),
		expected=float(views.median[first]),
		low=float(views.median[first] - usual),
		high=float(views.median[first] + usual),
		seconds=float(times[place] - times[first]),
		weekly=False,
		seasonal=False,
	)
