"""Events of one issue on one day of the site's calendar."""

import frappe
from frappe.model.document import Document
from frappe.query_builder import DocType
from frappe.utils import get_datetime, getdate

from verenigingen.monitoring.doctype.rollup import days_ago, delete_older, join_name


class ErrorIssueDay(Document):
	"""Named `<issue>-<yyyymmdd>`, so that collecting twice finds the same row."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		day: DF.Date
		event_count: DF.Int
		hours: DF.SmallText | None
		issue: DF.Link
	# end: auto-generated types

	def autoname(self) -> None:
		"""One row per issue and day."""
		self.name = join_name(self.issue, f"{getdate(self.day):%Y%m%d}")

	@staticmethod
	def clear_old_logs(days: int = 90) -> None:
		"""Deletes days older than `days`; called daily by Log Settings.

		What was deleted is no longer known: the collectors' data begins with the first day kept.
		"""
		first_kept = days_ago(days).date()
		delete_older("Error Issue Day", "day", first_kept)
		state = DocType("Collector State")
		begins = get_datetime(first_kept)
		frappe.qb.update(state).set(state.data_since, begins).where(state.data_since < begins).run()
