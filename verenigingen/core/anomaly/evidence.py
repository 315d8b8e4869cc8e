"""From views to alerts: how evidence is added up, and when it is enough.

One jump out of nowhere, or one value that is rather high, happens all the time; both at once hardly ever. So the
decades of the jump and of the distance (the mean of those from the level and from the season) are added. A distance
from the level that is extreme by itself counts too, as do variability and trend, which need no jump.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verenigingen.core.anomaly.rolling import Values
from verenigingen.core.anomaly.views import Views, recent

ENOUGH = 4.75  # decades of evidence for an alert; about one false alert in five weeks of real series
_LEVEL_ALONE = 1.5  # what a decade of the level by itself is worth: it stands for two distances
_WORSE = 1.5  # times the evidence: something else than what was told already
_TREND_ALONE = 0.75  # medians of overlapping days move slowly: their blocks are not independent
JUMP, LEVEL, VARIABILITY, TREND = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
	"""decades: per point; route: which of JUMP, LEVEL, VARIABILITY and TREND gave most of it."""

	decades: Values
	route: NDArray[np.int64]


def evidence(views: Views) -> Evidence:
	"""All views as one number per point."""
	jump, level, season = (recent(view, views.width) for view in (views.jump, views.level, views.season))
	routes = np.array(
		[
			jump + (level + season) / 2,
			_LEVEL_ALONE * level,
			recent(views.variability, views.width),
			_TREND_ALONE * recent(views.trend, views.width),
		]
	)
	route = routes.argmax(axis=0)
	return Evidence(np.take_along_axis(routes, route[None], axis=0)[0], route)


def alerts(decades: Values, width: int, enough: float = ENOUGH) -> list[int]:
	"""Places of the alerts: enough evidence, and none within half a day before (width: points of a day); sooner, but for the
	first hour, only for half as much evidence again as there was since."""
	found: list[int] = []
	peak = 0.0
	for place in np.flatnonzero(decades >= enough).tolist():
		passed = place - found[-1] if found else width
		proof = float(decades[place])
		if passed > width // 2 or (passed > width // 24 and proof > _WORSE * peak):
			found.append(place)
			peak = 0.0
		peak = max(peak, proof)
	return found
