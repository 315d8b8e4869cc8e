"""A site that was measured: hours and days of requests and metrics, written as the collectors write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import numpy as np

from verenigingen.core.measures import DAY, HOUR, Point, fold
from verenigingen.core.rollups import row_name
from verenigingen.core.sketch import Sketch
from verenigingen.host import Host
from verenigingen.services import metric_rollup

Profile = Callable[[datetime, float], float]  # naive moment, days since the beginning
OFFICE = (*(0.1,) * 8, *(1.0,) * 10, *(0.3,) * 6)


def busy(at: datetime) -> float:
	"""How busy an hour is, 1 in office hours."""
	return OFFICE[at.hour] * (0.15 if at.weekday() >= 5 else 1.0)


def write_requests(
	host: Host,
	days: int,
	endpoints: Mapping[str, Profile],
	*,
	per_hour: float = 60,
	seed: int = 1,
	spread: float = 0.3,
) -> None:
	"""Requests of `endpoints`, whose median seconds a function of time tells, up to the present hour."""
	random = np.random.default_rng(seed)
	end = host.clock.now().replace(tzinfo=None, minute=0, second=0, microsecond=0)
	start = (end - timedelta(days=days)).replace(hour=0)
	cells: dict[tuple[str, datetime, str], list[float]] = {}
	at = start
	while at < end:
		for endpoint, seconds in endpoints.items():
			count = int(random.poisson(per_hour * busy(at)))
			middle = seconds(at, (at - start) / timedelta(days=1))
			found = (middle * np.exp(spread * random.standard_normal(count))).tolist()
			for resolution, bucket in ((HOUR, at), (DAY, at.replace(hour=0))):
				for name in (endpoint, "all"):
					cells.setdefault((resolution, bucket, name), []).extend(found)
		at += timedelta(hours=1)
	rows = [_row(*key, values) for key, values in cells.items() if values]
	with host.store.transaction("collect"):
		host.store.insert("tabRequest Rollup", rows)


def _row(resolution: str, at: datetime, endpoint: str, seconds: list[float]) -> dict[str, object]:
	total = sum(seconds)
	return {
		"name": row_name(resolution, at, (endpoint, "" if endpoint == "all" else "GET")),
		"resolution": resolution,
		"at": at,
		"endpoint": endpoint,
		"method": "" if endpoint == "all" else "GET",
		"requests": len(seconds),
		"client_errors": 0,
		"server_errors": len(seconds) // 200,
		"wall_seconds": total,
		"traced": len(seconds),
		"cpu_seconds": total * 0.4,
		"sql_seconds": total * 0.5,
		"sql_statements": 12 * len(seconds),
		"cache_hits": 9 * len(seconds),
		"cache_misses": len(seconds),
		"response_bytes": 4_000 * len(seconds),
		"wall_sketch": Sketch.of(seconds).to_text(),
	}


def write_gauge(host: Host, metric: str, days: int, value: Profile, label: str = "") -> None:
	"""A metric, each hour up to the present one, and its days."""
	end = host.clock.now().replace(tzinfo=None, minute=0, second=0, microsecond=0)
	start = (end - timedelta(days=days)).replace(hour=0)
	hours = round((end - start) / timedelta(hours=1))
	points = []
	for place in range(hours):
		at = start + timedelta(hours=place)
		number = float(value(at, place / 24))
		points.append(Point(metric, label, at, 1, number, number, number, number))
	with host.store.transaction("collect"):
		metric_rollup.write(host, HOUR, points)
		metric_rollup.write(host, DAY, fold(points, DAY))
