"""Failed runs in Scheduled Job Log: the only place where Frappe leaves what a scheduled job raised.

A job type with `create_log` off leaves nothing even there; see `services.job_logging`.
"""

from __future__ import annotations

from collections.abc import Sequence

from verenigingen.collectors.table import TableSource
from verenigingen.core.model import ErrorRow, as_datetime, as_text
from verenigingen.host.port import Host, Reader
from verenigingen.services.collection import CollectResult, collect_source

TYPES = "tabScheduled Job Type"


class ScheduledJobSource(TableSource):
	"""Reads `tabScheduled Job Log` of one site."""

	name = "Scheduled Job Log"
	table = "tabScheduled Job Log"
	failed = "status = 'Failed'"
	text = "details"
	needs = ("creation", "modified", "status", "scheduled_job_type")

	def __init__(self, db: Reader) -> None:
		super().__init__(db)
		self._methods: dict[str, str] = {}
		self._has_types = {"name", "method"} <= db.columns(TYPES)

	def rows(self, names: Sequence[str], *, adjoining: bool = False) -> list[ErrorRow]:
		"""As every table; the methods of job types are read beside."""
		if self._has_types and not self._methods:
			found = self.db.query(f"SELECT name, method FROM `{TYPES}`")
			self._methods = {name: as_text(method) for name, method in found}
		return super().rows(names, adjoining=adjoining)

	def row(self, name: str, values: dict[str, object], text: str) -> ErrorRow:
		"""The failure of one run; the row is changed last when the job fails."""
		kind = as_text(values["scheduled_job_type"])
		method = self._methods.get(kind, kind)
		return ErrorRow(
			name,
			as_datetime(values["modified"]) or as_datetime(values["creation"]),
			method,
			text,
			None,
			(("Entry Point", f"scheduled job {method}"),),
		)


def collect(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in every failed run that was not counted before."""
	return collect_source(host, ScheduledJobSource(host.db), seconds=seconds)
