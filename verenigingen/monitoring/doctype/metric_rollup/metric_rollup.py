"""Gauges and counters of the site by minute, hour and day: one row per metric, label and bucket."""

from frappe.model.document import Document
from frappe.utils import now_datetime

from verenigingen.host import current_host
from verenigingen.services.metric_rollup import drop_old


class MetricRollup(Document):
	"""Named so that the primary key is ordered by resolution and time; written by the collectors alone."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		at: DF.Datetime
		high: DF.Data | None
		label: DF.Data | None
		last: DF.Data | None
		low: DF.Data | None
		metric: DF.Data
		resolution: DF.Literal["minute", "hour", "day"]
		samples: DF.Int
		total: DF.Data | None
	# end: auto-generated types

	@staticmethod
	def clear_old_logs(days: int = 90) -> None:
		"""Deletes what is older than Monitoring Settings keep, and hours older than `days`; called daily by Log Settings."""
		drop_old(current_host(), now_datetime(), hour_days=days)
