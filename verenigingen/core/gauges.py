"""From what a source says now, and what it said last, to what is kept: gauges, amounts of counters, and shares.

A counter only ever tells how much there was since its server began. The amount within a bucket is the difference
between two looks; where that cannot be known (the first look, a long gap, a restart at an unknown time) there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from verenigingen.core.measures import SPANS, Point, point, start_of
from verenigingen.core.metrics import COUNTER, Metric

MOST_INTERVALS = 5  # a difference over more than these is of no bucket: collection had stopped
SLACK = 15.0  # seconds by which clocks may disagree about when a server began
MOST_LABELS = 50  # per metric and look
SEPARATOR = "\t"


@dataclass(frozen=True, slots=True)
class Reading:
	"""A value now: of a gauge, or all that a counter has counted. `on`: the day it is of, for figures by day."""

	metric: str
	value: float
	label: str = ""
	on: datetime | None = None


@dataclass(frozen=True, slots=True)
class Share:
	"""A gauge that is the share of one counter in another since the last look; `part` and `whole` are both running."""

	metric: str
	part: float
	whole: float
	label: str = ""


@dataclass(frozen=True, slots=True)
class Age:
	"""For how many seconds the source's counters have counted."""

	seconds: float


@dataclass(frozen=True, slots=True)
class Missing:
	"""Why a metric is not to be had here: said, not shown as 0."""

	metric: str
	reason: str


Item = Reading | Share | Age | Missing


@dataclass(frozen=True, slots=True)
class GaugeSource:
	"""A source of measurements: its name in Collector State, how often it is read (a resolution), what it tells.

	`read(host)` gives the items; it raises SourceAbsent where this site has no such source.
	"""

	name: str
	every: str
	read: Callable[[Any], Iterable[Item]]
	metrics: tuple[Metric, ...]


@dataclass(slots=True)
class Memory:
	"""What is remembered of the last look: when it was (seconds since 1970), the age of the counters, their values."""

	taken: float | None = None
	age: float | None = None
	counters: dict[str, float] = field(default_factory=dict)
	missing: dict[str, str] = field(default_factory=dict)

	def as_dict(self) -> dict[str, Any]:
		"""JSON-safe."""
		return {"taken": self.taken, "age": self.age, "counters": self.counters, "missing": self.missing}

	@classmethod
	def from_dict(cls, kept: Mapping[str, Any]) -> Memory:
		"""What `as_dict` gave; anything else is an empty memory."""
		try:
			return cls(
				_maybe_float(kept.get("taken")),
				_maybe_float(kept.get("age")),
				{str(key): float(value) for key, value in kept.get("counters", {}).items()},
				{str(key): str(value) for key, value in kept.get("missing", {}).items()},
			)
		except (TypeError, ValueError, AttributeError):
			return cls()


def _maybe_float(value: Any) -> float | None:
	return None if value is None else float(value)


def settle(
	source: GaugeSource, items: Iterable[Item], before: Memory, now: datetime
) -> tuple[list[Point], Memory]:
	"""The points of one look, and what to remember of it. now: aware, of the site.

	Raises ValueError for a metric the source does not declare, a kind that does not fit, and too many labels.
	"""
	listed = list(items)
	declared = {metric.name: metric for metric in source.metrics}
	_check(declared, listed)
	age = next((item.seconds for item in listed if isinstance(item, Age)), None)
	after = Memory(now.timestamp(), age, {}, {i.metric: i.reason for i in listed if isinstance(i, Missing)})
	since = _Since(before, after, SPANS[source.every].total_seconds() * MOST_INTERVALS)
	at = start_of(source.every, now.replace(tzinfo=None))
	points = []
	for item in listed:
		if isinstance(item, Reading):
			value = since.added(item) if declared[item.metric].kind == COUNTER else item.value
			if value is not None:
				points.append(point(item.metric, item.label, item.on or at, _rounded(value)))
		elif isinstance(item, Share):
			share = since.share(item)
			if share is not None:
				points.append(point(item.metric, item.label, at, _rounded(share)))
	return points, after


def _rounded(value: float) -> float:
	"""Whole numbers as they are, others to nine digits: the rest is noise that would be kept a thousand times a day."""
	return value if value == int(value) else float(f"{value:.9g}")


def _check(declared: Mapping[str, Metric], items: Iterable[Item]) -> None:
	labels: dict[str, set[str]] = {}
	for item in items:
		if isinstance(item, Age):
			continue
		if item.metric not in declared:
			raise ValueError(f"the metric {item.metric} is not declared")
		if not isinstance(item, Missing):
			labels.setdefault(item.metric, set()).add(item.label)
	crowded = [metric for metric, names in labels.items() if len(names) > MOST_LABELS]
	if crowded:
		raise ValueError(f"more than {MOST_LABELS} labels of {', '.join(crowded)}")


class _Since:
	"""What counters added since the last look, as far as that can be known."""

	def __init__(self, before: Memory, after: Memory, longest: float) -> None:
		self.before, self.after = before, after
		self.elapsed = (after.taken or 0) - before.taken if before.taken is not None else None
		self.usable = self.elapsed is not None and 0 < self.elapsed <= longest
		self.restarted = self._restarted()

	def _restarted(self) -> bool:
		age, earlier = self.after.age, self.before.age
		if age is None or earlier is None or self.elapsed is None:
			return False
		return age < earlier + self.elapsed - SLACK

	def added(self, item: Reading) -> float | None:
		return self._difference(item.metric, item.label, item.value)

	def share(self, item: Share) -> float | None:
		part = self._difference(f"{item.metric}/part", item.label, item.part)
		whole = self._difference(f"{item.metric}/whole", item.label, item.whole)
		if part is None or not whole:
			return None
		return min(max(part / whole, 0.0), 1.0)

	def _difference(self, metric: str, label: str, value: float) -> float | None:
		key = f"{metric}{SEPARATOR}{label}"
		self.after.counters[key] = value
		known = self.before.counters.get(key)
		if not self.usable or known is None:
			return None
		if not self.restarted and value >= known:
			return value - known
		# begun anew: all of it is of this bucket, if the counters began after the last look
		age = self.after.age
		if age is None or self.elapsed is None or age <= self.elapsed + SLACK:
			return value
		return None
