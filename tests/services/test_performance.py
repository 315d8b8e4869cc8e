"""Performance figures are those of the measurements, say what they rest on, and claim nothing that was not measured."""

from __future__ import annotations

import json
import random

import pytest

from tests.services.test_measurements import MEMBER, Site, minute
from verenigingen.core.sketch import Sketch
from verenigingen.host import Host
from verenigingen.services import performance


@pytest.fixture
def site_of(host: Host) -> Site:
	return Site(host)


def test_totals_quantiles_and_the_heaviest_endpoints(site_of: Site) -> None:
	draw = random.Random(4)
	took = [draw.lognormvariate(-2, 0.7) for _ in range(400)]
	for part in range(20):
		site_of.request(
			minute(site_of.host, minutes=2 * part), seconds=took[20 * part : 20 * part + 20], failed=1
		)
	site_of.request(minute(site_of.host, minutes=5), "/app", doctype="", seconds=[0.01] * 5)
	site_of.request(minute(site_of.host, days=5), "/old", doctype="", seconds=[50.0])
	site_of.collect()
	found = performance.performance_metrics(site_of.host, hours=24)
	json.dumps(found, allow_nan=False)
	everything = sorted([*took, *[0.01] * 5])
	requests = found["requests"]
	assert (requests["requests"], requests["server_errors"], requests["reason"]) == (405, 20, None)
	assert requests["mean_seconds"] == pytest.approx(sum(everything) / 405, rel=1e-5)
	for name, share in (("p50_seconds", 0.5), ("p95_seconds", 0.95), ("p99_seconds", 0.99)):
		assert requests[name] == pytest.approx(everything[int(share * 404)], rel=0.0101)
	over = sum(value > 0.2 for value in everything) / 405
	assert requests["share_above_target"] == pytest.approx(over, abs=0.02)
	assert (requests["cpu_share"], requests["sql_share"]) == (pytest.approx(0.5), pytest.approx(0.25))
	assert (requests["statements_per_request"], requests["cache_hit_rate"]) == (3, pytest.approx(2 / 3))
	first, second = found["endpoints"]
	assert (first["endpoint"], first["method"], first["requests"]) == (MEMBER, "GET", 400)
	assert first["p95_seconds"] == pytest.approx(sorted(took)[int(0.95 * 399)], rel=0.0101)
	assert (second["endpoint"], first["share"] + second["share"]) == ("/app", pytest.approx(1))
	assert sum(point["requests"] for point in requests["series"]) == 405
	assert [point["at"] for point in requests["series"]] == sorted(
		point["at"] for point in requests["series"]
	)


@pytest.mark.parametrize("hours", [1, 3, 24, 24 * 30])
def test_a_window_holds_what_lies_in_it(site_of: Site, hours: int) -> None:
	site_of.request(minute(site_of.host, minutes=10), seconds=[0.1])
	site_of.request(minute(site_of.host, days=60), seconds=[0.1])
	site_of.collect()
	found = performance.performance_metrics(site_of.host, hours)
	assert found["requests"]["requests"] == 1
	assert [row["requests"] for row in found["endpoints"]] == [1]


def test_history_without_traces_claims_no_parts(site_of: Site) -> None:
	stamp = int(
		minute(site_of.host, hours=1).replace(tzinfo=site_of.host.clock.now().tzinfo).timestamp() // 60
	)
	values = [2, 0, 0, 0.4, 0, 0, 0, 0, 0, 0, 0, Sketch.of([0.2, 0.2]).to_text()]
	site_of.measured.waiting["requests"].append(json.dumps([[stamp, "GET", "", "/app", *values]]))
	site_of.collect()
	figures = performance.performance_metrics(site_of.host)["requests"]
	assert (figures["requests"], figures["traced"], figures["mean_seconds"]) == (2, 0, 0.2)
	for unknown in ("cpu_share", "sql_share", "mean_sql_seconds", "statements_per_request", "cache_hit_rate"):
		assert figures[unknown] is None


def test_nothing_measured_is_said_and_not_zero(site_of: Site) -> None:
	found = performance.performance_metrics(site_of.host)
	assert found["requests"]["requests"] is None and found["requests"]["reason"]
	assert found["endpoints"] == found["jobs"] == found["slow_statements"] == []


def test_slow_repeated_and_unindexed_statements(site_of: Site) -> None:
	stamp = int(
		minute(site_of.host, hours=1).replace(tzinfo=site_of.host.clock.now().tzinfo).timestamp() // 60
	)

	def ran(digest: str, seconds: float, times: int, repeated: int, plan: str = "") -> list[object]:
		sketch = Sketch.of([seconds / times] * times).to_text()
		sums = [
			2,
			times,
			seconds,
			times,
			repeated,
			times if repeated else 0,
			seconds / times,
			times // 2 if repeated else 0,
		]
		return [stamp, digest, f"club/{digest}.py:7 pay", *sums, f"select {digest}", "GET /app", plan, sketch]

	entries = [
		ran("slow", 9.0, 3, 0, "every row of tabMember (90000)"),
		ran("many", 2.0, 400, 2, "tabMember by index email (1)"),
		ran("fine", 0.1, 2, 0),
	]
	site_of.measured.waiting["statements"].append(json.dumps(entries))
	site_of.collect()
	slow = performance.slow_statements(performance.statements(site_of.host))
	assert [row["digest"] for row in slow] == ["slow", "many", "fine"]
	assert [row["full_scan"] for row in slow] == [True, False, None]
	assert slow[0]["mean_seconds"] == 3 and slow[0]["p95_seconds"] == pytest.approx(3, rel=0.0101)
	[repeated] = performance.repeated_statements(performance.statements(site_of.host))
	assert (repeated["digest"], repeated["caller"]) == ("many", "club/many.py:7 pay")
	assert (repeated["requests"], repeated["share_of_requests"], repeated["mean_repeats"]) == (2, 1, 200)
	assert [
		row["digest"] for row in performance.statements_without_index(performance.statements(site_of.host))
	] == ["slow"]


def test_jobs_with_waits(site_of: Site) -> None:
	stamp = int(
		minute(site_of.host, hours=1).replace(tzinfo=site_of.host.clock.now().tzinfo).timestamp() // 60
	)
	ran = [
		3,
		1,
		2,
		0.5,
		9.0,
		3,
		4.5,
		0.9,
		30,
		Sketch.of([0.2, 0.3]).to_text(),
		Sketch.of([1, 3, 5]).to_text(),
	]
	site_of.measured.waiting["jobs"].append(json.dumps([[stamp, "club.dues.collect", "long", *ran]]))
	site_of.collect()
	[job] = performance.jobs(site_of.host)
	assert (job["runs"], job["failures"], job["mean_seconds"], job["mean_wait_seconds"]) == (3, 1, 3, 0.25)
	assert job["p95_wait_seconds"] == pytest.approx(0.2, rel=0.0101)
	assert job["sql_share"] == pytest.approx(0.1)
