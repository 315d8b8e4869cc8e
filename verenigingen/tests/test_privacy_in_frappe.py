"""Planted values raised in every way a real site fails, and searched for in all that this app keeps, shows and sends."""

import inspect
import json
import smtplib
from unittest.mock import patch

import frappe
from frappe.deferred_insert import queue_prefix, save_to_db
from frappe.desk.form.assign_to import add as assign
from frappe.desk.form.load import getdoc
from frappe.desk.reportview import export_query
from frappe.email.doctype.email_queue.email_queue import SendMailContext
from frappe.utils import now_datetime, set_request
from frappe.website.serve import get_response

from verenigingen.host import current_host
from verenigingen.host.endpoint import REGISTRY
from verenigingen.services import redaction
from verenigingen.services.monitoring import collect_all
from verenigingen.tests import failing
from verenigingen.tests.canaries import EMAIL, FIRST, LAST, PERSON, found_in, sentence
from verenigingen.tests.test_error_sources import FAILING, call, run_in_process
from verenigingen.utils import error_issues
from verenigingen.verenigingen.testing import IntegrationTestCase, make_member

OWN_KEYS = ("analytics_", "optimization_", "monitoring_", "issues_", "joined_")
QUEUE = f"{queue_prefix}Error Log"
SCHEDULED = f"{failing.__name__}.job"


def fail(person, text):
	"""Raises with the values in the message and in local variables of every depth."""
	rows = {"rows": [json.dumps(person), person], "query": f"UPDATE tabMember SET iban='{person['iban']}'"}
	raise ValueError(f"{len(rows)} {text}")


