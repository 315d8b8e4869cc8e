"""Mails that Frappe has given up: Email Queue rows with the status Error.

While retries are left the row says "Not Sent" again, so that one mail is one event however often it was tried.
"""

from __future__ import annotations

from verenigingen.collectors.table import TableSource, document, person
from verenigingen.core.model import ErrorRow, as_datetime
from verenigingen.host.port import Host
from verenigingen.services.collection import CollectResult, collect_source


class EmailQueueSource(TableSource):
	"""Reads `tabEmail Queue` of one site."""

	name = "Email Queue"
	table = "tabEmail Queue"
	failed = "status = 'Error'"
	needs = ("creation", "modified", "owner", "status")
	optional = ("reference_doctype", "reference_name")

	def row(self, name: str, values: dict[str, object], text: str) -> ErrorRow:
		"""The failure of one mail; its owner is whoever sent it."""
		facets = document(values.get("reference_doctype"), values.get("reference_name"))
		return ErrorRow(
			name,
			as_datetime(values["modified"]) or as_datetime(values["creation"]),
			"Mail could not be sent",
			text,
			person(values["owner"]),
			(("Entry Point", "mail queue"), *facets),
		)


def collect(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in every given-up mail that was not counted before."""
	return collect_source(host, EmailQueueSource(host.db), seconds=seconds)
