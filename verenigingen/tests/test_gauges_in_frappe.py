"""Measuring a real bench's site: its database, Redis, queues, scheduler and documents."""

import json
import time
from datetime import timedelta
from unittest.mock import patch

import frappe
from frappe.utils import add_days, now_datetime

from verenigingen.collectors import business, cache, database, database_tables, queues, scheduler, system
from verenigingen.core.gauges import GaugeSource, Memory, Missing, Reading, settle
from verenigingen.core.measures import HOUR, MINUTE, point
from verenigingen.core.metrics import SYSTEM
from verenigingen.host import current_host
from verenigingen.monitoring.doctype.metric_rollup.metric_rollup import MetricRollup
from verenigingen.services.gauges import collect_gauges
from verenigingen.services.metric_rollup import points, write
from verenigingen.services.system import system_metrics
from verenigingen.tests.host_contract import LOCK
from verenigingen.verenigingen.testing import IntegrationTestCase

SOURCES = ("System", "Database", "Database Tables", "Cache", "Queues", "Scheduler", "Mail", "Business")


def _sleep(host):
	host.db.query("SELECT SLEEP(20)")
	return []


SLEEPING = GaugeSource("Sleeping Test", MINUTE, _sleep, SYSTEM)


def _values(source, host):
	items = list(source.read(host))
	settle(source, items, Memory(), host.clock.now())
	said = {(item.metric, item.label): item.value for item in items if isinstance(item, Reading)}
	return said, {item.metric: item.reason for item in items if isinstance(item, Missing)}


class TestMeasuringInFrappe(IntegrationTestCase):
	def setUp(self):
		super().setUp()
		self.host = current_host()
		self.addCleanup(self._clean)

	def _clean(self):
		with self.host.store.transaction(LOCK):
			self.host.store.execute("DELETE FROM `tabCollector State` WHERE name = 'Sleeping Test'")
			self.host.store.execute("DELETE FROM `tabMetric Rollup` WHERE metric = 'test_metric'")

	def _forget_last_runs(self):
		with self.host.store.transaction(LOCK):
			for name in SOURCES:
				self.host.store.execute(
					"UPDATE `tabCollector State` SET last_run = %s WHERE name = %s",
					(add_days(now_datetime(), -2), name),
				)

	def test_every_source_of_a_bench_is_measured_and_shown(self):
		self._forget_last_runs()
		rows = collect_gauges(self.host, 30)
		self.assertEqual([row for row in rows if row["error"]], [])
		areas = system_metrics(self.host)["areas"]
		for name in SOURCES:
			with self.subTest(name):
				area = areas[name.lower().replace(" ", "_")]
				self.assertEqual((area["status"], area["reason"]), ("ok", None))
		self.assertEqual(areas["system"]["metrics"]["memory_ratio"]["status"], "ok")
		self.assertEqual(collect_gauges(self.host, 30), [], "once per minute")

	def test_figures_are_those_of_the_servers(self):
		said, missing = _values(database.SOURCE, self.host)
		limit = frappe.db.sql("SELECT @@max_connections")[0][0]
		self.assertEqual(said["database_connections_limit", ""], limit)
		self.assertIn("database_replication_lag_seconds", missing)
		said, _ = _values(database_tables.SOURCE, self.host)
		count = frappe.db.sql(
			"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
		)[0][0]
		self.assertEqual(said["database_tables", ""], count)
		said, _ = _values(cache.SOURCE, self.host)
		self.assertEqual(said["redis_keys", "cache"], frappe.cache.dbsize())
		said, _ = _values(queues.SOURCE, self.host)
		self.assertLessEqual(
			{"short", "default", "long"}, {label for metric, label in said if metric == "queue_depth"}
		)
		said, _ = _values(scheduler.SOURCE, self.host)
		running = frappe.db.count("Scheduled Job Type", {"stopped": 0})
		self.assertEqual(said["scheduled_jobs", ""], running)
		said, _ = _values(system.SOURCE, self.host)
		self.assertIn(system.mount_of(self.host.folder), {label for _, label in said})

	def test_a_job_that_waits_is_seen_with_its_age(self):
		before, _ = _values(queues.SOURCE, self.host)
		frappe.enqueue("frappe.utils.now", queue="short")
		time.sleep(0.5)
		after, _ = _values(queues.SOURCE, self.host)
		self.assertEqual(after["queue_depth", "short"], before["queue_depth", "short"] + 1)
		self.assertGreaterEqual(after["queue_oldest_seconds", "short"], 0.5)

	def test_members_are_counted_by_status(self):
		said, missing = _values(business.SOURCE, self.host)
		for status in ("Active", "Pending", "Terminated"):
			self.assertEqual(said["members", status], frappe.db.count("Member", {"status": status}))
		if frappe.db.exists("DocType", "Sales Invoice"):
			self.assertIn(("dues_overdue_amount", ""), said)
		else:
			self.assertEqual(missing["dues_overdue_amount"], "Sales Invoice: not installed")

	def test_a_source_that_hangs_in_the_database_leaves_a_usable_connection(self):
		hooks = {"monitoring_gauges": [f"{__name__}.SLEEPING"]}
		with patch.object(frappe, "get_hooks", lambda name, *_, **__: hooks.get(name, [])):
			[row] = collect_gauges(current_host(), 0.5)
		self.assertEqual(row["error"], "Reading Sleeping Test was stopped after 0.5 seconds.")
		self.assertEqual(frappe.db.get_value("Collector State", "Sleeping Test", "status"), "failed")
		memory = frappe.db.get_value("Collector State", "Sleeping Test", "memory")
		self.assertEqual(json.loads(memory)["counters"], {})

	def test_old_hours_go_and_the_rest_stays(self):
		now = now_datetime()
		with self.host.store.transaction(LOCK):
			for days in (1, 20, 95):
				write(self.host, HOUR, [point("test_metric", "", now - timedelta(days=days), 5e13)])
		MetricRollup.clear_old_logs(days=90)
		kept = points(self.host, "test_metric", HOUR, now - timedelta(days=400), now)
		self.assertEqual([item.last for item in kept], [5e13, 5e13], "more than Frappe's Float could hold")
