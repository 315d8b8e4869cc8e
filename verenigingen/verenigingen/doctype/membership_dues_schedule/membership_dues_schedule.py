"""When a member is invoiced, and for how much."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt, fmt_money

from verenigingen.verenigingen import checks

LAST_BILLING_DAY = 31


class MembershipDuesSchedule(Document):
	"""The dues of one member, or a template that such schedules are made from."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		auto_generate: DF.Check
		billing_day: DF.Int
		billing_frequency: DF.Literal["Annual", "Semi-Annual", "Quarterly", "Monthly", "Daily", "Custom"]
		contribution_mode: DF.Literal["", "Tier", "Calculator", "Custom"]
		currency: DF.Link
		custom_frequency_number: DF.Int
		custom_frequency_unit: DF.Literal["", "Days", "Weeks", "Months", "Years"]
		dues_rate: DF.Currency
		end_date: DF.Date | None
		invoice_days_before: DF.Int
		is_template: DF.Check
		last_generated_invoice: DF.Data | None
		last_invoice_coverage_end: DF.Date | None
		last_invoice_coverage_start: DF.Date | None
		last_invoice_date: DF.Date | None
		member: DF.Link | None
		membership: DF.Link | None
		membership_type: DF.Link
		minimum_amount: DF.Currency
		next_billing_period_end_date: DF.Date | None
		next_billing_period_start_date: DF.Date | None
		next_invoice_date: DF.Date | None
		schedule_name: DF.Data
		status: DF.Literal["Active", "Paused", "Cancelled", "Test"]
		suggested_amount: DF.Currency
		template_reference: DF.Link | None
		test_mode: DF.Check
	# end: auto-generated types

	def validate(self) -> None:
		"""Checks owner, amount and rhythm."""
		self.validate_owner()
		self.validate_template_reference()
		self.validate_amount()
		self.validate_frequency()
		self.validate_dates()
		self.validate_only_active()

	def validate_owner(self) -> None:
		"""A template belongs to nobody, every other schedule to a member."""
		if self.is_template and (self.member or self.membership):
			frappe.throw(_("A template has neither Member nor Membership."), title=_("Template"))
		if not self.is_template and not self.member:
			frappe.throw(
				_("A Membership Dues Schedule needs a Member, unless it is a template."),
				frappe.MandatoryError,
				title=_("Member missing"),
			)
		if self.membership:
			owner = frappe.db.get_value("Membership", self.membership, "member")
			if owner != self.member:
				frappe.throw(
					_("Membership {0} belongs to {1}.").format(self.membership, owner), title=_("Member")
				)

	def validate_template_reference(self) -> None:
		"""What a schedule was made from is a template."""
		if self.template_reference and not frappe.db.get_value(
			"Membership Dues Schedule", self.template_reference, "is_template"
		):
			frappe.throw(
				_("{0} is not a template.").format(frappe.bold(self.template_reference)), title=_("Template")
			)

	def validate_amount(self) -> None:
		"""Nobody pays less than the minimum; that no amount is negative is declared in the fields."""
		precision = self.precision("dues_rate")
		if flt(self.dues_rate, precision) < flt(self.minimum_amount, precision):
			frappe.throw(
				_("{0} must be at least {1}.").format(
					checks.label(self, "dues_rate"), fmt_money(self.minimum_amount, currency=self.currency)
				),
				title=_("Amount too low"),
			)

	def validate_frequency(self) -> None:
		"""An own rhythm says how many of which unit; a billing day exists in some month."""
		if self.billing_frequency == "Custom" and (
			not (self.custom_frequency_number or 0) > 0 or not self.custom_frequency_unit
		):
			frappe.throw(
				_("A custom frequency needs a number above zero and a unit."), title=_("Custom frequency")
			)
		if self.billing_day and not 1 <= self.billing_day <= LAST_BILLING_DAY:
			frappe.throw(_("{0} must be from 1 to 31.").format(checks.label(self, "billing_day")))

	def validate_dates(self) -> None:
		"""Periods start before they end."""
		checks.check_order(self, "next_billing_period_start_date", "next_billing_period_end_date")
		checks.check_order(self, "last_invoice_coverage_start", "last_invoice_coverage_end")

	def validate_only_active(self) -> None:
		"""Two active schedules of one type would invoice the member twice."""
		if self.is_template or self.status != "Active":
			return
		other = frappe.db.get_value(
			"Membership Dues Schedule",
			{
				"member": self.member,
				"membership_type": self.membership_type,
				"status": "Active",
				"is_template": 0,
				"name": ("!=", self.name),
			},
		)
		if other:
			frappe.throw(
				_("{0} is already the active schedule of this Member for {1}.").format(
					frappe.bold(other), self.membership_type
				),
				frappe.DuplicateEntryError,
				title=_("Second active schedule"),
			)
