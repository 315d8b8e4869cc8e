"""A group of errors with a life: open, resolved, ignored, or regressed when it comes back."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce
from frappe.utils import now_datetime

from verenigingen.monitoring.doctype.rollup import ISSUE_NAME_LENGTH, check_name, days_ago


class ErrorIssue(Document):
	"""Counts and texts are written by the collector; people only decide what becomes of the issue.

	A decision touches its own columns and no others: saving the whole document would put back the counts that the
	collector has raised in the meantime.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		algorithm: DF.Data | None
		app: DF.Data | None
		category: DF.Data | None
		category_reason: DF.SmallText | None
		culprit: DF.SmallText | None
		entry_points: DF.SmallText | None
		event_count: DF.Int
		exception: DF.Data | None
		fingerprint: DF.Data | None
		first_seen: DF.Datetime | None
		last_seen: DF.Datetime | None
		merged_into: DF.Link | None
		pinned: DF.Check
		reason: DF.SmallText | None
		resolved_at: DF.Datetime | None
		resolved_by: DF.Link | None
		sample: DF.Code | None
		severity: DF.Literal["critical", "high", "medium", "low"]
		sources: DF.SmallText | None
		status: DF.Literal["Open", "Resolved", "Ignored", "Regressed", "Merged"]
		title: DF.Data | None
	# end: auto-generated types

	def before_insert(self) -> None:
		"""The name has room for what the names of the rollups append to it."""
		check_name(self.name or "", ISSUE_NAME_LENGTH)

	@frappe.whitelist(methods=["POST"])
	def resolve(self) -> None:
		"""Marks the issue as solved; seen again, it becomes Regressed."""
		self._decide("Resolved")

	@frappe.whitelist(methods=["POST"])
	def ignore(self) -> None:
		"""Counts on, but no longer counts as a problem."""
		self._decide("Ignored")

	@frappe.whitelist(methods=["POST"])
	def reopen(self) -> None:
		"""Takes a decision back."""
		self._decide("Open")

	def _decide(self, status: str) -> None:
		frappe.only_for("System Manager")
		self.check_permission("write")
		# `self` may have been sent by the browser, so only its name is used.
		before = frappe.get_doc("Error Issue", self.name, for_update=True)
		if before.merged_into:
			frappe.throw(_("The issue was merged; decide on the one it was merged into."), title=_("Status"))
		if before.status == status:
			frappe.throw(_("The issue is {0} already.").format(frappe.bold(_(status))), title=_("Status"))
		resolved = status == "Resolved"
		frappe.db.set_value(
			"Error Issue",
			self.name,
			{
				"status": status,
				"resolved_at": now_datetime() if resolved else None,
				"resolved_by": frappe.session.user if resolved else None,
			},
		)
		self.reload()
		version = frappe.new_doc("Version")
		if version.update_version_info(before, self):
			version.insert(ignore_permissions=True)

	@staticmethod
	def clear_old_logs(days: int = 90) -> None:
		"""Deletes issues not seen for `days`, with what hangs on them; called daily by Log Settings."""
		issue, alias, version = DocType("Error Issue"), DocType("Error Issue Alias"), DocType("Version")
		merged = Coalesce(issue.merged_into, "") != ""
		stale = (issue.last_seen < days_ago(days)) & merged.negate()
		names = frappe.qb.from_(issue).select(issue.name).where(stale)
		for doctype in ("Error Issue Day", "Error Issue User", "Error Issue Facet", "Error Issue Alias"):
			rollup = DocType(doctype)
			frappe.qb.from_(rollup).delete().where(rollup.issue.isin(names)).run()
		# what was merged goes with the issue that counts it
		left = merged & issue.name.notin(frappe.qb.from_(alias).select(alias.name))
		for rows in (stale, left):
			names = frappe.qb.from_(issue).select(issue.name).where(rows)
			frappe.qb.from_(version).delete().where(
				(version.ref_doctype == "Error Issue") & version.docname.isin(names)
			).run()
			frappe.qb.from_(issue).delete().where(rows).run()
