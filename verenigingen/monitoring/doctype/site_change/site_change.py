"""A change of the site that only a comparison of two moments shows: app versions, site configuration, scheduler."""

import frappe
from frappe.model.document import Document
from frappe.query_builder import DocType

from verenigingen.monitoring.doctype.rollup import days_ago


class SiteChange(Document):
	"""Written by the collector; holds no value of the site configuration, only keyed digests."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		action: DF.Literal["first seen", "changed", "created", "deleted"]
		after_value: DF.Data | None
		before_value: DF.Data | None
		is_current: DF.Check
		kind: DF.Literal["App Version", "App Code", "Site Config", "Scheduler"]
		not_before: DF.Datetime | None
		seen_at: DF.Datetime | None
		subject: DF.Data
	# end: auto-generated types

	@staticmethod
	def clear_old_logs(days: int = 90) -> None:
		"""Deletes changes older than `days`, save what the next run compares with; called daily by Log Settings."""
		change = DocType("Site Change")
		old = (change.seen_at < days_ago(days)) & (change.is_current == 0)
		frappe.qb.from_(change).delete().where(old).run()
