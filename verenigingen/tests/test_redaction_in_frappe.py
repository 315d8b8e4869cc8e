"""Planted values on a real site: logged by the real log_error and by a real failing request, found nowhere afterwards."""

import json
import subprocess
import sys

import frappe
from frappe.deferred_insert import queue_prefix, save_to_db

from verenigingen.host import current_host
from verenigingen.host.endpoint import REGISTRY
from verenigingen.services import redaction
from verenigingen.services.monitoring import collect_all
from verenigingen.utils import analytics_engine
from verenigingen.verenigingen.testing import IntegrationTestCase, make_member

RUN = frappe.generate_hash(length=8)
SURNAME = "Kwartelmeester"
PERSON = {
	"full_name": f"Xaveria van der {SURNAME}",
	"street": "Zonnedauwpad 3",
	"email": "canary.kwartel@thuis.example",
	"iban": "NL91ABNA0417164300",
	"phone": "06-48151623",
	"bsn": "111222333",
	"birth_date": "1979-05-23",
	"login": {"attempts": [{"password": "canary-Geheim-42"}]},
	"headers": {"Authorization": "Bearer canaryA1B2C3D4E5F6G7H8"},
	"client_ip": "198.51.100.77",
}
CANARIES = (
	SURNAME,
	"Xaveria",
	"Zonnedauwpad",
	"canary.kwartel",
	"NL91ABNA0417164300",
	"06-48151623",
	"111222333",
	"1979-05-23",
	"canary-Geheim-42",
	"canaryA1B2C3D4",
	"198.51.100.77",
)
DOORS = [door for path, door in REGISTRY.items() if path.startswith(analytics_engine.__name__)]
QUEUE = f"{queue_prefix}Error Log"
REQUEST = """
import json, sys
from frappe.app import application
from werkzeug.test import Client
site, authorization, docs = sys.argv[1:]
answer = Client(application).post(
	"/api/method/frappe.client.insert_many",
	data={"docs": docs},
	headers={"X-Frappe-Site-Name": site, "Authorization": authorization},
)
print(answer.status_code)
"""


def fail(person):
	"""Raises with values in the message, in locals of every depth, and in those of the frame above."""
	iban, note = person["iban"], json.dumps({"rows": [person]})
	raise ValueError(f"{person['full_name']} cannot pay from {iban}: {note[:40]}")


