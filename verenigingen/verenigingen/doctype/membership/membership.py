"""One membership of one member, from its start until it ends."""

import frappe
from frappe import _
from frappe.model.document import Document

from verenigingen.verenigingen import checks

BEFORE_SUBMIT = ("Draft", "Pending")


class Membership(Document):
	"""Draft until submitted; afterwards the status tells where in its life it is."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		amended_from: DF.Link | None
		cancellation_date: DF.Date | None
		cancellation_type: DF.Literal["", "Immediate", "End of Period"]
		grace_period_expiry_date: DF.Date | None
		grace_period_status: DF.Literal["", "Grace Period", "Current", "Quit", "Expelled", "Honorary"]
		member: DF.Link
		member_name: DF.Data | None
		membership_type: DF.Link
		renewal_date: DF.Date | None
		start_date: DF.Date
		status: DF.Literal["Draft", "Active", "Pending", "Inactive", "Expired", "Cancelled"]
	# end: auto-generated types

	def validate(self) -> None:
		"""Checks dates and status of a membership that is not submitted yet."""
		self.status = self.status or "Draft"
		if self.status not in BEFORE_SUBMIT:
			frappe.throw(
				_("Status {0} needs a submitted Membership.").format(frappe.bold(_(self.status))),
				title=_("Status"),
			)
		self.validate_dates()

	def before_submit(self) -> None:
		"""A submitted membership is in force."""
		self.status = "Active"

	def before_update_after_submit(self) -> None:
		"""The same dates, and no way back to a draft."""
		self.validate_dates()
		if self.status == "Draft":
			frappe.throw(_("A submitted Membership cannot be a draft again."), title=_("Status"))

	def before_cancel(self) -> None:
		"""A cancelled document is a cancelled membership."""
		self.status = "Cancelled"

	def validate_dates(self) -> None:
		"""Nothing of a membership happens before its start."""
		for fieldname in ("renewal_date", "cancellation_date", "grace_period_expiry_date"):
			checks.check_order(self, "start_date", fieldname)
