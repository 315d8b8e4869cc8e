"""Error Log rows from a file into a site of our own; the collector then takes them like any others."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from verenigingen.core.model import as_datetime
from verenigingen.exceptions import BadArgument, ReadOnlySite
from verenigingen.host.on_local.schema import create_table
from verenigingen.host.port import Host, in_chunks, marks

TABLE = "tabError Log"
FIELDS = {
	"seen": "Check",
	"reference_doctype": "Data",
	"reference_name": "Data",
	"method": "Data",
	"error": "Code",
	"trace_id": "Data",
}
ROWS_PER_STEP = 1_000
SHORT = 140  # characters of Frappe's Data fields and names


def ensure_error_log(host: Host) -> None:
	"""Creates the Error Log table of a site of our own. Raises ReadOnlySite for an audited one."""
	if host.db is not host.store:
		raise ReadOnlySite("This site is only being audited; import into a site of your own instead.")
	store: Any = host.store
	create_table(store.execute, store.columns, store.dialect, TABLE, FIELDS, ("modified", "creation"))


def import_errors(host: Host, file: Path) -> tuple[int, int]:
	"""Adds the rows of a JSON-lines file; a row whose `id` is there already is left alone.

	Each line: `id`, and any of `method`, `error`, `owner`, `creation`, `reference_doctype`, `reference_name`,
	`trace_id`. Returns how many rows were added and how many were known. Raises BadArgument naming the line that
	is not such an object; nothing is imported then beyond the step before it.
	"""
	ensure_error_log(host)
	added = known = 0
	for rows in in_chunks(list(_rows(file, host.clock.now().tzinfo)), ROWS_PER_STEP):
		names = [row["name"] for row in rows]
		with host.store.transaction("import"):
			held = host.store.query(f"SELECT name FROM `{TABLE}` WHERE name IN ({marks(len(names))})", names)
			present = {row[0] for row in held}
			fresh = list({row["name"]: row for row in rows if row["name"] not in present}.values())
			host.store.insert(TABLE, fresh)
		added += len(fresh)
		known += len(rows) - len(fresh)
	return added, known


def _rows(file: Path, zone: tzinfo | None) -> Iterator[dict[str, Any]]:
	try:
		with file.open("rb") as raw:
			packed = raw.read(2) == b"\x1f\x8b"
		opener = gzip.open if packed else open
		with opener(file, "rt", encoding="utf-8-sig", errors="replace") as lines:
			for number, line in enumerate(lines, 1):
				if line.strip():
					yield _row(line, f"{file}, line {number}", zone)
	except (OSError, EOFError) as exc:  # gzip tells a damaged file by these
		raise BadArgument(f"{file} cannot be read to its end: {exc}.") from exc


def _row(line: str, place: str, zone: tzinfo | None) -> dict[str, Any]:
	try:
		row = json.loads(line)
	except (ValueError, RecursionError) as exc:
		raise BadArgument(f"{place}: not JSON: {exc}.") from exc
	name = row.get("id") if isinstance(row, dict) else None
	if isinstance(name, bool) or not isinstance(name, str | int) or not 1 <= len(str(name).strip()) <= SHORT:
		raise BadArgument(f"{place}: not a JSON object with an `id` of 1 to {SHORT} characters.")
	values = {field: _text(row, field, place) for field in (*FIELDS, "owner") if field != "seen"}
	when = _moment(row.get("creation"), zone)
	owner = values.pop("owner") or "Administrator"
	return {"name": str(name), "creation": when, "modified": when, "owner": owner, **values}


def _text(row: dict[str, Any], field: str, place: str) -> str | None:
	value = row.get(field)
	if value is None or isinstance(value, str):
		return value[:SHORT] if value and FIELDS.get(field, "Data") == "Data" else value
	raise BadArgument(f"{place}: `{field}` must be text or null, not {type(value).__name__}.")


def _moment(value: object, zone: tzinfo | None) -> datetime | None:
	"""A moment in the site's time: one that names its zone is converted, one that does not is taken as it is."""
	if isinstance(value, str):
		try:
			moment = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
		except ValueError:
			return None
		return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
	return as_datetime(value)
