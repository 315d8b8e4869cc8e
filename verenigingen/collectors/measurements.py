"""Measurements into rollups: what waits is taken once, put together by minute, hour and day, and kept within bounds.

Taking is safe against a kill at any moment: what is set aside bears a token, the token is written in the transaction
that counts, and only then is it dropped. Whoever finds something set aside under the token last written knows that it
was counted.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from verenigingen.core.heavy import HeavyHitters
from verenigingen.core.model import as_datetime, as_text
from verenigingen.core.rollups import Cells, Key, Measured, Shape, bucket, name_range, row_name
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host, in_chunks, marks
from verenigingen.services.collection import LOCK, STATE, CollectResult
from verenigingen.settings import resolve

NAMES_PER_QUERY = 500
LARGEST = 2**31 - 1  # of a whole-number column
LONG_AGO = datetime(1970, 1, 1)
KEPT = {"minute": "minute_retention_days", "hour": "hour_retention_days", "day": "day_retention_days"}


@dataclass(frozen=True, slots=True)
class Kind:
	"""One kind of measurement: `name` of its Collector State, `spool` where it waits, `reader` makes what turns
	an entry into key and values, `total` is the key under which a measurement is summed up too, `other` the key beyond the limit."""

	name: str
	spool: str
	shape: Shape
	reader: Callable[[Host], Callable[[Sequence[Any]], tuple[Key, list[Any]]]]
	total: Callable[[Key], Key] | None
	other: Key


@dataclass(slots=True)
class State:
	"""How far a kind has come."""

	token: str
	counted: int
	lost: int
	since: datetime | None
	position: dict[str, Any]


def collect_measurements(host: Host, kind: Kind) -> CollectResult:
	"""Takes in what was measured since the last run. Raises SourceAbsent where nothing measures, CacheUnavailable when
	what was measured cannot be had."""
	began = time.monotonic()
	source = host.measurements
	if source is None:
		raise SourceAbsent(kind.name, "Requests and jobs are measured inside a bench only.")
	source.configure({name: _setting(host, name) for name in ("sql_sample_rate", "repeat_threshold")})
	counted = 0
	with host.store.transaction(LOCK):
		token, lost, texts = source.take(kind.spool)
		state = load(host, kind)
		if token and token != state.token:
			cells = read(host, kind, texts)
			counted = count(host, kind, state, cells)
			state.token, state.lost = token, state.lost + lost
			if cells.held and "hooks_since" not in state.position:
				state.position["hooks_since"] = min(at for at, _ in cells.held).isoformat()
		save(host, kind, state, time.monotonic() - began)
		expire(host, kind.shape)
	if token:
		with host.store.transaction(LOCK):
			source.settle(kind.spool, token)
	return CollectResult(kind.name, counted, True, False, time.monotonic() - began, events=False)


def read(host: Host, kind: Kind, texts: Sequence[str]) -> Cells:
	"""The measurements in some texts; what is none is passed over."""
	cells = Cells(kind.shape)
	understood, zone = kind.reader(host), host.clock.now().tzinfo

	@lru_cache(maxsize=10_000)
	def local(minute: int) -> datetime:
		return datetime.fromtimestamp(60 * minute, timezone.utc).astimezone(zone).replace(tzinfo=None)

	for text in texts:
		for entry in _entries(text):
			try:
				key, values = understood(entry[1:])
				cells.add(local(int(entry[0])), key, Measured.read(kind.shape, values))
			except (ValueError, TypeError, IndexError, OverflowError, OSError):
				continue  # anybody may write to Redis
	return cells


def _entries(text: str) -> list[list[Any]]:
	try:
		found = json.loads(text)
	except (ValueError, RecursionError):
		return []
	return [entry for entry in found if isinstance(entry, list) and entry] if isinstance(found, list) else []


def count(host: Host, kind: Kind, state: State, cells: Cells) -> int:
	"""Adds measurements by minute to the rollups; the number of them. Call it inside a transaction."""
	if not cells.held:
		return 0
	bounded = _bounded(kind, state, cells, int(_setting(host, "endpoint_limit")), host)
	number = int(sum(measured.sums[0] for measured in cells.held.values()))
	state.counted += number
	oldest = min(at for at, _ in cells.held)
	state.since = min(filter(None, (state.since, oldest)))
	now = host.clock.now().replace(tzinfo=None)
	for resolution in kind.shape.resolutions:
		limit = now - timedelta(days=_setting(host, KEPT[resolution]))
		folded = bounded.folded(resolution)
		folded.held = {
			place: one for place, one in folded.held.items() if place[0] >= bucket(limit, resolution)
		}
		_write(host, kind, resolution, folded)
	return number


def _bounded(kind: Kind, state: State, cells: Cells, limit: int, host: Host) -> Cells:
	"""The cells with keys beyond the limit as one, and with totals."""
	heavy = HeavyHitters(limit, state.position.get("heavy"))
	now = host.clock.now().timestamp()
	heavy.fade(now - float(state.position.get("faded") or now))
	weight: dict[Key, float] = defaultdict(float)
	for (_, key), measured in cells.held.items():
		weight[key] += measured.sums[0]
	for key, amount in sorted(weight.items(), key=lambda pair: -pair[1]):
		heavy.add("\x1f".join(key), amount)
	state.position |= {"heavy": heavy.counters(), "faded": now}
	kept = heavy.kept()
	made = cells.renamed({key: kind.other for key in weight if "\x1f".join(key) not in kept})
	if kind.total is not None:
		for (at, key), measured in list(made.held.items()):
			made.add(at, kind.total(key), measured)
	return made


def _write(host: Host, kind: Kind, resolution: str, cells: Cells) -> None:
	shape = kind.shape
	fitting = _fitting(host, kind, resolution, cells)
	names = {place: row_name(resolution, *place) for place in fitting.held}
	known = _existing(host, shape, list(names.values()))
	rows = []
	for (at, key), added in fitting.held.items():
		name = names[at, key]
		measured = Measured.nothing(shape)
		if name in known:
			measured.take(Measured.read(shape, known[name]))
		measured.take(added)
		row: dict[str, object] = {"name": name, "resolution": resolution, "at": at}
		rows.append(row | dict(zip(shape.keys, key, strict=True)) | measured.row(shape))
	host.store.upsert(f"tab{shape.table}", rows)


def _fitting(host: Host, kind: Kind, resolution: str, cells: Cells) -> Cells:
	"""The cells with new keys of a full bucket as one. Which keys are kept changes with time, so a bucket has room for
	twice as many as are kept at once."""
	limit = 2 * int(_setting(host, "endpoint_limit"))
	keys: dict[datetime, list[Key]] = defaultdict(list)
	for at, key in cells.held:
		keys[at].append(key)
	for at, present in keys.items():
		held = _names_at(host, kind.shape, resolution, at)
		if len(held) + len(present) <= limit:
			continue
		always = {kind.other, *(map(kind.total, present) if kind.total else ())}
		fresh = [key for key in present if row_name(resolution, at, key) not in held and key not in always]
		fresh.sort(key=lambda key: -cells.held[at, key].sums[0])
		for key in fresh[max(0, limit - len(held)) :]:
			cells.add(at, kind.other, cells.held.pop((at, key)))
	return cells


def _names_at(host: Host, shape: Shape, resolution: str, at: datetime) -> set[str]:
	first, beyond = name_range(resolution, at, at + timedelta(minutes=1))
	sql = f"SELECT name FROM `tab{shape.table}` WHERE name >= %s AND name < %s"
	return {as_text(row[0]) for row in host.store.query(sql, (first, beyond))}


def _existing(host: Host, shape: Shape, names: Sequence[str]) -> dict[str, tuple[Any, ...]]:
	found: dict[str, tuple[Any, ...]] = {}
	columns = ", ".join(shape.columns)
	for chunk in in_chunks(names, NAMES_PER_QUERY):
		sql = f"SELECT name, {columns} FROM `tab{shape.table}` WHERE name IN ({marks(len(chunk))})"
		found |= {name: values for name, *values in host.store.query(sql, chunk)}
	return found


def expire(host: Host, shape: Shape) -> None:
	"""Deletes rows that are older than their resolution is kept. Call it inside a transaction."""
	now = host.clock.now().replace(tzinfo=None)
	for resolution in shape.resolutions:
		limit = bucket(now - timedelta(days=_setting(host, KEPT[resolution])), resolution)
		host.store.execute(
			f"DELETE FROM `tab{shape.table}` WHERE name >= %s AND name < %s",
			name_range(resolution, LONG_AGO, limit),
		)


def load(host: Host, kind: Kind) -> State:
	"""How far a kind has come."""
	found = host.store.query(
		f"SELECT collected_rows, lost_events, data_since, memory FROM `{STATE}` WHERE name = %s",
		(kind.name,),
	)
	if not found:
		return State("", 0, 0, None, {})
	counted, lost, since, position = found[0]
	try:
		kept = json.loads(as_text(position) or "{}")
	except ValueError:
		kept = {}
	return State(kept.pop("token", ""), int(counted or 0), int(lost or 0), as_datetime(since), kept)


def save(host: Host, kind: Kind, state: State, seconds: float) -> None:
	"""Writes down how far a kind has come. Call it inside the transaction that counts."""
	row: dict[str, object] = {
		"name": kind.name,
		"status": "ok",
		"last_error": None,
		"last_run": host.clock.now().replace(tzinfo=None),
		"last_duration": round(seconds, 3),
		"collected_rows": min(state.counted, LARGEST),
		"lost_events": state.lost,
		"memory": json.dumps({**state.position, "token": state.token}, sort_keys=True),
	}
	host.store.upsert(STATE, [row | ({"data_since": state.since} if state.since else {})])


def _setting(host: Host, name: str) -> float:
	return resolve(name, host.config.get)
