"""Events of the last days, so that one which a second source tells of is not counted a second time.

Everything here happens inside the collector's transaction, under its lock: what is decided about an event is
committed together with its count, or not at all. An event is joined by at most one row of another source; Error Log
alone may hold two of a failed request, what the app logged itself and what Frappe wrote later.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from verenigingen.core.errors.twins import CLOSE, ERROR_LOG, FAILED_REQUEST, KEEP, Trail, rank
from verenigingen.core.model import as_datetime, as_text
from verenigingen.host.port import Host, Row, in_chunks, marks
from verenigingen.services.batch import Batch, Counted, Facets

EVENT = "tabError Event"
ROWS_PER_QUERY = 200
# A row of Error Log waits so long for the record of another source; those are written at once or long before.
LATE = timedelta(days=1)
AT_ONE_MOMENT = timedelta(seconds=2)
_COLUMNS = (
	"name, source, joined, occurred, issue, user, facets, trace_id, exact_digest, close_digest, job_method"
)


class Incoming(NamedTuple):
	"""A source row that is about to be counted: its key there, what it adds, by what it may be recognised."""

	key: str
	event: Counted
	trail: Trail


@dataclass(slots=True)
class _Known:
	name: str
	joined: set[str]
	event: Counted
	trail: Trail
	changed: bool = False


def settle(host: Host, source: str, incoming: Sequence[Incoming], batch: Batch, now: datetime) -> None:
	"""Counts each row in `batch`, or joins it to the event that it tells of. Call it inside the transaction."""
	rows = sorted(incoming, key=lambda each: each.event.when)
	if source == FAILED_REQUEST:
		rows = _distinct(host, rows)
	index = _Index(_candidates(host, source, rows))
	fresh: list[_Known] = []
	for row in rows:
		batch.count += 1
		found = index.best(row)
		if found is None:
			batch.add(row.event)
			if source != ERROR_LOG or row.event.when >= now - LATE:
				fresh.append(_Known(_name(source, row.key), set(), row.event, row.trail))
		else:
			known, mark = found
			batch.joined += 1
			_join(host, known, row, batch)
			known.joined.add(mark)
			known.changed = True
		batch.seen[row.event.issue if found is None else found[0].event.issue] += 1
	host.store.upsert(EVENT, [_row(known) for known in (*index.changed(), *fresh)])


def forget(host: Host, now: datetime) -> None:
	"""Deletes events that nothing joins any more. Call it inside a transaction."""
	host.store.execute(f"DELETE FROM `{EVENT}` WHERE creation < %s", (now - KEEP,))


class _Index:
	"""Known events by what they may be recognised by."""

	def __init__(self, known: Iterable[_Known]) -> None:
		self._by: dict[str, list[_Known]] = defaultdict(list)
		self._all = list(known)
		for each in self._all:
			for key in _keys(each.trail):
				self._by[key].append(each)

	def best(self, row: Incoming) -> tuple[_Known, str] | None:
		"""The event this row tells of, with the mark its joining leaves; None when it is one of its own."""
		ranked = []
		for key in _keys(row.trail):
			for known in self._by[key]:
				how = rank(row.trail, known.trail)
				if how is None:
					continue
				mark = f"{row.trail.source}~" if how == CLOSE else row.trail.source
				if mark not in known.joined:
					apart = abs(known.event.when - row.event.when)
					ranked.append((how, apart, known.name, mark, known))
		if not ranked:
			return None
		_, _, _, mark, known = min(ranked, key=lambda each: each[:3])
		return known, mark

	def changed(self) -> list[_Known]:
		"""Events that were joined."""
		return [known for known in self._all if known.changed]


def _join(host: Host, known: _Known, row: Incoming, batch: Batch) -> None:
	"""Puts what both records tell together: time and user of a request from our own capture, else of the first record;
	the issue from the one that has the error's text."""
	old, new = known.event, row.event
	captured = row.trail.source == FAILED_REQUEST
	first, second = (new, old) if captured else (old, new)
	issue = first.issue
	if (row.trail if captured else known.trail).close == "":
		issue = second.issue
	kinds = {kind for kind, _ in first.facets}
	more = tuple((kind, value) for kind, value in second.facets if kind not in kinds or kind == "Source")
	merged = Counted(issue, first.when, first.user or second.user, first.facets + more)
	if merged[:3] == old[:3] and first is old:
		batch.add_facets(old, more)
	else:
		batch.withdraw(old, _last_seen_without(host, known.name, old.issue, merged))
		batch.add(merged)
	known.event = merged
	if captured:
		# what was counted first is now one of those that joined
		alike = known.trail.exact != "" and known.trail.exact == row.trail.exact
		known.joined.add(known.trail.source if alike else f"{known.trail.source}~")
		known.trail = _together(row.trail, known.trail)
	else:
		known.trail = _together(known.trail, row.trail)


