"""How long background jobs waited and ran, by minute, hour and day."""

from frappe.model.document import Document

from verenigingen.monitoring.doctype.rollup import days_ago, delete_older


class JobRollup(Document):
	"""Named by resolution, time and a digest, so that a range of names is a range of time; written by the collector."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		at: DF.Datetime
		cpu_seconds: DF.Float
		failures: DF.Int
		job: DF.Data
		queue: DF.Data | None
		resolution: DF.Literal["minute", "hour", "day"]
		run_seconds: DF.Float
		run_sketch: DF.SmallText | None
		runs: DF.Int
		sql_seconds: DF.Float
		sql_statements: DF.Float
		traced: DF.Int
		wait_seconds: DF.Float
		wait_sketch: DF.SmallText | None
		waited: DF.Int
	# end: auto-generated types

	@staticmethod
	def clear_old_logs(days: int = 730) -> None:
		"""Deletes rows older than `days`, whatever their resolution; called daily by Log Settings. The collector keeps the
		shorter times of minutes and hours."""
		delete_older("Job Rollup", "at", days_ago(days))