class TestRedactionInFrappe(IntegrationTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		make_member(first_name="Xaveria", last_name=f"van der {SURNAME}")
		redaction.forget_names(current_host())

	def setUp(self):
		self.began = frappe.utils.now_datetime()
		self.addCleanup(self.remove_rows)

	def remove_rows(self):
		frappe.db.sql("DELETE FROM `tabError Log` WHERE method LIKE %s OR error LIKE %s", (f"%{RUN}%",) * 2)
		frappe.db.commit()

	def log(self, title):
		try:
			fail(PERSON)
		except ValueError:
			return frappe.log_error(title)

	def assert_clean(self, text, where):
		self.assertEqual([canary for canary in CANARIES if canary in text], [], where)

	def test_log_error_writes_no_planted_value_and_keeps_the_stack(self):
		row = self.log(f"{RUN} {PERSON['full_name']} cannot pay from {PERSON['iban']}")
		title, error = frappe.db.get_value("Error Log", row.name, ["method", "error"])
		self.assert_clean(title + error, "Error Log")
		self.assertIn("test_redaction_in_frappe.py", error)
		self.assertIn("in fail", error)
		self.assertRegex(error, r"'iban': '<iban:[0-9a-f]{6}>'")

	def test_what_is_collected_holds_no_planted_value(self):
		with_setting = frappe.get_single("Monitoring Settings")
		with_setting.db_set("redact_error_log", "0")
		try:
			row = self.log(f"{RUN} raw {PERSON['full_name']}")
		finally:
			with_setting.db_set("redact_error_log", None)
		self.assertIn(SURNAME, frappe.db.get_value("Error Log", row.name, "error"))
		results = collect_all(current_host())
		self.assertEqual([result["error"] for result in results], [None] * len(results))
		self.assert_clean(json.dumps([door.function() for door in DOORS], default=str), "answers")
		for table in self.own_tables():
			# nosemgrep: frappe-using-db-sql - every column of every own table is wanted
			self.assert_clean(repr(frappe.db.sql(f"SELECT * FROM `{table}`")), table)
		self.assert_clean(self.accesses(), "Access Log")
		self.assert_clean(self.cached(), "cache")

	def own_tables(self):
		doctypes = frappe.get_all(
			"DocType", {"module": "Monitoring", "issingle": 0, "is_virtual": 0}, pluck="name"
		)
		self.assertIn("Error Issue", doctypes)
		return [f"tab{name}" for name in doctypes]

	def accesses(self):
		found = frappe.get_all("Access Log", {"creation": (">=", self.began)}, ["filters", "page", "method"])
		return repr(found)

	def cached(self):
		keys = [
			key for prefix in ("analytics_", "monitoring_", QUEUE) for key in frappe.cache.get_keys(prefix)
		]
		kinds = {b"string": "get", b"list": "lrange"}
		return repr(
			[
				frappe.cache.get(key)
				if kinds[frappe.cache.type(key)] == "get"
				else frappe.cache.lrange(key, 0, -1)
				for key in keys
				if frappe.cache.type(key) in kinds
			]
		)

	def test_a_failing_request_leaves_no_planted_value_in_redis_nor_in_the_table(self):
		user = frappe.get_doc("User", "Administrator")
		secret = frappe.generate_hash(length=15)
		before = (user.api_key, user.get_password("api_secret", raise_exception=False))
		user.api_key = user.api_key or frappe.generate_hash(length=15)
		user.api_secret = secret
		user.save()
		frappe.db.commit()
		self.addCleanup(self.restore_keys, *before)
		save_to_db()
		docs = f"{RUN} no JSON: {PERSON!r}"
		done = subprocess.run(
			[sys.executable, "-c", REQUEST, frappe.local.site, f"token {user.api_key}:{secret}", docs],
			cwd=frappe.utils.get_bench_path() + "/sites",
			capture_output=True,
			text=True,
			timeout=120,
		)
		self.assertEqual(done.stdout.split()[-1:], ["500"], done.stderr[-2_000:])
		waiting = repr(frappe.cache.lrange(QUEUE, 0, -1))
		self.assertIn(RUN, waiting)
		self.assert_clean(waiting, "Redis")
		self.assertNotIn(secret, waiting)
		save_to_db()
		rows = frappe.get_all("Error Log", {"error": ("like", f"%{RUN}%")}, ["method", "error"])
		self.assertEqual(len(rows), 1)
		self.assert_clean(repr(rows), "Error Log")
		self.assertNotIn(secret, repr(rows))

	def restore_keys(self, key, secret):
		user = frappe.get_doc("User", "Administrator")
		user.api_key, user.api_secret = key, secret
		user.save()
		frappe.db.commit()

	def test_an_error_with_a_long_title_is_not_lost(self):
		row = frappe.log_error(f"{RUN} " + "long " * 60 + PERSON["email"], "the text")
		title, error = frappe.db.get_value("Error Log", row.name, ["method", "error"])
		self.assertLessEqual(len(title), 140)
		self.assertIn("the text", error)
		self.assertRegex(error, r"<mail:[0-9a-f]{6}>")

	def test_a_title_that_is_too_long_once_it_is_escaped_is_not_lost(self):
		title = f"{RUN} " + " ".join(f"<{'x' * 5}> {PERSON['email']}" for _ in range(5))
		row = frappe.log_error(title[:140], "the text")
		kept, error = frappe.db.get_value("Error Log", row.name, ["method", "error"])
		self.assertLessEqual(len(kept), 140)
		self.assertTrue(kept.startswith(RUN) and "the text" in error)
