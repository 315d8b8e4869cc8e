"""What changed on the site, and when: our own comparisons of its state, and the traces Frappe keeps in its tables."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from verenigingen.core.errors.suspects import APP_CODE, APP_VERSION, PATCHES, Change
from verenigingen.core.model import as_datetime, as_text
from verenigingen.host.port import Host, Row, in_chunks, marks
from verenigingen.services.collection import LOCK, SITE_CHANGES, STATE

SOURCE = SITE_CHANGES
TABLE = "tabSite Change"
VALUE_LENGTH = 140
MOST_ROWS = 2_000  # of one source; the newest before the end
MOST_TEXT = 65_536  # of a Version's data, which may hold whole child tables
IDS_PER_QUERY = 500
MIGRATION_GAP = timedelta(minutes=10)  # patches of one migration follow one another

# DocTypes whose documents change how a site works, with the column that names the DocType they are about.
WATCHED: dict[str, str | None] = {
	"Client Script": "dt",
	"Custom DocPerm": "parent",
	"Custom Field": "dt",
	"DocType": "name",
	"Email Account": None,
	"Letter Head": None,
	"Notification": "document_type",
	"Print Format": "doc_type",
	"Property Setter": "doc_type",
	"Report": "ref_doctype",
	"Role": None,
	"Role Profile": None,
	"Scheduled Job Type": None,
	"Server Script": "reference_doctype",
	"System Settings": None,
	"User": None,
	"Web Form": "doc_type",
	"Webhook": "webhook_doctype",
	"Website Settings": None,
	"Workflow": "document_type",
}
# What comes with an app bears the date at which its author made it; only documents of the site's own came to be here.
OWN_DOCUMENTS = {
	"DocType": ("custom", "1"),
	"Notification": ("is_standard", "0"),
	"Print Format": ("standard", "'No'"),
	"Report": ("is_standard", "'No'"),
	"Web Form": ("is_standard", "0"),
}
# Of a user only what gives or takes rights counts; who they are changes nothing about the site.
USER_FIELDS = {"roles", "role_profile_name", "role_profiles", "enabled", "user_type", "block_modules"}

State = dict[str, str]  # value by subject, of one kind


@dataclass(frozen=True, slots=True)
class Record:
	"""What is on record of a time: the changes, since when there is any record, and what is not on record."""

	changes: list[Change]
	since: datetime | None
	unread: list[str]


def record(host: Host, state: Mapping[str, Mapping[str, str]]) -> int:
	"""Writes down how the state of the site ({kind: {subject: value}}) differs from the last one recorded; the number of
	changes. The first state of a kind is where comparison begins, and no change."""
	now = host.clock.now().replace(tzinfo=None)
	with host.store.transaction(LOCK):
		last = host.store.query(
			f"SELECT watermark, data_since, collected_rows FROM `{STATE}` WHERE name = %s", (SOURCE,)
		)
		watermark, since, count = last[0] if last else (None, None, 0)
		rows, replaced = _differences(host, state, now, as_datetime(watermark))
		for chunk in in_chunks(replaced, IDS_PER_QUERY):
			host.store.execute(
				f"UPDATE `{TABLE}` SET is_current = 0 WHERE name IN ({marks(len(chunk))})", chunk
			)
		host.store.insert(TABLE, rows)
		changes = sum(row["action"] != "first seen" for row in rows)
		host.store.upsert(
			STATE,
			[
				{
					"name": SOURCE,
					"status": "ok",
					"last_run": now,
					"last_error": None,
					"watermark": now,
					"data_since": as_datetime(since) or now,
					"collected_rows": int(count or 0) + changes,
				}
			],
		)
	return changes


def _differences(
	host: Host, state: Mapping[str, Mapping[str, str]], now: datetime, before: datetime | None
) -> tuple[list[dict[str, object]], list[str]]:
	"""The rows to write, and the names of those they replace."""
	current: dict[str, dict[str, tuple[str, str]]] = {}
	for name, kind, subject, value in host.store.query(
		f"SELECT name, kind, subject, after_value FROM `{TABLE}` WHERE is_current = 1"
	):
		current.setdefault(kind, {})[subject] = (name, as_text(value))
	rows: list[dict[str, object]] = []
	replaced = []
	for kind, values in state.items():
		known = current.get(kind)
		new = {subject[:VALUE_LENGTH]: value[:VALUE_LENGTH] for subject, value in values.items()}
		for subject in sorted({*new, *(known or {})}):
			name, old = (known or {}).get(subject, ("", ""))
			value = new.get(subject, "")
			if value == old:
				continue
			action = "changed" if old and value else "created" if value else "deleted"
			rows.append(
				_row(kind, subject, "first seen" if known is None else action, now, before, old, value)
			)
			replaced += [name] if name else []
	return rows, replaced


def _row(
	kind: str, subject: str, action: str, now: datetime, before: datetime | None, old: str, new: str
) -> dict[str, object]:
	return {
		"name": uuid.uuid4().hex[:16],
		"kind": kind,
		"subject": subject,
		"action": action,
		"seen_at": now,
		"not_before": before,
		"before_value": old,
		"after_value": new,
		"is_current": 1,
	}


def load(host: Host, start: datetime, end: datetime) -> Record:
	"""What changed from `start` to `end` (naive site time), and since when such changes are recorded at all."""
	unread = []
	own_since = _since(host)
	if own_since is None or own_since > start:
		seen = f"before {own_since:%Y-%m-%d %H:%M}" if own_since else "at all"
		unread.append(f"app versions, site configuration and scheduler {seen}")
	changes = [*_own(host, start, end)]
	site_since = None
	for said, table, read in (
		("Version rows", "tabVersion", _versions),
		("migrations", "tabPatch Log", _patches),
		("deletions", "tabDeleted Document", _deletions),
	):
		if host.db.columns(table):
			changes += read(host, start, end)
			if table != "tabDeleted Document":
				site_since = site_since or _oldest(host, table)
		else:
			unread.append(said)
	changes += _creations(host, start, end)
	known = [moment for moment in (own_since, site_since) if moment]
	return Record(changes, min(known, default=None), unread)


def _oldest(host: Host, table: str) -> datetime | None:
	return as_datetime(host.db.query(f"SELECT MIN(creation) FROM `{table}`")[0][0])


def _since(host: Host) -> datetime | None:
	found = host.store.query(f"SELECT data_since FROM `{STATE}` WHERE name = %s", (SOURCE,))
	return as_datetime(found[0][0]) if found else None


def _own(host: Host, start: datetime, end: datetime) -> list[Change]:
	rows = host.store.query(
		"SELECT kind, subject, action, seen_at, not_before, before_value, after_value"
		f" FROM `{TABLE}` WHERE action <> 'first seen' AND seen_at >= %s AND not_before <= %s"
		f" ORDER BY seen_at DESC LIMIT {MOST_ROWS}",
		(start, end),
	)
	versions = {(subject, as_datetime(seen)) for kind, subject, _, seen, *_ in rows if kind == APP_VERSION}
	changes = []
	for kind, subject, action, seen, earliest, old, new in rows:
		when = as_datetime(seen)
		# an update with a new version is told once
		if when is None or (kind == APP_CODE and (subject, when) in versions):
			continue
		app = subject if kind in (APP_VERSION, APP_CODE) else None
		told = (old, new) if kind != "Site Config" else (None, None)
		changes.append(
			Change(kind, subject, action, when, as_datetime(earliest), app=app, before=told[0], after=told[1])
		)
	return changes


def _versions(host: Host, start: datetime, end: datetime) -> list[Change]:
	# `modified` is never before `creation`; naming both lets either index serve, v15 has the one and v16 the other
	rows = host.db.query(
		"SELECT ref_doctype, docname, creation, owner,"
		f" CASE WHEN LENGTH(data) <= {MOST_TEXT} THEN data END FROM `tabVersion`"
		f" WHERE creation >= %s AND creation <= %s AND modified >= %s AND ref_doctype IN ({marks(len(WATCHED))})"
		f" ORDER BY creation DESC LIMIT {MOST_ROWS}",
		(start, end, start, *WATCHED),
	)
	told = [(row, changed_fields(as_text(row[4]))) for row in rows]
	told = [(row, fields) for row, fields in told if row[0] != "User" or USER_FIELDS.intersection(fields)]
	targets = _targets(host, {(row[0], row[1]) for row, _ in told})
	return [
		change
		for (kind, name, when, owner, _), fields in told
		if (change := _change(host, kind, name, "changed", when, owner, targets.get((kind, name)), fields))
	]


def changed_fields(data: str) -> tuple[str, ...]:
	"""The names of the fields a Version tells of, in order; never a value. Of a child table also its columns."""
	try:
		told = json.loads(data or "{}")
	except (ValueError, RecursionError):
		return ()
	if not isinstance(told, dict):
		return ()
	names: list[str] = []
	for part in ("changed", "added", "removed", "row_changed"):
		for entry in told.get(part) or ():
			if not isinstance(entry, list) or not entry or not isinstance(entry[0], str):
				continue
			names.append(entry[0])
			if part == "row_changed" and len(entry) > 3 and isinstance(entry[3], list):
				names += [cell[0] for cell in entry[3] if isinstance(cell, list) and cell]
	return tuple(dict.fromkeys(str(name)[:VALUE_LENGTH] for name in names))[:20]


def _targets(host: Host, documents: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
	"""The DocType each document is about, where it still says so."""
	by_kind: dict[str, list[str]] = {}
	for kind, name in documents:
		by_kind.setdefault(kind, []).append(name)
	found = {}
	for kind, names in by_kind.items():
		column = WATCHED[kind]
		if column is None or column not in host.db.columns(f"tab{kind}"):
			continue
		for chunk in in_chunks(sorted(names), IDS_PER_QUERY):
			for name, target in host.db.query(
				f"SELECT name, {column} FROM `tab{kind}` WHERE name IN ({marks(len(chunk))})", chunk
			):
				found[kind, name] = as_text(target)
	return found


def _creations(host: Host, start: datetime, end: datetime) -> list[Change]:
	"""Documents that came to be: a Version tells of later changes only."""
	parts, bounds = [], []
	for kind, column in WATCHED.items():
		columns = host.db.columns(f"tab{kind}")
		if kind == "User" or "creation" not in columns:
			continue
		target = column if column in columns else "NULL"
		mark, own = OWN_DOCUMENTS.get(kind, ("", ""))
		only = f" AND {mark} = {own}" if mark in columns else ""
		parts.append(
			f"SELECT '{kind}', name, creation, owner, {target} FROM `tab{kind}`"
			f" WHERE creation >= %s AND creation <= %s{only}"
		)
		bounds += [start, end]
	if not parts:
		return []
	rows = host.db.query(" UNION ALL ".join(parts) + f" LIMIT {MOST_ROWS}", bounds)
	return [
		change
		for kind, name, when, owner, target in rows
		if (change := _change(host, kind, name, "created", when, owner, as_text(target)))
	]


def _deletions(host: Host, start: datetime, end: datetime) -> list[Change]:
	kinds = [kind for kind in WATCHED if kind != "User"]
	rows = host.db.query(
		"SELECT deleted_doctype, deleted_name, creation, owner FROM `tabDeleted Document`"
		f" WHERE creation >= %s AND creation <= %s AND deleted_doctype IN ({marks(len(kinds))})"
		f" ORDER BY creation DESC LIMIT {MOST_ROWS}",
		(start, end, *kinds),
	)
	return [
		change
		for kind, name, when, owner in rows
		if (change := _change(host, kind, name, "deleted", when, owner, None))
	]


def _change(
	host: Host,
	kind: str,
	name: object,
	action: str,
	when: object,
	owner: object,
	target: str | None,
	fields: tuple[str, ...] = (),
) -> Change | None:
	moment = as_datetime(when)
	if moment is None:
		return None
	subject = as_text(name)
	if kind == "User" or "@" in subject:
		subject = host.secrets.pseudonym(subject)
	actor = host.secrets.pseudonym(as_text(owner)) if owner else None
	return Change(kind, subject, action, moment, doctype=target or None, fields=fields, actor=actor)


def _patches(host: Host, start: datetime, end: datetime) -> list[Change]:
	"""Migrations: patches of an app that ran one after the other stand together."""
	rows: list[Row] = host.db.query(
		"SELECT patch, creation FROM `tabPatch Log` WHERE creation >= %s AND creation <= %s"
		f" ORDER BY creation LIMIT {MOST_ROWS}",
		(start, end),
	)
	spans: dict[str, list[list[datetime]]] = {}
	for patch, created in rows:
		moment = as_datetime(created)
		if moment is None:
			continue
		runs = spans.setdefault(as_text(patch).replace("execute:", "").split(".")[0][:VALUE_LENGTH], [])
		if not runs or moment - runs[-1][-1] > MIGRATION_GAP:
			runs.append([])
		runs[-1].append(moment)
	return [
		Change(PATCHES, app, "ran", run[-1], run[0], app=app, count=len(run))
		for app, runs in spans.items()
		for run in runs
	]
