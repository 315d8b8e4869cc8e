"""Frappe's Error Log: random names, MyISAM on v15, rows that appear late, texts of any size and shape.

Newer builds note the request or job in `metadata`; it is read where it is there.
"""

from __future__ import annotations

import json
from datetime import datetime

from verenigingen.collectors.table import TableSource, document, person
from verenigingen.core.errors.entry import VERBS, entry, filled
from verenigingen.core.model import ErrorRow, as_datetime, as_text
from verenigingen.exceptions import NotFound
from verenigingen.host.port import Host, Reader
from verenigingen.services.collection import CollectResult, collect_source

TABLE = "tabError Log"


class ErrorLogSource(TableSource):
	"""Reads `tabError Log` of one site."""

	name = "Error Log"
	table = TABLE
	needs = ("creation", "modified", "owner", "method")
	optional = ("reference_doctype", "reference_name", "trace_id", "metadata")

	def __init__(self, db: Reader) -> None:
		if not db.columns(TABLE):
			raise NotFound("This site has no Error Log table; is it a Frappe site?")
		super().__init__(db)

	def count(self) -> int:
		"""Rows in the table now."""
		return int(self.db.query(f"SELECT COUNT(*) FROM `{TABLE}`")[0][0])

	def names_since(self, moment: datetime) -> list[str]:
		"""Names of rows modified or created at or after a moment (naive, site time)."""
		found = self.db.query(
			f"SELECT name FROM `{TABLE}` WHERE modified >= %s UNION SELECT name FROM `{TABLE}` WHERE creation >= %s",
			(moment, moment),
		)
		return [row[0] for row in found]

	def row(self, name: str, values: dict[str, object], text: str) -> ErrorRow:
		"""The error of one row."""
		facets = document(values.get("reference_doctype"), values.get("reference_name"))
		return ErrorRow(
			name,
			as_datetime(values["creation"]) or as_datetime(values["modified"]),
			as_text(values["method"]),
			text,
			person(values["owner"]),
			facets + _entry(values.get("metadata")),
			trace=as_text(values.get("trace_id")),
		)


def _entry(metadata: object) -> tuple[tuple[str, str], ...]:
	"""The entry point that Frappe itself noted; empty where it noted none that is understood."""
	if not metadata:
		return ()
	try:
		noted = json.loads(as_text(metadata))
	except (ValueError, RecursionError):
		return ()
	if not isinstance(noted, dict):
		return ()
	inner = [noted, *(value for value in noted.values() if isinstance(value, dict))]
	for part in inner:
		path, method = part.get("path") or part.get("url"), part.get("method")
		if isinstance(path, str) and path.startswith("/"):
			found = entry(path.partition("?")[0], {}, lambda _: False)
			verb = method.upper() if isinstance(method, str) and method.upper() in VERBS else ""
			return (("Entry Point", filled(verb, found.route, found.doctype)),)
	for part in inner:
		job = part.get("job_name") or part.get("job") or part.get("method")
		if isinstance(job, str) and "." in job and " " not in job:
			return (("Entry Point", f"job {job}"),)
	return ()


def collect(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in every Error Log row that was not counted before; see `services.collection`."""
	return collect_source(host, ErrorLogSource(host.db), seconds=seconds)
