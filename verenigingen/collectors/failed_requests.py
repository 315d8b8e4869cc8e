"""Failed requests as our hook on requests saw them: each 5xx with true time and user, and counts of all from 400 up.

The hook leaves both in the spool (`host.spool`). Entries are read, counted, committed and only then dropped, so that a
collector killed anywhere in between counts nothing twice and loses nothing; the ledger knows what it has counted.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

from verenigingen.collectors.table import document, person, site_doctypes
from verenigingen.core.errors.entry import filled
from verenigingen.core.errors.twins import FAILED_REQUEST, clipped, exact_digest
from verenigingen.core.model import ErrorRow, as_text
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host, Spool, in_chunks, marks
from verenigingen.services.collection import (
	LOCK,
	STATE,
	CollectResult,
	collect_source,
	counted_keys,
	mark_counted,
)
from verenigingen.services.redaction import site_redactor

MOST_WAITING = 5_000  # entries taken in one run
NAMES_PER_STEP = 1_000
QUARTER = 900  # seconds; zones differ from UTC by multiples of it
COUNTS = "Request Failure"  # in the ledger: tokens of counts taken in
HOURS = "tabRequest Failure Hour"
ENDPOINTS_PER_HOUR = 200
OTHER, LOST = "(other)", "(lost)"


class FailedRequestSource:
	"""What waits in the spool of one site."""

	name = FAILED_REQUEST

	def __init__(self, host: Host, spool: Spool) -> None:
		self.host = host
		self._waiting = {
			key: noted for raw in spool.waiting(MOST_WAITING) for key, noted in [_read(raw)] if key
		}
		self._doctypes = site_doctypes(host)

	def count(self) -> int:
		"""Entries taken for this run."""
		return len(self._waiting)

	def names_since(self, moment: datetime) -> list[str]:
		"""All of them."""
		return list(self._waiting)

	def all_names(self) -> Iterator[list[str]]:
		"""All of them, in steps."""
		for chunk in in_chunks(list(self._waiting), NAMES_PER_STEP):
			yield list(chunk)

	def rows(self, names: Sequence[str], *, adjoining: bool = False) -> list[ErrorRow]:
		"""The named failures."""
		return [self._row(name, self._waiting[name]) for name in names if name in self._waiting]

	def _row(self, key: str, noted: dict[str, Any]) -> ErrorRow:
		doctype = as_text(noted.get("doctype"))
		known = doctype if doctype in self._doctypes else ""
		point = filled(as_text(noted.get("verb")), as_text(noted.get("route")), known)
		text, title = clipped(as_text(noted.get("text"))), as_text(noted.get("title"))
		versions = noted.get("versions")
		return ErrorRow(
			key,
			_local(noted.get("at"), self.host),
			title or f"HTTP {noted.get('status')} at {point}",
			text,
			person(noted.get("user")),
			(("Entry Point", point), *(document(known, noted.get("document")) if known else ())),
			trace=as_text(noted.get("trace")),
			exact=exact_digest(text) if noted.get("exact") else "",
			versions=tuple((as_text(app), as_text(version)) for app, version in versions.items())
			if isinstance(versions, dict)
			else (),
		)


def collect(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in what failed since the last run. Raises SourceAbsent where nothing captures requests, CacheUnavailable
	when the spool does not answer."""
	spool = host.spool
	if spool is None:
		raise SourceAbsent(FAILED_REQUEST, "Requests are captured inside a bench only.")
	_take_counts(host, spool)
	result = collect_source(host, FailedRequestSource(host, spool), seconds=seconds)
	_drop_counted(host, spool)
	return result


def _drop_counted(host: Host, spool: Spool) -> None:
	with host.store.transaction(LOCK):
		keys = [_read(raw)[0] for raw in spool.waiting(MOST_WAITING)]
		counted = counted_keys(host, FAILED_REQUEST, [key for key in keys if key])
		done = 0
		# an entry that cannot be read would stand in the way for ever
		while done < len(keys) and (not keys[done] or keys[done] in counted):
			done += 1
		if done:
			spool.discard(done)


