"""The table Metric Rollup: written, read, folded from minutes to hours to days, and kept within bounds.

A row's name begins with resolution and time: what is written together lies together, what is old goes as one range, and
writing the same bucket again overwrites it. The index on the metric ends, as every index, with the name, so that it finds
a span of a metric. Numbers are text in the table (see its DocType); read it through `points`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from verenigingen.core.measures import DAY, HOUR, MINUTE, SPANS, Point, fold, start_of
from verenigingen.core.model import as_datetime, as_text
from verenigingen.host.port import Host, Row
from verenigingen.settings import resolve

TABLE = "tabMetric Rollup"
SOURCE = "Metric Rollup"  # its row in Collector State: how far hours and days have been folded
STATE = "tabCollector State"
COLUMNS = "metric, label, at, samples, total, low, high, last"
REFOLD = timedelta(hours=1)  # a pass may have written the last minute of an hour after the next had begun
LONGEST_NAME, LONGEST_LABEL = 60, 140
EARLIEST, LATEST = datetime(1000, 1, 1), datetime(9999, 12, 31)  # four digits of a year


def row_name(metric: str, resolution: str, at: datetime, label: str) -> str:
	"""Name of the row of one bucket."""
	mark = hashlib.blake2b(label.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest() if label else ""
	return f"{_begin(resolution, at)}-{metric}-{mark}"


def _begin(resolution: str, at: datetime) -> str:
	"""What the names of the buckets of that moment begin with; it sorts before all of them, and behind all earlier."""
	return f"{resolution}-{at:%Y%m%d%H%M}"


def write(host: Host, resolution: str, points: Iterable[Point]) -> int:
	"""Writes points, over those of the same buckets; how many. Call it inside a transaction. Raises ValueError for a
	number that is none (NaN, infinity) and for a metric's name that is too long: both are mistakes of a collector."""
	# in the order of the primary key, so that pages are filled before new ones are begun
	rows = sorted((row_of(resolution, item) for item in points), key=lambda row: str(row["name"]))
	host.store.upsert(TABLE, rows)
	return len(rows)


def row_of(resolution: str, item: Point) -> dict[str, object]:
	"""The row that keeps a point. Raises ValueError as `write` does."""
	numbers = {"total": item.total, "low": item.low, "high": item.high, "last": item.last}
	if not all(math.isfinite(value) for value in numbers.values()) or len(item.metric) > LONGEST_NAME:
		raise ValueError(f"not to be kept: {item}")
	label = item.label[:LONGEST_LABEL]
	return {
		"name": row_name(item.metric, resolution, item.at, label),
		"metric": item.metric,
		"label": label,
		"resolution": resolution,
		"at": item.at,
		"samples": item.samples,
		**{column: _figure(value) for column, value in numbers.items()},
	}


def _figure(value: float) -> str:
	"""A number as it is kept: a whole one exactly, others to twelve digits, as no measurement has more."""
	return repr(float(value if value == int(value) else f"{value:.12g}"))


def points(
	host: Host,
	metric: str,
	resolution: str,
	start: datetime,
	end: datetime,
	label: str | None = None,
) -> list[Point]:
	"""Points of a metric that begin in [start, end) (naive site time), by time; of one label, or of all (None)."""
	first, last = (_begin(resolution, _next_minute(moment)) for moment in (start, end))
	rows = host.store.query(
		f"SELECT {COLUMNS} FROM `{TABLE}` WHERE metric = %s AND name >= %s AND name < %s ORDER BY name",
		(metric, first, last),
	)
	return [item for item in map(_point, rows) if label is None or item.label == label]


def _next_minute(moment: datetime) -> datetime:
	"""The first minute that begins at `moment` or after it."""
	begun = start_of(MINUTE, moment)
	return begun if begun == moment else begun + SPANS[MINUTE]


def latest(host: Host, resolution: str, since: datetime) -> list[Point]:
	"""The newest bucket of a resolution of every metric and label that has one beginning at `since` or later."""
	rows = host.store.query(
		f"SELECT {COLUMNS} FROM `{TABLE}` WHERE name >= %s AND name < %s ORDER BY name",
		(_begin(resolution, _next_minute(since)), _begin(resolution, LATEST)),
	)
	newest = {(item.metric, item.label): item for item in map(_point, rows)}
	return [newest[key] for key in sorted(newest)]


def _point(row: Row) -> Point:
	metric, label, at, samples, *numbers = row
	when = as_datetime(at)
	if when is None:  # the column is never empty, and MyISAM's zero dates are not ours
		raise ValueError(f"Metric Rollup of {metric} without a time")
	total, low, high, last = (float(as_text(value)) for value in numbers)
	return Point(as_text(metric), as_text(label), when, int(samples), total, low, high, last)


def fold_up(host: Host, now: datetime) -> int:
	"""Folds minutes into the hours, and hours into the days, that ended since the last time; the rows written.

	Call it inside the collectors' transaction. now: naive site time. Folding again writes the same rows.
	"""
	this_hour = start_of(HOUR, now)
	found = host.store.query(f"SELECT watermark FROM `{STATE}` WHERE name = %s", (SOURCE,))
	done = as_datetime(found[0][0]) if found else None
	if done is not None and done >= this_hour:
		return 0
	oldest = now - timedelta(days=resolve("minute_retention_days", host.config.get))
	start = start_of(HOUR, max(done - REFOLD, oldest) if done else oldest)
	written = _fold(host, MINUTE, HOUR, start, this_hour)
	today = start_of(DAY, now)
	if done is None or done < today:
		written += _fold(host, HOUR, DAY, start_of(DAY, start), today)
	drop_old(host, now)
	state = {
		"name": SOURCE,
		"status": "ok",
		"last_run": now,
		"last_error": None,
		"watermark": this_hour,
		"memory": "{}",
	}
	host.store.upsert(STATE, [state])
	return written


def _fold(host: Host, finer: str, coarser: str, start: datetime, end: datetime) -> int:
	rows = host.store.query(
		f"SELECT {COLUMNS} FROM `{TABLE}` WHERE name >= %s AND name < %s",
		(_begin(finer, start), _begin(finer, end)),
	)
	return write(host, coarser, fold(map(_point, rows), coarser))


def drop_old(host: Host, now: datetime, hour_days: float | None = None) -> None:
	"""Deletes what is older than the settings keep each resolution. hour_days: that of hours, if not the setting's."""
	for resolution in SPANS:
		days = resolve(f"{resolution}_retention_days", host.config.get)
		if resolution == HOUR and hour_days is not None:
			days = hour_days
		# by the hour: what an hour or a day is made of goes together
		limit = start_of(DAY if resolution == DAY else HOUR, now - timedelta(days=days))
		host.store.execute(
			f"DELETE FROM `{TABLE}` WHERE name >= %s AND name < %s",
			(_begin(resolution, EARLIEST), _begin(resolution, limit)),
		)
