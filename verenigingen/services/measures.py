"""What is forecast of a site, declared once: where each series is read, what it is, and which way is worse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from verenigingen.core.forecast import AMOUNT, SHARE
from verenigingen.host.port import Host
from verenigingen.services.performance import API_ALERT, API_TARGET
from verenigingen.services.series import Gauge, Grid, Requests, Values, gauges, requests

API, DATABASE, SYSTEM, BUSINESS = "api_performance", "database_performance", "system_load", "business_metrics"
SECTIONS = (API, DATABASE, SYSTEM, BUSINESS)
UP, DOWN, NEUTRAL = "up", "down", ""
OWN_REQUESTS = "the collectors of requests (a bench with our hooks, or the site's monitor.json.log)"


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
	"""What the rollups hold of a grid."""

	grid: Grid
	requests: Requests
	gauges: dict[tuple[str, str], Gauge]

	def gauge(self, metric: str, column: str, label: str | None = "") -> Values:
		"""One column of a metric: of one label, or (None) of all labels together."""
		found = [
			np.asarray(getattr(gauge, column))
			for (name, its), gauge in self.gauges.items()
			if name == metric and label in (its, None)
		]
		if not found:
			return self.grid.empty()
		known = np.isfinite(found).any(axis=0)
		return np.where(known, np.nansum(found, axis=0), np.nan)


@dataclass(frozen=True, slots=True)
class Measure:
	"""One series. key is its public name; worse the direction that is bad news (or NEUTRAL); source says what must be
	collected for it; gauges are the metrics it needs."""

	key: str
	section: str
	title: str
	unit: str
	kind: str
	worse: str
	read: Callable[[Loaded], Values]
	gauges: tuple[str, ...] = ()
	source: str = OWN_REQUESTS


def _ratio(part: Values, whole: Values) -> Values:
	with np.errstate(divide="ignore", invalid="ignore"):
		return np.where(whole > 0, part / whole, np.nan)


def _of(
	key: str,
	section: str,
	title: str,
	unit: str,
	worse: str,
	source: str,
	column: str,
	metric: str = "",
	label: str | None = "",
) -> Measure:
	"""A measure that is one column of one metric."""
	name = metric or key
	kind = SHARE if unit == "ratio" else AMOUNT
	return Measure(
		key,
		section,
		title,
		unit,
		kind,
		worse,
		lambda loaded: loaded.gauge(name, column, label),
		(name,),
		f"the collector {source}",
	)


MEASURES: tuple[Measure, ...] = (
	Measure("api_p50_ms", API, "Median response time", "ms", AMOUNT, UP, lambda at: at.requests.p50 * 1e3),
	Measure(
		"api_p95_ms",
		API,
		"95th percentile of response times",
		"ms",
		AMOUNT,
		UP,
		lambda at: at.requests.p95 * 1e3,
	),
	Measure(
		"api_mean_ms",
		API,
		"Mean response time",
		"ms",
		AMOUNT,
		UP,
		lambda at: _ratio(at.requests.wall_seconds, at.requests.requests) * 1e3,
	),
	Measure("api_requests", API, "Requests", "requests", AMOUNT, NEUTRAL, lambda at: at.requests.requests),
	Measure(
		"api_server_error_ratio",
		API,
		"Share of requests that end in a server error",
		"ratio",
		SHARE,
		UP,
		lambda at: _ratio(at.requests.server_errors, at.requests.requests),
	),
	Measure(
		"sql_ms_per_request",
		DATABASE,
		"Database time of a request",
		"ms",
		AMOUNT,
		UP,
		lambda at: _ratio(at.requests.sql_seconds, at.requests.traced) * 1e3,
	),
	Measure(
		"sql_mean_ms",
		DATABASE,
		"Mean time of a statement",
		"ms",
		AMOUNT,
		UP,
		lambda at: _ratio(at.requests.sql_seconds, at.requests.sql_statements) * 1e3,
	),
	_of("database_connections", DATABASE, "Most connections", "connections", UP, "Database", "high"),
	_of(
		"database_buffer_pool_hit_ratio",
		DATABASE,
		"Hit ratio of the buffer pool",
		"ratio",
		DOWN,
		"Database",
		"mean",
	),
	_of("database_slow_statements", DATABASE, "Slow statements", "statements", UP, "Database", "total"),
	_of("database_size_bytes", DATABASE, "Size of the database", "bytes", NEUTRAL, "Database Tables", "last"),
	_of("cpu_ratio", SYSTEM, "Processors busy", "ratio", UP, "System", "mean"),
	_of("load_average", SYSTEM, "Load", "processes", UP, "System", "mean"),
	_of("memory_ratio", SYSTEM, "Memory in use", "ratio", UP, "System", "mean"),
	_of("disk_used_bytes", SYSTEM, "Disks in use", "bytes", NEUTRAL, "System", "last", label=None),
	_of("queue_depth", SYSTEM, "Jobs waiting", "jobs", UP, "Queues", "mean", label=None),
	Measure(
		"cache_hit_ratio",
		SYSTEM,
		"Cache hits of all requests",
		"ratio",
		SHARE,
		DOWN,
		lambda at: _ratio(at.requests.cache_hits, at.requests.cache_hits + at.requests.cache_misses),
	),
	_of("members", BUSINESS, "Active members", "members", DOWN, "Business", "last", label="Active"),
	_of("members_joined", BUSINESS, "New members a day", "members", NEUTRAL, "Business Days", "last"),
	_of("dues_invoiced_amount", BUSINESS, "Dues invoiced a day", "amount", NEUTRAL, "Business Days", "last"),
	_of(
		"dues_collected_amount", BUSINESS, "Dues collected a day", "amount", NEUTRAL, "Business Days", "last"
	),
	_of("dues_overdue_amount", BUSINESS, "Dues overdue", "amount", UP, "Business", "last"),
	_of(
		"debits_failed",
		BUSINESS,
		"Failed direct debits a day",
		"debits",
		UP,
		"Business Days",
		"last",
		"debits",
		"Failed",
	),
	_of("payment_success_ratio", BUSINESS, "Direct debits that succeed", "ratio", DOWN, "Business", "last"),
)
BY_KEY = {measure.key: measure for measure in MEASURES}

# Of a measure its lines, the nearest first, and what each is: the targets and alert lines of the project's design.
LINES: dict[str, tuple[tuple[float, str], ...]] = {
	"api_mean_ms": (
		(1e3 * API_TARGET, "target for the API average"),
		(1e3 * API_ALERT, "alert line of the API average"),
	),
	"api_p95_ms": ((1e3 * API_ALERT, "alert line of the API average"),),
	"sql_mean_ms": ((50, "target for the query average"), (100, "alert line of the query average")),
	"cache_hit_ratio": ((0.8, "target for the cache hit rate"), (0.6, "alert line of the cache hit rate")),
	"memory_ratio": ((0.9, "alert line of memory"),),
}


def load(host: Host, grid: Grid, more: tuple[str, ...] = ()) -> Loaded:
	"""Everything the measures (and `more` metrics) need of a grid: a query for each metric, and one for requests."""
	names = sorted({name for measure in MEASURES for name in measure.gauges} | set(more))
	return Loaded(grid, requests(host, grid), gauges(host, names, grid))
