"""From events to what is kept of them: issues, their counts by day and hour, and pseudonymous users.

Events are gathered first, without the database; what they add is then written inside the collector's transaction.
Cells are read, added to in Python and written back whole: the lock makes that safe, and the same code runs on every
database.

Rows of the rollups are named by the fingerprint whose events they count, and bear the issue that the fingerprint
belongs to: its own, or the one it was merged into (`services.grouping`). So an issue may have several rows of one day
or user; whoever reads them adds them up.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from verenigingen.core.errors.life import Event, after_events, without
from verenigingen.core.errors.rules import SET
from verenigingen.core.model import as_date, as_datetime, as_text
from verenigingen.host.port import Host, Row, in_chunks, marks
from verenigingen.services.batch import Batch, Described, Span
from verenigingen.services.lives import LIFE_COLUMNS, UNKNOWN, columns_of, life_of

ISSUE, ISSUE_DAY = "tabError Issue", "tabError Issue Day"
ISSUE_USER, USER_DAY = "tabError Issue User", "tabError User Day"
ISSUE_FACET = "tabError Issue Facet"
ALIAS = "tabError Issue Alias"
IDS_PER_QUERY = 1_000
VALUES_PER_FACET = 20  # of one issue, day and kind; an error of every document must not keep a row for each
OTHER = "(other)"


def write(host: Host, source: str, batch: Batch) -> None:
	"""Adds what was gathered to issues and rollups. Call it inside the collector's transaction."""
	# asked inside the lock: what was gathered may have been merged or taken apart since
	homes = _write_shares(host, source, batch)
	_write_issues(host, source, batch, homes)
	_write_days(host, batch, homes)
	_write_users(host, batch, homes)
	_write_facets(host, batch, homes)


def _existing(host: Host, table: str, columns: str, names: Iterable[str]) -> dict[str, Row]:
	found: dict[str, Row] = {}
	for chunk in in_chunks(list(names), IDS_PER_QUERY):
		rows = host.store.query(
			f"SELECT name, {columns} FROM `{table}` WHERE name IN ({marks(len(chunk))})", chunk
		)
		found.update({row[0]: row[1:] for row in rows})
	return found


def _write_shares(host: Host, source: str, batch: Batch) -> dict[str, str]:
	"""Adds to the own parts of merged fingerprints; the issue of each that is not simply its own."""
	homes, rows = {}, []
	for chunk in in_chunks(list(batch.spans), IDS_PER_QUERY):
		# an alias of an issue that is gone says nothing
		for name, issue, count, first, last, sources in host.store.query(
			f"SELECT a.name, a.issue, a.event_count, a.first_seen, a.last_seen, a.sources FROM `{ALIAS}` a"
			f" JOIN `{ISSUE}` i ON i.name = a.issue WHERE a.name IN ({marks(len(chunk))})",
			chunk,
		):
			span = batch.spans[name]
			homes[name] = issue
			if name in batch.withdrawn and as_datetime(last) == batch.withdrawn[name][0]:
				last = batch.withdrawn[name][1] or last
			rows.append(
				{
					"name": name,
					"event_count": int(count or 0) + span.count,
					"first_seen": _earlier(first, span.first),
					"last_seen": _later(last, span.last),
					"sources": _sources(sources, source, batch.seen[name]),
				}
			)
	host.store.upsert(ALIAS, rows)
	return homes


def _write_issues(host: Host, source: str, batch: Batch, homes: Mapping[str, str]) -> None:
	spans: dict[str, Span] = defaultdict(Span)
	seen: Counter[str] = Counter()
	events: dict[str, Counter[Event]] = defaultdict(Counter)
	for name, span in batch.spans.items():
		spans[homes.get(name, name)].join(span)
		events[homes.get(name, name)].update(batch.events[name])
		seen[homes.get(name, name)] += batch.seen[name]
	last_seen = _without_withdrawn(host, batch, homes)
	old = _existing(
		host, ISSUE, f"clues IS NULL, event_count, first_seen, last_seen, sources, {LIFE_COLUMNS}", spans
	)
	new_rows, known_rows = [], []
	for name, span in spans.items():
		if name not in old and span.count <= 0:
			continue  # cleared away since it was counted
		_, count, first, last, sources, *columns = old.get(name, (1, 0, None, None, None, *UNKNOWN))
		life = life_of(columns)
		if name in last_seen:
			life = without(life, *last_seen[name])
			if as_datetime(last) == last_seen[name][0]:
				last = last_seen[name][1]
		row = {
			"name": name,
			"event_count": int(count or 0) + span.count,
			"first_seen": _earlier(first, span.first),
			"last_seen": _later(last, span.last),
			"sources": _sources(sources, source, seen[name]),
			**columns_of(after_events(life, events[name].elements())),
		}
		if name in old:
			known_rows.append(row)
		else:
			new_rows.append(row | _description(batch.identities[name]))
	host.store.insert(ISSUE, new_rows)
	host.store.upsert(ISSUE, known_rows)
	_drop_empty(host, batch.withdrawn.keys() - set(homes) - set(homes.values()))
	_describe_known(host, batch, {name: bool(row[0]) for name, row in old.items()})


