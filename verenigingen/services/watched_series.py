"""Which measurements of the site are watched for anomalies, and how each is read, by hour or by minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from verenigingen.core.measures import DAY
from verenigingen.core.metrics import BY_NAME, COLLECTORS, COUNTER, METRICS
from verenigingen.core.rollups import ALL
from verenigingen.host.port import Host
from verenigingen.services.series import Gauge, Grid, Requests, Values, by_endpoint, gauges, requests

ENDPOINTS = 20  # those most time is spent on
MOST_SERIES = 200
P95, REQUESTS, ERRORS = "request_p95_seconds", "requests", "request_errors"
# What others' settings or the machine's size are, and ages that only grow, is not behaviour of the site.
_LEFT_OUT = ("_limit", "_limit_bytes", "_total_bytes", "_count", "_age_seconds", "_last_day")
WATCHED = tuple(
	metric.name
	for metric in METRICS
	if metric.every != DAY and metric not in COLLECTORS and not metric.name.endswith(_LEFT_OUT)
)
_FIRST_OF_SOURCE = {metric.source: metric.name for metric in reversed(METRICS) if metric.name in WATCHED}


@dataclass(frozen=True, slots=True)
class Key:
	"""A watched series: metric, and label ("" for the whole site)."""

	metric: str
	label: str

	@property
	def unit(self) -> str:
		"""Unit of its values, "" for plain numbers."""
		if self.metric == P95:
			return "seconds"
		return BY_NAME[self.metric].unit if self.metric in BY_NAME else ""

	@property
	def title(self) -> str:
		"""What people call it."""
		of = self.label or "all endpoints"
		titles = {P95: f"p95 of {of}", REQUESTS: f"requests to {of}", ERRORS: f"server errors of {of}"}
		plain = self.metric.removesuffix("_seconds").removesuffix("_bytes").replace("_", " ")
		return titles.get(self.metric) or (f"{plain} of {self.label}" if self.label else plain)

	@property
	def should_go_on(self) -> bool:
		"""Whether missing values are worth an alert: of one series for each source, for they are missing together; where
		nobody asks for anything, nothing is missing."""
		known = BY_NAME.get(self.metric)
		return known is not None and _FIRST_OF_SOURCE.get(known.source) == self.metric


def watched_series(host: Host, grid: Grid) -> dict[Key, Values]:
	"""Every watched series on the grid, at most MOST_SERIES, those of the whole site first."""
	found = _of_requests(ALL, requests(host, grid))
	found |= {Key(*key): _of_gauge(key[0], gauge) for key, gauge in gauges(host, WATCHED, grid).items()}
	for endpoint, measured in by_endpoint(host, grid, ENDPOINTS).items():
		found |= _of_requests(endpoint, measured)
	known = {key: values for key, values in found.items() if np.isfinite(values).any()}
	ranked = sorted(known, key=lambda key: (key.label != "", key.metric, key.label))[:MOST_SERIES]
	return {key: known[key] for key in ranked}


def one_series(host: Host, key: Key, grid: Grid) -> Values:
	"""One watched series on a grid of any resolution; NaN everywhere when nothing is kept of it."""
	if key.metric in BY_NAME:
		found = gauges(host, (key.metric,), grid).get((key.metric, key.label))
		return grid.empty() if found is None else _of_gauge(key.metric, found)
	return _of_requests(key.label or ALL, requests(host, grid, key.label or ALL))[key]


def is_amount(key: Key) -> bool:
	"""Whether its values are amounts within a bucket, which are the smaller the shorter it is."""
	return key.metric in (REQUESTS, ERRORS) or (key.metric in BY_NAME and BY_NAME[key.metric].kind == COUNTER)


def _of_gauge(metric: str, gauge: Gauge) -> Values:
	return gauge.total if BY_NAME[metric].kind == COUNTER else gauge.mean


def _of_requests(endpoint: str, measured: Requests) -> dict[Key, Values]:
	label = "" if endpoint == ALL else endpoint
	parts: Mapping[str, Values] = {
		P95: measured.p95,
		REQUESTS: measured.requests,
		ERRORS: measured.server_errors,
	}
	return {Key(metric, label): values for metric, values in parts.items()}
