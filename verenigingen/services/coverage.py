"""Of which times a source can tell at all: Frappe clears its logs, and what it cleared unread is unknown, not zero."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from verenigingen.core.model import as_datetime, as_text
from verenigingen.host.port import Host
from verenigingen.services.site import ERROR_LOG

STATE = "tabCollector State"
CLEARING = "tabLogs To Clear"
LOCK = "collect"
MOST_GAPS = 50

Gap = tuple[datetime, datetime]


def kept_since(host: Host, source: str, now: datetime) -> datetime | None:
	"""Since when the site keeps every row of a log: `now` less what Log Settings say; None where it clears nothing."""
	if not host.db.columns(CLEARING):
		return None
	found = host.db.query(f"SELECT days FROM `{CLEARING}` WHERE ref_doctype = %s", (source,))
	days = min((int(row[0]) for row in found if row[0]), default=0)
	return now - timedelta(days=days) if days > 0 else None


def reliable(host: Host, source: str, oldest: datetime, now: datetime) -> datetime:
	"""The oldest event found, or, where that is older than what the site keeps, the beginning of what it keeps: a row
	that clearing left over does not show that there were no others."""
	since = kept_since(host, source, now)
	return oldest if since is None else max(oldest, since)


def note_gap(host: Host, source: str, watermark: datetime | None, now: datetime) -> None:
	"""Remembers what was cleared between the last reading and now, if anything was."""
	if watermark is None:
		return
	since = kept_since(host, source, now)
	if since is None or watermark >= since:
		return
	known = [gap for gap in gaps(host, source) if gap[0] != watermark]  # a run that failed noted it already
	rows = [[start.isoformat(), end.isoformat()] for start, end in [*known, (watermark, since)][-MOST_GAPS:]]
	with host.store.transaction(LOCK):
		host.store.upsert(STATE, [{"name": source, "gaps": json.dumps(rows)}])


def gaps(host: Host, source: str) -> list[Gap]:
	"""Spans of which nothing is known, naive site time, oldest first."""
	found = host.store.query(f"SELECT gaps FROM `{STATE}` WHERE name = %s", (source,))
	try:
		rows = json.loads(as_text(found[0][0]) or "[]") if found else []
	except ValueError:
		return []
	spans = [(as_datetime(start), as_datetime(end)) for start, end in rows]
	return [(start, end) for start, end in spans if start and end and start < end]


def known_gaps(host: Host) -> tuple[Gap, ...]:
	"""Spans of which nothing is known of the site's errors, aware, oldest first: those of Error Log, as `known_since`."""
	zone = host.clock.now().tzinfo
	return tuple(
		(start.replace(tzinfo=zone), end.replace(tzinfo=zone)) for start, end in gaps(host, ERROR_LOG)
	)
