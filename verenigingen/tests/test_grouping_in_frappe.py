"""Merging and grouping rules on a real site: settings form, doors, collection, lists."""

import random
import subprocess
import sys
import time

import frappe

from verenigingen.core.errors.rules import FIELDS
from verenigingen.exceptions import BadArgument, CollectorBusy
from verenigingen.host import current_host
from verenigingen.services.grouping import merge_issues, unmerge_issue
from verenigingen.services.grouping_settings import load_rules
from verenigingen.services.monitoring import collect_all
from verenigingen.tests.test_collection_in_frappe import log_row
from verenigingen.utils import error_grouping
from verenigingen.verenigingen.testing import IntegrationTestCase

DIGITS = str.maketrans("0123456789", "ghijklmnop")


class TestGroupingInFrappe(IntegrationTestCase):
	def setUp(self):
		self.host = current_host()
		collect_all(self.host)
		# digits would be taken for a value and kept out of the title
		self.word = "grouping" + frappe.generate_hash(length=12).translate(DIGITS)
		self.addCleanup(self.remove)

	def remove(self):
		frappe.db.rollback()
		frappe.db.sql("DELETE FROM `tabError Log` WHERE name LIKE %s", ("vtest-%",))
		settings = frappe.get_single("Monitoring Settings")
		settings.error_grouping_rules = []
		settings.save()
		frappe.db.commit()

	def save(self, *rules):
		settings = frappe.get_single("Monitoring Settings")
		settings.error_grouping_rules = []
		for rule in rules:
			settings.append("error_grouping_rules", {"enabled": 1, **rule})
		settings.save()
		frappe.db.commit()

	def said(self, kind):
		"""A message no word of which comes back in another run: else what earlier runs left is the same message."""
		return f"{self.word} {kind}{self.word[8:]} {self.word[::-1]}"

	def log(self, *kinds):
		for kind in kinds:
			log_row(frappe.generate_hash(length=8), self.said(kind), method=kind)
		frappe.db.commit()
		self.assertEqual(
			sum(result["collected"] for result in collect_all(self.host)), len(kinds), "an unexpected error"
		)

	def issues(self):
		return {
			row.title: row
			for row in frappe.get_all("Error Issue", {"title": ("like", f"%{self.word}%")}, ["*"])
		}

	def sums(self):
		events = self.host.store.query("SELECT SUM(event_count) FROM `tabError Issue`")[0][0]
		days = self.host.store.query("SELECT SUM(event_count) FROM `tabError Issue Day`")[0][0]
		return int(events), int(days)

	def rule(self, **values):
		return {
			"rule_name": self.word,
			"action": "merge",
			"title": f"All {self.word}",
			"message": self.word,
			**values,
		}

	def test_the_fields_of_a_rule_are_those_of_the_form(self):
		meta = frappe.get_meta("Error Grouping Rule")
		self.assertEqual({field.fieldname for field in meta.fields if meta.has_field(field.fieldname)} & set(FIELDS), set(FIELDS))  # fmt: skip

	def test_a_rule_that_cannot_be_used_is_refused_when_saved(self):
		for rule, said in (
			(self.rule(message=""), "would match every error"),
			({"rule_name": "s", "action": "split", "app": "x", "split_by": "value"}, "split_by"),
		):
			with self.subTest(said), self.assertRaisesRegex(frappe.ValidationError, said):
				self.save(rule)
		with self.assertRaisesRegex(frappe.ValidationError, "Two grouping rules are named"):
			self.save(self.rule(), self.rule())

	def test_new_errors_follow_saved_rules(self):
		self.save(self.rule())
		self.log("alpha", "beta")
		self.assertEqual(
			{title: row.event_count for title, row in self.issues().items()}, {f"All {self.word}": 2}
		)
		self.assertEqual([rule.name for rule in load_rules(self.host)], [self.word])

	def test_trying_and_applying_a_rule(self):
		self.log("alpha", "beta", "alpha")
		before = self.sums()
		self.assertEqual(len(self.issues()), 2)
		shown = error_grouping.preview_grouping_rule(rule=frappe.as_json(self.rule()))
		self.assertEqual((shown["touches"], shown["events"]), (2, 3))
		self.assertEqual(self.sums(), before)
		self.save(self.rule())
		done = error_grouping.apply_grouping_rules()
		self.assertEqual([len(entry["issues"]) for entry in done["merged"]], [2])
		self.assertEqual(self.sums(), before)
		target = self.issues()[f"All {self.word}"]
		self.assertEqual((target.event_count, target.status), (3, "Open"))
		self.assertEqual(frappe.db.count("Error Issue", {"merged_into": target.name, "status": "Merged"}), 2)
		for name in done["merged"][0]["issues"]:
			error_grouping.unmerge_issue(name=name)
		self.assertEqual(self.sums(), before)
		self.assertFalse(frappe.db.exists("Error Issue Alias", {"issue": target.name}))

	def test_merged_by_hand_and_taken_apart_again(self):
		self.log("alpha", "beta")
		before, names = self.sums(), [row.name for row in self.issues().values()]
		into = error_grouping.merge_issues(names=frappe.as_json(names))["issue"]
		[merged] = set(names) - {into}
		self.log("alpha", "beta")
		self.assertEqual(frappe.db.get_value("Error Issue", into, "event_count"), 4)
		self.assertEqual(frappe.get_doc("Error Issue", merged).merged_into, into)
		error_grouping.unmerge_issue(name=merged)
		self.assertEqual({row.event_count for row in self.issues().values()}, {2})
		self.assertEqual(self.sums(), (before[0] + 2, before[1] + 2))

	def collector(self):
		"""A collector of its own, as the scheduler would start one."""
		method = "verenigingen.services.monitoring.collect_now"
		command = [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "--site", self.host.site]
		return subprocess.Popen(
			[*command, "execute", method],
			cwd=frappe.utils.get_bench_path() + "/sites",
			stdout=subprocess.DEVNULL,
		)

	def test_merging_while_collectors_run_loses_and_doubles_nothing(self):
		kinds = ["alpha", "beta", "gamma", "delta"]
		self.log(*kinds)
		before, names = self.sums(), [row.name for row in self.issues().values()]
		rng, merges = random.Random(5), 0
		for kind in kinds * 150:
			log_row(frappe.generate_hash(length=12), self.said(kind), method=kind)
		frappe.db.commit()
		running = [self.collector(), self.collector()]
		while any(process.poll() is None for process in running):
			time.sleep(0.01)  # the collectors want the lock as well
			try:
				if rng.random() < 0.5:
					target, other = rng.sample(names, 2)
					merges += len(merge_issues(self.host, target, [other], "race", by_user=True).merged)
				else:
					unmerge_issue(self.host, rng.choice(names))
			except (BadArgument, CollectorBusy):
				continue
		collect_all(self.host)
		self.assertGreater(merges, 0)
		self.assertEqual(self.sums(), tuple(count + 600 for count in before))
		for name in frappe.get_all("Error Issue", {"name": ("in", names), "status": "Merged"}, pluck="name"):
			unmerge_issue(self.host, name)
		self.assertEqual([row.event_count for row in self.issues().values()], [151] * 4)
		self.assertEqual(self.sums(), tuple(count + 600 for count in before))

	def test_the_list_of_issues_offers_merging(self):
		script = frappe.desk.form.meta.get_meta("Error Issue").get("__list_js")
		self.assertIn("verenigingen.utils.error_grouping.merge_issues", script)