class TestPrivacyInFrappe(IntegrationTestCase):
	"""What fails commits, so that everything is removed by name afterwards."""

	def setUp(self):
		super().setUp()
		self.host = current_host()
		save_to_db()
		frappe.db.commit()
		collect_all(self.host)
		self.began = now_datetime()
		self.mark = frappe.generate_hash(length=12)
		self.addCleanup(self.remove, set(frappe.get_all("Error Issue", pluck="name")))
		self.person()

	def person(self):
		"""A member whose name the site knows, and her user."""
		self.member = make_member(first_name=FIRST, last_name=LAST)
		self.auth = {"Authorization": f"token {PERSON['api_key']}:{PERSON['password']}"}
		user = frappe.get_doc(
			{
				"doctype": "User",
				"email": EMAIL,
				"first_name": FIRST,
				"last_name": LAST,
				"send_welcome_email": 0,
				"api_key": PERSON["api_key"],
				"api_secret": PERSON["password"],
				"roles": [{"role": "Blogger"}],
			}
		)
		user.insert(ignore_permissions=True)
		frappe.db.commit()
		redaction.forget_names(self.host)

	def remove(self, kept):
		frappe.db.rollback()
		frappe.set_user("Administrator")
		frappe.get_single("Monitoring Settings").db_set("redact_error_log", None)
		issues = ("in", [*set(frappe.get_all("Error Issue", pluck="name")) - kept, ""])
		for doctype, field in (
			("Error Issue", "name"),
			("ToDo", "reference_name"),
			("Comment", "reference_name"),
		):
			frappe.db.delete(doctype, {field: issues})
		for doctype in ("Error Issue Day", "Error Issue User", "Error Issue Facet", "Error Issue Alias"):
			frappe.db.delete(doctype, {"issue": issues})
		for doctype in ("Error Log", "Scheduled Job Log", "Email Queue", "Notification Log", "Error Event"):
			frappe.db.delete(doctype, {"creation": (">=", self.began)})
		frappe.db.delete("Scheduled Job Type", {"method": SCHEDULED})
		frappe.delete_doc("User", EMAIL, force=True, ignore_missing=True)
		frappe.delete_doc("Member", self.member.name, force=True, ignore_missing=True)
		frappe.db.delete("Deleted Document", {"creation": (">=", self.began)})
		frappe.db.commit()
		redaction.forget_names(self.host)

	def fail_in_every_way(self):
		"""Logged by the app; a request with HTTP 500; a background job; a scheduled job; a mail."""
		try:
			fail(PERSON, f"{self.mark} {sentence()}")
		except ValueError:
			frappe.log_error(f"{self.mark} {PERSON['full_name']} {PERSON['iban']}")
		frappe.log_error(f"{self.mark} plain", sentence().upper())
		frappe.db.commit()
		given = {"message": f"{self.mark} {sentence()}"}
		status, _ = call(f"{FAILING}.request", headers=self.auth, data=given, method="POST")
		self.assertEqual(status, 500)
		self.background_job()
		self.scheduled_job()
		self.mail()

	def background_job(self):
		from frappe.utils.background_jobs import create_job_id, get_queue, get_redis_conn
		from rq import SimpleWorker
		from rq.job import Job

		text = f"{self.mark} job {sentence()}"
		frappe.enqueue(f"{failing.__name__}.job", queue="short", job_id=self.mark, message=text)
		queue = get_queue("short")
		job = Job.fetch(create_job_id(self.mark), connection=get_redis_conn())
		self.addCleanup(job.delete)
		worker = SimpleWorker([queue], connection=get_redis_conn())
		run_in_process(lambda: worker.execute_job(job, queue))
		frappe.db.rollback()

	def scheduled_job(self):
		job = {"doctype": "Scheduled Job Type", "method": SCHEDULED, "frequency": "All", "create_log": 1}
		# named by its method on v15 and at random on v16
		name = frappe.db.get_value(job["doctype"], {"method": SCHEDULED}) or frappe.get_doc(job).insert().name
		frappe.db.commit()
		with patch.object(failing, "_raise", side_effect=RuntimeError(f"{self.mark} scheduled {sentence()}")):
			frappe.get_doc("Scheduled Job Type", name).execute()

	def mail(self):
		mail = frappe.get_doc(
			{
				"doctype": "Email Queue",
				"sender": "club@example.org",
				"recipients": [{"recipient": EMAIL}],
				"message": f"Subject: {self.mark}\n\nDear {FIRST}",
				"status": "Not Sent",
				"retry": 99,
				"reference_doctype": "Member",
				"reference_name": self.member.name,
			}
		).insert(ignore_permissions=True)
		refused = smtplib.SMTPRecipientsRefused({EMAIL: (550, sentence().encode())})
		with self.assertRaises(smtplib.SMTPRecipientsRefused), SendMailContext(mail):
			raise refused
		self.assertEqual(frappe.db.get_value("Email Queue", mail.name, "status"), "Error")

	def assert_clean(self, text, where):
		self.assertEqual(found_in(text), [], where)

	def collected(self):
		self.assertEqual({result["error"] for result in collect_all(self.host)}, {None})

	def issues(self):
		"""Names of the issues that were seen since the test began."""
		found = frappe.get_all("Error Issue", {"last_seen": (">=", self.began)}, pluck="name")
		self.assertGreaterEqual(len(found), 4)
		return found

	def test_nothing_of_ours_holds_a_planted_value_even_where_error_log_may(self):
		settings = frappe.get_single("Monitoring Settings")
		for wanted in ("1", "0"):
			with self.subTest(redact_error_log=wanted):
				settings.db_set("redact_error_log", wanted)
				self.fail_in_every_way()
				self.assert_clean(self.cached(), "cache before collection")
				if wanted == "1":
					self.check_error_log()
				self.collected()
				save_to_db()
				frappe.db.commit()
				self.collected()
				self.check_tables()
				self.check_doors()
				self.check_desk()
				self.assert_clean(self.cached(), "cache")

	def check_error_log(self):
		waiting = [json.loads(raw) for raw in frappe.cache.lrange(QUEUE, 0, -1)]
		self.assertTrue(waiting)
		# whose error it was, Frappe itself notes in its own columns
		self.assert_clean(json.dumps([(row["method"], row["error"]) for row in waiting]), "Redis")
		save_to_db()
		frappe.db.commit()
		rows = frappe.get_all(
			"Error Log", {"creation": (">=", self.began)}, ["method", "error", "reference_name"]
		)
		self.assertGreaterEqual(len(rows), 4, [(row.method, row.error[-200:]) for row in rows])
		self.assertIn("in fail", repr(rows))
		self.assert_clean(repr(rows), "Error Log")

	def check_tables(self):
		doctypes = frappe.get_all("DocType", {"module": "Monitoring", "issingle": 0}, pluck="name")
		self.assertIn("Error Issue", doctypes)
		for doctype in doctypes:
			# nosemgrep: frappe-using-db-sql - every column of every own table is wanted
			self.assert_clean(repr(frappe.db.sql(f"SELECT * FROM `tab{doctype}`")), doctype)

	def check_doors(self):
		name = self.issues()[0]
		given = {
			"get_issue": {"name": name},
			"preview_grouping_rule": {
				"rule": json.dumps({"rule_name": "r", "action": "pin", "message": "*e*"})
			},
		}
		said = 0
		for path, door in REGISTRY.items():
			arguments = given.get(path.rpartition(".")[2], {})
			parameters = inspect.signature(inspect.unwrap(door.function)).parameters.values()
			needed = {each.name for each in parameters if each.default is each.empty}
			if "GET" in door.methods and needed <= arguments.keys():
				self.assert_clean(json.dumps(door.function(**arguments), default=str), path)
				said += 1
		for name in self.issues():
			self.assert_clean(json.dumps(error_issues.get_issue(name=name), default=str), name)
		self.assertGreater(said, 8)

	def check_desk(self):
		"""Form, list export, print, REST, the dashboard page, and what an assignment sends."""
		self.assertTrue(frappe.has_permission("Error Issue", "export"))
		frappe.local.form_dict = frappe._dict(
			doctype="Error Issue",
			file_format_type="CSV",
			fields=json.dumps([f"`tabError Issue`.`{field}`" for field in exported()]),
			filters="[]",
			view="List",
		)
		export_query()
		table = frappe.response["filecontent"]
		self.assertIn(self.issues()[0], table if isinstance(table, str) else table.decode())
		self.assert_clean(table if isinstance(table, str) else table.decode(), "CSV")
		for name in self.issues():
			frappe.response.docs = []
			getdoc("Error Issue", name)
			self.assert_clean(frappe.as_json(frappe.response.docs), f"form {name}")
			self.assert_clean(frappe.get_print("Error Issue", name), f"print {name}")
		assign(
			{"assign_to": ["Administrator"], "doctype": "Error Issue", "name": name, "description": "look"}
		)
		for doctype in ("Notification Log", "ToDo", "Comment", "Version"):
			mine = {"creation": (">=", self.began)}
			rows = [row for row in frappe.get_all(doctype, mine, ["*"]) if "Error Issue" in repr(row)]
			self.assert_clean(frappe.as_json(rows), doctype)
		set_request(method="GET", path="/monitoring_dashboard")
		page = get_response("monitoring_dashboard").get_data(as_text=True)
		self.assertIn("monitoring_dashboard.bundle", page)
		self.assert_clean(page, "page")

	def cached(self):
		"""Every key of ours in Redis with what it holds."""
		found = {}
		for key in {key for prefix in OWN_KEYS for key in frappe.cache.get_keys(prefix)}:
			kind = frappe.cache.type(key)
			if kind == b"string":
				found[key] = frappe.cache.get(key)
			elif kind == b"list":
				found[key] = frappe.cache.lrange(key, 0, -1)
			elif kind == b"hash":
				found[key] = frappe.cache.execute_command("HGETALL", key)
		self.assertTrue(found)
		return repr(found)


def exported():
	"""Fields of an Error Issue that a list can export."""
	skipped = frappe.model.no_value_fields
	return [
		"name",
		*(f.fieldname for f in frappe.get_meta("Error Issue").fields if f.fieldtype not in skipped),
	]
