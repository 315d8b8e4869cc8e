"""Measurements of the demo: whole hours and days, a daily rhythm, and what was planted in them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np

from verenigingen.core.metrics import BY_NAME
from verenigingen.standalone.demo.rhythm import exists

from .conftest import Demo


def series(demo: Demo, metric: str, label: str = "", resolution: str = "hour") -> dict[datetime, float]:
	"""The means of a metric by the start of the bucket."""
	return {
		row["at"]: float(row["total"]) / row["samples"]
		for row in demo.rows("Metric Rollup")
		if (row["metric"], row["label"], row["resolution"]) == (metric, label, resolution)
	}


def test_every_metric_is_one_that_is_measured_and_every_hour_is_there(demo: Demo) -> None:
	rows = demo.rows("Metric Rollup")
	assert {row["metric"] for row in rows} <= set(BY_NAME)
	for row in rows:
		assert float(row["low"]) <= float(row["total"]) / row["samples"] * (1 + 1e-9) + 1e-9, row
		if BY_NAME[row["metric"]].kind == "gauge":
			assert float(row["total"]) / row["samples"] <= float(row["high"]) * (1 + 1e-9) + 1e-9, row
	hours = sorted(series(demo, "cpu_ratio"))
	first, last = hours[0], hours[-1]
	wanted = [first + timedelta(hours=n) for n in range(int((last - first) / timedelta(hours=1)) + 1)]
	assert hours == [hour for hour in wanted if exists(hour)]
	assert demo.now - timedelta(hours=2) < last <= demo.now - timedelta(hours=1)
	assert 85 <= len(series(demo, "cpu_ratio", resolution="day")) <= 90


def test_days_and_nights_and_sundays_differ(demo: Demo) -> None:
	cpu = series(demo, "database_connections")
	morning = np.mean([v for at, v in cpu.items() if at.hour in (10, 11) and at.weekday() < 5])
	night = np.mean([v for at, v in cpu.items() if at.hour in (3, 4)])
	sunday = np.mean([v for at, v in cpu.items() if at.hour in (10, 11) and at.weekday() == 6])
	assert morning > 1.5 * night and morning > 1.5 * sunday


def test_the_disk_is_full_when_the_manifest_says(demo: Demo) -> None:
	facts = demo.facts("disk-filling")
	used = series(demo, facts["metric"], facts["label"])
	[limit] = set(series(demo, "disk_total_bytes", facts["label"]).values())
	assert limit == facts["limit_bytes"]
	days = np.array([(at - demo.now) / timedelta(days=1) for at in used])
	slope, now = np.polyfit(days, np.array(list(used.values())), 1)
	assert abs(slope / facts["bytes_per_day"] - 1) < 0.05
	full = demo.now + timedelta(days=(limit - now) / slope)
	assert abs((full.date() - date.fromisoformat(facts["full_on"])).days) <= 2
	assert max(used.values()) < limit


def test_one_table_grows_and_the_database_with_it(demo: Demo) -> None:
	facts = demo.facts("table-growing")
	labels = {row["label"] for row in demo.rows("Metric Rollup") if row["metric"] == "database_table_bytes"}
	growth = {}
	for label in labels:
		sizes = series(demo, "database_table_bytes", label)
		growth[label] = (sizes[max(sizes)] - sizes[min(sizes)]) / (
			(max(sizes) - min(sizes)) / timedelta(days=1)
		)
	assert max(growth, key=lambda label: growth[label]) == facts["label"]
	assert abs(growth[facts["label"]] / facts["bytes_per_day"] - 1) < 0.02
	total = series(demo, "database_size_bytes")
	whole = total[max(total)] - total[min(total)]
	assert growth[facts["label"]] * ((max(total) - min(total)) / timedelta(days=1)) / whole > 0.9


def test_active_members_are_as_many_as_there_are(demo: Demo) -> None:
	members = series(demo, "members", "Active")
	active = sum(row["status"] == "Active" for row in demo.rows("Member"))
	assert abs(members[max(members)] - active) <= 3