def _take_counts(host: Host, spool: Spool) -> None:
	with host.store.transaction(LOCK):
		token, counts = spool.counts()
		if not token:
			return
		if not counted_keys(host, COUNTS, [token]):
			_write_hours(host, counts)
			mark_counted(host, COUNTS, [token])
	with host.store.transaction(LOCK):
		spool.settle(token)


def _write_hours(host: Host, counts: dict[str, int]) -> None:
	cells: Counter[tuple[datetime, int, str]] = Counter()
	doctypes, redactor = site_doctypes(host), site_redactor(host)
	for label, count in counts.items():
		quarter, _, rest = label.partition("|")
		status, _, rest = rest.partition("|")
		verb, _, rest = rest.partition("|")
		doctype, _, route = rest.partition("|")
		if not (quarter.isdecimal() and status.isdecimal()):
			continue
		hour = (_local(int(quarter) * QUARTER, host) or datetime.min).replace(
			minute=0, second=0, microsecond=0
		)
		point = redactor.redact(filled(verb, route, doctype if doctype in doctypes else ""))
		cells[hour, int(status), OTHER if route == OTHER else point] += count
	_add_hours(host, _bounded(host, cells))
	if counts.get(LOST):
		found = host.store.query(f"SELECT lost_events FROM `{STATE}` WHERE name = %s", (FAILED_REQUEST,))
		lost = int(found[0][0] or 0) if found else 0
		host.store.upsert(STATE, [{"name": FAILED_REQUEST, "lost_events": lost + counts[LOST]}])


def _bounded(host: Host, cells: Counter[tuple[datetime, int, str]]) -> Counter[tuple[datetime, int, str]]:
	"""The counts with endpoints beyond the first of an hour counted together."""
	hours = sorted({hour for hour, _, _ in cells})
	known: dict[datetime, set[str]] = {hour: set() for hour in hours}
	for hour in hours:
		found = host.store.query(f"SELECT endpoint FROM `{HOURS}` WHERE hour = %s", (hour,))
		known[hour] = {as_text(row[0]) for row in found}
	kept: Counter[tuple[datetime, int, str]] = Counter()
	for (hour, status, point), count in sorted(cells.items(), key=lambda cell: (-cell[1], cell[0])):
		if point not in known[hour] and len(known[hour]) >= ENDPOINTS_PER_HOUR:
			point = OTHER
		known[hour].add(point)
		kept[hour, status, point] += count
	return kept


def _add_hours(host: Host, cells: Counter[tuple[datetime, int, str]]) -> None:
	rows = {_hour_name(hour, status, point): (hour, status, point) for hour, status, point in cells}
	old: dict[str, int] = {}
	for chunk in in_chunks(list(rows), NAMES_PER_STEP):
		sql = f"SELECT name, failure_count FROM `{HOURS}` WHERE name IN ({marks(len(chunk))})"
		old |= {name: int(count or 0) for name, count in host.store.query(sql, chunk)}
	host.store.upsert(
		HOURS,
		[
			{
				"name": name,
				"hour": cell[0],
				"status": cell[1],
				"endpoint": cell[2],
				"failure_count": old.get(name, 0) + cells[cell],
			}
			for name, cell in rows.items()
		],
	)


def _hour_name(hour: datetime, status: int, point: str) -> str:
	text = f"{hour:%Y%m%d%H}|{status}|{point}"
	return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _read(raw: str) -> tuple[str, dict[str, Any]]:
	"""Key and content of an entry; an empty key for what is none."""
	try:
		noted = json.loads(raw)
	except (ValueError, RecursionError):
		return "", {}
	key = noted.get("id") if isinstance(noted, dict) else None
	return (key, noted) if isinstance(key, str) else ("", {})


def _local(moment: object, host: Host) -> datetime | None:
	if not isinstance(moment, int | float):
		return None
	zone = host.clock.now().tzinfo
	return datetime.fromtimestamp(moment, timezone.utc).astimezone(zone).replace(tzinfo=None)
