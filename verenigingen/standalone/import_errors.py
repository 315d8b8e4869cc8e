"""Error Log rows from a file into a site of our own; the collector then takes them like any others."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
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
	for rows in in_chunks(list(_rows(file)), ROWS_PER_STEP):
		names = [row["name"] for row in rows]
		with host.store.transaction("import"):
			held = host.store.query(f"SELECT name FROM `{TABLE}` WHERE name IN ({marks(len(names))})", names)
			present = {row[0] for row in held}
			fresh = list({row["name"]: row for row in rows if row["name"] not in present}.values())
			host.store.insert(TABLE, fresh)
		added += len(fresh)
		known += len(rows) - len(fresh)
	return added, known


def _rows(file: Path) -> Iterator[dict[str, Any]]:
	opener = gzip.open if file.suffix == ".gz" else open
	with opener(file, "rt", encoding="utf-8", errors="replace") as lines:
		for number, line in enumerate(lines, 1):
			if not line.strip():
				continue
			try:
				row = json.loads(line)
				name = str(row["id"])
			except (ValueError, KeyError, TypeError) as exc:
				raise BadArgument(f"{file}, line {number}: not a JSON object with an `id`.") from exc
			when = as_datetime(row.get("creation"))
			values = {field: row.get(field) for field in FIELDS if field != "seen"}
			if values["method"]:
				values["method"] = str(values["method"])[:140]
			owner = row.get("owner") or "Administrator"
			yield {"name": name[:140], "creation": when, "modified": when, "owner": owner, **values}
