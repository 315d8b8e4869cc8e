"""What the door says of the machine and its servers: values with unit and age, or why there are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import maria_config, write_config
from tests.support.servers import MariaServer, RedisServer
from verenigingen.core.measures import HOUR, MINUTE
from verenigingen.exceptions import NotPermitted
from verenigingen.host import Host, use_host
from verenigingen.host.on_local import acting_as, open_host
from verenigingen.host.port import User
from verenigingen.services.gauges import collect_gauges
from verenigingen.services.performance import performance_metrics
from verenigingen.services.system import performance_part, system_metrics
from verenigingen.www.monitoring_dashboard import get_system_metrics


class Clock:
	"""The site's clock, put forward by the test."""

	def __init__(self, host: Host) -> None:
		self.clock, self.ahead = host.clock, timedelta(0)

	def now(self) -> Any:
		return self.clock.now() + self.ahead


@pytest.fixture
def measured(mariadb: MariaServer, redis_server: RedisServer, tmp_path: Path) -> Host:
	"""A site on MariaDB and Redis that was measured twice, a minute apart, by a clock that can be put forward."""
	url = redis_server.url
	values = maria_config(mariadb, monitoring_own_site=True, redis_cache=url, redis_queue=url)
	host = open_host(write_config(tmp_path, **values))
	host = replace(host, clock=Clock(host))
	# the server's counters do not live by the test's clock: young ones began within the minute put forward, whatever it is
	mariadb.execute("FLUSH STATUS")
	collect_gauges(host, 10)
	forward(host, minutes=1)
	collect_gauges(host, 10)
	return host


def forward(host: Host, **span: float) -> None:
	host.clock.ahead += timedelta(**span)  # type: ignore[attr-defined]


def test_every_value_has_its_unit_and_age(measured: Host) -> None:
	said = system_metrics(measured)
	assert set(said["areas"]) >= {"system", "database", "cache", "queues", "scheduler", "mail", "business"}
	for area in said["areas"].values():
		for metric in area["metrics"].values():
			assert (metric["status"] == "ok") == bool(metric["values"]) == (metric["reason"] is None)
			assert all(0 <= value["age_seconds"] < 7_300 for value in metric["values"])
	memory = said["areas"]["system"]["metrics"]["memory_ratio"]
	assert memory["status"] == "ok" and memory["unit"] == "ratio" and 0 < memory["values"][0]["value"] < 1
	statements = said["areas"]["database"]["metrics"]["database_statements"]["values"][0]
	assert statements["value"] > 0 and statements["per_second"] == statements["value"] / 60
	servers = {value["label"] for value in said["areas"]["cache"]["metrics"]["redis_memory_bytes"]["values"]}
	assert servers == {"cache", "queue"}


def test_what_is_unknown_says_why(measured: Host) -> None:
	areas = system_metrics(measured)["areas"]
	assert areas["scheduler"]["status"] == "absent"
	late = areas["scheduler"]["metrics"]["scheduled_jobs_late"]
	assert (late["status"], late["values"]) == ("unknown", [])
	assert late["reason"] == "This site has no scheduled jobs: it is no Frappe site."
	lag = areas["database"]["metrics"]["database_replication_lag_seconds"]
	assert lag["reason"] == "The server is no replica."
	dues = areas["business"]["metrics"]["dues_overdue_amount"]
	assert dues["reason"] == "Sales Invoice: not installed"


def test_what_was_never_measured_says_so(host: Host) -> None:
	area = system_metrics(host)["areas"]["system"]
	assert area["status"] == "never"
	assert "Not measured yet" in area["metrics"]["cpu_ratio"]["reason"]


def test_values_grow_stale_and_then_are_none(measured: Host) -> None:
	forward(measured, minutes=5)
	ratio = system_metrics(measured)["areas"]["system"]["metrics"]["memory_ratio"]
	assert ratio["status"] == "stale" and ratio["values"][0]["age_seconds"] > 200
	assert "last read at" in ratio["reason"]
	forward(measured, minutes=20)
	ratio = system_metrics(measured)["areas"]["system"]["metrics"]["memory_ratio"]
	assert (ratio["status"], ratio["values"]) == ("unknown", [])


def test_the_headlines_of_a_day(measured: Host) -> None:
	now = measured.clock.now().replace(tzinfo=None)
	said = performance_part(measured, MINUTE, now - timedelta(days=1), now)
	memory = said["memory_ratio"]
	assert memory["status"] == "ok" and memory["unit"] == "ratio"
	[value] = memory["values"]
	assert value["samples"] == 2 and value["low"] <= value["mean"] <= value["high"]
	assert said["database_statements"]["values"][0]["total"] > 0
	assert said["queue_depth"]["values"][0]["label"] == "jobs"


def test_without_measurements_the_headlines_are_unknown(host: Host) -> None:
	now = host.clock.now().replace(tzinfo=None)
	said = performance_part(host, HOUR, now - timedelta(days=1), now)
	assert {part["status"] for part in said.values()} == {"unknown"}
	assert performance_metrics(host)["system"] == said


def test_the_door_is_closed_to_others(measured: Host) -> None:
	with use_host(measured):
		assert get_system_metrics()["areas"]["system"]["status"] == "ok"
		with (
			acting_as(User("anna@club.example", frozenset({"Monitoring Agent"}))),
			pytest.raises(NotPermitted),
		):
			get_system_metrics()
