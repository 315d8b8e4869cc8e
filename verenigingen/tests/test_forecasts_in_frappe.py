"""Forecasts on a real site: rollups of a growing disk are read where Frappe keeps them, and all doors answer."""

from datetime import date, timedelta

from frappe.tests.utils import FrappeTestCase

from verenigingen.core.measures import DAY, HOUR, Point, fold
from verenigingen.host import current_host
from verenigingen.services import metric_rollup
from verenigingen.utils.analytics_engine import (
	forecast_performance_trends,
	generate_insights_report,
	get_performance_recommendations,
	test_components,
)
from verenigingen.www.monitoring_dashboard import get_trend_forecasts

GB = 10**9
DAYS = 20
MOUNT = "/vtest-forecasts"


class TestForecasts(FrappeTestCase):
	def setUp(self):
		host = self.host = current_host()
		end = host.clock.now().replace(tzinfo=None, minute=0, second=0, microsecond=0)
		hours = [end - timedelta(hours=back) for back in range(24 * DAYS + end.hour, 0, -1)]
		points = []
		for age, at in enumerate(hours):
			used = 50 * GB + age * GB / 24 + (age * 7919 % 11) * GB / 500
			for metric, value in (("disk_used_bytes", used), ("disk_total_bytes", 100.0 * GB)):
				points.append(Point(metric, MOUNT, at, 1, value, value, value, value))
		for resolution, rows in ((HOUR, points), (DAY, fold(points, DAY))):
			metric_rollup.write(host, resolution, rows)
		host.cache.clear("analytics_")

	def tearDown(self):
		self.host.store.execute("DELETE FROM `tabMetric Rollup` WHERE label = %s", (MOUNT,))
		self.host.cache.clear("analytics_")
		super().tearDown()

	def test_a_growing_disk_has_a_date(self):
		found = forecast_performance_trends(days_back=30, forecast_days=7)
		(disk,) = [
			row for row in found["capacity_planning"]["resources"] if row["resource"] == f"Disk {MOUNT}"
		]
		self.assertEqual(disk["status"], "reached", disk)
		full = self.host.clock.now().date() + timedelta(days=30)
		self.assertLessEqual(abs((date.fromisoformat(disk["most_likely"]) - full).days), 3)
		self.assertLessEqual(disk["earliest"], disk["latest"])
		row = found["forecasts"]["system_load"]["disk_used_bytes"]
		self.assertEqual(row["status"], "ok", row["reason"])
		self.assertEqual(len(row["forecast"]["mean"]), 7 * 24)

	def test_all_doors_answer(self):
		advice = get_performance_recommendations()
		self.assertTrue(any(MOUNT in row["reason"] for row in advice["recommendations"]))
		self.assertTrue(get_trend_forecasts()["series"])
		self.assertEqual(generate_insights_report()["performance_forecast"]["status"], "ok")
		for name in ("forecasts", "recommendations", "business_impact"):
			self.assertTrue(test_components()["components"][name]["ok"])
