"""Requests answered with an error, by hour of the site's day, status and endpoint."""

from frappe.model.document import Document

from verenigingen.monitoring.doctype.rollup import days_ago, delete_older


class RequestFailureHour(Document):
	"""Named by a digest of hour, status and endpoint; written by the collector."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		endpoint: DF.Data
		failure_count: DF.Int
		hour: DF.Datetime
		status: DF.Int
	# end: auto-generated types

	@staticmethod
	def clear_old_logs(days: int = 90) -> None:
		"""Deletes hours older than `days`; called daily by Log Settings."""
		delete_older("Request Failure Hour", "hour", days_ago(days))
