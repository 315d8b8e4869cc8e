"""A debtor's authorisation to collect by SEPA Direct Debit."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html, today

from verenigingen.verenigingen import checks, rules


class SEPAMandate(Document):
	"""One signed mandate; rules MND-01 to MND-06 of the compliance catalogue are enforced here on entry.

	The document is named by its reference. Frappe therefore lets the reference change by renaming only, and a
	rename leaves no Version of itself; `after_rename` writes one, because a changed reference has to be
	signalled to the bank in the next collection (MND-12) and is looked up there.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from verenigingen.verenigingen.doctype.sepa_mandate_usage.sepa_mandate_usage import SEPAMandateUsage

		account_holder_name: DF.Data
		bank_name: DF.Data | None
		bic: DF.Data | None
		cancellation_reason: DF.SmallText | None
		cancelled_date: DF.Date | None
		expiry_date: DF.Date | None
		first_collection_date: DF.Date | None
		frequency: DF.Literal["", "Monthly", "Quarterly", "Biannual", "Annual", "Variable"]
		iban: DF.Data
		is_active: DF.Check
		mandate_id: DF.Data
		mandate_key: DF.Data | None
		mandate_type: DF.Literal["CORE", "RCUR", "FNAL", "OOFF"]
		maximum_amount: DF.Currency
		member: DF.Link | None
		member_name: DF.Data | None
		notes: DF.SmallText | None
		scheme: DF.Literal["SEPA", "Non-SEPA"]
		sign_date: DF.Date
		status: DF.Literal["Draft", "Active", "Cancelled", "Expired", "Suspended"]
		usage_history: DF.Table[SEPAMandateUsage]
		used_for_donations: DF.Check
		used_for_memberships: DF.Check
		used_for_other: DF.Check
	# end: auto-generated types

	def validate(self) -> None:
		"""Checks reference, account, dates and usage; derives what follows from the status."""
		checks.as_text(self, "mandate_id")
		self.validate_mandate_id()
		checks.check_link(self, "member", "Member")
		checks.check_account(self)
		self.set_status_dates()
		self.validate_dates()
		self.validate_usage()

	def validate_mandate_id(self) -> None:
		"""A well-formed reference that no other mandate has; an existing one is judged only when it is new."""
		if not self.is_new():
			self.refuse_silent_change()
			return
		self.mandate_id = (self.mandate_id or "").strip()
		check_reference(self.mandate_id, checks.label(self, "mandate_id"))
		self.mandate_key = rules.mandate_key(self.mandate_id)

	def refuse_silent_change(self) -> None:
		"""Frappe would put the old reference back without a word."""
		if self.mandate_id != self.name:
			frappe.throw(
				_(
					"To change the mandate reference, rename the SEPA Mandate: {0} keeps its history then."
				).format(frappe.bold(escape_html(self.name))),
				title=_("Mandate reference"),
			)

	def set_status_dates(self) -> None:
		"""`is_active` follows the status; a cancelled mandate has a day on which it was cancelled."""
		self.is_active = int(self.status == "Active")
		if self.status == "Cancelled" and not self.cancelled_date:
			self.cancelled_date = today()

	def validate_dates(self) -> None:
		"""MND-06: signed, then collected, cancelled or expired."""
		checks.check_not_future(self, "sign_date")
		checks.check_order(self, "sign_date", "first_collection_date")
		checks.check_order(self, "sign_date", "expiry_date", allow_same=False)
		checks.check_order(self, "sign_date", "cancelled_date")

	def validate_usage(self) -> None:
		"""Every collection has an amount, and none was due before the signature."""
		for row in self.usage_history:
			checks.check_amount(row)
			checks.check_order(row, "sign_date", "usage_date", parent=self)

	def before_rename(self, old: str, new: str, merge: bool = False) -> None:
		"""A new reference obeys the same rules; two mandates are never one."""
		if merge:
			frappe.throw(_("SEPA Mandates cannot be merged: each is a contract of its own."))
		check_reference(new.strip(), checks.label(self, "mandate_id"), renamed_from=old)

	def after_rename(self, old: str, new: str, merge: bool = False) -> None:
		"""Records the amendment as a Version of the mandate (MND-12)."""
		self.db_set("mandate_key", rules.mandate_key(new), update_modified=False)
		change = {"changed": [["mandate_id", old, new]], "added": [], "removed": [], "row_changed": []}
		frappe.get_doc(
			{
				"doctype": "Version",
				"ref_doctype": self.doctype,
				"docname": new,
				"data": frappe.as_json(change, indent=None),
			}
		).insert(ignore_permissions=True)


def check_reference(mandate_id: str, label: str, *, renamed_from: str = "") -> None:
	"""Refuses a malformed reference, and one that another mandate has but for case and spaces (MND-01 to MND-05).

	MND-05 only warns about look-alikes that exist. A new one is refused: choosing another reference costs nothing
	now, and the database could not keep apart two that differ in case only.
	"""
	if problem := rules.mandate_id_problem(mandate_id):
		frappe.throw(checks.explain(problem, label), title=_("Invalid mandate reference"))
	other = _same_reference(mandate_id, renamed_from)
	if not other:
		return
	message = (
		_("Mandate reference {0} exists already; a reference is never used twice.")
		if other == mandate_id
		else _("Mandate reference {0} differs from {1} in case or spaces only; banks may take them for one.")
	)
	frappe.throw(
		message.format(frappe.bold(escape_html(mandate_id)), frappe.bold(escape_html(other))),
		frappe.DuplicateEntryError,
		title=_("Mandate reference in use"),
	)


def _same_reference(mandate_id: str, renamed_from: str) -> str | None:
	if exact := frappe.db.get_value("SEPA Mandate", {"name": mandate_id}):
		return exact if exact != renamed_from else None
	alike = {"mandate_key": rules.mandate_key(mandate_id), "name": ("!=", renamed_from)}
	return frappe.db.get_value("SEPA Mandate", alike)
