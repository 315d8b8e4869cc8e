"""Measures the site: reads each source that is due, alone and within a time limit, and writes what it told at once.

Sources are named by the hook `monitoring_gauges`. A source is read once per minute, hour or day, as it declares;
asking more often costs one query. Collector State says of each how it went, and `collector_up` remembers it.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any

from verenigingen.core.gauges import GaugeSource, Memory, settle
from verenigingen.core.measures import HOUR, MINUTE, Point, point, start_of
from verenigingen.core.model import as_datetime, as_text
from verenigingen.exceptions import CollectorBusy, MonitoringError, SourceAbsent, TookTooLong
from verenigingen.host.port import Host, marks
from verenigingen.services.collection import LOCK, STATE
from verenigingen.services.metric_rollup import fold_up, write
from verenigingen.services.redaction import cleaned
from verenigingen.services.timeout import time_limit

log = logging.getLogger("verenigingen")

HOOK = "monitoring_gauges"
SOURCE_SECONDS = {MINUTE: 5.0, HOUR: 20.0}  # others 60: what is read rarely may take longer
LONGEST_SECONDS = 60.0
UP = "collector_up"
OURS = "verenigingen.collectors."


@dataclass(slots=True)
class _Look:
	"""One source being read."""

	path: str
	source: GaugeSource | None = None
	last_run: datetime | None = None
	points: list[Point] = field(default_factory=list)
	memory: Memory = field(default_factory=Memory)
	status: str = "ok"
	reason: str | None = None
	seconds: float = 0.0

	@property
	def name(self) -> str:
		return self.source.name if self.source else self.path[-140:]


def collect_gauges(
	host: Host, seconds: float, others: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
	"""Reads the sources that are due, for at most `seconds` each; a row per source as `monitoring.collect_all` has them,
	with the number of values in "measured".

	others: the rows of the collectors of errors, whose success is remembered beside. Raises DatabaseUnavailable only
	when nothing can be written down.
	"""
	looks = [_found(path) for path in host.hooks.get(HOOK)]
	due = _due(host, looks)
	if not due:
		return []
	memories = _memories(host, due)
	for look in due:
		_read(host, look, memories.get(look.name, Memory()), seconds)
	now = host.clock.now()
	try:
		_write(host, due, now, others)
	except CollectorBusy as error:
		log.info("measurements of this minute are lost: %s", error)
		return [_row(look) | {"error": str(error)} for look in due]
	return [_row(look) for look in due]


def sources(host: Host) -> list[GaugeSource]:
	"""The sources of the hook that can be loaded."""
	return [look.source for path in host.hooks.get(HOOK) if (look := _found(path)).source]


def _found(path: str) -> _Look:
	module, _, name = path.rpartition(".")
	try:
		source = getattr(import_module(module), name)
	except Exception as error:  # another app's mistake must not stop the others; it is written down and shown
		return _Look(path, status="failed", reason=f"{type(error).__name__}: {error}")
	if not isinstance(source, GaugeSource):
		return _Look(path, status="failed", reason=f"{path} is no GaugeSource.")
	return _Look(path, source)


def _due(host: Host, looks: Sequence[_Look]) -> list[_Look]:
	now = host.clock.now().replace(tzinfo=None)
	names = [look.name for look in looks]
	last = _last_runs(host, names)
	for look in looks:
		look.last_run = last.get(look.name)
	return [look for look in looks if _is_due(look, now)]


def _last_runs(host: Host, names: Sequence[str]) -> dict[str, datetime | None]:
	if not names:
		return {}
	rows = host.store.query(
		f"SELECT name, last_run FROM `{STATE}` WHERE name IN ({marks(len(names))})", names
	)
	return {name: as_datetime(when) for name, when in rows}


def _is_due(look: _Look, now: datetime) -> bool:
	every = look.source.every if look.source else HOUR
	return look.last_run is None or start_of(every, look.last_run) != start_of(every, now)


def _memories(host: Host, due: Sequence[_Look]) -> dict[str, Memory]:
	names = [look.name for look in due]
	found = {}
	for name, text in host.store.query(
		f"SELECT name, memory FROM `{STATE}` WHERE name IN ({marks(len(names))})", names
	):
		try:
			found[name] = Memory.from_dict(json.loads(as_text(text) or "{}"))
		except (ValueError, AttributeError):
			found[name] = Memory()
	return found


def _read(host: Host, look: _Look, before: Memory, seconds: float) -> None:
	look.memory = before
	if look.source is None:
		return
	began = time.monotonic()
	limit = min(seconds, SOURCE_SECONDS.get(look.source.every, LONGEST_SECONDS))
	try:
		with time_limit(limit, f"Reading {look.name}"):
			items = list(look.source.read(host))
		look.points, look.memory = settle(look.source, items, before, host.clock.now())
	except SourceAbsent as absent:
		look.status, look.reason = "absent", str(absent)
	except TookTooLong as error:
		host.db.reset()  # it may have been interrupted in the middle of an answer
		_failed(host, look, error)
	except Exception as error:  # one broken source must not stop the others; it is written down and shown
		_failed(host, look, error)
	look.seconds = time.monotonic() - began


def _failed(host: Host, look: _Look, error: Exception) -> None:
	log.error("measuring %s failed: %s", look.name, error, exc_info=not isinstance(error, MonitoringError))
	said = str(error) if isinstance(error, MonitoringError) else f"{type(error).__name__}: {error}"
	if not isinstance(error, TookTooLong):  # that is our own sentence; what others say may name a person
		said = cleaned(host, "", said)[1]
	look.status, look.reason = "failed", said


def _write(host: Host, due: Sequence[_Look], now: datetime, others: Sequence[Mapping[str, Any]]) -> None:
	naive = now.replace(tzinfo=None)
	up = [(look.name, look.status) for look in due] + [_up_of(row) for row in others]
	minute = start_of(MINUTE, naive)
	with host.store.transaction(LOCK):
		last = _last_runs(host, [look.name for look in due])
		# another process may have read the same source meanwhile: what was added since is in what it wrote
		due = [look for look in due if last.get(look.name) == look.last_run]
		for every in {look.source.every for look in due if look.source}:
			points = [p for look in due if look.source and look.source.every == every for p in look.points]
			write(host, every, points)
		write(
			host,
			MINUTE,
			[point(UP, name, minute, float(status == "ok")) for name, status in up if status != "absent"],
		)
		host.store.upsert(STATE, [_state(look, naive) for look in due])
		fold_up(host, naive)


def _up_of(row: Mapping[str, Any]) -> tuple[str, str]:
	status = "absent" if row["absent"] else "failed" if row["error"] else "ok"
	return row.get("source") or _source_name(str(row["collector"])), status


def _source_name(path: str) -> str:
	"""What a collector's source is called, where it failed before it could say so."""
	module = sys.modules.get(path.rpartition(".")[0])
	names = {getattr(module, "NAME", None)} - {None} or {
		value.name
		for value in vars(module or sys).values()
		if isinstance(value, type)
		and value.__module__ == getattr(module, "__name__", "")
		and hasattr(value, "name")
	}
	return str(names.pop()) if len(names) == 1 else path.removeprefix(OURS).removesuffix(".collect")


def _state(look: _Look, now: datetime) -> dict[str, object]:
	return {
		"name": look.name,
		"status": look.status,
		"last_run": now,
		"last_duration": round(look.seconds, 3),
		"last_error": look.reason[:500] if look.reason else None,
		"memory": json.dumps(look.memory.as_dict()),
	}


def _row(look: _Look) -> dict[str, Any]:
	return {
		"collector": look.path,
		"source": look.name,
		"collected": 0,  # events; measurements are none
		"measured": len(look.points),
		"finished": True,
		"seconds": round(look.seconds, 3),
		"absent": look.reason if look.status == "absent" else None,
		"error": look.reason if look.status == "failed" else None,
	}
