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
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol

import numpy as np

from verenigingen.core.errors import Rules
from verenigingen.core.errors.twins import ERROR_LOG, Trail, close_digest, exact_digest, job_method
from verenigingen.core.model import ErrorRow, as_datetime
from verenigingen.host.port import Host, in_chunks
from verenigingen.services import coverage, ledger, twins
from verenigingen.services.batch import Batch, counted, gather
from verenigingen.services.facts import SiteFacts
from verenigingen.services.grouping_settings import load_rules
from verenigingen.services.redaction import site_redactor
from verenigingen.services.rollup import write
from verenigingen.services.site import installed_apps

LOCK = "collect"
ROWS_PER_BATCH = 100_000  # one transaction; cells are written once per batch, so large ones save most work
ROWS_WITH_TWINS = 20_000  # each is in memory by itself until its twin was looked for
ROWS_PER_READ = 500  # texts of up to 64 KB each are in memory for this many rows at a time
OVERLAP = timedelta(minutes=3)  # clocks differ; what comes later still is found by the count of rows
RECONCILE_EVERY = timedelta(hours=1)
SKEW = timedelta(minutes=5)  # an event may be this far ahead of our clock before its time is disbelieved
OLDEST = timedelta(days=3650)

# Keys of rows that left the source are dropped only when they are most of the ledger: it is a whole-ledger job.
LEDGER_SLACK = 20_000

STATE = "tabCollector State"
SITE_CHANGES = "Site Changes"  # the collector that brings no events


class Source(Protocol):
	"""What a source of errors can be asked."""

	name: str

	def count(self) -> int | None:
		"""Rows in the source now; None when that cannot be had cheaply, and only the hourly walk finds what is late."""

	def names_since(self, moment: datetime) -> list[str]:
		"""Names of rows written since a moment."""

	def all_names(self) -> Iterator[list[str]]:
		"""All names, in steps, in one order."""

	def rows(self, names: Sequence[str], *, adjoining: bool = False) -> list[ErrorRow]:
		"""The named rows. `adjoining`: `all_names` gives no other name between the first and the last of them."""


@dataclass(frozen=True, slots=True)
class CollectResult:
	"""What one run did. `finished` is false when time ran out; the next run continues. `events`: what was collected are
	errors, whose analyses are computed anew and whose issues are joined; measurements are not."""

	source: str
	collected: int
	finished: bool
	thorough: bool
	seconds: float
	events: bool = True


@dataclass(slots=True)
class _State:
	source_rows: int | None
	collected_rows: int
	joined_rows: int
	watermark: datetime | None
	reconciled_at: datetime | None
	data_since: datetime | None


def collect_source(host: Host, source: Source, *, seconds: float) -> CollectResult:
	"""Counts the rows of `source` that were not counted before, for at most about `seconds`.

	Raises DatabaseUnavailable or CollectorBusy; what was committed until then stays, the rest is for the next run.
	"""
	now = host.clock.now().replace(tzinfo=None)
	state = _load(host, source.name)
	coverage.note_gap(host, source.name, state.watermark, now)
	total = source.count()
	run = _Run(host, source, state, now, seconds)
	if state.watermark is not None:
		run.take(source.names_since(min(state.watermark, now) - OVERLAP))
	thorough = run.in_time and _must_walk(state, total, run.collected, now)
	if thorough:
		run.walk(total or 0)
	if run.in_time:
		state.watermark, state.source_rows = now, total or 0
		state.data_since = state.data_since or now
		if thorough:
			state.reconciled_at = now
	run.finish()
	return CollectResult(source.name, run.collected, run.in_time, thorough, time.monotonic() - run.began)


def counted_keys(host: Host, source: str, names: Sequence[str]) -> set[str]:
	"""Those of the named rows that have been counted."""
	return set(names) - set(ledger.unseen(host.store, source, names))


def mark_counted(host: Host, source: str, names: Sequence[str]) -> None:
	"""Notes rows as counted. Call it inside the transaction that counts them."""
	ledger.enter(host.store, source, names)


