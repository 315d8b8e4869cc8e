"""Exactly-once collection: every row of a source is counted once, whatever dies, races or arrives late.

A ledger (`services.ledger`) holds a key for each counted row. A batch is read and grouped first; then one short
transaction writes ledger, rollups and state together or not at all, under a lock that one process at a time can hold.
So a killed collector leaves nothing half done, and two collectors cannot both count a row: whoever comes second sees
the first one's ledger inside the lock and gathers anew without those rows.

New rows are looked for in two passes. The quick one reads names modified since the last run, with an overlap for
clocks that differ. The thorough one walks all names; it runs the first time, once an hour, and whenever the number
of rows does not add up: then something arrived late, was deleted, or bears an impossible time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol

import numpy as np

from verenigingen.core.errors import Rules
from verenigingen.core.model import ErrorRow, as_datetime
from verenigingen.host.port import Host, in_chunks
from verenigingen.services import ledger
from verenigingen.services.grouping_settings import load_rules
from verenigingen.services.rollup import Batch, gather, write

LOCK = "collect"
ROWS_PER_BATCH = 100_000  # one transaction; cells are written once per batch, so large ones save most work
ROWS_PER_READ = 500  # texts of up to 64 KB each are in memory for this many rows at a time
OVERLAP = timedelta(minutes=3)  # clocks differ; what comes later still is found by the count of rows
RECONCILE_EVERY = timedelta(hours=1)
SKEW = timedelta(minutes=5)  # an event may be this far ahead of our clock before its time is disbelieved
OLDEST = timedelta(days=3650)

# Keys of rows that left the source are dropped only when they are most of the ledger: it is a whole-ledger job.
LEDGER_SLACK = 20_000

STATE = "tabCollector State"


class Source(Protocol):
	"""What a source of errors can be asked."""

	name: str

	def count(self) -> int:
		"""Rows in the source now."""

	def names_since(self, moment: datetime) -> list[str]:
		"""Names of rows written since a moment."""

	def all_names(self) -> Iterator[list[str]]:
		"""All names, in steps, in one order."""

	def rows(self, names: Sequence[str], *, adjoining: bool = False) -> list[ErrorRow]:
		"""The named rows. `adjoining`: `all_names` gives no other name between the first and the last of them."""


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
		run.walk(total)
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
		self.rules = Rules(load_rules(host))
		self.pseudonym = lru_cache(maxsize=10_000)(host.secrets.pseudonym)

	def walk(self, total: int) -> None:
		"""Takes every name of the source, and forgets keys of rows that are gone where those are many."""
		store, name = self.host.store, self.source.name
		gone = None
		if ledger.size(store, name) > 2 * total + LEDGER_SLACK:
			# read before the walk begins: a key entered during it may be of a row the walk did not meet
			gone = ledger.held(store, name)
		for names in self.source.all_names():
			if gone is not None:
				gone = np.setdiff1d(gone, ledger.row_keys(name, names))
			self.take(names, in_order=True)
			if not self.in_time:
				return
		if gone is not None and gone.size:
			with store.transaction(LOCK):
				ledger.forget(store, name, gone)

	def take(self, names: Sequence[str], *, in_order: bool = False) -> None:
		"""Counts those of the named rows that the ledger does not hold; `in_order` as `all_names` gives them."""
		store, name = self.host.store, self.source.name
		fresh = ledger.unseen(store, name, names)
		adjoining = in_order and len(fresh) == len(names)
		while fresh:
			if time.monotonic() > self.deadline:
				self.in_time = False
				return
			batch, counted, looked_at = self._gather(fresh[:ROWS_PER_BATCH], adjoining)
			if self._commit(batch, counted):
				fresh = fresh[looked_at:]
			else:
				fresh, adjoining = ledger.unseen(store, name, fresh), False

	def _gather(self, names: Sequence[str], adjoining: bool) -> tuple[Batch, list[str], int]:
		"""What the named rows add, the names that still had a row, and how many names were looked at in time."""
		batch, counted, looked_at = Batch(), [], 0
		for chunk in in_chunks(names, ROWS_PER_READ):
			rows = self.source.rows(chunk, adjoining=adjoining)
			timed = ((row, believable(row.when, self.now)) for row in rows)
			gather(batch, timed, self.pseudonym, self.rules)
			counted += [row.key for row in rows]
			looked_at += len(chunk)
			if time.monotonic() > self.deadline:
				break
		return batch, counted, looked_at

	def _commit(self, batch: Batch, names: list[str]) -> bool:
		"""Writes the batch, unless another collector has counted some of its rows since they were read."""
		if not names:
			return True
		host, name = self.host, self.source.name
		with host.store.transaction(LOCK):
			if len(ledger.unseen(host.store, name, names)) < len(names):
				return False
			current = _load(host, name)
			self.state.data_since = min(
				filter(None, (batch.oldest, self.state.data_since, current.data_since))
			)
			row = {"name": name, "collected_rows": current.collected_rows + batch.count}
			ledger.enter(host.store, name, names)
			write(host, name, batch)
			host.store.upsert(STATE, [row | {"data_since": self.state.data_since}])
		self.collected += batch.count
		return True

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
