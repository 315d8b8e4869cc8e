"""Measurements become rollups: each once, whatever is killed in between, and never more rows than allowed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from verenigingen.collectors import jobs, measurements, requests, statements
from verenigingen.core.rollups import name_range
from verenigingen.core.sketch import Sketch
from verenigingen.exceptions import CacheUnavailable, SourceAbsent
from verenigingen.host import Host
from verenigingen.host.on_local.schema import create_table
from verenigingen.services.monitoring import collect_all, collector_states


class Killed(BaseException):
	"""As a signal would end the collector."""


class MemoryMeasurements:
	"""What waits, in lists; can be down."""

	def __init__(self) -> None:
		self.waiting: dict[str, list[str]] = {"requests": [], "jobs": [], "statements": []}
		self.aside: dict[str, tuple[str, int, list[str]]] = {}
		self.lost: dict[str, int] = {}
		self.settings: Mapping[str, float] = {}
		self.down = False

	def take(self, kind: str) -> tuple[str, int, list[str]]:
		if self.down:
			raise CacheUnavailable("down")
		if kind not in self.aside and (self.waiting[kind] or self.lost.get(kind)):
			self.aside[kind] = (uuid.uuid4().hex, self.lost.pop(kind, 0), self.waiting[kind])
			self.waiting[kind] = []
		return self.aside.get(kind, ("", 0, []))

	def settle(self, kind: str, token: str) -> None:
		if self.aside[kind][0] == token:
			del self.aside[kind]

	def configure(self, settings: Mapping[str, float]) -> None:
		self.settings = settings


class Site:
	"""A site whose requests are measured."""

	def __init__(self, host: Host) -> None:
		self.measured = MemoryMeasurements()
		self.host = replace(host, measurements=self.measured)
		self.tables: Any = host.store
		create_table(self.tables.execute, self.tables.columns, self.tables.dialect, "tabDocType", {})
		self.tables.insert("tabDocType", [{"name": "Member"}])

	def request(
		self,
		at: datetime,
		route: str = "/api/resource/{doctype}/{name}",
		*,
		seconds: list[float],
		doctype: str = "Member",
		verb: str = "GET",
		failed: int = 0,
	) -> None:
		minute = int(at.replace(tzinfo=self.host.clock.now().tzinfo).timestamp() // 60)
		n, total = len(seconds), sum(seconds)
		values = [n, 0, failed, total, n, total / 2, total / 4, 3 * n, 2 * n, n, 100 * n]
		entry = [minute, verb, doctype, route, *values, Sketch.of(seconds).to_text()]
		self.measured.waiting["requests"].append(json.dumps([entry]))

	def collect(self) -> None:
		assert {result["error"] for result in collect_all(self.host, 300)} == {None}

	def rows(self, resolution: str, columns: str = "endpoint, method, requests") -> list[tuple[Any, ...]]:
		sql = f"SELECT {columns} FROM `tabRequest Rollup` WHERE resolution = %s ORDER BY name"
		return [tuple(row) for row in self.host.store.query(sql, (resolution,))]

	def requests(self, resolution: str) -> dict[str, int]:
		found: dict[str, int] = {}
		for endpoint, _, count in self.rows(resolution):
			found[endpoint] = found.get(endpoint, 0) + int(count)
		return found


@pytest.fixture
def site_of(host: Host) -> Site:
	return Site(host)


def minute(host: Host, **ago: float) -> datetime:
	return (host.clock.now().replace(tzinfo=None) - timedelta(**ago)).replace(second=0, microsecond=0)


MEMBER = "/api/resource/Member/{name}"


def test_minutes_hours_and_days_hold_the_same(site_of: Site) -> None:
	at = minute(site_of.host, hours=30).replace(minute=10)
	first, second, later = [0.1, 0.2], [0.4], [1.0, 2.0, 3.0]
	site_of.request(at, seconds=first)
	site_of.collect()
	site_of.request(at, seconds=second, failed=1)
	site_of.request(at + timedelta(minutes=5), seconds=later)
	site_of.request(at + timedelta(hours=1), "/app", seconds=[0.5], doctype="")
	site_of.collect()
	assert [row[2] for row in site_of.rows("minute") if row[0] == MEMBER] == [3, 3]
	assert [row[2] for row in site_of.rows("hour") if row[0] == MEMBER] == [6]
	assert site_of.requests("hour") == {MEMBER: 6, "all": 7, "/app": 1}
	columns = (
		"requests, server_errors, wall_seconds, traced, cpu_seconds, sql_statements, cache_hits, cache_misses,"
		" response_bytes, wall_sketch"
	)
	sql = f"SELECT {columns} FROM `tabRequest Rollup` WHERE resolution = 'hour' AND endpoint = %s"
	[[*numbers, text]] = site_of.host.store.query(sql, (MEMBER,))
	assert [float(number) for number in numbers] == pytest.approx([6, 1, 6.7, 6, 3.35, 18, 12, 6, 600])
	assert Sketch.from_text(text) == Sketch.of([*first, *second, *later])
	days = site_of.requests("day")
	assert sum(count for endpoint, count in days.items() if endpoint != "all") == days["all"] == 7


def test_a_range_of_names_is_a_range_of_time(site_of: Site) -> None:
	at = minute(site_of.host, hours=30).replace(minute=10)
	for minutes in (-1, 0, 19, 20):
		site_of.request(at + timedelta(minutes=minutes), seconds=[0.1])
	site_of.collect()
	sql = "SELECT at FROM `tabRequest Rollup` WHERE name >= %s AND name < %s AND endpoint = 'all'"
	assert len(site_of.host.store.query(sql, name_range("minute", at, at + timedelta(minutes=20)))) == 2
	assert len(site_of.host.store.query(sql, name_range("hour", at, at + timedelta(hours=1)))) == 0
	start = at.replace(minute=0)
	assert len(site_of.host.store.query(sql, name_range("hour", start, start + timedelta(hours=1)))) == 1


@pytest.mark.parametrize("moment", ["before its commit", "after its commit"])
def test_a_collector_that_dies_counts_nothing_twice_and_loses_nothing(
	site_of: Site, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
	at = minute(site_of.host, hours=2)
	site_of.request(at, seconds=[0.1, 0.2])
	site_of.measured.lost["requests"] = 5

	def die(*_: object, **__: object) -> None:
		raise Killed

	with monkeypatch.context() as patched:
		if moment == "before its commit":
			patched.setattr(measurements, "expire", die)
		else:
			patched.setattr(site_of.measured, "settle", die)
		with pytest.raises(Killed):
			requests.collect(site_of.host, seconds=60)
	site_of.request(at, seconds=[0.3])
	site_of.collect()
	site_of.collect()
	assert site_of.requests("day")["all"] == 3
	sql = "SELECT lost_events, collected_rows FROM `tabCollector State` WHERE name = 'Requests'"
	assert tuple(site_of.host.store.query(sql)[0]) == (5, 3)
	assert not site_of.measured.aside


def test_endpoints_beyond_the_limit_are_counted_together(site_of: Site) -> None:
	limit = 10
	site_of.tables.execute(
		"INSERT INTO `tabSingles` (doctype, field, value) VALUES ('Monitoring Settings', 'endpoint_limit', %s)",
		(limit,),
	)
	at = minute(site_of.host, hours=2)
	for turn in range(6):
		for number in range(8):
			site_of.request(at, f"/api/method/busy{number}", seconds=[0.1] * 50, doctype="")
		for number in range(40):
			site_of.request(at, f"/api/method/rare{turn}_{number}", seconds=[0.1], doctype="")
		requests.collect(site_of.host, seconds=60)
	day = site_of.requests("day")
	assert len(site_of.rows("day")) <= 2 * limit + 2
	assert {endpoint for endpoint in day if "busy" in endpoint} == {f"/api/method/busy{n}" for n in range(8)}
	assert all(day[f"/api/method/busy{number}"] == 300 for number in range(8))
	assert day["all"] == sum(count for name, count in day.items() if name != "all") == 6 * (400 + 40)


def test_rows_go_when_their_time_is_over(site_of: Site) -> None:
	now = minute(site_of.host)
	for days in (0, 1, 3, 40, 100, 300, 800):
		site_of.request(now - timedelta(days=days), seconds=[0.1])
	site_of.collect()
	kept = {resolution: len(site_of.rows(resolution)) // 2 for resolution in ("minute", "hour", "day")}
	assert kept == {"minute": 2, "hour": 4, "day": 6}
	rows = [("m202001010000-x", "minute"), ("h202001010000-x", "hour"), ("d202001010000-x", "day")]
	site_of.tables.insert("tabRequest Rollup", [{"name": n, "resolution": r} for n, r in rows])
	site_of.collect()
	sql = "SELECT COUNT(*) FROM `tabRequest Rollup` WHERE name LIKE %s"
	assert site_of.host.store.query(sql, ("_2020%",))[0][0] == 0


def test_rubbish_is_passed_over_and_hostile_names_are_not_kept(site_of: Site) -> None:
	at = minute(site_of.host, hours=1)
	stamp = int(at.replace(tzinfo=site_of.host.clock.now().tzinfo).timestamp() // 60)
	good = [1, 0, 0, 0.1, 1, 0, 0, 0, 0, 0, 0, Sketch.of([0.1]).to_text()]
	site_of.measured.waiting["requests"] += [
		"{",
		"[]",
		"[[]]",
		"[5]",
		"[" * 100_000,
		json.dumps([["soon", "GET", "", "/app", *good], [stamp, "GET", "", "/app", *good[:-1], "nonsense"]]),
		json.dumps([[stamp, "GET", "", "/app", -5, *good[1:]], [10**30, "GET", "", "/app", *good]]),
		json.dumps([[stamp, "GET", "", "/app", float("nan"), *good[1:]]]),
		json.dumps([[stamp, "JAN", "Piet Jansen", "/api/resource/{doctype}", *good]]),
	]
	site_of.collect()
	assert [row for row in site_of.rows("minute") if row[0] != "all"] == [
		("/api/resource/(unknown)", "(verb)", 1)
	]


def test_jobs_by_function_and_queue(site_of: Site) -> None:
	stamp = int(minute(site_of.host, hours=1).timestamp() // 60)
	ran = [
		3,
		1,
		2,
		0.5,
		9.0,
		3,
		1.0,
		0.2,
		30,
		Sketch.of([0.2, 0.3]).to_text(),
		Sketch.of([1, 3, 5]).to_text(),
	]
	entries = [[stamp, "club.dues.collect", "long", *ran], [stamp, "club.mail.send", "short", *ran]]
	site_of.measured.waiting["jobs"].append(json.dumps(entries))
	jobs.collect(site_of.host, seconds=60)
	sql = "SELECT job, queue, runs, failures, waited FROM `tabJob Rollup` WHERE resolution = 'hour' ORDER BY job, queue"
	assert [tuple(row) for row in site_of.host.store.query(sql)] == [
		("all", "long", 3, 1, 2),
		("all", "short", 3, 1, 2),
		("club.dues.collect", "long", 3, 1, 2),
		("club.mail.send", "short", 3, 1, 2),
	]


def test_statements_by_hour_and_day(site_of: Site) -> None:
	stamp = int(minute(site_of.host, hours=1).timestamp() // 60)
	sketch = Sketch.of([0.1] * 20).to_text()
	ran = [1, 20, 2.0, 40, 1, 20, 0.3, 20, "select a from `tabMember`", "GET /app", "", sketch]
	again = [
		1,
		5,
		0.5,
		5,
		0,
		0,
		0.2,
		5,
		"select a from `tabMember`",
		"",
		"every row of tabMember (9)",
		sketch,
	]
	for values in (ran, again):
		site_of.measured.waiting["statements"].append(json.dumps([[stamp, "abc", "club/x.py:5 f", *values]]))
	statements.collect(site_of.host, seconds=60)
	columns = "executions, slowest_seconds, most_repeats, repeated, plan, endpoint"
	for resolution in ("hour", "day"):
		sql = f"SELECT {columns} FROM `tabStatement Rollup` WHERE resolution = %s"
		[row] = site_of.host.store.query(sql, (resolution,))
		assert (int(row[0]), float(row[1]), int(row[2]), int(row[3]), *row[4:]) == (
			25,
			0.3,
			20,
			1,
			"every row of tabMember (9)",
			"GET /app",
		)


def test_a_redis_that_is_down_fails_these_collectors_alone_and_visibly(site_of: Site) -> None:
	site_of.measured.down = True
	results = {result["collector"].rsplit(".", 2)[-2]: result for result in collect_all(site_of.host, 60)}
	assert {name for name, result in results.items() if result["error"]} == {"requests", "jobs", "statements"}


def test_settings_reach_those_who_measure(site_of: Site) -> None:
	site_of.collect()
	assert site_of.measured.settings == {"sql_sample_rate": 0.01, "repeat_threshold": 10}


def test_a_site_that_is_not_measured_says_so(host: Host) -> None:
	with pytest.raises(SourceAbsent, match="inside a bench"):
		requests.collect(host, seconds=60)
	collect_all(host, 60)
	states = {state["collector"]: state["status"] for state in collector_states(host)}
	assert states["Requests"] == states["Jobs"] == states["Statements"] == "absent"
