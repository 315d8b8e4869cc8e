"""What the app's own bench tests share: the test case class of either Frappe version, and factories of valid documents.

Every factory inserts and returns a document that passes all rules; keywords overwrite single fields.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe.model.document import Document
from frappe.utils import add_days, today

try:
	from frappe.tests import IntegrationTestCase
except ImportError:  # Frappe v15
	from frappe.tests.utils import FrappeTestCase as IntegrationTestCase

__all__ = [
	"IBAN_BE",
	"IBAN_DE",
	"IBAN_NL",
	"IntegrationTestCase",
	"batch_row",
	"last_message",
	"make_batch",
	"make_mandate",
	"make_member",
	"make_membership",
	"make_membership_type",
	"make_schedule",
	"new_batch",
	"new_mandate",
	"new_member",
	"new_schedule",
	"real_permissions",
]

IBAN_NL = "NL91ABNA0417164300"
IBAN_DE = "DE89370400440532013000"
IBAN_BE = "BE68539007547034"


def _unique(prefix: str) -> str:
	return f"{prefix}-{frappe.generate_hash(length=10)}"


def last_message() -> dict:
	"""The latest message shown to the user, as a dictionary."""
	message = frappe.local.message_log[-1]
	return frappe.parse_json(message) if isinstance(message, str) else message


@contextmanager
def real_permissions(user: str) -> Iterator[None]:
	"""Acts as `user` with the test flag down: `frappe.only_for` lets everybody pass while it is up."""
	before = (frappe.session.user, frappe.flags.in_test, getattr(frappe, "in_test", None))
	try:
		frappe.set_user(user)
		frappe.flags.in_test = False
		if before[2] is not None:  # Frappe v16
			frappe.in_test = False
		yield
	finally:
		frappe.flags.in_test = before[1]
		if before[2] is not None:
			frappe.in_test = before[2]
		frappe.set_user(before[0])


def new_member(**fields) -> Document:
	"""A valid Member that is not inserted yet."""
	return frappe.get_doc({"doctype": "Member", "first_name": "Anna", "last_name": "de Vries", **fields})


def make_member(**fields) -> Document:
	"""An inserted Member."""
	return new_member(**fields).insert()


def new_mandate(**fields) -> Document:
	"""A valid SEPA Mandate that is not inserted yet."""
	return frappe.get_doc(
		{
			"doctype": "SEPA Mandate",
			"mandate_id": _unique("MND"),
			"account_holder_name": "A. de Vries",
			"iban": IBAN_NL,
			"sign_date": add_days(today(), -60),
			**fields,
		}
	)


def make_mandate(**fields) -> Document:
	"""An inserted SEPA Mandate."""
	return new_mandate(**fields).insert()


def make_membership_type(**fields) -> Document:
	"""An inserted Membership Type."""
	return frappe.get_doc(
		{
			"doctype": "Membership Type",
			"membership_type_name": _unique("Type"),
			"billing_period": "Annual",
			"minimum_amount": 10,
			**fields,
		}
	).insert()


def make_membership(**fields) -> Document:
	"""An inserted Membership, with member and type of its own unless given."""
	if "member" not in fields:
		fields["member"] = make_member().name
	if "membership_type" not in fields:
		fields["membership_type"] = make_membership_type().name
	return frappe.get_doc({"doctype": "Membership", "start_date": today(), **fields}).insert()


def new_schedule(**fields) -> Document:
	"""A valid Membership Dues Schedule that is not inserted yet; its member and type are inserted unless given."""
	if "member" not in fields and not fields.get("is_template"):
		fields["member"] = make_member().name
	if "membership_type" not in fields:
		fields["membership_type"] = make_membership_type().name
	return frappe.get_doc(
		{
			"doctype": "Membership Dues Schedule",
			"schedule_name": _unique("Schedule"),
			"status": "Active",
			"billing_frequency": "Annual",
			"minimum_amount": 10,
			"dues_rate": 25,
			**fields,
		}
	)


def make_schedule(**fields) -> Document:
	"""An inserted Membership Dues Schedule."""
	return new_schedule(**fields).insert()


def batch_row(**fields) -> dict:
	"""A valid row of a Direct Debit Batch, with a membership of its own unless given."""
	if "membership" not in fields:
		membership = make_membership()
		fields = {"membership": membership.name, "member": membership.member, **fields}
	return {
		"invoice": _unique("INV"),
		"amount": 25,
		"currency": "EUR",
		"iban": IBAN_NL,
		"mandate_reference": _unique("MND"),
		**fields,
	}


def new_batch(*rows: dict, **fields) -> Document:
	"""A valid Direct Debit Batch that is not inserted yet; with one row unless rows are given."""
	return frappe.get_doc(
		{
			"doctype": "Direct Debit Batch",
			"batch_date": add_days(today(), 7),
			"batch_description": "Dues",
			"batch_type": "CORE",
			"currency": "EUR",  # a site whose company keeps its books in another currency would fill in that one
			"invoices": list(rows) or [batch_row()],
			**fields,
		}
	)


def make_batch(*rows: dict, **fields) -> Document:
	"""An inserted Direct Debit Batch."""
	return new_batch(*rows, **fields).insert()
