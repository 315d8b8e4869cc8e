"""Anomalies of the site's own measurements: each hour of each series is judged once, when it is over, and what was
found is kept with its beginning and end.

The evidence asked for grows with the number of series, so that a site with many endpoints does not get more false
alerts than a small one. When the hour gave an alert, its minutes tell when it began.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from verenigingen.core.anomaly import (
	ENOUGH,
	MISSING,
	Anomaly,
	calm_since,
	detect,
	explain,
	moment_of,
	seconds_of,
)
from verenigingen.core.measures import HOUR, MINUTE
from verenigingen.core.model import as_datetime, as_text
from verenigingen.host.port import Host
from verenigingen.services.collection import LOCK, STATE, CollectResult
from verenigingen.services.series import Grid, Values
from verenigingen.services.watched_series import Key, is_amount, one_series, watched_series
from verenigingen.services.wording import figure

TABLE = "tabAnomaly"
SOURCE = "Anomalies"
HISTORY_DAYS = 60
_UNITS = {"seconds": "s", "1 or 0": ""}
_COLUMNS = "name, metric, label, kind, direction, at, began, ended, score, decades, value, expected, low, high, explanation"


def judge(host: Host, *, seconds: float) -> CollectResult:
	"""Judges the hours that are over and were not judged before; runs once an hour, otherwise costs one query. What is not
	done after `seconds` goes on with the next run. Raises CollectorBusy while another process writes."""
	began = time.monotonic()
	now = host.clock.now().replace(tzinfo=None)
	grid = Grid.back(now, HOUR, HISTORY_DAYS)
	judged, done = _state(host, grid.end)
	if judged is not None and judged >= grid.end:
		return CollectResult(SOURCE, 0, True, False, time.monotonic() - began, events=False)
	series = watched_series(host, grid)
	since = judged or grid.start
	open_rows = _open(host)
	rows: list[dict[str, object]] = []
	keys = list(series)
	while done < len(keys) and time.monotonic() - began < seconds:
		key = keys[done]
		rows += _found(host, key, series[key], grid, since, enough_for(len(keys)))
		rows += _over(open_rows.get(key, ()), series[key], grid)
		done += 1
	finished = done >= len(keys)
	with host.store.transaction(LOCK):
		new = _write(host, rows)
		memory = {} if finished else {"done": done, "until": grid.end.isoformat()}
		_keep_state(host, now, grid.end if finished else judged, memory, new)
	return CollectResult(SOURCE, new, finished, False, time.monotonic() - began, events=False)


def enough_for(series: int) -> float:
	"""Decades of evidence for an alert, when so many series are watched: a chance of one in n for each."""
	return ENOUGH + math.log10(max(1, series))


def find_anomalies(host: Host, since: datetime, until: datetime) -> list[dict[str, Any]]:
	"""The anomalies that were going on in [since, until) (naive site time), newest first.

	Each: {"metric", "label", "name", "kind", "direction", "at", "began", "ended" (None: it goes on), "score", "decades",
	"value", "expected", "low", "high", "unit", "explanation"}; times naive.
	"""
	rows = host.store.query(
		f"SELECT {_COLUMNS} FROM `{TABLE}` WHERE at < %s AND (ended IS NULL OR ended >= %s OR at >= %s)"
		" ORDER BY at DESC, score DESC, name",
		(until, since, since),
	)
	return [_read(row) for row in rows]


def judged_until(host: Host) -> datetime | None:
	"""The end of the last hour that was judged (naive site time); None before the first."""
	return _state(host, None)[0]


def _read(row: Sequence[Any]) -> dict[str, Any]:
	name, metric, label, kind, direction, at, began, ended, score, decades, *numbers, explanation = row
	value, expected, low, high = (float(text) if (text := as_text(number)) else None for number in numbers)
	key = Key(as_text(metric), as_text(label))
	return {
		"name": as_text(name),
		"metric": key.metric,
		"label": key.label,
		"title": key.title,
		"kind": as_text(kind),
		"direction": as_text(direction),
		"at": as_datetime(at),
		"began": as_datetime(began),
		"ended": as_datetime(ended),
		"score": float(score or 0),
		"decades": float(decades or 0),
		"value": value,
		"expected": expected,
		"low": low,
		"high": high,
		"unit": key.unit,
		"explanation": as_text(explanation),
	}


def _state(host: Host, until: datetime | None) -> tuple[datetime | None, int]:
	"""The end of the last hour that was judged, and how many series a run that was cut short had judged up to `until`."""
	rows = host.store.query(f"SELECT watermark, memory FROM `{STATE}` WHERE name = %s", (SOURCE,))
	if not rows:
		return None, 0
	memory = json.loads(as_text(rows[0][1]) or "{}")
	# when the hour has passed meanwhile, what was judged lacks that hour: begin again, nothing is told twice
	same = until is not None and memory.get("until") == until.isoformat()
	return as_datetime(rows[0][0]), int(memory["done"]) if same else 0


def _keep_state(
	host: Host, now: datetime, judged: datetime | None, memory: Mapping[str, object], new: int
) -> None:
	rows = host.store.query(f"SELECT collected_rows FROM `{STATE}` WHERE name = %s", (SOURCE,))
	state: dict[str, object] = {
		"name": SOURCE,
		"status": "ok",
		"last_error": "",
		"last_run": now,
		"watermark": judged,
		"collected_rows": new + int((rows[0][0] if rows else 0) or 0),
		"memory": json.dumps(memory),
	}
	host.store.upsert(STATE, [state])


def _write(host: Host, rows: Sequence[Mapping[str, object]]) -> int:
	"""Writes anomalies, and the ends of earlier ones; how many were new."""
	whole = [row for row in rows if "metric" in row]
	ends = [row for row in rows if "metric" not in row]
	host.store.upsert(TABLE, whole)
	host.store.upsert(TABLE, ends)
	return len(whole)


def _open(host: Host) -> dict[Key, list[tuple[str, str, datetime]]]:
	"""By series, (name, kind, at) of the anomalies that had not ended."""
	found: dict[Key, list[tuple[str, str, datetime]]] = {}
	for name, metric, label, kind, at in host.store.query(
		f"SELECT name, metric, label, kind, at FROM `{TABLE}` WHERE ended IS NULL"
	):
		moment = as_datetime(at)
		if moment is not None:
			found.setdefault(Key(as_text(metric), as_text(label)), []).append((name, as_text(kind), moment))
	return found


def _seconds(grid: Grid) -> Values:
	return seconds_of(grid.start) + np.arange(grid.count, dtype=np.float64) * grid.step.total_seconds()


def _found(
	host: Host, key: Key, values: Values, grid: Grid, since: datetime, enough: float
) -> list[dict[str, object]]:
	rows = []
	for one in detect(_seconds(grid), values, enough=enough):
		at = moment_of(one.at)
		# an hour is named by its beginning; what was overdue before `since` was told then
		if at < since or (one.kind == MISSING and not key.should_go_on):
			continue
		rows.append(_row(key, one, _began(host, key, one)))
	return rows


def _began(host: Host, key: Key, one: Anomaly) -> datetime:
	"""The minute of the first hour in which the values left what is usual, where minutes are kept; else the hour."""
	began = moment_of(one.began)
	if one.kind == MISSING or one.low is None or one.high is None:
		return began
	grid = Grid(MINUTE, began, 60)
	minutes = one_series(host, key, grid) * (60.0 if is_amount(key) else 1.0)
	beyond = minutes > one.high if one.rising else minutes < one.low
	places = np.flatnonzero(beyond)
	return grid.start + int(places[0]) * grid.step if len(places) else began


def _row(key: Key, one: Anomaly, began: datetime) -> dict[str, object]:
	at = moment_of(one.at).replace(microsecond=0)
	mark = hashlib.blake2b(key.label.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
	told = replace(one, began=seconds_of(began))
	unit = _UNITS.get(key.unit, key.unit)
	show = (lambda value: figure(1000 * value, "ms")) if unit == "s" else (lambda value: figure(value, unit))
	return {
		"name": f"{key.metric}-{at:%Y%m%d%H%M}-{mark}",
		"metric": key.metric,
		"label": key.label[:140],
		"kind": one.kind,
		"direction": "up" if one.rising else "down",
		"at": at,
		"began": began.replace(microsecond=0),
		"ended": None if one.ended is None else moment_of(one.ended).replace(microsecond=0),
		"score": round(one.score, 4),
		"decades": round(one.decades, 2),
		**{name: _text(getattr(one, name)) for name in ("value", "expected", "low", "high")},
		"explanation": explain(told, key.title, show),
	}


def _text(value: float | None) -> str | None:
	return None if value is None else repr(float(value))


def _over(rows: Sequence[tuple[str, str, datetime]], values: Values, grid: Grid) -> list[dict[str, object]]:
	"""The ends of those that are over. What began before the history that is looked at has become usual."""
	ends: list[dict[str, object]] = []
	for name, kind, at in rows:
		times = _seconds(grid)
		moment = seconds_of(at)
		if kind == MISSING:
			later = times[np.isfinite(values) & (times > moment)]
			ended = float(later[0]) if len(later) else None
		else:
			ended = calm_since(times, values, moment)
		if ended is not None:
			ends.append({"name": name, "ended": moment_of(ended)})
	return ends
