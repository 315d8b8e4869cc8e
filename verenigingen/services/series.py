"""Evenly spaced arrays of what was measured, for analyses: by hour or by day, NaN where nothing was.

Read from the rollups alone, whose size depends on hours and days, not on requests. What is absent stays absent: a count
becomes 0 only in an hour of which it is known that it was watched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from verenigingen.core.measures import DAY, HOUR, SPANS, start_of
from verenigingen.core.model import as_datetime, as_text
from verenigingen.core.rollups import ALL, OTHER, name_range
from verenigingen.core.sketch import Sketch
from verenigingen.host.port import Host, Row, marks
from verenigingen.services.metric_rollup import points

REQUESTS = "tabRequest Rollup"
WATCHED = "collector_up"  # tells of each minute whether a collector ran
FOR_MEDIAN, FOR_P95 = 5, 20  # requests: of fewer, the quantile is a matter of one or two of them

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
	"""Buckets of a resolution from `start` (naive site time), `count` of them; the present one is not over, and not in it."""

	resolution: str
	start: datetime
	count: int

	@classmethod
	def back(cls, now: datetime, resolution: str, days: int) -> Grid:
		"""The whole buckets of the last `days`. now: naive site time."""
		end = start_of(resolution, now)
		count = days * (24 if resolution == HOUR else 1)
		return cls(resolution, end - count * SPANS[resolution], count)

	@property
	def step(self) -> timedelta:
		"""Length of a bucket."""
		return SPANS[self.resolution]

	@property
	def end(self) -> datetime:
		"""Where the first bucket after it begins."""
		return self.start + self.count * self.step

	def place(self, at: datetime | None) -> int | None:
		"""Index of the bucket that begins at `at`, or None outside."""
		if at is None:
			return None
		index = (at - self.start) // self.step
		return index if 0 <= index < self.count else None

	def empty(self) -> Values:
		"""Nothing measured anywhere."""
		return np.full(self.count, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Gauge:
	"""One metric and label on a grid; of a counter `total` is what was added in a bucket."""

	total: Values
	mean: Values
	low: Values
	high: Values
	last: Values


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
	"""Requests on a grid. Times in seconds; quantiles where enough requests speak for them (FOR_MEDIAN, FOR_P95);
	database and cache of those requests in which they were measured."""

	requests: Values
	server_errors: Values
	wall_seconds: Values
	p50: Values
	p95: Values
	sql_seconds: Values
	sql_statements: Values
	traced: Values
	cache_hits: Values
	cache_misses: Values


def gauges(host: Host, metrics: Sequence[str], grid: Grid) -> dict[tuple[str, str], Gauge]:
	"""By metric and label, those of which something was measured within the grid. A query for each metric."""
	found: dict[tuple[str, str], Gauge] = {}
	for metric in metrics:
		for point in points(host, metric, grid.resolution, grid.start, grid.end):
			place = grid.place(point.at)
			if place is None or not point.samples:
				continue
			gauge = found.setdefault((metric, point.label), Gauge(*(grid.empty() for _ in range(5))))
			gauge.total[place], gauge.mean[place] = point.total, point.total / point.samples
			gauge.low[place], gauge.high[place], gauge.last[place] = point.low, point.high, point.last
	return found


_SUMS = (
	"requests",
	"server_errors",
	"wall_seconds",
	"sql_seconds",
	"sql_statements",
	"traced",
	"cache_hits",
	"cache_misses",
)


def requests(host: Host, grid: Grid, endpoint: str = ALL) -> Requests:
	"""All requests of the site, or those of one endpoint whatever their verb."""
	rows = _rows(host, grid, "endpoint = %s", (endpoint,))
	return _requests(host, grid, rows, endpoint == ALL)


def by_endpoint(host: Host, grid: Grid, most: int) -> dict[str, Requests]:
	"""The `most` endpoints on which most time was spent within the grid, that with most first."""
	ranked = host.store.query(
		f"SELECT endpoint, SUM(wall_seconds) FROM `{REQUESTS}` WHERE name >= %s AND name < %s GROUP BY endpoint",
		name_range(grid.resolution, grid.start, grid.end),
	)
	ranked = sorted(ranked, key=lambda row: (-float(row[1] or 0), row[0]))
	names = [as_text(row[0]) for row in ranked if row[0] not in (ALL, OTHER)][:most]
	if not names:
		return {}
	rows = _rows(host, grid, f"endpoint IN ({marks(len(names))})", names)
	mine: dict[str, list[Row]] = {name: [] for name in names}
	for row in rows:
		mine[as_text(row[0])].append(row)
	return {name: _requests(host, grid, found, False) for name, found in mine.items()}


def _rows(host: Host, grid: Grid, condition: str, bound: Sequence[object]) -> list[Row]:
	return host.store.query(
		f"SELECT endpoint, at, wall_sketch, {', '.join(_SUMS)} FROM `{REQUESTS}`"
		f" WHERE name >= %s AND name < %s AND {condition}",
		(*name_range(grid.resolution, grid.start, grid.end), *bound),
	)


def _requests(host: Host, grid: Grid, rows: Sequence[Row], whole_site: bool) -> Requests:
	sums = {name: grid.empty() for name in _SUMS}
	sketches: dict[int, Sketch] = {}
	for _, at, text, *numbers in rows:
		place = grid.place(as_datetime(at))
		if place is None:
			continue
		for name, number in zip(_SUMS, numbers, strict=True):
			column = sums[name]
			column[place] = np.nan_to_num(column[place]) + float(number or 0)
		sketch = Sketch.from_text(as_text(text))
		if place in sketches:
			sketches[place].merge(sketch)  # of another verb
		else:
			sketches[place] = sketch
	if whole_site and grid.resolution == HOUR:
		watched = gauges(host, (WATCHED,), grid).get((WATCHED, "Requests"))
		if watched is not None:
			for name in ("requests", "server_errors"):
				sums[name] = np.where(np.isnan(sums[name]) & (watched.low == 1), 0.0, sums[name])
	p50, p95 = grid.empty(), grid.empty()
	for place, sketch in sketches.items():
		if sketch.count >= FOR_MEDIAN:
			p50[place] = sketch.quantile(0.5)
		if sketch.count >= FOR_P95:
			p95[place] = sketch.quantile(0.95)
	return Requests(p50=p50, p95=p95, **sums)


def known_days(values: Values, grid: Grid) -> int:
	"""On how many days something was measured."""
	known = np.isfinite(values)
	if grid.resolution == DAY:
		return int(known.sum())
	offset = grid.start.hour
	days = (np.flatnonzero(known) + offset) // 24
	return len(np.unique(days))
