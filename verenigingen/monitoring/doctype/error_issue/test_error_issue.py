import frappe
from frappe.handler import run_doc_method
from frappe.utils import add_days, now_datetime, set_request

from verenigingen.monitoring.doctype.error_issue.error_issue import ErrorIssue
from verenigingen.monitoring.doctype.rollup import ISSUE_NAME_LENGTH
from verenigingen.verenigingen.testing import IntegrationTestCase, real_permissions


def make_issue(*, days_old: int = 0, **fields) -> "frappe.model.document.Document":
	"""An inserted Error Issue, last seen so many days ago."""
	seen = add_days(now_datetime(), -days_old)
	return frappe.get_doc(
		{
			"doctype": "Error Issue",
			"name": frappe.generate_hash(length=16),
			"title": "ValueError: x",
			"first_seen": seen,
			"last_seen": seen,
			"event_count": 3,
			**fields,
		}
	).insert()


class TestErrorIssueLife(IntegrationTestCase):
	def test_the_collector_chooses_the_name(self):
		issue = make_issue(name="a1b2c3d4e5f60718")
		self.assertEqual((issue.name, issue.status), ("a1b2c3d4e5f60718", "Open"))

	def test_a_name_leaves_room_for_its_rollups(self):
		self.assertTrue(make_issue(name="n" * ISSUE_NAME_LENGTH).name)
		with self.assertRaisesRegex(frappe.CharacterLengthExceededError, "must not exceed 100 characters"):
			make_issue(name="m" * (ISSUE_NAME_LENGTH + 1))

	def test_resolving_records_who_and_when_and_reopening_forgets(self):
		issue = make_issue()
		issue.resolve()
		self.assertEqual((issue.status, issue.resolved_by), ("Resolved", "Administrator"))
		self.assertIsNotNone(issue.resolved_at)
		issue.reopen()
		stored = frappe.db.get_value(
			"Error Issue", issue.name, ["status", "resolved_at", "resolved_by"], as_dict=True
		)
		self.assertEqual(stored, {"status": "Open", "resolved_at": None, "resolved_by": None})

	def test_every_decision_leaves_a_version(self):
		issue = make_issue()
		issue.ignore()
		version = frappe.get_last_doc("Version", {"ref_doctype": "Error Issue", "docname": issue.name})
		self.assertIn(["status", "Open", "Ignored"], version.get_data()["changed"])

	def test_the_same_decision_twice_is_refused(self):
		issue = make_issue()
		issue.resolve()
		with self.assertRaisesRegex(frappe.ValidationError, "is .*Resolved.* already"):
			issue.resolve()

	def test_a_decision_does_not_put_back_counts_of_an_open_form(self):
		issue = make_issue()
		frappe.db.set_value("Error Issue", issue.name, "event_count", 50, update_modified=False)
		issue.resolve()
		self.assertEqual(frappe.db.get_value("Error Issue", issue.name, "event_count"), 50)
		self.assertEqual(issue.event_count, 50)


class TestErrorIssueAccess(IntegrationTestCase):
	def test_only_a_system_manager_decides(self):
		issue = make_issue()
		with real_permissions("Guest"), self.assertRaises(frappe.PermissionError):
			issue.resolve()
		self.assertEqual(frappe.db.get_value("Error Issue", issue.name, "status"), "Open")

	def test_nobody_creates_or_deletes_issues_in_the_desk(self):
		rights = frappe.get_meta("Error Issue").permissions
		self.assertEqual({row.role for row in rights}, {"System Manager"})
		for row in rights:
			self.assertEqual((row.read, row.write, row.create, row.delete), (1, 1, 0, 0))

	def test_the_buttons_call_works_by_post_only(self):
		issue = make_issue()
		self.addCleanup(setattr, frappe.local, "request", getattr(frappe.local, "request", None))
		set_request(method="GET")
		with self.assertRaises(frappe.PermissionError):
			run_doc_method("resolve", dt="Error Issue", dn=issue.name)
		set_request(method="POST")
		run_doc_method("resolve", dt="Error Issue", dn=issue.name)
		self.assertEqual(frappe.db.get_value("Error Issue", issue.name, "status"), "Resolved")


class TestErrorIssueRetention(IntegrationTestCase):
	def test_issues_not_seen_for_long_go_with_all_that_hangs_on_them(self):
		old, recent = make_issue(days_old=91), make_issue(days_old=89)
		for issue in (old, recent):
			issue.ignore()
			frappe.get_doc(
				{"doctype": "Error Issue Day", "issue": issue.name, "day": issue.last_seen.date()}
			).insert()
			frappe.get_doc(
				{"doctype": "Error Issue User", "issue": issue.name, "user": "p", "last_seen": now_datetime()}
			).insert()
		frappe.get_doc("Error Issue", old.name).clear_old_logs(days=90)
		for doctype, fieldname in (
			("Error Issue", "name"),
			("Error Issue Day", "issue"),
			("Error Issue User", "issue"),
			("Version", "docname"),
		):
			with self.subTest(doctype):
				self.assertFalse(frappe.db.exists(doctype, {fieldname: old.name}))
				self.assertTrue(frappe.db.exists(doctype, {fieldname: recent.name}))

	def test_a_merged_issue_goes_when_the_one_that_counts_it_goes(self):
		for days_old, kept in ((91, 0), (89, 1)):
			target, merged = make_issue(days_old=days_old), make_issue(days_old=200)
			frappe.db.set_value("Error Issue", merged.name, {"merged_into": target.name, "status": "Merged"})
			for issue in (target, merged):
				frappe.get_doc(
					{"doctype": "Error Issue Alias", "name": issue.name, "issue": target.name}
				).insert()
			ErrorIssue.clear_old_logs(days=90)
			for issue in (target, merged):
				for doctype in ("Error Issue", "Error Issue Alias"):
					with self.subTest(doctype, days_old=days_old, issue=issue.name):
						self.assertEqual(frappe.db.count(doctype, {"name": issue.name}), kept)

	def test_a_merged_issue_is_not_decided_on(self):
		issue = make_issue(status="Merged", merged_into=make_issue().name)
		with self.assertRaisesRegex(frappe.ValidationError, "was merged"):
			issue.resolve()

	def test_log_settings_accepts_every_rollup(self):
		from frappe.core.doctype.log_settings.log_settings import _supports_log_clearing

		for doctype in (
			"Error Issue",
			"Error Issue Day",
			"Error Issue User",
			"Error User Day",
			"Error Issue Facet",
		):
			with self.subTest(doctype):
				self.assertTrue(_supports_log_clearing(doctype))
