import frappe
from frappe.desk.form.assign_to import add as assign
from frappe.desk.form.load import getdoc
from frappe.handler import execute_cmd
from frappe.utils import add_days, now_datetime, set_request

from verenigingen.core.errors.life import STATUSES
from verenigingen.monitoring.doctype.error_issue.error_issue import ErrorIssue
from verenigingen.monitoring.doctype.rollup import ISSUE_NAME_LENGTH
from verenigingen.services.grouping import MERGED
from verenigingen.utils.error_issues import get_issue, ignore_issue, reopen_issue, resolve_issue
from verenigingen.verenigingen.testing import IntegrationTestCase, real_permissions

TRACES = {
	"Version": "docname",
	"Comment": "reference_name",
	"ToDo": "reference_name",
	"Error Issue Day": "issue",
	"Error Issue User": "issue",
	"Error Issue Alias": "issue",
}


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


class ErrorIssueTestCase(IntegrationTestCase):
	"""A decision commits, so what a test wrote is removed by name."""

	def setUp(self):
		super().setUp()
		self.addCleanup(self.remove, frappe.get_all("Error Issue", pluck="name"))

	def remove(self, kept):
		frappe.db.rollback()
		names = ("in", [*set(frappe.get_all("Error Issue", pluck="name")).difference(kept), ""])
		for doctype, fieldname in TRACES.items():
			frappe.db.delete(doctype, {fieldname: names})
		frappe.db.delete("Error Issue", {"name": names})
		frappe.db.commit()


class TestErrorIssueLife(ErrorIssueTestCase):
	def test_the_collector_chooses_the_name(self):
		issue = make_issue(name="a1b2c3d4e5f60718")
		self.assertEqual((issue.name, issue.status), ("a1b2c3d4e5f60718", "Open"))

	def test_a_name_leaves_room_for_its_rollups(self):
		self.assertTrue(make_issue(name="n" * ISSUE_NAME_LENGTH).name)
		with self.assertRaisesRegex(frappe.CharacterLengthExceededError, "must not exceed 100 characters"):
			make_issue(name="m" * (ISSUE_NAME_LENGTH + 1))

	def test_resolving_records_who_and_when_and_reopening_forgets(self):
		issue = make_issue()
		resolve_issue(name=issue.name)
		issue.reload()
		self.assertEqual((issue.status, issue.resolved_by), ("Resolved", "Administrator"))
		self.assertIsNotNone(issue.resolved_at)
		reopen_issue(name=issue.name)
		stored = frappe.db.get_value(
			"Error Issue", issue.name, ["status", "resolved_at", "resolved_by"], as_dict=True
		)
		self.assertEqual(stored, {"status": "Open", "resolved_at": None, "resolved_by": None})

	def test_the_other_decisions_reach_their_columns(self):
		issue = make_issue(app="club")
		resolve_issue(name=issue.name, in_version="1.4.0")
		issue.reload()
		self.assertEqual((issue.status, issue.resolved_in), ("Resolved in Version", "1.4.0"))
		ignore_issue(name=issue.name, until_count="20", until_date="2099-01-31")
		issue.reload()
		self.assertEqual((issue.status, issue.ignored_for, issue.ignored_left), ("Ignored", 20, 20))
		self.assertEqual(str(issue.ignored_until), "2099-01-31 00:00:00")
		self.assertIn("ignored for 20 more events or until 2099-01-31", issue.status_reason)

	def test_every_decision_leaves_a_version(self):
		issue = make_issue()
		ignore_issue(name=issue.name)
		version = frappe.get_last_doc("Version", {"ref_doctype": "Error Issue", "docname": issue.name})
		self.assertIn(["status", "Open", "Ignored"], version.get_data()["changed"])
		self.assertEqual(version.owner, "Administrator")

	def test_the_timeline_shows_decisions_comments_and_assignments(self):
		issue = make_issue()
		resolve_issue(name=issue.name)
		issue.add_comment("Comment", "mended in the workshop")
		assign({"doctype": "Error Issue", "name": issue.name, "assign_to": ["Administrator"]})
		getdoc("Error Issue", issue.name)
		docinfo = frappe.response["docinfo"]
		self.assertIn("Resolved", docinfo["versions"][0]["data"])
		self.assertTrue(any("mended in the workshop" in row["content"] for row in docinfo["comments"]))
		self.assertEqual(get_issue(name=issue.name)["assigned_to"], ["Administrator"])

	def test_the_same_decision_twice_is_refused(self):
		issue = make_issue()
		resolve_issue(name=issue.name)
		with self.assertRaisesRegex(frappe.ValidationError, "is Resolved already"):
			resolve_issue(name=issue.name)

	def test_a_decision_touches_no_counts(self):
		issue = make_issue()
		frappe.db.set_value("Error Issue", issue.name, "event_count", 50, update_modified=False)
		resolve_issue(name=issue.name)
		self.assertEqual(frappe.db.get_value("Error Issue", issue.name, "event_count"), 50)

	def test_every_status_of_an_issue_is_an_option(self):
		options = frappe.get_meta("Error Issue").get_field("status").options.split("\n")
		self.assertEqual({*STATUSES, MERGED}, set(options))


class TestErrorIssueAccess(ErrorIssueTestCase):
	def test_only_a_system_manager_decides(self):
		issue = make_issue()
		for door in (resolve_issue, ignore_issue, reopen_issue, get_issue):
			with real_permissions("Guest"), self.assertRaises(frappe.PermissionError):
				door(name=issue.name)
		self.assertEqual(frappe.db.get_value("Error Issue", issue.name, "status"), "Open")

	def test_nobody_creates_or_deletes_issues_in_the_desk(self):
		rights = frappe.get_meta("Error Issue").permissions
		self.assertEqual({row.role for row in rights}, {"System Manager"})
		for row in rights:
			self.assertEqual((row.read, row.write, row.create, row.delete), (1, 1, 0, 0))

	def test_the_doors_that_decide_open_to_post_only(self):
		issue = make_issue()
		self.addCleanup(setattr, frappe.local, "request", getattr(frappe.local, "request", None))
		self.addCleanup(setattr, frappe.local, "form_dict", frappe.local.form_dict)
		for name in ("resolve_issue", "ignore_issue", "reopen_issue"):
			frappe.local.form_dict = frappe._dict(name=issue.name)
			set_request(method="GET")
			with self.subTest(name), self.assertRaises(frappe.PermissionError):
				execute_cmd(f"verenigingen.utils.error_issues.{name}")
			set_request(method="POST")
			execute_cmd(f"verenigingen.utils.error_issues.{name}")
		self.assertEqual(frappe.db.get_value("Error Issue", issue.name, "status"), "Open")


class TestErrorIssueRetention(ErrorIssueTestCase):
	def test_issues_not_seen_for_long_go_with_all_that_hangs_on_them(self):
		old, recent = make_issue(days_old=91), make_issue(days_old=89)
		for issue in (old, recent):
			ignore_issue(name=issue.name)
			issue.add_comment("Comment", "seen")
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
			("Comment", "reference_name"),
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
		with self.assertRaisesRegex(frappe.ValidationError, "is merged into another one"):
			resolve_issue(name=issue.name)

	def test_log_settings_accepts_every_rollup(self):
		from frappe.core.doctype.log_settings.log_settings import _supports_log_clearing

		for doctype in (
			"Error Issue",
			"Error Issue Day",
			"Error Issue User",
			"Error User Day",
			"Error Issue Facet",
			"Site Change",
		):
			with self.subTest(doctype):
				self.assertTrue(_supports_log_clearing(doctype))