def _must_walk(state: _State, total: int | None, collected: int, now: datetime) -> bool:
	if state.source_rows is None or state.reconciled_at is None:
		return True
	if total is not None and state.source_rows + collected != total:
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
		self.apps = installed_apps(host)
		self.redactor = site_redactor(host)
		self.pseudonym = lru_cache(maxsize=10_000)(host.secrets.pseudonym)
		self.facts = SiteFacts(host, source.name)
		# where nothing but Error Log tells of errors, no event is seen twice
		self.twins = source.name != ERROR_LOG or _has_others(host, source.name)

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
			at_once = ROWS_WITH_TWINS if self.twins else ROWS_PER_BATCH
			gathered = self._gather(fresh[:at_once], adjoining)
			if self._commit(gathered):
				fresh = fresh[gathered.looked_at :]
			else:
				fresh, adjoining = ledger.unseen(store, name, fresh), False

	def _gather(self, names: Sequence[str], adjoining: bool) -> _Gathered:
		"""What the named rows add, which of them still had a row, and how many names were looked at in time."""
		found = _Gathered()
		found.batch.redactor = self.redactor
		for chunk in in_chunks(names, ROWS_PER_READ):
			rows = self.source.rows(chunk, adjoining=adjoining)
			self.facts.prepare(rows)
			timed = [(row, believable(row.when, self.now)) for row in rows]
			if self.twins:
				found.incoming += [self._incoming(found.batch, row, when) for row, when in timed]
			else:
				gather(found.batch, timed, self.pseudonym, self.rules, self.facts, apps=self.apps)
			found.names += [row.key for row in rows]
			found.looked_at += len(chunk)
			if time.monotonic() > self.deadline:
				break
		return found

	def _incoming(self, batch: Batch, row: ErrorRow, when: datetime) -> twins.Incoming:
		source = self.source.name
		own = source == ERROR_LOG
		trail = Trail(
			source,
			when,
			row.trace,
			self._keyed(exact_digest(row.text) if own else row.exact),
			self._keyed(close_digest(row.title, row.text) if row.text else ""),
			job_method(row.title) if own else row.job,
		)
		event = counted(batch, row, when, self.pseudonym, self.rules, self.facts, self.apps)
		return twins.Incoming(row.key, event, trail)

	def _keyed(self, digest: str) -> str:
		"""A plain digest of a short text could be found by trying out what it may have said."""
		return self.host.secrets.pseudonym(digest) if digest else ""

	def _commit(self, found: _Gathered) -> bool:
		"""Writes what was gathered, unless another collector has counted some of the rows since they were read."""
		if not found.names:
			return True
		host, name, batch = self.host, self.source.name, found.batch
		with host.store.transaction(LOCK):
			if len(ledger.unseen(host.store, name, found.names)) < len(found.names):
				return False
			current = _load(host, name)
			twins.settle(host, name, found.incoming, batch, self.now)
			self.state.data_since = min(
				filter(
					None,
					(
						coverage.reliable(host, name, batch.oldest, self.now),
						self.state.data_since,
						current.data_since,
					),
				)
			)
			row = {
				"name": name,
				"collected_rows": current.collected_rows + batch.count,
				"joined_rows": current.joined_rows + batch.joined,
			}
			ledger.enter(host.store, name, found.names)
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
			"source_rows": state.source_rows or 0,
			"watermark": state.watermark,
			"reconciled_at": state.reconciled_at,
		}
		if state.data_since is not None:
			row["data_since"] = state.data_since
		with self.host.store.transaction(LOCK):
			self.host.store.upsert(STATE, [row])
			if self.twins and self.source.name == ERROR_LOG and state.reconciled_at == self.now:
				twins.forget(self.host, self.now)


@dataclass(slots=True)
class _Gathered:
	batch: Batch = field(default_factory=Batch)
	incoming: list[twins.Incoming] = field(default_factory=list)
	names: list[str] = field(default_factory=list)
	looked_at: int = 0


def _has_others(host: Host, source: str) -> bool:
	"""Whether another collector brings events. That of changes on the site runs everywhere and never does, nor do those
	that measure: they have a memory."""
	return bool(
		host.store.query(
			f"SELECT name FROM `{STATE}` WHERE status = 'ok' AND memory IS NULL AND name NOT IN (%s, %s) LIMIT 1",
			(source, SITE_CHANGES),
		)
	)


def believable(when: datetime | None, now: datetime) -> datetime:
	"""The time an event is counted at: its own, or now when it has none, lies ahead, or is older than ten years."""
	if when is None or when > now + SKEW or when < now - OLDEST:
		return now
	return when


def _load(host: Host, source: str) -> _State:
	found = host.store.query(
		f"SELECT source_rows, collected_rows, joined_rows, watermark, reconciled_at, data_since FROM `{STATE}`"
		" WHERE name = %s",
		(source,),
	)
	if not found:
		return _State(None, 0, 0, None, None, None)
	rows, collected, joined, *times = found[0]
	watermark, reconciled, since = (as_datetime(value) for value in times)
	known = reconciled is not None  # an Int column of a row we only began is 0, not a count
	return _State(
		int(rows or 0) if known else None, int(collected or 0), int(joined or 0), watermark, reconciled, since
	)
