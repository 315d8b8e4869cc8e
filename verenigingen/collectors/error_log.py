"""Frappe's Error Log: random names, MyISAM on v15, rows that appear late, texts of any size and shape.

Newer builds note the request or job in `metadata`, and group errors by a `fingerprint` of their own; both are read where
they are there. That fingerprint is shown beside ours and decides nothing: it changes with the numbers of lines.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from verenigingen.collectors.table import TableSource, document, person
from verenigingen.core.errors.entry import VERBS, entry, filled
from verenigingen.core.model import ErrorRow, as_datetime, as_text
from verenigingen.exceptions import NotFound
from verenigingen.host.port import Host, Reader
from verenigingen.services.collection import CollectResult, collect_source

TABLE = "tabError Log"
TRACES = ("trace_id", "request_id", "uuid")


class ErrorLogSource(TableSource):
	"""Reads `tabError Log` of one site."""

	name = "Error Log"
	table = TABLE
	needs = ("creation", "modified", "owner", "method")
	optional = ("reference_doctype", "reference_name", "trace_id", "metadata", "fingerprint")

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
		noted = _noted(values.get("metadata"))
		facets = document(values.get("reference_doctype"), values.get("reference_name")) + noted.facets
		own = as_text(values.get("fingerprint")).strip()
		return ErrorRow(
			name,
			as_datetime(values["creation"]) or as_datetime(values["modified"]),
			as_text(values["method"]),
			text,
			person(values["owner"]) or noted.user,
			(*facets, ("Frappe Fingerprint", own)) if own else facets,
			trace=as_text(values.get("trace_id")) or noted.trace,
		)


class _Noted(NamedTuple):
	"""What Frappe itself noted of the request or job: its entry point as a facet, its user, its id."""

	facets: tuple[tuple[str, str], ...] = ()
	user: str | None = None
	trace: str = ""


def _noted(metadata: object) -> _Noted:
	"""Read by names, as their form differs between builds; empty where nothing is understood."""
	if not metadata:
		return _Noted()
	try:
		found = json.loads(as_text(metadata))
	except (ValueError, RecursionError):
		return _Noted()
	if not isinstance(found, dict):
		return _Noted()
	parts = [found, *(value for value in found.values() if isinstance(value, dict))]
	user = next((text for part in parts if (text := _word(part, "user"))), "")
	trace = next((text for part in parts for key in TRACES if (text := _word(part, key))), "")
	return _Noted(_entry(parts), person(user), trace)


def _word(part: dict[str, Any], key: str) -> str:
	value = part.get(key)
	return value if isinstance(value, str) and 0 < len(value) <= 140 else ""


def _entry(parts: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
	for part in parts:
		path, method = part.get("path") or part.get("url"), part.get("method")
		if isinstance(path, str) and path.startswith("/"):
			found = entry(path.partition("?")[0], {}, lambda _: False)
			verb = method.upper() if isinstance(method, str) and method.upper() in VERBS else ""
			return (("Entry Point", filled(verb, found.route, found.doctype)),)
	for part in parts:
		job = part.get("job_name") or part.get("job") or part.get("method")
		if isinstance(job, str) and "." in job and " " not in job:
			return (("Entry Point", f"job {job}"),)
	return ()


def collect(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in every Error Log row that was not counted before; see `services.collection`."""
	return collect_source(host, ErrorLogSource(host.db), seconds=seconds)
