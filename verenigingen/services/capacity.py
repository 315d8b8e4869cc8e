"""When growth reaches a limit the site really has: disks, connections, memory, and the lines its targets draw.

Dates are ranges that hold the true one with 80 %, from many possible courses of the daily values (`core.forecast`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from verenigingen.core.forecast import Growth, Passage, first_passage, fit_growth
from verenigingen.host.port import Host
from verenigingen.services.measures import BY_KEY, DOWN, LINES, Loaded
from verenigingen.services.series import Grid, Values, known_days
from verenigingen.services.wording import between, day, days, figure
from verenigingen.settings import resolve

LEAST_DAYS = 14  # of daily values
MOST_AHEAD = 180  # days
AHEAD_PER_DAY = 3  # days ahead for each day of history: further, a slope of so few days says nothing
STALE_DAYS = 7
LIKELY = 0.5  # probability from which a limit that may be reached is worth a word


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
	"""A series of daily values, the measure it is of, and the limit it may reach. `reached` completes "Disk /: …"."""

	resource: str
	metric: str
	unit: str
	values: Values
	limit: float
	limit_source: str
	reached: str
	falling: bool = False
	of_level: bool = True


# what may run full: metric, its column, the metric of its limit, how it is called, what its limit is, what happens
FULL = (
	("disk_used_bytes", "last", "disk_total_bytes", "Disk {}", "size of the disk", "full"),
	("redis_memory_bytes", "high", "redis_memory_limit_bytes", "Memory of Redis ({})", "maxmemory", "full"),
	(
		"database_connections",
		"high",
		"database_connections_limit",
		"Database connections",
		"max_connections",
		"used up",
	),
)


def subjects(host: Host, loaded: Loaded) -> Iterator[Subject]:
	"""What may run out or cross a line, where the limit is known; the lines of one measure in the order they come."""
	for metric, column, limited_by, name, source, reached in FULL:
		unit = "bytes" if metric.endswith("_bytes") else "connections"
		for label in sorted(label for known, label in loaded.gauges if known == metric):
			limit = _latest(loaded.gauge(limited_by, "last", label))
			if limit:
				values = loaded.gauge(metric, column, label)
				yield Subject(
					name.format(label), metric, unit, values, limit, source, reached, of_level=False
				)
	for key, lines in _lines(host).items():
		measure = BY_KEY[key]
		falling = measure.worse == DOWN
		for line, source in sorted(lines, reverse=falling):
			reached = f"{'falls under' if falling else 'passes'} {figure(line, measure.unit)}"
			yield Subject(
				measure.title, key, measure.unit, measure.read(loaded), line, source, reached, falling
			)


def _lines(host: Host) -> dict[str, tuple[tuple[float, str], ...]]:
	threshold = resolve("memory_threshold", host.config.get)
	return LINES | {"memory_ratio": ((threshold, "setting memory_threshold"), *LINES["memory_ratio"])}


LIMITS = tuple(name for metric, _, limited_by, *_ in FULL for name in (metric, limited_by))


def _latest(values: Values) -> float | None:
	known = values[np.isfinite(values)]
	return float(known[-1]) if len(known) and known[-1] > 0 else None


def capacity_planning(host: Host, loaded: Loaded, ahead: int) -> dict[str, Any]:
	"""{"horizon_days", "statement", "resources": […]}, the one that is reached first at the front.

	Each resource: `resource`, `metric`, `unit`, `current`, `limit`, `limit_source`, `status` (passed | reached | possible |
	not_within_horizon | insufficient), `earliest`, `most_likely`, `latest` (dates; null beyond the horizon),
	`probability`, `growth_per_day` with its 95 % interval, `history_days`, `horizon_days`, `left_out` (changes within a
	day that were not taken for growth), `statement`. loaded: by day; ahead: days at least looked ahead.
	"""
	found, done = [], set()
	for subject in subjects(host, loaded):
		if subject.resource in done or not np.isfinite(subject.values).any():
			continue
		row = assess(subject, loaded.grid, ahead)
		if row["status"] != "passed":
			done.add(subject.resource)  # lines beyond this one are further away still
		found.append(row)
	found.sort(key=lambda row: (_ORDER[row["status"]], row["earliest"] or "9", row["resource"]))
	return {
		"horizon_days": max((row["horizon_days"] for row in found if row["horizon_days"]), default=None),
		"statement": _statement(found),
		"resources": found,
	}


_ORDER = {"passed": 0, "reached": 1, "possible": 2, "not_within_horizon": 3, "insufficient": 4}


def assess(subject: Subject, grid: Grid, ahead: int) -> dict[str, Any]:
	"""One resource of `capacity_planning`."""
	row: dict[str, Any] = {
		"resource": subject.resource,
		"metric": subject.metric,
		"unit": subject.unit,
		"limit": subject.limit,
		"limit_source": subject.limit_source,
		"current": None,
		"status": "insufficient",
		"earliest": None,
		"most_likely": None,
		"latest": None,
		"probability": None,
		"growth_per_day": None,
		"growth_interval_95": None,
		"history_days": known_days(subject.values, grid),
		"horizon_days": None,
		"left_out": [],
	}
	said = insufficient(subject.values, grid)
	if said:
		return row | {"statement": f"{subject.resource}: {said}"}
	growth = fit_growth(subject.values)
	horizon = max(ahead, min(MOST_AHEAD, AHEAD_PER_DAY * row["history_days"]))
	passage = first_passage(
		growth, subject.limit, horizon, falling=subject.falling, of_level=subject.of_level
	)
	return row | _assessed(subject, grid, growth, passage)


def insufficient(values: Values, grid: Grid) -> str | None:
	"""Why growth cannot be seen in daily values, or None."""
	known = np.flatnonzero(np.isfinite(values))
	if len(known) < LEAST_DAYS:
		return f"needs at least {LEAST_DAYS} days; there {'is' if len(known) == 1 else 'are'} {len(known)}."
	ago = grid.count - 1 - int(known[-1])
	return f"nothing was measured for {days(ago)}." if ago > STALE_DAYS else None


def _assessed(subject: Subject, grid: Grid, growth: Growth, passage: Passage) -> dict[str, Any]:
	def on(ahead: int | None) -> date | None:
		return None if ahead is None else (grid.end + timedelta(days=ahead - 1)).date()

	earliest, middle, latest = on(passage.earliest), on(passage.middle), on(passage.latest)
	status = (
		"passed"
		if passage.passed
		else "not_within_horizon"
		if earliest is None
		else "possible"
		if latest is None
		else "reached"
	)
	dates = (None, None, None) if passage.passed else (earliest, middle, latest)
	return {
		"current": growth.level,
		"status": status,
		**{
			name: when and when.isoformat()
			for name, when in zip(("earliest", "most_likely", "latest"), dates, strict=True)
		},
		"probability": round(passage.probability, 3),
		"growth_per_day": growth.slope,
		"growth_interval_95": list(growth.slope_range()),
		"horizon_days": passage.horizon,
		"left_out": [
			{"date": (grid.end - timedelta(days=ago)).date().isoformat(), "change": size}
			for ago, size in growth.jumps
		],
		"statement": f"{subject.resource}: {_said(subject, growth, passage, earliest, latest)}",
	}


def _said(
	subject: Subject, growth: Growth, passage: Passage, earliest: date | None, latest: date | None
) -> str:
	now = figure(growth.level, subject.unit)
	if passage.passed:
		side = "under" if subject.falling else "at or above"
		return f"{side} the {subject.limit_source} of {figure(subject.limit, subject.unit)} already (now about {now})."
	if earliest is None:
		return (
			f"{subject.reached} not within {days(passage.horizon)} (probability {passage.probability:.0%}); now about {now}"
			f" of {figure(subject.limit, subject.unit)}."
		)
	if latest is None:
		return (
			f"{subject.reached} on {day(earliest)} at the earliest, and with {passage.probability:.0%} within"
			f" {days(passage.horizon)}; now about {now}."
		)
	middle = f"in about {days(passage.middle or 0)}, " if passage.middle else ""
	return f"{subject.reached} {middle}{between(earliest, latest)} (80 %); now about {now}."


def is_likely(row: dict[str, Any]) -> bool:
	"""Whether a resource's limit is passed, or reached within the horizon rather than not."""
	return row["status"] == "passed" or (row["probability"] or 0.0) >= LIKELY


def _statement(found: list[dict[str, Any]]) -> str:
	if not found:
		return "No limit of this site is known yet: neither its disks nor its database have been measured."
	pressing = [row["statement"] for row in found if is_likely(row)]
	if pressing:
		return str(pressing[0])
	seen = [row for row in found if row["horizon_days"]]
	if not seen:
		return str(found[0]["statement"])
	return f"None of {len(seen)} limits is likely to be reached within the horizon ({days(max(row['horizon_days'] for row in seen))})."
