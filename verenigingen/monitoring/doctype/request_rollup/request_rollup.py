"""What requests cost, by minute, hour and day, endpoint and verb."""

from frappe.model.document import Document

from verenigingen.monitoring.doctype.rollup import days_ago, delete_older


class RequestRollup(Document):
	"""Named by resolution, time and a digest, so that a range of names is a range of time; written by the collector."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		at: DF.Datetime
		cache_hits: DF.Float
		cache_misses: DF.Float
		client_errors: DF.Int
		cpu_seconds: DF.Float
		endpoint: DF.Data
		method: DF.Data | None
		requests: DF.Int
		resolution: DF.Literal["minute", "hour", "day"]
		response_bytes: DF.Float
		server_errors: DF.Int
		sql_seconds: DF.Float
		sql_statements: DF.Float
		traced: DF.Int
		wall_seconds: DF.Float
		wall_sketch: DF.SmallText | None
	# end: auto-generated types

	@staticmethod
	def clear_old_logs(days: int = 730) -> None:
		"""Deletes rows older than `days`, whatever their resolution; called daily by Log Settings. The collector keeps the
		shorter times of minutes and hours."""
		delete_older("Request Rollup", "at", days_ago(days))
