import frappe
from frappe.utils import add_days, today

from verenigingen.verenigingen.testing import IntegrationTestCase, make_membership


class TestMembership(IntegrationTestCase):
	def test_life_from_draft_to_cancelled(self):
		membership = make_membership()
		self.assertRegex(membership.name, r"^MEMB-\d{2}-\d{2}-\d{4}$")
		self.assertEqual((membership.status, membership.member_name), ("Draft", "Anna de Vries"))
		membership.submit()
		self.assertEqual(membership.status, "Active")
		membership.cancel()
		self.assertEqual(frappe.db.get_value("Membership", membership.name, "status"), "Cancelled")

	def test_only_a_submitted_membership_is_in_force(self):
		with self.assertRaisesRegex(frappe.ValidationError, "needs a submitted Membership"):
			make_membership(status="Active")

	def test_no_way_back_to_a_draft(self):
		membership = make_membership()
		membership.submit()
		membership.status = "Draft"
		with self.assertRaisesRegex(frappe.ValidationError, "cannot be a draft again"):
			membership.save()

	def test_it_can_expire_after_submit(self):
		membership = make_membership()
		membership.submit()
		membership.status = "Expired"
		membership.save()
		self.assertEqual(frappe.db.get_value("Membership", membership.name, "status"), "Expired")

	def test_nothing_happens_before_its_start(self):
		for fieldname, label in (
			("renewal_date", "Renewal Date"),
			("cancellation_date", "Cancellation Date"),
		):
			with (
				self.subTest(fieldname),
				self.assertRaisesRegex(frappe.ValidationError, f"{label} must not be before Start Date"),
			):
				make_membership(**{fieldname: add_days(today(), -1)})
