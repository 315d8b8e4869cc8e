"""A group of errors with a life: open, resolved, ignored, or regressed when it comes back."""

import frappe
from frappe.model.document import Document
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce

from verenigingen.monitoring.doctype.rollup import ISSUE_NAME_LENGTH, check_name, days_ago

# What people and the desk leave about an issue: the DocType, and its fields that name the document.
TRAILS = {
	"Version": ("ref_doctype", "docname"),
	"Comment": ("reference_doctype", "reference_name"),
	"ToDo": ("reference_type", "reference_name"),
}


class ErrorIssue(Document):
	"""Counts and texts are written by the collector; what people decide goes through `utils.error_issues`.

	A decision touches its own columns and no others, under the collector's lock: saving the whole document would put
	back the counts that the collector has raised in the meantime. Assignments and comments are Frappe's own.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		algorithm: DF.Data | None
		app: DF.Data | None
		base_severity: DF.Data | None
		category: DF.Data | None
		category_reason: DF.SmallText | None
		clues: DF.LongText | None
		culprit: DF.SmallText | None
		event_count: DF.Int
		exception: DF.Data | None
		fingerprint: DF.Data | None
		first_seen: DF.Datetime | None
		ignored_for: DF.Int
		ignored_left: DF.Int
		ignored_until: DF.Datetime | None
		judgement: DF.LongText | None
		last_seen: DF.Datetime | None
		merged_into: DF.Link | None
		pinned: DF.Check
		reason: DF.SmallText | None
		regressed_at: DF.Datetime | None
		resolved_at: DF.Datetime | None
		resolved_by: DF.Link | None
		resolved_in: DF.Data | None
		sample: DF.Code | None
		severity: DF.Literal["critical", "high", "medium", "low"]
		severity_fixed: DF.Check
		severity_reason: DF.SmallText | None
		severity_score: DF.Float
		sources: DF.SmallText | None
		state: DF.Data | None
		state_reason: DF.SmallText | None
		status: DF.Literal["Open", "Resolved", "Resolved in Version", "Ignored", "Regressed", "Merged"]
		status_changed: DF.Datetime | None
		status_reason: DF.SmallText | None
		title: DF.Data | None
		user_count: DF.Int
	# end: auto-generated types

	def before_insert(self) -> None:
		"""The name has room for what the names of the rollups append to it."""
		check_name(self.name or "", ISSUE_NAME_LENGTH)

	@staticmethod
	def clear_old_logs(days: int = 90) -> None:
		"""Deletes issues not seen for `days`, with what hangs on them; called daily by Log Settings."""
		issue, alias = DocType("Error Issue"), DocType("Error Issue Alias")
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
			for doctype, (kind, field) in TRAILS.items():
				trail = DocType(doctype)
				frappe.qb.from_(trail).delete().where(
					(trail[kind] == "Error Issue") & trail[field].isin(names)
				).run()
			frappe.qb.from_(issue).delete().where(rows).run()
