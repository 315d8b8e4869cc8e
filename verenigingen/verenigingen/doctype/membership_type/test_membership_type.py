import frappe

from verenigingen.verenigingen.testing import IntegrationTestCase, make_membership_type, make_schedule


class TestMembershipType(IntegrationTestCase):
	def test_a_type_can_exist_before_its_template(self):
		membership_type = make_membership_type()
		template = make_schedule(is_template=1, membership_type=membership_type.name)
		membership_type.dues_schedule_template = template.name
		membership_type.save()
		self.assertEqual(membership_type.reload().dues_schedule_template, template.name)

	def test_the_template_is_a_template(self):
		schedule = make_schedule()
		with self.assertRaisesRegex(frappe.ValidationError, "is not a template"):
			make_membership_type(dues_schedule_template=schedule.name)

	def test_the_template_is_of_this_type(self):
		template = make_schedule(is_template=1)
		with self.assertRaisesRegex(frappe.ValidationError, f"is the template of {template.membership_type}"):
			make_membership_type(dues_schedule_template=template.name)

	def test_the_minimum_is_not_negative(self):
		with self.assertRaises(frappe.NonNegativeError):
			make_membership_type(minimum_amount=-1)