def _together(first: Trail, second: Trail) -> Trail:
	return Trail(
		first.source,
		first.when,
		first.trace or second.trace,
		first.exact,
		first.close or second.close,
		first.job or second.job,
	)


def _last_seen_without(host: Host, name: str, issue: str, merged: Counted) -> datetime | None:
	found = host.store.query(
		f"SELECT MAX(occurred) FROM `{EVENT}` WHERE issue = %s AND name <> %s", (issue, name)
	)
	last = as_datetime(found[0][0])
	if issue != merged.issue:
		return last
	return merged.when if last is None else max(last, merged.when)


def _distinct(host: Host, rows: list[Incoming]) -> list[Incoming]:
	"""Two requests that failed at the same moment may both have taken the same text for theirs; only one is right."""
	texts = [row.trail.exact for row in rows if row.trail.exact]
	taken: dict[str, list[datetime]] = defaultdict(list)
	for chunk in in_chunks(texts, ROWS_PER_QUERY):
		for text, when in host.store.query(
			f"SELECT exact_digest, occurred FROM `{EVENT}` WHERE source = %s AND exact_digest IN ({marks(len(chunk))})",
			(FAILED_REQUEST, *chunk),
		):
			taken[as_text(text)].append(as_datetime(when) or datetime.min)
	result = []
	for row in rows:
		exact, when = row.trail.exact, row.event.when
		if exact and any(abs(when - other) < AT_ONE_MOMENT for other in taken[exact]):
			row = row._replace(trail=row.trail._replace(exact=""))
		taken[exact].append(when)
		result.append(row)
	return result


def _candidates(host: Host, source: str, rows: Sequence[Incoming]) -> Iterable[_Known]:
	"""Events of other sources that share a key with one of the rows."""
	if not host.store.query(f"SELECT name FROM `{EVENT}` WHERE source <> %s LIMIT 1", (source,)):
		return []
	found: dict[str, _Known] = {}
	for chunk in in_chunks(rows, ROWS_PER_QUERY):
		wanted = {
			"trace_id": {row.trail.trace for row in chunk},
			"exact_digest": {row.trail.exact for row in chunk},
			"close_digest": {row.trail.close for row in chunk},
			"job_method": {row.trail.job for row in chunk},
		}
		parts = {column: sorted(values - {""}) for column, values in wanted.items() if values - {""}}
		if not parts:
			continue
		either = " OR ".join(f"{column} IN ({marks(len(values))})" for column, values in parts.items())
		for row in host.store.query(
			f"SELECT {_COLUMNS} FROM `{EVENT}` WHERE source <> %s AND ({either})",
			(source, *(value for values in parts.values() for value in values)),
		):
			found[row[0]] = _known(row)
	return found.values()


def _keys(trail: Trail) -> list[str]:
	named = (("trace", trail.trace), ("exact", trail.exact), ("close", trail.close), ("job", trail.job))
	return [f"{kind}:{value}" for kind, value in named if value]


def _known(row: Row) -> _Known:
	name, source, joined, occurred, issue, user, facets, *trail = row
	when = as_datetime(occurred) or datetime.min
	kept: Facets = tuple((kind, value) for kind, value in json.loads(as_text(facets) or "[]"))
	return _Known(
		name,
		set(filter(None, as_text(joined).split(","))),
		Counted(as_text(issue), when, as_text(user) or None, kept),
		Trail(as_text(source), when, *map(as_text, trail)),
	)


def _row(known: _Known) -> dict[str, object]:
	event, trail = known.event, known.trail
	return {
		"name": known.name,
		"source": trail.source,
		"joined": ",".join(sorted(known.joined)),
		"occurred": event.when,
		"issue": event.issue,
		"user": event.user,
		"facets": json.dumps(event.facets, ensure_ascii=False),
		"trace_id": trail.trace[:140],
		"exact_digest": trail.exact,
		"close_digest": trail.close,
		"job_method": trail.job[:140],
	}


def _name(source: str, key: str) -> str:
	return blake2b(f"{source}\0{key}".encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