def _describe_known(host: Host, batch: Batch, known: Mapping[str, bool]) -> None:
	"""Writes what issues that were there before may lack; `known` says whether their clues are missing."""
	seen = [(name, batch.identities[name]) for name in known if name in batch.identities]
	# its other fields are the users' from the day they apply the rule; from now on no algorithm merges it
	pins = [name for name, described in seen if described.identity.pinned]
	host.store.upsert(ISSUE, [{"name": name, "pinned": 1} for name in pins])
	# of an earlier version
	rows = [
		{"name": name, "clues": described.clues}
		for name, described in seen
		if known[name] and described.clues
	]
	host.store.upsert(ISSUE, rows)


def _without_withdrawn(
	host: Host, batch: Batch, homes: Mapping[str, str]
) -> dict[str, tuple[datetime, datetime]]:
	"""Per issue with a withdrawn event: when that was, and when the issue was last seen without it."""
	found = {}
	for name, (when, last) in batch.withdrawn.items():
		home = homes.get(name, name)
		if name in homes:  # the issue was last seen when the last of its parts was; those are written already
			rows = host.store.query(f"SELECT MAX(last_seen) FROM `{ALIAS}` WHERE issue = %s", (home,))
			last = as_datetime(rows[0][0]) or last
		if last is not None:
			found[home] = (when, last)
	return found


def _drop_empty(host: Host, names: Iterable[str]) -> None:
	for chunk in in_chunks(sorted(names), IDS_PER_QUERY):
		host.store.execute(
			f"DELETE FROM `{ISSUE}` WHERE event_count <= 0 AND name IN ({marks(len(chunk))})", chunk
		)


def _put(host: Host, table: str, rows: list[dict[str, object]]) -> None:
	"""Writes rows back; one whose events have all been withdrawn goes."""
	gone = {row["name"] for row in rows if int(str(row["event_count"])) <= 0}
	host.store.upsert(table, [row for row in rows if row["name"] not in gone] if gone else rows)
	for chunk in in_chunks(sorted(map(str, gone)), IDS_PER_QUERY):
		host.store.execute(f"DELETE FROM `{table}` WHERE name IN ({marks(len(chunk))})", chunk)


def _description(described: Described) -> dict[str, object]:
	identity = described.identity
	return {
		"title": identity.title,
		"fingerprint": identity.fingerprint,
		"algorithm": identity.algorithm,
		"reason": identity.reason,
		"exception": identity.exception and identity.exception[:140],
		"culprit": identity.culprit,
		"app": identity.app and identity.app[:140],
		"category": identity.category,
		"category_reason": identity.category_reason,
		"severity": identity.severity,
		"base_severity": identity.severity,
		"severity_fixed": int(identity.severity_reason.startswith(SET)),
		"severity_reason": identity.severity_reason,
		"pinned": int(identity.pinned),
		"sample": described.sample,
		"clues": described.clues or None,
	}


def _sources(stored: object, source: str, count: int) -> str:
	try:
		known = json.loads(as_text(stored) or "{}")
	except ValueError:
		known = {}
	if count:
		known[source] = int(known.get(source, 0)) + count
	return json.dumps(known, sort_keys=True)


def _write_days(host: Host, batch: Batch, homes: Mapping[str, str]) -> None:
	cells = {f"{issue}-{day:%Y%m%d}": (issue, day, hours) for (issue, day), hours in batch.hours.items()}
	old = _existing(host, ISSUE_DAY, "hours", cells)
	rows = []
	for name, (issue, day, added) in cells.items():
		hours = (
			[a + b for a, b in zip(parse_hours(old[name][0]), added, strict=True)] if name in old else added
		)
		rows.append(
			{
				"name": name,
				"issue": homes.get(issue, issue),
				"day": day,
				"event_count": sum(hours),
				"hours": ",".join(map(str, hours)),
			}
		)
	_put(host, ISSUE_DAY, rows)


def parse_hours(stored: object) -> list[int]:
	"""The 24 hourly counts of an Error Issue Day."""
	return [int(part) for part in as_text(stored).split(",")]


