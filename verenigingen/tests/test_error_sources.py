"""Real failures of a real site: requests over WSGI, scheduled jobs, background jobs; each counted once."""

import json
import os
import threading
import time
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import frappe
import redis
from frappe.deferred_insert import save_to_db
from frappe.utils import now_datetime
from werkzeug.test import Client

from verenigingen.host import current_host, frappe_hooks
from verenigingen.host.frappe_spool import COUNTS, ENTRIES, TAKEN, FrappeSpool
from verenigingen.monitoring import zabbix_integration
from verenigingen.services.monitoring import collect_all
from verenigingen.tests import failing
from verenigingen.tests.test_collection_in_frappe import make_user
from verenigingen.utils.error_sources import enable_job_logging, list_error_sources, list_unlogged_jobs
from verenigingen.verenigingen.testing import IntegrationTestCase

FAILING = f"/api/method/{failing.__name__}"
ANNA = "vtest-anna@example.org"
PASSWORD = "vtest-9f1c-secret"


def call(path, **arguments):
	"""(status, body) of one request through Frappe's WSGI application, in a thread of its own as a worker has it."""
	answer = []
	site = frappe.local.site

	def run():
		from frappe.app import application

		client = Client(application)
		headers = {"X-Frappe-Site-Name": site, **arguments.pop("headers", {})}
		response = client.open(path, headers=headers, **arguments)
		answer.extend((response.status_code, response.get_data(as_text=True)))
		response.close()  # what Frappe does after the response happens now

	thread = threading.Thread(target=run)
	thread.start()
	thread.join()
	return tuple(answer)


