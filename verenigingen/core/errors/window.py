"""What the analysis of errors looks at: issues, their counts by local day and hour, and what was observed.

Counts alone cannot tell "no errors" from "nobody looked", nor an hour that did not exist (daylight saving)
from a quiet one. So every count comes with its exposure: the real hours in which an event would have been
counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .standing import Standing

Counts = NDArray[np.int64]
Hours = NDArray[np.float64]
Gap = tuple[datetime, datetime]  # start and end, aware, of a span of which nothing is known

_SLICE = timedelta(minutes=15)  # every zone's offset is a multiple of it
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class IssueFacts:
	"""What is known of one issue beside its counts.

	severity is the base severity of its kind, or, severity_fixed, the one that users set; standing is how it was judged
	last, None if it was not. first_seen and last_seen are aware; events_total counts its
	whole life; users and documents are the numbers of distinct ones in the current period, None where it is
	not known. known_since is when the earliest of its sources began to be collected, None: with the window.
	resolved_at goes with the status.
	"""

	name: str
	title: str
	exception: str | None
	culprit: str | None
	app: str | None
	category: str
	category_reason: str
	severity: str
	status: str
	first_seen: datetime | None
	last_seen: datetime | None
	events_total: int
	users: int | None
	documents: int | None = None
	known_since: datetime | None = None
	resolved_at: datetime | None = None
	severity_fixed: bool = False
	standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class UserCount:
	"""Events of the current period with one person (a pseudonym) as user."""

	user: str
	events: int


@dataclass(frozen=True, slots=True, eq=False)
class ErrorWindow:
	"""The current period of `days` site-local calendar days ending today, and the equally long one before it.

	now is aware, in the site's zone. first_day is the day of `counts[:, 0]`; counts has the shape
	(issues, 2 * days, 24): events by issue, local day and local hour; an hour that occurs twice in autumn
	holds both. data_since says since when collection covers the site, None that it never ran; gaps are spans after it
	(start, end; aware) of which nothing is known, as the site had cleared its log before it was read. users holds the
	most affected persons, users_total all distinct ones (None: unknown), user_events the events that have
	one, all of the current period.

	Raises ValueError if now is naive, or the shape, the days or the signs do not fit together.
	"""

	now: datetime
	days: int
	first_day: date
	issues: tuple[IssueFacts, ...]
	counts: Counts
	data_since: datetime | None
	users: tuple[UserCount, ...]
	users_total: int | None
	user_events: int
	gaps: tuple[Gap, ...] = ()

	def __post_init__(self) -> None:
		if self.now.tzinfo is None:
			raise ValueError("now must be aware, in the zone of the site")
		if self.days < 1:
			raise ValueError(f"days must be at least 1, not {self.days}")
		shape = (len(self.issues), 2 * self.days, 24)
		if self.counts.shape != shape:
			raise ValueError(f"counts must have the shape {shape}, not {self.counts.shape}")
		if self.first_day + timedelta(days=2 * self.days - 1) != self.now.date():
			raise ValueError(f"{2 * self.days} days from {self.first_day} do not end on {self.now.date()}")
		if self.data_since is not None and self.data_since.tzinfo is None:
			raise ValueError("data_since must be aware")
		if self.counts.size and int(self.counts.min()) < 0:
			raise ValueError("counts must not be negative")


@dataclass(frozen=True, eq=False)
class Observed:
	"""A window made ready for analysis: issues in a fixed order, counts only where collection ran.

	exposure has the shape (2 * days, 24): hours observed, fractions included. covered says by day whether
	collection ran at any time of it, complete whether it ran all day and the day is over.
	"""

	window: ErrorWindow
	issues: tuple[IssueFacts, ...]
	counts: Counts
	exposure: Hours
	covered: NDArray[np.bool_]
	complete: NDArray[np.bool_]

	@cached_property
	def collected(self) -> bool:
		"""Whether anything of the current period was observed at all."""
		return bool(self.covered[self.window.days :].any())

	@cached_property
	def current(self) -> Counts:
		"""Counts of the current period, (issues, days, 24)."""
		return self.counts[:, self.window.days :, :]

	@cached_property
	def per_issue(self) -> Counts:
		"""Events of the current period by issue."""
		return np.asarray(self.current.sum(axis=(1, 2)), dtype=np.int64)

	@cached_property
	def per_day(self) -> Counts:
		"""Events by day of both periods."""
		return np.asarray(self.counts.sum(axis=(0, 2)), dtype=np.int64)

	@cached_property
	def per_day_hour(self) -> Counts:
		"""Events of the current period by day and hour."""
		return np.asarray(self.current.sum(axis=0), dtype=np.int64)

	@cached_property
	def total(self) -> int:
		"""Events of the current period."""
		return int(self.per_issue.sum())

	def steady(self, first: int) -> tuple[Counts, int]:
		"""Events by day of the issues whose sources were read on the day of index `first` already, and how many events
		of the current period that leaves out: a source that is new does not make errors grow."""
		begin = midnight(self.day(first), zone(self.window))
		late = np.array(
			[facts.known_since is not None and facts.known_since > begin for facts in self.issues],
			dtype=np.bool_,
		)
		if self.window.data_since is not None and self.window.data_since > begin:
			late[:] = False  # nothing was read then, and the comparison says so itself
		counts = np.asarray(self.counts[~late].sum(axis=(0, 2)), dtype=np.int64)
		return counts, int(self.current[late].sum())

	@cached_property
	def left_out(self) -> int:
		"""Events dated to days on which collection did not run."""
		return int(self.window.counts.sum() - self.counts.sum())

	@cached_property
	def period_start(self) -> datetime:
		"""First moment of the current period."""
		return midnight(self.day(self.window.days), zone(self.window))

	def day(self, index: int) -> date:
		"""Local date of a day's index."""
		return self.window.first_day + timedelta(days=index)


