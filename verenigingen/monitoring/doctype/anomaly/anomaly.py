"""Something unusual that one of the site's own measurements did, with its beginning, end and explanation."""

from frappe.model.document import Document

from verenigingen.monitoring.doctype.rollup import days_ago, delete_older


class Anomaly(Document):
	"""Written by the analysis alone, once for each; its end is filled in when it is over."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		at: DF.Datetime
		began: DF.Datetime | None
		decades: DF.Float
		direction: DF.Literal["up", "down"]
		ended: DF.Datetime | None
		expected: DF.Data | None
		explanation: DF.SmallText | None
		high: DF.Data | None
		kind: DF.Literal["spike", "drop", "level shift", "trend break", "variance change", "missing data"]
		label: DF.Data | None
		low: DF.Data | None
		metric: DF.Data
		score: DF.Float
		value: DF.Data | None
	# end: auto-generated types

	@staticmethod
	def clear_old_logs(days: int = 90) -> None:
		"""Deletes anomalies older than `days`; called daily by Log Settings."""
		delete_older("Anomaly", "at", days_ago(days))
