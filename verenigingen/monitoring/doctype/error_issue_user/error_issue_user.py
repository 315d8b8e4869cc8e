"""Which pseudonyms one issue has affected."""

from frappe.model.document import Document

from verenigingen.monitoring.doctype.rollup import add_composite_index, days_ago, delete_older, join_name


class ErrorIssueUser(Document):
	"""Named `<issue>-<pseudonym>`; holds no name or mail address of a person."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		event_count: DF.Int
		first_seen: DF.Datetime | None
		issue: DF.Link
		last_seen: DF.Datetime | None
		user: DF.Data
	# end: auto-generated types

	def autoname(self) -> None:
		"""One row per issue and pseudonym."""
		self.name = join_name(self.issue, self.user)

	@staticmethod
	def clear_old_logs(days: int = 90) -> None:
		"""Deletes pseudonyms not affected for `days`; called daily by Log Settings."""
		delete_older("Error Issue User", "last_seen", days_ago(days))


def on_doctype_update() -> None:
	"""Called by Frappe when the table was made or changed."""
	add_composite_index("Error Issue User")