def zone(window: ErrorWindow) -> tzinfo:
	"""The site's zone."""
	found = window.now.tzinfo
	assert found is not None  # checked when the window was made
	return found


def midnight(day: date, where: tzinfo) -> datetime:
	"""First moment of a local day; where midnight is skipped or repeated, the earliest moment of that day."""
	return datetime.combine(day, time.min, tzinfo=where)


def local(moment: datetime | None, window: ErrorWindow) -> str | None:
	"""ISO 8601 with the site's offset, to the second; None stays None, a naive time is the site's."""
	if moment is None:
		return None
	if moment.tzinfo is None:
		moment = moment.replace(tzinfo=zone(window))
	return moment.astimezone(zone(window)).isoformat(timespec="seconds")


def observe(window: ErrorWindow) -> Observed:
	"""Bring a window into the form the analysis works on. Pure; costs one pass over the counts."""
	order = sorted(range(len(window.issues)), key=lambda index: window.issues[index].name)
	exposure, complete = observed_hours(
		window.first_day, 2 * window.days, window.data_since, window.now, window.gaps
	)
	covered = exposure.sum(axis=1) > 0
	counts = np.where(covered[None, :, None], window.counts[order], 0)
	return Observed(
		window, tuple(window.issues[index] for index in order), counts, exposure, covered, complete
	)


def observed_hours(
	first_day: date,
	length: int,
	data_since: datetime | None,
	now: datetime,
	gaps: Sequence[Gap] = (),
) -> tuple[Hours, NDArray[np.bool_]]:
	"""Hours observed by local day and hour, (length, 24), and by day whether it was observed as a whole.

	All moments are aware, `now` in the site's zone; data_since None means that nothing was observed, nor was anything in
	the `gaps` (start, end).
	"""
	exposure, complete = _between(first_day, length, data_since, now)
	for start, end in gaps:
		lost, _ = _between(first_day, length, start, min(end, now).astimezone(now.tzinfo))
		exposure = np.clip(exposure - lost, 0.0, None)
		complete &= lost.sum(axis=1) == 0
	return exposure, complete


def _between(
	first_day: date, length: int, data_since: datetime | None, now: datetime
) -> tuple[Hours, NDArray[np.bool_]]:
	"""Hours from `data_since` to `now`, and which days lie between them as a whole."""
	exposure = np.zeros((length, 24))
	complete = np.zeros(length, dtype=np.bool_)
	where = now.tzinfo
	if data_since is None or where is None:
		return exposure, complete
	since, until = data_since.astimezone(timezone.utc), now.astimezone(timezone.utc)
	starts = [
		midnight(first_day + timedelta(days=index), where).astimezone(timezone.utc)
		for index in range(length + 1)
	]
	for index, (start, end) in enumerate(pairwise(starts)):
		# a zone that moves over the date line skips a day
		if since < end and start < until and start < end:
			exposure[index] = _day_exposure(start, end, since, until, where)
			complete[index] = since <= start and end <= until
	return exposure, complete


def _day_exposure(start: datetime, end: datetime, since: datetime, until: datetime, where: tzinfo) -> Hours:
	"""Observed hours by local hour of the day from `start` to `end` (UTC), within `since` and `until`."""
	hours = np.zeros(24)
	if end - start == 24 * _HOUR:
		first, last = max(since, start), min(until, end)
		begin, finish = (first - start) / _HOUR, (last - start) / _HOUR
		edges = np.arange(24)
		hours[:] = np.clip(np.minimum(finish, edges + 1) - np.maximum(begin, edges), 0.0, 1.0)
		return hours
	# the clocks change: hours are missing or come twice, so that each slice is asked for its own hour
	moment = start
	while moment < end:
		seen = min(until, moment + _SLICE) - max(since, moment)
		if seen > timedelta(0):
			hours[moment.astimezone(where).hour] += seen / _HOUR
		moment += _SLICE
	return hours
