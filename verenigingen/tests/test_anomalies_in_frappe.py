"""Anomalies on a real site: the table, its report and its retention."""

from datetime import timedelta

import frappe
from frappe.utils import now_datetime

from verenigingen.core.measures import HOUR, point
from verenigingen.host import current_host
from verenigingen.monitoring.doctype.anomaly.anomaly import Anomaly
from verenigingen.services import metric_rollup
from verenigingen.services.anomalies import SOURCE, TABLE, find_anomalies, judge
from verenigingen.utils.analytics_engine import identify_anomalies
from verenigingen.verenigingen.testing import IntegrationTestCase

METRIC, LABEL = "queue_depth", "test anomalies"


class TestAnomalies(IntegrationTestCase):
	def setUp(self):
		self.host = current_host()
		self.now = now_datetime().replace(minute=0, second=0, microsecond=0)
		self.forget()

	def tearDown(self):
		self.forget()

	def forget(self):
		with self.host.store.transaction("collect"):
			for table in (TABLE, "tabMetric Rollup"):
				self.host.store.execute(f"DELETE FROM `{table}` WHERE label = %s", (LABEL,))
			self.host.store.execute("DELETE FROM `tabCollector State` WHERE name = %s", (SOURCE,))

	def test_a_queue_that_fills_up_is_told_once_and_forgotten_in_time(self):
		begin = self.now - timedelta(hours=20)
		points = [
			point(METRIC, LABEL, at, 500.0 if begin <= at < begin + timedelta(hours=2) else 5.0 + at.hour % 5)
			for at in (self.now - timedelta(hours=hours) for hours in range(24 * 30, 0, -1))
		]
		with self.host.store.transaction("collect"):
			metric_rollup.write(self.host, HOUR, points)
		judge(self.host, seconds=60)
		(mine,) = (one for one in find_anomalies(self.host, begin, self.now) if one["label"] == LABEL)
		self.assertEqual((mine["kind"], mine["at"], mine["began"]), ("spike", begin, begin))
		self.assertIsNotNone(mine["ended"])
		self.assertEqual(judge(self.host, seconds=60).collected, 0)
		doc = frappe.get_doc("Anomaly", mine["name"])
		self.assertIn("queue depth of test anomalies", doc.explanation)
		frappe.cache.delete_keys("analytics_")
		self.assertIn(mine["name"], [one["name"] for one in identify_anomalies(days=7)["anomalies"]])
		Anomaly.clear_old_logs(days=90)
		self.assertTrue(frappe.db.exists("Anomaly", mine["name"]))
		Anomaly.clear_old_logs(days=0)
		self.assertFalse(frappe.db.exists("Anomaly", mine["name"]))
