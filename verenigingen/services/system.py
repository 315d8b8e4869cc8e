"""How the site's machine, database, cache, queues, scheduler and mail stand: the newest measurements, each with its unit
and age, and where there is none, why."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from verenigingen.core.gauges import GaugeSource, Memory
from verenigingen.core.measures import DAY, HOUR, MINUTE, SPANS, Point, start_of
from verenigingen.core.metrics import COUNTER, Metric
from verenigingen.core.model import as_datetime, as_text
from verenigingen.host.port import Host, marks
from verenigingen.services.collection import STATE
from verenigingen.services.gauges import sources
from verenigingen.services.metric_rollup import latest, points

FRESH = 2  # intervals; an older value is called stale
OLDEST = {MINUTE: timedelta(minutes=15), HOUR: timedelta(hours=6), DAY: timedelta(days=3)}  # else it is none
HEADLINES = (
	"cpu_ratio",
	"memory_ratio",
	"load_average",
	"disk_used_ratio",
	"database_response_seconds",
	"database_connections",
	"database_buffer_pool_hit_ratio",
	"database_statements",
	"database_slow_statements",
	"database_row_lock_wait_seconds",
	"redis_hit_ratio",
	"redis_memory_bytes",
	"queue_depth",
	"queue_oldest_seconds",
	"workers",
)
Values = dict[str, list[Point]]


@dataclass(frozen=True, slots=True)
class _State:
	status: str = "never"
	reason: str = ""
	last_run: datetime | None = None
	missing: Mapping[str, str] | None = None


def system_metrics(host: Host) -> dict[str, Any]:
	"""Every measurement of the site itself, by area: {"generated_at", "areas": {area: {"source", "status", "reason",
	"last_run", "metrics": {name: …}}}}.

	status of an area: "ok", "failed", "absent" (this site has no such thing) or "never" (not measured yet). A metric is
	{"status", "reason", "unit", "kind", "help", "values": [{"label", "value", "at", "age_seconds"}]}: "ok"; "stale" when the newest
	value is older than two intervals; "unknown" without value, with the reason. A counter's value is the amount added in
	the `interval` ("minute", "hour", "day") that began `at`, with "per_second".
	"""
	now = host.clock.now()
	found, states = _newest(host, now), _states(host)
	return {
		"generated_at": now.isoformat(timespec="seconds"),
		"areas": {
			_area(source.name): _described(source, states.get(source.name, _State()), found, now)
			for source in sources(host)
		},
	}


def performance_part(host: Host, resolution: str, start: datetime, end: datetime) -> dict[str, Any]:
	"""The headline figures of machine, database, cache and queues in [start, end) (naive site time), from buckets of a
	resolution: {metric: {"status", "reason", "unit", "values": [{"label", "now", "mean", "low", "high", "samples"}]}}; of counters
	"total" instead of "mean", and no "now"."""
	states = _states(host)
	result = {}
	for source in sources(host):
		for metric in source.metrics:
			if metric.name in HEADLINES and metric.name not in result:
				state = states.get(source.name, _State())
				series = points(host, metric.name, resolution, start, end)
				if resolution == HOUR:  # the present hour is not folded yet
					series += points(host, metric.name, MINUTE, start_of(HOUR, end), end)
				result[metric.name] = _headline(metric, series, state)
	return result


def _headline(metric: Metric, series: Iterable[Point], state: _State) -> dict[str, Any]:
	by_label: dict[str, list[Point]] = defaultdict(list)
	for item in series:
		by_label[item.label].append(item)
	known = bool(by_label)
	return {
		"status": "ok" if known else "unknown",
		"reason": None if known else _why_unknown(metric, state),
		"unit": metric.unit,
		"values": [_summary(metric, label, items) for label, items in sorted(by_label.items())],
	}


def _summary(metric: Metric, label: str, items: Sequence[Point]) -> dict[str, Any]:
	samples, total = sum(item.samples for item in items), sum(item.total for item in items)
	if metric.kind == COUNTER:
		return {"label": label, "total": total, "samples": samples}
	return {
		"label": label,
		"now": items[-1].last,
		"mean": total / samples,
		"low": min(item.low for item in items),
		"high": max(item.high for item in items),
		"samples": samples,
	}


def _area(source: str) -> str:
	return source.lower().replace(" ", "_")


def _newest(host: Host, now: datetime) -> dict[str, Values]:
	"""By resolution and metric, the newest point of each label that is not too old."""
	naive = now.replace(tzinfo=None)
	found: dict[str, Values] = {}
	for resolution, age in OLDEST.items():
		by_metric: Values = defaultdict(list)
		for item in latest(host, resolution, naive - age):
			by_metric[item.metric].append(item)
		found[resolution] = by_metric
	return found


def _states(host: Host) -> dict[str, _State]:
	names = [source.name for source in sources(host)]
	rows = host.store.query(
		f"SELECT name, status, last_error, last_run, memory FROM `{STATE}` WHERE name IN ({marks(len(names))})",
		names,
	)
	return {
		name: _State(as_text(status) or "never", as_text(error), as_datetime(run), _missing(memory))
		for name, status, error, run, memory in rows
	}


def _missing(memory: object) -> Mapping[str, str]:
	try:
		return Memory.from_dict(json.loads(as_text(memory) or "{}")).missing
	except (ValueError, AttributeError):
		return {}


def _described(
	source: GaugeSource, state: _State, found: Mapping[str, Values], now: datetime
) -> dict[str, Any]:
	last_run = state.last_run.replace(tzinfo=now.tzinfo) if state.last_run else None
	mine = {metric.name: metric for metric in source.metrics if metric.source == source.name}
	return {
		"source": source.name,
		"status": state.status,
		"reason": state.reason or None,
		"last_run": last_run,
		"metrics": {
			name: _metric(metric, found[source.every].get(name, []), state, now)
			for name, metric in mine.items()
		},
	}


def _metric(metric: Metric, newest: Sequence[Point], state: _State, now: datetime) -> dict[str, Any]:
	span = SPANS[metric.every]
	# labels that are gone were not written with the rest
	last = max((item.at for item in newest), default=None)
	values = [_value(metric, item, now) for item in newest if last is None or last - item.at < span]
	stale = bool(values) and min(value["age_seconds"] for value in values) > FRESH * span.total_seconds()
	status = "unknown" if not values else "stale" if stale else "ok"
	return {
		"status": status,
		"reason": None if status == "ok" else _why_unknown(metric, state),
		"unit": metric.unit,
		"kind": metric.kind,
		"interval": metric.every,
		"help": metric.help,
		"values": values,
	}


def _value(metric: Metric, item: Point, now: datetime) -> dict[str, Any]:
	ended = (item.at + SPANS[metric.every]).replace(tzinfo=now.tzinfo)
	value: dict[str, Any] = {
		"label": item.label,
		"value": item.total if metric.kind == COUNTER else item.last,
		"at": item.at.replace(tzinfo=now.tzinfo),
		"age_seconds": max((now - ended).total_seconds(), 0.0),
	}
	if metric.kind == COUNTER:
		value["per_second"] = item.total / SPANS[metric.every].total_seconds()
	return value


def _why_unknown(metric: Metric, state: _State) -> str:
	if state.status == "never":
		return f"Not measured yet; it is read once per {metric.every} when the collectors run."
	if state.status in ("absent", "failed"):
		return state.reason or "The last reading failed."
	told = (state.missing or {}).get(metric.name)
	if told:
		return told
	seen = f"; the source was last read at {state.last_run:%Y-%m-%d %H:%M}" if state.last_run else ""
	if metric.kind == COUNTER or metric.unit == "ratio":
		return f"It takes two readings without a gap or a restart between them{seen}."
	return f"Nothing was measured lately{seen}. Does the scheduler run?"
