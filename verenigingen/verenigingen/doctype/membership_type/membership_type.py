"""A kind of membership, with its usual billing period and least amount."""

import frappe
from frappe import _
from frappe.model.document import Document


class MembershipType(Document):
	"""What a Membership is a membership of."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		billing_period: DF.Literal[
			"Daily", "Monthly", "Quarterly", "Biannual", "Annual", "Lifetime", "Custom"
		]
		dues_schedule_template: DF.Link | None
		is_active: DF.Check
		membership_type_name: DF.Data
		minimum_amount: DF.Currency
	# end: auto-generated types

	def validate(self) -> None:
		"""The template, when there is one, is a template and of this type."""
		if not self.dues_schedule_template:
			return
		is_template, membership_type = frappe.db.get_value(
			"Membership Dues Schedule", self.dues_schedule_template, ["is_template", "membership_type"]
		) or (0, None)
		if not is_template:
			frappe.throw(
				_("{0} is not a template.").format(frappe.bold(self.dues_schedule_template)),
				title=_("Dues Schedule Template"),
			)
		if membership_type != self.name:
			frappe.throw(
				_("{0} is the template of {1}.").format(
					frappe.bold(self.dues_schedule_template), membership_type
				),
				title=_("Dues Schedule Template"),
			)
