"""The ledger of source rows that have been counted, so that each is counted exactly once."""

import frappe
from frappe.model.document import Document
from frappe.query_builder import DocType

from verenigingen.monitoring.doctype.rollup import days_ago, oldest

DEFAULT_SOURCE = "Error Log"


class CollectedRow(Document):
	"""One row that was counted; its name is a hash of the source and the name of the row there."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		row_time: DF.Datetime
		source: DF.Data
	# end: auto-generated types

	@staticmethod
	def clear_old_logs(days: int = 90) -> None:
		"""Deletes entries older than `days` whose source row cannot exist any more; called daily by Log Settings.

		Exactly-once rests on this ledger: an entry deleted while its row is still in the source would let the
		collector count that row again. Rows leave a source oldest first, so an entry is only safe to delete when it is
		older than the oldest row still there. How long that is decides the source's own retention (Error Log 14
		days by default, but any site may keep it for years), not `days`.
		"""
		ledger = DocType("Collected Row")
		limit = days_ago(days)
		for (source,) in frappe.qb.from_(ledger).select(ledger.source).distinct().run():
			still_there = oldest(source if frappe.db.table_exists(source) else DEFAULT_SOURCE)
			safe = min(limit, still_there) if still_there else limit
			frappe.qb.from_(ledger).delete().where((ledger.source == source) & (ledger.row_time < safe)).run()
