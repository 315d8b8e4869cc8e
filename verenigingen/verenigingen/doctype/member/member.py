"""A person who is, was or wants to be a member of the association."""

import frappe
from frappe import _
from frappe.model.document import Document

from verenigingen.verenigingen import checks, rules


class Member(Document):
	"""Identity, account and mandates of one person."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from verenigingen.verenigingen.doctype.member_sepa_mandate_link.member_sepa_mandate_link import (
			MemberSEPAMandateLink,
		)

		application_date: DF.Datetime | None
		application_status: DF.Literal[
			"", "Pending", "Under Review", "Approved", "Rejected", "Payment Pending", "Active"
		]
		bank_account_name: DF.Data | None
		bic: DF.Data | None
		birth_date: DF.Date | None
		contact_number: DF.Data | None
		current_dues_schedule: DF.Link | None
		current_membership_details: DF.Link | None
		customer: DF.Data | None
		dues_rate: DF.Currency
		dues_schedule: DF.Link | None
		email: DF.Data | None
		first_name: DF.Data
		full_name: DF.Data | None
		iban: DF.Data | None
		last_name: DF.Data
		member_id: DF.Data | None
		member_since: DF.Date | None
		membership_status: DF.Data | None
		next_invoice_date: DF.Date | None
		payment_method: DF.Literal[
			"", "Bank Transfer", "SEPA Direct Debit", "Mollie", "Credit Card", "Cash", "Other"
		]
		sepa_mandates: DF.Table[MemberSEPAMandateLink]
		status: DF.Literal[
			"Pending", "Active", "Rejected", "Expired", "Suspended", "Banned", "Deceased", "Terminated"
		]
		user: DF.Link | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Composes the full name and checks dates, account and mandates."""
		checks.as_text(self, "first_name", "last_name", "member_id")
		self.full_name = rules.full_name(self.first_name, self.last_name)
		checks.check_not_future(self, "birth_date")
		checks.check_not_future(self, "member_since")
		checks.check_order(self, "birth_date", "member_since")
		checks.check_account(self)
		self.validate_member_id()
		self.validate_mandates()

	def validate_member_id(self) -> None:
		"""Names the member who has the number already; the unique index would only say that somebody does."""
		if not self.member_id:
			return
		self.member_id = self.member_id.strip()
		other = frappe.db.get_value("Member", {"member_id": self.member_id, "name": ("!=", self.name)})
		if other:
			frappe.throw(
				_("Member ID {0} is already that of {1}.").format(
					frappe.bold(frappe.utils.escape_html(self.member_id)), other
				),
				frappe.DuplicateEntryError,
				title=_("Member ID in use"),
			)

	def validate_mandates(self) -> None:
		"""Each mandate once, of this member, and at most one of them current."""
		checks.check_once(
			(row.sepa_mandate for row in self.sepa_mandates),
			_("SEPA Mandates are listed more than once: {0}"),
		)
		if sum(1 for row in self.sepa_mandates if row.is_current) > 1:
			frappe.throw(_("Only one SEPA Mandate can be current."), title=_("SEPA Mandates"))
		for row in self.sepa_mandates:
			checks.check_order(row, "valid_from", "valid_until")
			owner = frappe.db.get_value("SEPA Mandate", row.sepa_mandate, "member")
			if owner and owner != self.name:
				frappe.throw(
					_("Row {0}: SEPA Mandate {1} belongs to {2}.").format(row.idx, row.sepa_mandate, owner),
					title=_("SEPA Mandates"),
				)