def _write_users(host: Host, batch: Batch, homes: Mapping[str, str]) -> None:
	spans = {f"{issue}-{user}": (issue, user, span) for (issue, user), span in batch.users.items()}
	old = _existing(host, ISSUE_USER, "event_count, first_seen, last_seen", spans)
	rows = []
	for name, (issue, user, span) in spans.items():
		count, first, last = old.get(name, (0, None, None))
		rows.append(
			{
				"name": name,
				"issue": homes.get(issue, issue),
				"user": user,
				"event_count": int(count or 0) + span.count,
				"first_seen": _earlier(first, span.first),
				"last_seen": _later(last, span.last),
			}
		)
	_put(host, ISSUE_USER, rows)
	count_users(host, sorted({homes.get(issue, issue) for issue, _ in batch.users}))
	days = {f"{day:%Y%m%d}-{user}": (day, user, count) for (day, user), count in batch.user_days.items()}
	known = _existing(host, USER_DAY, "event_count", days)
	_put(
		host,
		USER_DAY,
		[
			{
				"name": name,
				"day": day,
				"user": user,
				"event_count": count + int((known.get(name) or (0,))[0] or 0),
			}
			for name, (day, user, count) in days.items()
		],
	)


def count_users(host: Host, issues: list[str]) -> None:
	"""Writes down how many distinct persons are known to have met each of the issues that are there."""
	for chunk in in_chunks(issues, IDS_PER_QUERY):
		found: dict[str, int] = dict(
			host.store.query(
				f"SELECT issue, COUNT(DISTINCT `user`) FROM `{ISSUE_USER}` WHERE issue IN ({marks(len(chunk))})"
				" GROUP BY issue",
				chunk,
			)
		)
		known = _existing(host, ISSUE, "user_count", chunk)
		rows = [{"name": issue, "user_count": int(found.get(issue, 0))} for issue in known]
		host.store.upsert(ISSUE, rows)


def facet_name(issue: str, day: date, kind: str, value: str) -> str:
	"""Name of the Error Issue Facet of these: values are of any length and alphabet, so a digest."""
	text = "\x1f".join((issue, f"{day:%Y%m%d}", kind, value))
	return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _write_facets(host: Host, batch: Batch, homes: Mapping[str, str]) -> None:
	counted: dict[str, int] = {}  # by name of the row
	known: dict[tuple[str, Any, str], set[str]] = defaultdict(set)
	places = sorted({(homes.get(name, name), day) for name, day, _ in batch.facets})
	for chunk in in_chunks(places, IDS_PER_QUERY // 2):
		pairs = " OR ".join("(issue = %s AND day = %s)" for _ in chunk)
		for name, issue, day, kind, value, count in host.store.query(
			f"SELECT name, issue, day, kind, value, event_count FROM `{ISSUE_FACET}` WHERE {pairs}",
			[part for pair in chunk for part in pair],
		):
			known[issue, as_date(day), kind].add(value)
			counted[name] = int(count or 0)
	rows = []
	for (fingerprint, day, kind), counts in batch.facets.items():
		issue = homes.get(fingerprint, fingerprint)
		changes = _bounded(known[issue, day, kind], Counter({v: n for v, n in counts.items() if n > 0}))
		for value, count in counts.items():
			if count < 0:  # what was counted with the others is taken back there
				stands = facet_name(fingerprint, day, kind, value) in counted
				changes[value if stands else OTHER] += count
		for value, count in changes.items():
			name = facet_name(fingerprint, day, kind, value)
			rows.append(
				{
					"name": name,
					"issue": issue,
					"day": day,
					"kind": kind,
					"value": value,
					"event_count": counted.get(name, 0) + count,
				}
			)
	_put(host, ISSUE_FACET, rows)


def _bounded(old: set[str], added: Counter[str]) -> Counter[str]:
	"""What to add by value: values beyond the first VALUES_PER_FACET are counted together. `old` learns the new ones."""
	kept: Counter[str] = Counter()
	room = VALUES_PER_FACET - len(old)
	for value, count in sorted(added.items(), key=lambda pair: (-pair[1], pair[0])):
		if value not in old:
			room -= 1
		kept[value if value in old or room >= 0 else OTHER] += count
	old.update(kept)
	return kept


def _earlier(stored: Any, new: datetime) -> datetime:
	return _pick(min, stored, new)


def _later(stored: Any, new: datetime) -> datetime:
	return _pick(max, stored, new)


def _pick(choose: Callable[..., datetime], stored: Any, new: datetime) -> datetime:
	old = as_datetime(stored)
	return new if old is None else choose(old, new)
