"""What is said of an anomaly."""

from __future__ import annotations

from dataclasses import dataclass

SPIKE, DROP, SHIFT, BREAK, SPREAD, MISSING = (
	"spike",
	"drop",
	"level shift",
	"trend break",
	"variance change",
	"missing data",
)
KINDS = (SPIKE, DROP, SHIFT, BREAK, SPREAD, MISSING)


@dataclass(frozen=True, slots=True)
class Anomaly:
	"""One alert.

	place: of the value that gave the alert (of missing data: the last value before it). at, began, ended: seconds, as
	the times of the series; `ended` is None while it goes on, and the only field that values after `at` decide. score: 0.5 at
	the threshold, towards 1 the less likely it is; decades: the evidence, as powers of ten. rising: upwards or
	downwards. value: the value, or the mean over the last `seconds` where that is more than one step. expected: what was
	usual there and then, from low to high (None: no range is known). weekly, seasonal: whether weekday and time, or the
	time of day, were known and used. Of a variance change, value and expected are mean steps from value to value; of a
	trend break, medians of a day; of missing data, seconds between values.
	"""

	place: int
	at: float
	began: float
	ended: float | None
	kind: str
	score: float
	decades: float
	rising: bool
	value: float
	expected: float
	low: float | None
	high: float | None
	seconds: float
	weekly: bool
	seasonal: bool
