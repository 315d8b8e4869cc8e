"""Anomalies of the site's own measurements: told once, with beginning and end, and judged hour by hour."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import write_config
from tests.support.rollups import busy, write_gauge, write_requests
from verenigingen.core.measures import MINUTE, point
from verenigingen.host import Host, use_host
from verenigingen.host.on_local import open_host
from verenigingen.services import metric_rollup
from verenigingen.services.anomalies import SOURCE, TABLE, enough_for, find_anomalies, judge, judged_until
from verenigingen.services.anomaly_report import identify_anomalies
from verenigingen.services.watched_series import MOST_SERIES, WATCHED, Key
from verenigingen.utils import analytics_engine

DAYS = 30


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Host]:
	"""An empty site of our own on SQLite, on a Wednesday afternoon: what is odd depends on the hour."""
	opened = open_host(write_config(tmp_path, db_type="sqlite", db_name="site", monitoring_own_site=True))
	with use_host(opened), use_host(at_time(opened, datetime(2026, 11, 25, 14, 20))) as host:
		yield host


def hour_now(host: Host) -> datetime:
	return host.clock.now().replace(tzinfo=None, minute=0, second=0, microsecond=0)


def connections(host: Host, begin: datetime, end: datetime, factor: float = 6) -> None:
	"""A month of connections with office hours, `factor` as many from `begin` to `end`."""
	noise = np.random.default_rng(3)

	def value(at: datetime, _: float) -> float:
		usual = 10 + 30 * busy(at) + noise.normal()
		return float(usual * factor if begin <= at < end else usual)

	write_gauge(host, "database_connections", DAYS, value)


def all_rows(host: Host) -> list[tuple[object, ...]]:
	return host.store.query(f"SELECT name, at, began, ended, score FROM `{TABLE}` ORDER BY name")


def test_a_spike_of_a_gauge_is_kept_once_with_beginning_end_and_words(site: Host) -> None:
	now = hour_now(site)
	begin = now - timedelta(hours=30)
	connections(site, begin, begin + timedelta(hours=3))
	assert judged_until(site) is None
	assert judge(site, seconds=30).finished
	(one,) = (found for found in find_anomalies(site, begin, now) if found["began"] >= begin)
	assert (one["metric"], one["label"], one["direction"]) == ("database_connections", "", "up")
	assert one["at"] == one["began"] == begin
	assert one["kind"] == "spike" and 0.5 < one["score"] < 1
	assert begin + timedelta(hours=3) <= one["ended"] < begin + timedelta(hours=20)
	assert one["low"] < one["expected"] < one["high"] < one["value"]
	assert one["explanation"].startswith("database connections is ") and "× its" in one["explanation"]
	kept = all_rows(site)
	assert judge(site, seconds=30).collected == 0, "every hour is judged once"
	site.store.execute("UPDATE `tabCollector State` SET watermark = NULL WHERE name = 'Anomalies'")
	judge(site, seconds=30)
	assert all_rows(site) == kept, "judged again, the same is said"
	assert judged_until(site) == now


def test_what_goes_on_is_open_and_its_end_is_filled_in_later(site: Host) -> None:
	now = hour_now(site)
	begin = now - timedelta(hours=2)
	connections(site, begin, now)
	judge(site, seconds=30)
	(row,) = (row for row in find_anomalies(site, begin, now + timedelta(hours=1)) if row["at"] >= begin)
	assert row["ended"] is None
	later = now + timedelta(hours=26)
	hours = [now + timedelta(hours=index) for index in range(26)]
	points = [point("database_connections", "", at, 10 + 30 * busy(at)) for at in hours]
	with site.store.transaction("collect"):
		metric_rollup.write(site, "hour", points)
	with use_host(at_time(site, later)) as host:
		judge(host, seconds=30)
		(again,) = (found for found in find_anomalies(host, begin, later) if found["name"] == row["name"])
	assert now <= again["ended"] <= later
	assert again["explanation"] == row["explanation"]


def at_time(host: Host, moment: datetime) -> Host:
	class Later:
		def now(self) -> datetime:
			return moment.replace(tzinfo=host.clock.now().tzinfo)

	return replace(host, clock=Later())


def test_the_minute_tells_when_it_began(site: Host) -> None:
	begin = hour_now(site) - timedelta(hours=3)
	connections(site, begin, begin + timedelta(hours=1))
	minutes = [begin + timedelta(minutes=index) for index in range(60)]
	points = [point("database_connections", "", at, 15.0 if at.minute < 7 else 400.0) for at in minutes]
	with site.store.transaction("collect"):
		metric_rollup.write(site, MINUTE, points)
	judge(site, seconds=30)
	(one,) = (
		found for found in find_anomalies(site, begin, begin + timedelta(hours=9)) if found["at"] >= begin
	)
	assert one["began"] == begin + timedelta(minutes=7)
	assert f"began {one['began']:%H:%M}" in one["explanation"]


def test_slow_requests_of_one_endpoint_are_told_by_its_name(site: Host) -> None:
	now = hour_now(site)
	day = (now - timedelta(days=2)).replace(hour=0)
	while day.weekday() >= 5:
		day -= timedelta(days=1)
	begin = day.replace(hour=10)

	def slow(at: datetime, _: float) -> float:
		return 1.2 if begin <= at < begin + timedelta(hours=2) else 0.1

	write_requests(site, DAYS, {"/api/method/slow": slow, "/api/method/flat": lambda *_: 0.1}, per_hour=120)
	judge(site, seconds=60)
	report = identify_anomalies(site, 14)
	told = [
		one for one in report["anomalies"] if one["label"] == "/api/method/slow" and one["direction"] == "up"
	]
	assert told and told[-1]["metric"] == "request_p95_seconds"
	assert told[-1]["explanation"].startswith("p95 of /api/method/slow is ")
	assert " s instead of about " in told[-1]["explanation"] and "10–11 h" in told[-1]["explanation"]
	assert not [one for one in report["anomalies"] if one["label"] == "/api/method/flat"]
	incident = next(one for one in report["incidents"] if told[-1]["name"] in one["anomalies"])
	assert len(incident["anomalies"]) >= 2, "the p95 of all endpoints rose with it"
	assert "more with it" in incident["statement"]


def test_a_source_that_falls_silent_is_told_once_not_for_each_of_its_series(site: Host) -> None:
	now = hour_now(site)
	silent = now - timedelta(hours=40)
	for metric in ("database_connections", "database_threads_running"):
		write_gauge(site, metric, DAYS, lambda at, _: 10 + at.hour)
	site.store.execute(
		"DELETE FROM `tabMetric Rollup` WHERE at >= %s AND at < %s", (silent, now - timedelta(hours=9))
	)
	judge(site, seconds=30)
	told = [one for one in find_anomalies(site, silent, now) if one["kind"] == "missing data"]
	assert [one["metric"] for one in told] == ["database_connections"]
	assert told[0]["ended"] == now - timedelta(hours=9)


def test_a_run_that_is_cut_short_goes_on_where_it_was(site: Host) -> None:
	now = hour_now(site)
	begin = now - timedelta(hours=30)
	connections(site, begin, begin + timedelta(hours=3))
	result = judge(site, seconds=0)
	assert not result.finished and judged_until(site) is None
	assert judge(site, seconds=30).finished
	assert judged_until(site) == now and all_rows(site)


def test_an_hour_that_passes_while_a_run_is_cut_short_is_judged_of_every_series(site: Host) -> None:
	now = hour_now(site)
	begin = now - timedelta(hours=30)
	connections(site, begin, begin + timedelta(hours=3))
	state = {
		"name": SOURCE,
		"memory": json.dumps({"done": 10**6, "until": (now - timedelta(hours=1)).isoformat()}),
	}
	with site.store.transaction("collect"):
		site.store.upsert("tabCollector State", [state])
	assert judge(site, seconds=30).finished
	assert judged_until(site) == now and all_rows(site)


def test_a_month_without_anything_unusual_is_said_to_be_one(site: Host) -> None:
	now = hour_now(site)
	connections(site, now, now)
	report = analytics_engine.identify_anomalies(days=7)
	assert report["statement"] == "Whether anything was unusual is not known yet."
	assert report["judged_until"] is None and report["reason"]
	judge(site, seconds=30)
	site.cache.clear("analytics_")
	report = analytics_engine.identify_anomalies(days=7)
	assert report["anomalies"] == [] and report["reason"] is None
	assert report["statement"].startswith("Nothing unusual was measured in 7 days")


def test_an_empty_site_is_judged_without_a_word(site: Host) -> None:
	result = judge(site, seconds=30)
	assert result.finished and result.collected == 0 and not result.events


def test_more_series_need_more_evidence_and_machine_sizes_are_not_watched() -> None:
	assert enough_for(1) < enough_for(10) < enough_for(MOST_SERIES)
	assert "memory_ratio" in WATCHED and "memory_total_bytes" not in WATCHED
	assert "database_connections_limit" not in WATCHED and "dues_invoiced" not in WATCHED
	assert Key("queue_depth", "long").title == "queue depth of long"
