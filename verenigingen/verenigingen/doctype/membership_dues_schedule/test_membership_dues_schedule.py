import frappe
from frappe.utils import add_days, today

from verenigingen.verenigingen.testing import (
	IntegrationTestCase,
	make_member,
	make_membership,
	make_schedule,
	new_schedule,
)


class TestDuesScheduleOwner(IntegrationTestCase):
	def test_defaults(self):
		schedule = make_schedule()
		self.assertEqual(schedule.name, schedule.schedule_name)
		self.assertEqual(schedule.meta.get_field("currency").default, "EUR")
		self.assertEqual(schedule.invoice_days_before, 30)
		self.assertEqual(schedule.auto_generate, 1)

	def test_a_schedule_needs_a_member(self):
		with self.assertRaisesRegex(frappe.MandatoryError, "needs a Member, unless it is a template"):
			make_schedule(member=None)

	def test_a_template_has_no_member(self):
		self.assertIsNone(make_schedule(is_template=1).member)
		with self.assertRaisesRegex(frappe.ValidationError, "neither Member nor Membership"):
			make_schedule(is_template=1, member=make_member().name)

	def test_the_membership_is_the_members_own(self):
		membership = make_membership()
		fields = {"membership": membership.name, "membership_type": membership.membership_type}
		self.assertTrue(make_schedule(member=membership.member, **fields).name)
		with self.assertRaisesRegex(frappe.ValidationError, f"belongs to {membership.member}"):
			make_schedule(**fields)

	def test_it_is_made_from_a_template(self):
		template = make_schedule(is_template=1)
		self.assertTrue(make_schedule(template_reference=template.name).name)
		with self.assertRaisesRegex(frappe.ValidationError, "is not a template"):
			make_schedule(template_reference=make_schedule().name)

	def test_names_are_unique(self):
		schedule = make_schedule()
		with self.assertRaises(frappe.DuplicateEntryError):
			make_schedule(schedule_name=schedule.name)

	def test_one_active_schedule_per_member_and_type(self):
		first = make_schedule()
		again = {"member": first.member, "membership_type": first.membership_type}
		self.assertEqual(make_schedule(status="Paused", **again).status, "Paused")
		with self.assertRaisesRegex(
			frappe.DuplicateEntryError, f"{first.name}.* is already the active schedule"
		):
			make_schedule(**again)
		first.status = "Cancelled"
		first.save()
		self.assertEqual(make_schedule(**again).status, "Active")


class TestDuesScheduleAmount(IntegrationTestCase):
	def test_not_under_the_minimum(self):
		self.assertEqual(make_schedule(dues_rate=10, minimum_amount=10).dues_rate, 10)
		with self.assertRaisesRegex(frappe.ValidationError, "Dues Rate must be at least .*10"):
			make_schedule(dues_rate=9.99, minimum_amount=10)

	def test_not_negative(self):
		with self.assertRaises(frappe.NonNegativeError):
			make_schedule(dues_rate=-1, minimum_amount=-1)

	def test_free_membership_is_possible(self):
		self.assertEqual(make_schedule(dues_rate=0, minimum_amount=0).dues_rate, 0)


class TestDuesScheduleRhythm(IntegrationTestCase):
	def test_a_custom_rhythm_has_number_and_unit(self):
		for number, unit in ((None, "Months"), (0, "Months"), (-1, "Months"), (2, None)):
			schedule = new_schedule(
				billing_frequency="Custom", custom_frequency_number=number, custom_frequency_unit=unit
			)
			with (
				self.subTest(number=number, unit=unit),
				self.assertRaisesRegex(frappe.ValidationError, "a number above zero and a unit"),
			):
				schedule.insert()
		valid = make_schedule(
			billing_frequency="Custom", custom_frequency_number=2, custom_frequency_unit="Months"
		)
		self.assertEqual(valid.custom_frequency_number, 2)

	def test_billing_day_is_a_day_of_some_month(self):
		for day in (0, 1, 31):
			with self.subTest(day):
				self.assertEqual(make_schedule(billing_day=day).billing_day, day)
		for day in (-1, 32):
			with (
				self.subTest(day),
				self.assertRaisesRegex(frappe.ValidationError, "Billing Day must be from 1 to 31"),
			):
				make_schedule(billing_day=day)

	def test_a_period_starts_before_it_ends(self):
		with self.assertRaisesRegex(
			frappe.ValidationError,
			"Next Billing Period End Date must not be before Next Billing Period Start",
		):
			make_schedule(
				next_billing_period_start_date=today(), next_billing_period_end_date=add_days(today(), -1)
			)
