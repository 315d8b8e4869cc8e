"""What the events of one issue on one day had in common: where they entered, which version ran, what they touched."""

from frappe.model.document import Document
from frappe.utils import getdate

from verenigingen.monitoring.doctype.rollup import add_composite_index, days_ago, delete_older
from verenigingen.services.rollup import facet_name


class ErrorIssueFacet(Document):
	"""Named by a digest of issue, day, kind and value, so that collecting twice finds the same row."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		day: DF.Date
		event_count: DF.Int
		issue: DF.Link
		kind: DF.Literal[
			"Entry Point", "App Version", "DocType", "Document", "Role", "Source", "Frappe Fingerprint"
		]
		value: DF.Data
	# end: auto-generated types

	def autoname(self) -> None:
		"""One row per issue, day, kind and value."""
		self.name = facet_name(self.issue, getdate(self.day), self.kind, self.value)

	@staticmethod
	def clear_old_logs(days: int = 90) -> None:
		"""Deletes days older than `days`; called daily by Log Settings."""
		delete_older("Error Issue Facet", "day", days_ago(days).date())


def on_doctype_update() -> None:
	"""Called by Frappe when the table was made or changed."""
	add_composite_index("Error Issue Facet")
