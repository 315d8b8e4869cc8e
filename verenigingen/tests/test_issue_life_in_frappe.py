"""The life of an issue on a real site: errors through frappe.log_error, changes as people make them in the desk."""

from unittest.mock import patch

import frappe
from frappe.utils import add_to_date, now_datetime

from verenigingen.core.errors.suspects import APP_VERSION, SITE_CONFIG
from verenigingen.host import current_host
from verenigingen.host.on_frappe import FrappeHooks
from verenigingen.host.port import App
from verenigingen.services.monitoring import collect_all
from verenigingen.tests.test_collection_in_frappe import log_row
from verenigingen.utils.error_issues import get_issue, list_issues, resolve_issue
from verenigingen.verenigingen.testing import IntegrationTestCase

OWN = ("Error Issue", "Error Issue Day", "Error Issue User", "Error Issue Facet")


class TestIssueLifeInFrappe(IntegrationTestCase):
	def setUp(self):
		super().setUp()
		collect_all(current_host())
		# letters only: digits of a title are replaced
		self.word = "vtest" + "".join(chr(97 + int(digit, 16)) for digit in frappe.generate_hash(length=12))
		self.addCleanup(self.remove)

	def remove(self):
		frappe.db.rollback()
		frappe.db.delete("Error Log", {"method": ("like", f"%{self.word}%")})
		frappe.db.delete("Error Log", {"name": ("like", "vtest-%")})
		for doctype in ("Custom Field", "Server Script"):
			for name in frappe.get_all(doctype, {"name": ("like", f"%{self.word}%")}, pluck="name"):
				frappe.delete_doc(doctype, name, force=True)
		frappe.db.commit()

	def log_one(self):
		"""Raises an error through the real frappe.log_error and collects it; its issue."""
		try:
			raise LookupError(f"no {self.word} in the plan")
		except LookupError:
			frappe.log_error(title=self.word)
		frappe.db.commit()
		return self.collected()

	def collected(self):
		collect_all(current_host())
		found = list_issues(search=self.word)["issues"]
		self.assertEqual(len(found), 1)
		return found[0]["name"]

	def test_a_server_script_changed_before_the_error_is_suspected(self):
		script = frappe.get_doc(
			{
				"doctype": "Server Script",
				"name": f"Check {self.word}",
				"script_type": "API",
				"api_method": self.word,
				"script": "pass",
			}
		).insert()
		script.script = "x = 1"
		script.save(ignore_version=False)
		frappe.db.commit()
		found = get_issue(name=self.log_one())["suspects"]
		(mine,) = [row for row in found["suspects"] if row["subject"] == script.name]
		self.assertEqual(
			(mine["kind"], mine["action"], mine["fields"]), ("Server Script", "changed", ["script"])
		)
		self.assertIn("1 more change of it within these hours", mine["evidence"])
		self.assertEqual(mine["actor"], current_host().secrets.pseudonym("Administrator"))

	def test_a_custom_field_named_by_the_error_is_the_first_suspect(self):
		frappe.get_doc(
			{
				"doctype": "Custom Field",
				"dt": "Note",
				"fieldname": f"custom_{self.word}",
				"fieldtype": "Data",
				"label": self.word,
			}
		).insert()
		frappe.db.commit()
		self.word = f"custom_{self.word}"
		found = get_issue(name=self.log_one())["suspects"]
		# a change of the app at fault, such as a migration meanwhile, is as likely
		first = next(row for row in found["suspects"] if row["app"] is None)
		told = (first["kind"], first["subject"], first["doctype"])
		self.assertEqual(told, ("Custom Field", f"Note-{self.word}", "Note"))
		self.assertIn(f"the error names {self.word}", first["evidence"])

	def test_a_new_version_and_a_key_of_the_site_config_are_suspected(self):
		apps = FrappeHooks().apps()
		newer = [
			App(app.name, f"{app.version}.{self.word}", app.commit)
			for app in apps
			if app.name == "verenigingen"
		]
		secret = frappe.generate_hash(length=20)
		conf = {**frappe.local.conf, self.word: secret}
		with (
			patch.object(
				FrappeHooks, "apps", lambda _: [*(a for a in apps if a.name != "verenigingen"), *newer]
			),
			patch.object(frappe.local, "conf", frappe._dict(conf)),
		):
			found = get_issue(name=self.log_one())["suspects"]["suspects"]
			told = {(row["kind"], row["subject"], row["action"]) for row in found}
			self.assertIn((SITE_CONFIG, self.word, "created"), told)
			# listed once, whichever of its changes is likeliest: a bench under development sees many within hours
			self.assertIn((APP_VERSION, "verenigingen"), {told_one[:2] for told_one in told})
		self.assertTrue(
			frappe.db.exists("Site Change", {"kind": APP_VERSION, "after_value": newer[0].version})
		)
		self.assertNotIn(secret, frappe.as_json(frappe.get_all("Site Change", fields=["*"])))

	def test_resolved_then_new_is_regressed_and_late_is_not(self):
		name = self.log_one()
		resolve_issue(name=name)
		text = frappe.db.get_value("Error Log", {"method": self.word}, "error")
		past = add_to_date(now_datetime(), hours=-5)
		log_row(f"late-{self.word}", text, method=self.word, creation=past, modified=past)
		self.assertEqual(self.collected(), name)
		found = get_issue(name=name)
		self.assertEqual((found["status"], found["events_total"]), ("Resolved", 2))
		self.assertEqual(self.log_one(), name)
		found = get_issue(name=name)
		self.assertEqual((found["status"], found["events_total"]), ("Regressed", 3))
		self.assertEqual(frappe.db.get_value("Error Issue", name, "status"), "Regressed")
