"""Exactly-once collection: every row of a source is counted once, whatever dies, races or arrives late.

A ledger (`Collected Row`) holds a key for each counted row. One batch is one transaction: ledger entries, rollups
and state are written together or not at all, under a lock that one process at a time can hold. So a killed
collector leaves nothing half done, and two collectors cannot both count a row: the second sees the first one's
ledger, and the ledger's primary key would refuse it anyway.

New rows are looked for in two passes. The quick one reads names modified since the last run, with an overlap for
clocks that differ. The thorough one walks all names; it runs the first time, once an hour, and whenever the number
of rows does not add up: then something arrived late, was deleted, or bears an impossible time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Protocol

from verenigingen.core.model import ErrorRow, as_datetime
from verenigingen.host.port import Host, in_chunks, marks
from verenigingen.services.rollup import absorb

LOCK = "collect"
ROWS_PER_BATCH = 10_000  # one transaction; cells are written once per batch, so large ones save most work
ROWS_PER_READ = 500  # texts of up to 64 KB each are in memory for this many rows at a time
KEYS_PER_QUERY = 1_000
OVERLAP = timedelta(minutes=10)
RECONCILE_EVERY = timedelta(hours=1)
SKEW = timedelta(minutes=5)  # an event may be this far ahead of our clock before its time is disbelieved
OLDEST = timedelta(days=3650)

STATE = "tabCollector State"
LEDGER = "tabCollected Row"


class Source(Protocol):
	"""What a source of errors can be asked."""

	name: str

	def count(self) -> int:
		"""Rows in the source now."""

	def names_since(self, moment: datetime) -> list[str]:
		"""Names of rows written since a moment."""

	def all_names(self) -> Iterator[list[str]]:
		"""All names, in steps."""

	def rows(self, names: Sequence[str]) -> list[ErrorRow]:
		"""The named rows."""


@dataclass(frozen=True, slots=True)
class CollectResult:
	"""What one run did. `finished` is false when time ran out; the next run continues."""

	source: str
	collected: int
	finished: bool
	thorough: bool
	seconds: float


@dataclass(slots=True)
class _State:
	source_rows: int | None
	collected_rows: int
	watermark: datetime | None
	reconciled_at: datetime | None
	data_since: datetime | None


def collect_source(host: Host, source: Source, *, seconds: float) -> CollectResult:
	"""Counts the rows of `source` that were not counted before, for at most about `seconds`.

	Raises DatabaseUnavailable or CollectorBusy; what was committed until then stays, the rest is for the next run.
	"""
	now = host.clock.now().replace(tzinfo=None)
	state = _load(host, source.name)
	total = source.count()
	run = _Run(host, source, state, now, seconds)
	if state.watermark is not None:
		run.take(source.names_since(min(state.watermark, now) - OVERLAP))
	thorough = run.in_time and _must_walk(state, total, run.collected, now)
	if thorough:
		for names in source.all_names():
			run.take(names)
			if not run.in_time:
				break
	if run.in_time:
		state.watermark, state.source_rows = now, total
		state.data_since = state.data_since or now
		if thorough:
			state.reconciled_at = now
	run.finish()
	return CollectResult(source.name, run.collected, run.in_time, thorough, time.monotonic() - run.began)


def _must_walk(state: _State, total: int, collected: int, now: datetime) -> bool:
	if state.source_rows is None or state.reconciled_at is None:
		return True
	if state.source_rows + collected != total:
		return True
	return not timedelta(0) <= now - state.reconciled_at < RECONCILE_EVERY


class _Run:
	def __init__(self, host: Host, source: Source, state: _State, now: datetime, seconds: float) -> None:
		self.host, self.source, self.state, self.now = host, source, state, now
		self.began = time.monotonic()
		self.deadline = self.began + seconds
		self.collected = 0
		self.in_time = True

	def take(self, names: Sequence[str]) -> None:
		"""Counts those of the named rows that the ledger does not hold."""
		fresh = _unseen(self.host, self.source.name, names)
		for batch in in_chunks(fresh, ROWS_PER_BATCH):
			if time.monotonic() > self.deadline:
				self.in_time = False
				return
			self._batch(batch)

	def _batch(self, names: Sequence[str]) -> None:
		name = self.source.name
		with self.host.store.transaction(LOCK):
			# asked again inside the lock: another collector may have been faster
			fresh = _unseen(self.host, name, names)
			current = _load(self.host, name)
			times: list[datetime] = []
			absorb(self.host, name, self._read(fresh, times))
			if not times:
				return
			oldest = min(times)
			self.state.data_since = min(oldest, self.state.data_since or oldest, current.data_since or oldest)
			self.state.collected_rows = current.collected_rows + len(times)
			self.host.store.upsert(
				STATE,
				[
					{
						"name": self.source.name,
						"collected_rows": self.state.collected_rows,
						"data_since": self.state.data_since,
					}
				],
			)
		self.collected += len(times)

	def _read(self, names: Sequence[str], times: list[datetime]) -> Iterator[tuple[ErrorRow, datetime]]:
		"""The named rows with the time they count at, each entered into the ledger as it passes."""
		name = self.source.name
		for chunk in in_chunks(names, ROWS_PER_READ):
			timed = [(row, believable(row.when, self.now)) for row in self.source.rows(chunk)]
			entries = [
				{"name": ledger_key(name, row.key), "source": name, "row_time": when} for row, when in timed
			]
			self.host.store.insert(LEDGER, entries)
			times += [when for _, when in timed]
			yield from timed

	def finish(self) -> None:
		"""Writes down how far the run came."""
		state = self.state
		row: dict[str, object] = {
			"name": self.source.name,
			"status": "ok",
			"last_run": self.now,
			"last_duration": round(time.monotonic() - self.began, 3),
			"last_error": None,
			"source_rows": state.source_rows,
			"watermark": state.watermark,
			"reconciled_at": state.reconciled_at,
		}
		if state.data_since is not None:
			row["data_since"] = state.data_since
		with self.host.store.transaction(LOCK):
			self.host.store.upsert(STATE, [row])


def believable(when: datetime | None, now: datetime) -> datetime:
	"""The time an event is counted at: its own, or now when it has none, lies ahead, or is older than ten years."""
	if when is None or when > now + SKEW or when < now - OLDEST:
		return now
	return when


def ledger_key(source: str, name: str) -> str:
	"""24 hexadecimal digits standing for one row of one source; 96 bits keep a billion rows apart."""
	return blake2b(f"{source}\0{name}".encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _unseen(host: Host, source: str, names: Sequence[str]) -> list[str]:
	fresh: list[str] = []
	for chunk in in_chunks(list(dict.fromkeys(names)), KEYS_PER_QUERY):
		keys = {ledger_key(source, name): name for name in chunk}
		held = host.store.query(f"SELECT name FROM `{LEDGER}` WHERE name IN ({marks(len(keys))})", list(keys))
		seen = {row[0] for row in held}
		fresh += [name for key, name in keys.items() if key not in seen]
	return fresh


def _load(host: Host, source: str) -> _State:
	found = host.store.query(
		f"SELECT source_rows, collected_rows, watermark, reconciled_at, data_since FROM `{STATE}` WHERE name = %s",
		(source,),
	)
	if not found:
		return _State(None, 0, None, None, None)
	rows, collected, *times = found[0]
	watermark, reconciled, since = (as_datetime(value) for value in times)
	known = reconciled is not None  # an Int column of a row we only began is 0, not a count
	return _State(int(rows or 0) if known else None, int(collected or 0), watermark, reconciled, since)
