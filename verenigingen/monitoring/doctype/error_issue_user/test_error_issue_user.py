import frappe
from frappe.utils import add_days, now_datetime

from verenigingen.monitoring.doctype.error_issue.test_error_issue import make_issue
from verenigingen.monitoring.doctype.error_issue_user.error_issue_user import ErrorIssueUser
from verenigingen.verenigingen.testing import IntegrationTestCase


def make_user_row(pseudonym: str, days_old: int = 0, issue: str = "") -> "frappe.model.document.Document":
	return frappe.get_doc(
		{
			"doctype": "Error Issue User",
			"issue": issue or make_issue().name,
			"user": pseudonym,
			"last_seen": add_days(now_datetime(), -days_old),
		}
	).insert()


class TestErrorIssueUser(IntegrationTestCase):
	def test_one_row_per_issue_and_pseudonym(self):
		row = make_user_row("0123456789abcdef")
		self.assertEqual(row.name, f"{row.issue}-0123456789abcdef")
		with self.assertRaises(frappe.DuplicateEntryError):
			make_user_row("0123456789abcdef", issue=row.issue)

	def test_a_name_that_would_not_fit_is_refused(self):
		issue = make_issue(name=frappe.generate_hash(length=16) + "n" * 80)
		with self.assertRaisesRegex(frappe.CharacterLengthExceededError, "must not exceed 140 characters"):
			make_user_row("u" * 60, issue=issue.name)

	def test_pseudonyms_not_affected_for_long_go(self):
		kept, gone = make_user_row("a", 89), make_user_row("b", 91)
		ErrorIssueUser.clear_old_logs(days=90)
		self.assertTrue(frappe.db.exists("Error Issue User", kept.name))
		self.assertFalse(frappe.db.exists("Error Issue User", gone.name))
