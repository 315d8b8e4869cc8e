"""How many errors met one pseudonym on one day."""

from frappe.model.document import Document
from frappe.utils import getdate

from verenigingen.monitoring.doctype.rollup import days_ago, delete_older, join_name


class ErrorUserDay(Document):
	"""Named `<pseudonym>-<yyyymmdd>`; holds no name or mail address of a person."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		day: DF.Date
		event_count: DF.Int
		user: DF.Data
	# end: auto-generated types

	def autoname(self) -> None:
		"""One row per pseudonym and day."""
		self.name = join_name(self.user, f"{getdate(self.day):%Y%m%d}")

	@staticmethod
	def clear_old_logs(days: int = 90) -> None:
		"""Deletes days older than `days`; called daily by Log Settings."""
		delete_older("Error User Day", "day", days_ago(days).date())
