"""Statements that sampled requests and jobs ran, by hour and day."""

from frappe.model.document import Document

from verenigingen.monitoring.doctype.rollup import days_ago, delete_older


class StatementRollup(Document):
	"""Named by resolution, time and a digest, so that a range of names is a range of time; written by the collector."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		at: DF.Datetime
		caller: DF.Data | None
		digest: DF.Data
		endpoint: DF.Data | None
		executions: DF.Int
		most_repeats: DF.Int
		plan: DF.SmallText | None
		repeated: DF.Int
		repeated_executions: DF.Int
		resolution: DF.Literal["hour", "day"]
		rows_returned: DF.Float
		sampled: DF.Int
		seconds: DF.Float
		seconds_sketch: DF.SmallText | None
		slowest_seconds: DF.Float
		statement: DF.SmallText | None
	# end: auto-generated types

	@staticmethod
	def clear_old_logs(days: int = 730) -> None:
		"""Deletes rows older than `days`; called daily by Log Settings. The collector keeps the shorter time of hours."""
		delete_older("Statement Rollup", "at", days_ago(days))
