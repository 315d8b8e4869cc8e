import frappe
from frappe.utils import add_days, getdate, today

from verenigingen.monitoring.doctype.error_issue.test_error_issue import make_issue
from verenigingen.monitoring.doctype.error_issue_day.error_issue_day import ErrorIssueDay
from verenigingen.verenigingen.testing import IntegrationTestCase


def make_day(day: str, **fields) -> "frappe.model.document.Document":
	issue = fields.pop("issue", None) or make_issue().name
	return frappe.get_doc({"doctype": "Error Issue Day", "issue": issue, "day": day, **fields}).insert()


class TestErrorIssueDay(IntegrationTestCase):
	def test_one_row_per_issue_and_day(self):
		row = make_day("2026-11-24", event_count=2)
		self.assertEqual(row.name, f"{row.issue}-20261124")
		with self.assertRaises(frappe.DuplicateEntryError):
			make_day("2026-11-24", issue=row.issue)

	def test_days_older_than_the_retention_go(self):
		kept, gone = make_day(add_days(today(), -90)), make_day(add_days(today(), -91))
		ErrorIssueDay.clear_old_logs(days=90)
		self.assertEqual(getdate(frappe.db.get_value("Error Issue Day", kept.name, "day")), getdate(kept.day))
		self.assertFalse(frappe.db.exists("Error Issue Day", gone.name))

	def test_what_was_cleared_away_is_no_longer_said_to_be_known(self):
		state = frappe.get_doc(
			{
				"doctype": "Collector State",
				"name": frappe.generate_hash(length=10),
				"data_since": "2020-01-01",
			}
		).insert()
		ErrorIssueDay.clear_old_logs(days=90)
		self.assertEqual(getdate(state.db_get("data_since")), getdate(add_days(today(), -90)))
		ErrorIssueDay.clear_old_logs(days=365)
		self.assertEqual(getdate(state.db_get("data_since")), getdate(add_days(today(), -90)))

	def test_the_desk_can_read_only(self):
		for doctype in (
			"Error Issue Day",
			"Error Issue User",
			"Error User Day",
			"Error Issue Facet",
			"Collection Ledger",
			"Collector State",
		):
			meta = frappe.get_meta(doctype)
			with self.subTest(doctype):
				self.assertEqual({row.role for row in meta.permissions}, {"System Manager"})
				self.assertEqual([row.write or row.create or row.delete for row in meta.permissions], [0])
				self.assertEqual((meta.in_create, meta.track_changes), (1, 0))
