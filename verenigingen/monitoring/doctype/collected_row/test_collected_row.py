import frappe
from frappe.utils import add_days, now_datetime

from verenigingen.monitoring.doctype.collected_row.collected_row import CollectedRow
from verenigingen.verenigingen.testing import IntegrationTestCase


def make_row(days_old: int, source: str = "Error Log") -> str:
	return (
		frappe.get_doc(
			{
				"doctype": "Collected Row",
				"name": frappe.generate_hash(length=32),
				"source": source,
				"row_time": add_days(now_datetime(), -days_old),
			}
		)
		.insert()
		.name
	)


def make_error(days_old: int) -> str:
	"""An Error Log row of that age; the table is MyISAM in v15, so a test must delete it itself."""
	name = frappe.get_doc({"doctype": "Error Log", "method": "test_collected_row"}).insert().name
	frappe.db.set_value(
		"Error Log", name, "creation", add_days(now_datetime(), -days_old), update_modified=False
	)
	return name


class TestCollectedRowRetention(IntegrationTestCase):
	def test_an_entry_stays_while_its_row_may_still_be_in_the_error_log(self):
		error = make_error(200)
		self.addCleanup(frappe.db.delete, "Error Log", {"name": error})
		before, since, other_source = make_row(201), make_row(199), make_row(199, source="web requests")
		CollectedRow.clear_old_logs(days=90)
		self.assertFalse(frappe.db.exists("Collected Row", before))
		self.assertTrue(frappe.db.exists("Collected Row", since))
		self.assertTrue(frappe.db.exists("Collected Row", other_source))

		frappe.db.delete("Error Log", {"name": error})
		CollectedRow.clear_old_logs(days=90)
		self.assertFalse(frappe.db.exists("Collected Row", since))
		self.assertFalse(frappe.db.exists("Collected Row", other_source))

	def test_an_entry_younger_than_the_retention_stays_even_when_its_row_is_gone(self):
		entry = make_row(89)
		CollectedRow.clear_old_logs(days=90)
		self.assertTrue(frappe.db.exists("Collected Row", entry))

	def test_another_doctype_as_source_is_asked_for_its_own_oldest_row(self):
		entry = make_row(199, source="Role")
		role = frappe.get_all("Role", order_by="creation asc", pluck="name", limit=1)[0]
		oldest = frappe.db.get_value("Role", role, "creation")
		frappe.db.set_value("Role", role, "creation", add_days(now_datetime(), -200), update_modified=False)
		CollectedRow.clear_old_logs(days=90)
		self.assertTrue(frappe.db.exists("Collected Row", entry))
		frappe.db.set_value("Role", role, "creation", oldest, update_modified=False)
