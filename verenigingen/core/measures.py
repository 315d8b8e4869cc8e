"""What was measured, by minute, hour and day: buckets, and how finer ones fold into coarser ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

MINUTE, HOUR, DAY = "minute", "hour", "day"
SPANS = {MINUTE: timedelta(minutes=1), HOUR: timedelta(hours=1), DAY: timedelta(days=1)}


class Point(NamedTuple):
	"""The values of one metric and label within one bucket, which starts `at` (naive site time).

	A gauge's mean is total / samples; of a counter `total` is what was added. `last` is the newest value.
	"""

	metric: str
	label: str
	at: datetime
	samples: int
	total: float
	low: float
	high: float
	last: float


def start_of(resolution: str, when: datetime) -> datetime:
	"""Start of the bucket of a resolution that `when` lies in. Raises KeyError for an unknown resolution."""
	starts = {
		MINUTE: when.replace(second=0, microsecond=0),
		HOUR: when.replace(minute=0, second=0, microsecond=0),
		DAY: when.replace(hour=0, minute=0, second=0, microsecond=0),
	}
	return starts[resolution]


def point(metric: str, label: str, at: datetime, value: float) -> Point:
	"""The bucket of a single value."""
	return Point(metric, label, at, 1, value, value, value, value)


def fold(points: Iterable[Point], resolution: str) -> list[Point]:
	"""Points of a finer resolution as points of this one, in the order of metric, label and time."""
	folded: dict[tuple[str, str, datetime], Point] = {}
	for item in sorted(points, key=lambda item: item.at):
		at = start_of(resolution, item.at)
		key = (item.metric, item.label, at)
		known = folded.get(key)
		folded[key] = item._replace(at=at) if known is None else _joined(known, item)
	return [folded[key] for key in sorted(folded)]


def _joined(earlier: Point, later: Point) -> Point:
	return earlier._replace(
		samples=earlier.samples + later.samples,
		total=earlier.total + later.total,
		low=min(earlier.low, later.low),
		high=max(earlier.high, later.high),
		last=later.last,
	)
