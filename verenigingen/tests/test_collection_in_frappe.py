"""The main job on a real site: Error Log rows, collection, analysis, doors."""

import frappe

from verenigingen.host import current_host
from verenigingen.host.endpoint import REGISTRY
from verenigingen.services.ledger import LEDGER
from verenigingen.services.monitoring import collect_all
from verenigingen.services.rollup import ISSUE, ISSUE_DAY
from verenigingen.utils.analytics_engine import analyze_error_patterns, generate_insights_report
from verenigingen.verenigingen.testing import IntegrationTestCase, real_permissions
from verenigingen.www import monitoring_dashboard

RUN = frappe.generate_hash(length=8)  # the ledger remembers names, so no two runs may share one
HOSTILE = "<script>alert(1)</script>\x00\u202e" + "x" * 200_000


def log_row(name, error, **values):
	"""Writes one Error Log row exactly as given; the table is MyISAM, so tests remove their rows."""
	now = frappe.utils.now_datetime()
	row = {
		"name": f"vtest-{RUN}-{name}",
		"method": "verenigingen test",
		"creation": now,
		"modified": now,
		"owner": "Administrator",
	}
	row |= {"error": error, **values}
	columns = ", ".join(f"`{column}`" for column in row)
	marks = ", ".join(["%s"] * len(row))
	frappe.db.sql(f"INSERT INTO `tabError Log` ({columns}) VALUES ({marks})", list(row.values()))


def make_user(email, *roles):
	"""A user with just these roles; a Website User when there are none."""
	if not frappe.db.exists("User", email):
		user = frappe.get_doc(
			{"doctype": "User", "email": email, "first_name": "Test", "send_welcome_email": 0}
		)
		user.insert(ignore_permissions=True)
		user.add_roles(*roles)
	return email


class TestCollectionInFrappe(IntegrationTestCase):
	def setUp(self):
		self.host = current_host()
		collect_all(self.host)
		self.addCleanup(self.remove_rows)

	def remove_rows(self):
		frappe.db.sql("DELETE FROM `tabError Log` WHERE name LIKE %s", ("vtest-%",))
		frappe.db.commit()

	def collected(self):
		return sum(result["collected"] for result in collect_all(self.host))

	def test_every_row_is_counted_once_late_or_odd(self):
		before = analyze_error_patterns(days=30)["total_errors"]
		month_ago = frappe.utils.add_days(frappe.utils.now_datetime(), -20)
		log_row("1", "Traceback (most recent call last):\nValueError: 7 is no day")
		log_row("late", "late", creation=month_ago, modified=month_ago)
		log_row("null", None, method=None)
		log_row("future", "future", creation="2099-01-01", modified="2099-01-01")
		log_row("hostile", HOSTILE)
		self.assertEqual(self.collected(), 5)
		self.assertEqual(self.collected(), 0)
		self.assertEqual(analyze_error_patterns(days=30)["total_errors"], before + 5)

	def test_ledger_issues_and_days_agree(self):
		self.collected()
		before = self.sums()
		log_row("2", "one")
		log_row("2b", "two")
		self.collected()
		# what grew, for other tests take away the issues of their rows and not the rows from the ledger
		self.assertEqual([now - then for now, then in zip(self.sums(), before, strict=True)], [2, 2, 2])

	def sums(self):
		"""Events by the ledger, by issue and by day."""
		rows = f"SELECT SUM(row_count) FROM `{LEDGER}` WHERE source <> 'Request Failure'"
		# a row that tells of an event another source had told of is no event
		joined = "SELECT SUM(joined_rows) FROM `tabCollector State`"
		issues = f"SELECT SUM(event_count) FROM `{ISSUE}`"
		days = f"SELECT SUM(event_count) FROM `{ISSUE_DAY}`"
		found = [int(self.host.store.query(sql)[0][0] or 0) for sql in (rows, joined, issues, days)]
		return [found[0] - found[1], *found[2:]]

	def test_an_affected_user_is_kept_as_a_pseudonym_only(self):
		log_row("3", "who", owner="jansen@vereniging.example")
		self.collected()
		pseudonym = self.host.secrets.pseudonym("jansen@vereniging.example")
		for table in ("Error Issue", "Error Issue User", "Error User Day"):
			text = frappe.as_json(frappe.get_all(table, fields=["*"]))
			self.assertNotIn("jansen", text, table)
		self.assertTrue(frappe.db.exists("Error User Day", {"user": pseudonym}))

	def test_bad_days_are_refused_by_name_and_range(self):
		for days in (0, -1, "abc", 10**9, float("nan"), "days"):
			with (
				self.subTest(days=days),
				self.assertRaisesRegex(frappe.ValidationError, "days must be .* 1 to 3650"),
			):
				analyze_error_patterns(days=days)

	def test_no_door_opens_for_guests_or_users_without_the_role(self):
		self.assertTrue(any(path.startswith(monitoring_dashboard.__name__) for path in REGISTRY))
		portal, desk = make_user("vtest-portal@example.org"), make_user("vtest-desk@example.org", "Blogger")
		for user in ("Guest", portal, desk):
			for path, door in REGISTRY.items():
				if door.guest:
					continue
				with self.subTest(user=user, door=path), real_permissions(user):
					self.assertRaises(frappe.PermissionError, door.function)

	def test_the_report_names_what_is_not_measured(self):
		report = generate_insights_report()
		for area in ("performance_forecast", "compliance_status", "business_impact"):
			self.assertIn(report[area]["status"], ("ok", "unknown"))
			self.assertEqual(report[area]["status"] == "unknown", bool(report[area].get("reason")))
		self.assertEqual(report["compliance_status"]["status"], "unknown")

	def test_reading_leaves_a_trace_in_the_access_log(self):
		method = "verenigingen.utils.analytics_engine.analyze_error_patterns"
		before = frappe.db.count("Access Log", {"method": method})
		analyze_error_patterns(days=3)
		self.assertEqual(frappe.db.count("Access Log", {"method": method}), before + 1)
