import frappe
from frappe.utils import add_days, getdate, today

from verenigingen.monitoring.doctype.error_user_day.error_user_day import ErrorUserDay
from verenigingen.verenigingen.testing import IntegrationTestCase


def make_user_day(days_old: int) -> "frappe.model.document.Document":
	return frappe.get_doc(
		{
			"doctype": "Error User Day",
			"day": add_days(today(), -days_old),
			"user": frappe.generate_hash(length=16),
			"event_count": 1,
		}
	).insert()


class TestErrorUserDay(IntegrationTestCase):
	def test_name_holds_pseudonym_and_day(self):
		row = make_user_day(0)
		self.assertEqual(row.name, f"{row.user}-{getdate(row.day):%Y%m%d}")

	def test_days_older_than_the_retention_go(self):
		kept, gone = make_user_day(90), make_user_day(91)
		ErrorUserDay.clear_old_logs(days=90)
		self.assertTrue(frappe.db.exists("Error User Day", kept.name))
		self.assertFalse(frappe.db.exists("Error User Day", gone.name))
