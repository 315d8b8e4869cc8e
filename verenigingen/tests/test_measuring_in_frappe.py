"""Requests and jobs of a real site are measured, collected once, and never in the way."""

import time
from unittest.mock import patch

import frappe
import redis
from frappe.utils.background_jobs import execute_job

from verenigingen.collectors import jobs, requests, statements
from verenigingen.core.measures import HOUR
from verenigingen.host import current_host, frappe_measure, measuring
from verenigingen.host.frappe_measurements import FrappeMeasurements
from verenigingen.services import performance
from verenigingen.tests import failing
from verenigingen.tests.test_error_sources import call, run_in_process
from verenigingen.verenigingen.testing import IntegrationTestCase

ASK = f"/api/method/{failing.__name__}.ask"


def flush():
	"""Sends what this process has measured."""
	frappe_measure._senders.flush_all()


class TestMeasuring(IntegrationTestCase):
	def setUp(self):
		self.host = current_host()
		self.collect()

	def collect(self):
		flush()
		for collector in (requests, jobs, statements):
			collector.collect(self.host, seconds=60)

	def total(self, doctype, field, **filters):
		found = frappe.get_all(doctype, filters={"resolution": HOUR, **filters}, pluck=field)
		return sum(float(value) for value in found)

	def count(self, endpoint, field="requests"):
		return self.total("Request Rollup", field, endpoint=endpoint)

	def test_requests_are_counted_by_endpoint_without_names(self):
		before = [self.count(f"{ASK}"), self.count("all"), self.count(ASK, "sql_statements")]
		missing = self.count("/api/resource/Member/{name}", "client_errors")
		call(ASK, query_string={"times": 3})
		call(ASK, query_string={"times": 3})
		call("/api/resource/Member/vtest-Jansen")
		self.collect()
		self.assertEqual(self.count(ASK), before[0] + 2)
		self.assertEqual(self.count("all"), before[1] + 3)
		self.assertGreaterEqual(self.count(ASK, "sql_statements"), before[2] + 6)
		self.assertEqual(self.count("/api/resource/Member/{name}", "client_errors"), missing + 1)
		self.assertFalse(frappe.get_all("Request Rollup", {"endpoint": ("like", "%Jansen%")}))
		self.collect()
		self.assertEqual(self.count(ASK), before[0] + 2)

	def test_monitoring_does_not_measure_itself(self):
		before = self.count("all")
		call("/api/method/verenigingen.utils.analytics_engine.test_components")
		self.collect()
		self.assertEqual(self.count("all"), before)

	def test_jobs_with_their_outcome(self):
		def run(method):
			return lambda: execute_job(site, method, None, method, {}, user="Administrator")

		site = frappe.local.site
		job, ping = f"{failing.__name__}.job", "frappe.ping"
		before = [self.total("Job Rollup", field, job=job) for field in ("runs", "failures")]
		pings = self.total("Job Rollup", "runs", job=ping)
		run_in_process(run(job))
		run_in_process(run(ping))
		frappe.db.rollback()
		self.collect()
		after = [self.total("Job Rollup", field, job=job) for field in ("runs", "failures")]
		self.assertEqual(after, [count + 1 for count in before])
		self.assertEqual(self.total("Job Rollup", "runs", job=ping), pings + 1)

	def test_a_line_that_repeats_a_statement_is_found(self):
		call(ASK, query_string={"times": 1})  # this process has a recorder now
		recorder = frappe_measure._recorder(frappe.local.site)
		with patch.dict(recorder.settings, sql_sample_rate=1.0):
			call(ASK, query_string={"times": 40})
			self.collect()
		found = performance.repeated_statements(performance.statements(self.host), top=1_000)
		ours = [row for row in found if "failing.py" in (row["caller"] or "")]
		self.assertTrue(ours)
		self.assertEqual(ours[0]["most_repeats"], 40)
		self.assertTrue(ours[0]["caller"].endswith(" ask"))
		kept = frappe.get_all("Statement Rollup", fields=["statement", "caller", "endpoint", "plan"])
		self.assertNotIn("vtest-secret", frappe.as_json(kept))

	def test_a_redis_that_is_down_fails_no_request_and_loses_nothing_that_has_room(self):
		before = self.count(ASK)
		recorder = frappe_measure._recorder(frappe.local.site)

		def down(*_):
			raise redis.ConnectionError("down")

		with patch.object(redis.Redis, "execute_command", down), self.assertLogs("verenigingen", "INFO"):
			recorder.lose(measuring.STATEMENTS)
			recorder.flush()
		status, _ = call(ASK, query_string={"times": 1})
		self.assertEqual(status, 200)
		self.collect()
		self.assertEqual(self.count(ASK), before + 1)

	def test_what_finds_no_room_in_redis_is_counted_as_lost(self):
		lost = frappe.db.get_value("Collector State", "Requests", "lost_events") or 0
		with patch("verenigingen.host.frappe_measurements.MOST_BATCHES", 0):
			call(ASK, query_string={"times": 1})
			flush()
		self.collect()
		self.assertEqual(frappe.db.get_value("Collector State", "Requests", "lost_events"), lost + 1)

	def test_what_is_set_aside_is_there_until_it_is_settled(self):
		call(ASK, query_string={"times": 1})
		flush()
		waiting = FrappeMeasurements()
		token, _, texts = waiting.take("requests")
		self.assertEqual(waiting.take("requests")[0], token)
		waiting.settle("requests", "another token")
		self.assertEqual(waiting.take("requests"), (token, 0, texts))
		before = self.count(ASK)
		self.collect()
		self.assertEqual(self.count(ASK), before + 1)
		self.assertEqual(waiting.take("requests"), ("", 0, []))

	def test_the_hooks_cost_little(self):
		class Request:
			path, method = "/api/method/frappe.ping", "GET"

		class Answer:
			status_code, response = 200, [b"{}"]

		request = frappe.local.request = Request()
		try:
			recorder = frappe_measure._recorder(frappe.local.site)
			took = []
			with patch.dict(recorder.settings, sql_sample_rate=0.0):
				for _ in range(1_000):
					began = time.perf_counter()
					frappe_measure.before_request()
					frappe_measure.after_request(response=Answer, request=request)
					took.append(time.perf_counter() - began)
			self.assertNotIn("sql", frappe.local.db.__dict__)  # everything is as it was
			print(f"\nhooks around a request: {sorted(took)[500] * 1e6:.1f} µs (median of 1,000)")
		finally:
			del frappe.local.request
		self.assertEqual(len(took), 1_000)