class TestErrorSources(IntegrationTestCase):
	def setUp(self):
		self.host = current_host()
		user = frappe.get_doc("User", make_user(ANNA, "Blogger"))
		user.api_key, user.api_secret = uuid4().hex[:15], PASSWORD
		user.save(ignore_permissions=True)
		frappe.db.commit()
		self.auth = {"Authorization": f"token {user.api_key}:{PASSWORD}"}
		self.mark, self.began = uuid4().hex, now_datetime()
		save_to_db()  # what other tests left to be written
		frappe.db.commit()
		collect_all(self.host)
		self.addCleanup(self.clean)

	def clean(self):
		frappe.db.rollback()
		frappe.db.delete("Error Log", {"error": ("like", f"%{self.mark}%")})
		frappe.db.delete("Scheduled Job Log", {"details": ("like", f"%{self.mark}%")})
		frappe.db.commit()

	def collected(self):
		results = collect_all(self.host)
		self.assertEqual({result["error"] for result in results}, {None})

	def fail(self, message, **more):
		"""A request of Anna that fails with HTTP 500."""
		status, _ = call(f"{FAILING}.request", headers=self.auth, query_string={"message": message, **more})
		self.assertEqual(status, 500)

	def events(self):
		"""(occurred, user, facets) of the events since this test began."""
		rows = self.host.store.query(
			"SELECT occurred, user, facets FROM `tabError Event` WHERE occurred >= %s ORDER BY occurred",
			(self.began,),
		)
		return [(occurred, user, json.loads(facets)) for occurred, user, facets in rows]

	def total(self):
		return int(self.host.store.query("SELECT COALESCE(SUM(event_count), 0) FROM `tabError Issue`")[0][0])

	def test_a_failed_request_counts_once_with_its_own_time_and_user(self):
		for length in ("short", "long " * 60):
			with self.subTest(length=length[:5]):
				before, logged = self.total(), frappe.db.count("Error Log")
				moment = now_datetime()
				self.fail(f"{self.mark} {length}")
				self.collected()
				save_to_db()
				frappe.db.commit()
				# v15 alone loses a title over 140 characters: our Error Log cuts it
				self.assertEqual(frappe.db.count("Error Log"), logged + 1)
				self.collected()
				self.collected()
				self.assertEqual(self.total(), before + 1)
				occurred, user, facets = self.events()[-1]
				self.assertLess(abs(occurred - moment), timedelta(seconds=30))
				self.assertEqual(user, self.host.secrets.pseudonym(ANNA))
				self.assertIn(["Entry Point", f"GET {FAILING}.request"], facets)
				self.assertIn(["Role", "Blogger"], facets)

	def test_an_error_the_app_logged_before_it_failed_counts_once(self):
		before = self.total()
		self.fail(f"{self.mark} logged", log_first=1)
		save_to_db()
		frappe.db.commit()
		self.assertEqual(frappe.db.count("Error Log", {"error": ("like", f"%{self.mark}%")}), 2)
		self.collected()
		self.assertEqual(self.total(), before + 1)

	def test_the_row_first_then_the_capture(self):
		before = self.total()
		self.fail(f"{self.mark} turned round")
		save_to_db()
		frappe.db.commit()
		with patch.object(FrappeSpool, "waiting", lambda *_: []):
			self.collected()
		self.assertEqual(self.total(), before + 1)
		self.collected()
		self.assertEqual(self.total(), before + 1)
		self.assertEqual(self.events()[-1][1], self.host.secrets.pseudonym(ANNA))

	def test_refused_requests_are_counted_by_hour_status_and_endpoint(self):
		def count(status, endpoint):
			found = frappe.get_all(
				"Request Failure Hour",
				filters={"status": status, "endpoint": endpoint},
				pluck="failure_count",
			)
			return sum(found)

		refused, missing = (417, f"GET {FAILING}.refuse"), (404, "GET /api/resource/Member/{name}")
		before = count(*refused), count(*missing)
		call(f"{FAILING}.refuse", headers=self.auth, query_string={"message": self.mark})
		call(f"{FAILING}.refuse", headers=self.auth, query_string={"message": self.mark})
		call("/api/resource/Member/vtest-Jansen")
		call("/api/resource/Member/vtest-Pietersen")
		self.collected()
		self.assertEqual(count(*refused), before[0] + 2)
		counted = frappe.get_all("Request Failure Hour", pluck="endpoint")
		self.assertFalse([endpoint for endpoint in counted if "Jansen" in endpoint or self.mark in endpoint])

	def test_a_health_check_that_says_down_is_no_failed_request(self):
		def refused():
			return frappe.get_all(
				"Request Failure Hour",
				filters={"status": 503, "endpoint": ("like", "%health_check")},
				fields=["name", "failure_count"],
			)

		before, path = (self.total(), refused()), f"/api/method/{zabbix_integration.__name__}.health_check"
		with patch.object(zabbix_integration.pulse, "health", return_value={"status": "down"}):
			for headers in ({}, self.auth):
				self.assertEqual(call(path, headers=headers)[0], 503)
		self.collected()
		self.assertEqual((self.total(), refused()), before)
		with patch.object(zabbix_integration.pulse, "health", side_effect=RuntimeError(self.mark)):
			self.assertEqual(call(path)[0], 500)
		self.collected()
		self.assertEqual(self.total(), before[0] + 1)

	def test_a_page_that_fails_has_its_traceback(self):
		from frappe.www import about

		def boom(context):
			raise RuntimeError(f"{self.mark} page")

		before = self.total()
		with patch.object(about, "get_context", boom):
			status, _ = call("/about", headers={"Accept": "text/html"})
		self.assertEqual(status, 500)
		[noted] = [json.loads(raw) for raw in FrappeSpool().waiting(10)]
		self.assertIn(f"RuntimeError: {self.mark} page", noted["text"])
		self.assertEqual(noted["route"], "/about")
		self.collected()
		self.assertEqual(self.total(), before + 1)

	def test_a_redis_that_is_down_loses_the_event_but_not_the_request_and_says_so(self):
		def down(*_):
			raise redis.ConnectionError("down")

		with patch.object(FrappeSpool, "_run", down):
			self.fail(f"{self.mark} unseen")
		self.assertEqual(FrappeSpool().waiting(1), [])
		self.fail(f"{self.mark} seen")
		self.collected()
		lost = frappe.db.get_value("Collector State", "Failed Request", "lost_events")
		self.assertGreaterEqual(lost, 1)

	def test_the_hook_bears_no_response_and_no_hook_point(self):
		frappe_hooks.after_request(response=None, request=None)
		frappe_hooks.note_page_error({})
		self.assertFalse(hasattr(frappe.local, "monitoring_page_error"))

	def test_what_waits_is_bounded(self):
		spool = FrappeSpool()
		with (
			patch("verenigingen.host.frappe_spool.MOST_ENTRIES", 2),
			patch("verenigingen.host.frappe_spool.MOST_LABELS", 3),
		):
			for number in range(5):
				spool.keep(f"1995057|500|GET||/vtest{number}", "{}")
		self.assertEqual(len(spool.waiting(10)), 2)
		token, counts = spool.counts()
		self.assertEqual((spool.counts()[0], counts["(lost)"]), (token, 3))
		self.assertEqual(sum(counts.values()), 5 + 3)
		self.assertLessEqual(len(counts), 5)
		spool.settle("another token")
		self.assertEqual(spool.counts()[0], token)
		spool.settle(token)
		self.assertEqual(spool.counts(), ("", {}))
		spool.discard(2)

	def test_what_waits_survives_clearing_the_cache(self):
		spool = FrappeSpool()
		spool.keep("1995057|500|GET||/vtest", "{}")
		frappe.clear_cache()
		self.assertEqual(spool.waiting(5), ["{}"])
		for key in (ENTRIES, COUNTS, TAKEN):
			frappe.cache.delete_value(key)

	def scheduled(self, create_log):
		job = frappe.get_doc(
			{
				"doctype": "Scheduled Job Type",
				"method": f"{failing.__name__}.job",
				"frequency": "All",
				"create_log": create_log,
			}
		).insert()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.delete_doc, "Scheduled Job Type", job.name, force=True)
		frappe.db.commit()
		return job

	def run_job(self, job):
		with patch.object(failing, "_raise", side_effect=RuntimeError(f"{self.mark} scheduled")):
			frappe.get_doc("Scheduled Job Type", job.name).execute()

	def test_a_failing_scheduled_job_counts_once_its_record_is_switched_on(self):
		job = self.scheduled(create_log=0)
		before = self.total()
		self.run_job(job)
		self.collected()
		self.assertEqual(self.total(), before)
		self.assertIn(job.name, [each["job"] for each in list_unlogged_jobs()["jobs"]])
		done = enable_job_logging(job=job.name)
		self.run_job(job)
		self.collected()
		self.collected()
		self.assertEqual(self.total(), before + 1)
		self.assertIn(["Entry Point", f"scheduled job {failing.__name__}.job"], self.events()[-1][2])
		enable_job_logging(**done["undo"])
		self.assertEqual(frappe.db.get_value("Scheduled Job Type", job.name, "create_log"), 0)

	def test_a_failed_background_job_and_its_error_log_row_count_once(self):
		from frappe.utils.background_jobs import create_job_id, get_queue, get_redis_conn
		from rq import SimpleWorker
		from rq.job import Job

		before = self.total()
		frappe.enqueue(f"{failing.__name__}.job", queue="short", job_id=self.mark, message=f"{self.mark} job")
		queue = get_queue("short")
		worker = SimpleWorker([queue], connection=get_redis_conn())
		job_id = create_job_id(self.mark)

		def work():
			worker.execute_job(Job.fetch(job_id, connection=get_redis_conn()), queue)

		run_in_process(work)
		frappe.db.rollback()  # the row is another connection's
		self.assertEqual(frappe.db.count("Error Log", {"error": ("like", f"%{self.mark}%")}), 1)
		self.collected()
		self.collected()
		self.assertEqual(self.total(), before + 1)
		self.assertIn(["Entry Point", f"job {failing.__name__}.job"], self.events()[-1][2])

	def test_every_source_says_how_it_stands(self):
		self.collected()
		states = {each["collector"]: each["status"] for each in list_error_sources()["sources"]}
		for source in (
			"Failed Request",
			"Scheduled Job Log",
			"RQ Job",
			"Email Queue",
			"Webhook Request Log",
			"Error Log",
		):
			self.assertEqual(states[source], "ok", source)

	def test_a_good_request_costs_next_to_nothing(self):
		class Answer:
			status_code = 200

		calls = []
		with patch.object(frappe.cache, "execute_command", side_effect=lambda *_: calls.append(1)):
			began = time.perf_counter()
			for _ in range(1_000):
				frappe_hooks.after_request(response=Answer, request=None)
			print(f"\nhook of a good request: {(time.perf_counter() - began) * 1e3:.2f} µs")
		self.assertEqual(calls, [])


def run_in_process(work):
	"""Runs a function in a forked process, as RQ's workers do, which leaves this one's Frappe alone."""
	pid = os.fork()
	if not pid:
		try:
			work()
		finally:
			os._exit(0)
	os.waitpid(pid, 0)
