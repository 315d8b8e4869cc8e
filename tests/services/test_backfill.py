"""The first collection in steps, what is known of earlier times, and hotspots from stored rollups."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from verenigingen.host import Host
from verenigingen.host.on_local.schema import create_table
from verenigingen.services import collection, coverage
from verenigingen.services.analytics import analyze_error_patterns
from verenigingen.services.backfill import backfill, backfill_status
from verenigingen.services.hotspots import identify_error_hotspots
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.import_errors import TABLE
from verenigingen.utils import analytics_engine

TRACE = 'Traceback (most recent call last):\n  File "apps/club/club/dues.py", line 7, in due\n    fee[0]\n{}: nothing'


class Bar:
	def __init__(self) -> None:
		self.shown: list[tuple[int, int]] = []

	def progress(self, done: int, total: int, title: str) -> None:
		self.shown.append((done, total))


def log(host: Host, count: int, *, ago: timedelta = timedelta(hours=1), error: str = "IndexError") -> None:
	when = host.clock.now().replace(tzinfo=None) - ago
	rows = [
		{
			"name": f"{error}{ago.total_seconds():.0f}-{n}",
			"creation": when,
			"modified": when,
			"owner": f"user{n % 3}@example.org",
			"method": "due",
			"error": TRACE.format(error),
		}
		for n in range(count)
	]
	host.store.insert(TABLE, rows)


def test_in_steps_with_progress_and_again_nothing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
	log(host, 40)
	bar = Bar()
	seen = replace(host, notify=bar)
	assert backfill_status(host)["statement"] == "Collected 0 of 40 errors that the site had kept."
	monkeypatch.setattr(collection, "ROWS_PER_READ", 7)
	monkeypatch.setattr(collection, "ROWS_PER_BATCH", 14)
	ticks = itertools.count()
	monkeypatch.setattr(collection, "time", SimpleNamespace(monotonic=lambda: float(next(ticks))))
	(result,) = [row for row in backfill(seen, 60, step=4.0) if row["collected"]]
	assert len(bar.shown) > 2
	assert result["collected"] == 40 and result["finished"]
	assert bar.shown[0] == (0, 40) and bar.shown[-1] == (40, 40)
	assert bar.shown == sorted(bar.shown)
	assert sum(row["collected"] for row in backfill(seen, 60)) == 0
	assert analyze_error_patterns(host, 7)["total_errors"] == 40


def test_cut_off_it_says_how_far_it_is_and_goes_on(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
	log(host, 40)
	monkeypatch.setattr(collection, "ROWS_PER_READ", 10)
	ticks = itertools.count()
	with monkeypatch.context() as slow:
		slow.setattr(collection, "time", SimpleNamespace(monotonic=lambda: float(next(ticks))))
		[result] = [row for row in collect_all(host, 2.0) if row["collector"].endswith("error_log.collect")]
	assert result["error"] is None and not result["finished"]
	status = analytics_engine.backfill_status()
	assert 0 < status["done"] < 40 and not status["finished"] and status["since"] is None
	report = analyze_error_patterns(host, 7)
	assert report["total_errors"] is None
	assert report["notes"][0] == f"Collected {status['done']} of 40 errors that the site had kept."
	backfill(host, 60)
	status = backfill_status(host)
	assert (status["done"], status["total"], status["finished"]) == (40, 40, True)
	assert datetime.fromisoformat(status["since"]).tzinfo is not None


def clearing(host: Host, days: int) -> None:
	"""Log Settings as a Frappe site has them."""
	dialect = (
		"sqlite"
		if "SQLite" in type(host.store).__name__ or "Sqlite" in type(host.store).__name__
		else "mariadb"
	)
	create_table(
		host.store.execute,
		host.store.columns,
		dialect,
		coverage.CLEARING,
		{"ref_doctype": "Data", "days": "Int"},
	)
	host.store.insert(coverage.CLEARING, [{"name": "a", "ref_doctype": "Error Log", "days": days}])


def test_a_row_that_clearing_left_over_is_no_beginning(host: Host) -> None:
	clearing(host, 14)
	log(host, 3, ago=timedelta(days=400))
	log(host, 3)
	backfill(host, 60)
	since = datetime.fromisoformat(backfill_status(host)["since"])
	assert timedelta(days=13) < host.clock.now() - since < timedelta(days=15)
	report = analyze_error_patterns(host, 30)
	assert report["total_errors"] == 3
	assert report["patterns"]["daily_trends"]["series"][0]["count"] is None


def test_what_was_cleared_unread_is_a_gap_and_not_zero(host: Host) -> None:
	clearing(host, 5)
	log(host, 3, ago=timedelta(days=20))
	backfill(host, 60)
	now = host.clock.now().replace(tzinfo=None)
	late = {"watermark": now - timedelta(days=12), "data_since": now - timedelta(days=25)}
	host.store.upsert(collection.STATE, [{"name": "Error Log", **late}])
	log(host, 2, error="KeyError")
	backfill(host, 60)
	((start, end),) = coverage.gaps(host, "Error Log")
	assert start == late["watermark"] and timedelta(days=4) < now - end < timedelta(days=6)
	report = analyze_error_patterns(host, 20)
	counts = [row["count"] for row in report["patterns"]["daily_trends"]["series"]]
	assert counts.count(None) in (5, 6) and counts[-1] is not None and counts[0] is not None
	assert any("had cleared its log" in note for note in report["notes"])
	assert coverage.gaps(host, "Error Log") == [(start, end)], "not noted twice"


def test_a_damaged_list_of_gaps_is_none(host: Host) -> None:
	host.store.upsert(collection.STATE, [{"name": "Error Log", "gaps": "{"}])
	assert coverage.gaps(host, "Error Log") == []


def test_hotspots_from_what_is_stored(host: Host) -> None:
	log(host, 30)
	for day in range(1, 60):
		log(host, 2, ago=timedelta(days=day), error="KeyError")
	backfill(host, 60)
	for facet in (
		("Role", "Treasurer", 30),
		("DocType", "Member", 30),
		("Document", "d1", 15),
		("Document", "d2", 15),
	):
		issue = host.store.query("SELECT name FROM `tabError Issue` WHERE exception = 'IndexError'")[0][0]
		kind, value, count = facet
		row = {
			"name": f"{kind}{value}",
			"issue": issue,
			"day": host.clock.now().date(),
			"kind": kind,
			"value": value,
		}
		host.store.insert("tabError Issue Facet", [row | {"event_count": count}])
	report = identify_error_hotspots(host, 7)
	assert json.loads(json.dumps(report, allow_nan=False)) == report
	role = report["hotspots"]["roles"]["rows"][0]
	assert (role["value"], role["count"], role["top_issues"][0]["count"]) == ("Treasurer", 30, 30)
	assert report["hotspots"]["doctypes"]["rows"][0]["value"] == "Member"
	row = next(r for r in report["hotspots"]["issues"]["rows"] if r["count"] == 30)
	assert row["rising"] and row["ratio"] is None and "none in the days before" in row["reasons"][0]
	first = report["remediation_order"][0]
	assert first["link"] == f"/monitoring_dashboard#issue={first['issue']}"
	found = analyze_error_patterns(host, 7)["patterns"]["recurring_issues"][0]
	assert found["documents"] == 2 and found["link"].endswith(found["issue"])


def test_a_source_that_begins_later_makes_no_growth(host: Host) -> None:
	for day in range(0, 60):
		log(host, 3, ago=timedelta(days=day, hours=1))
	for day in range(0, 10):
		log(host, 9, ago=timedelta(days=day, hours=1), error="KeyError")
	backfill(host, 60)
	begun = host.clock.now().replace(tzinfo=None) - timedelta(days=10, hours=1)
	host.store.upsert(
		collection.STATE, [{"name": "Late", "status": "ok", "data_since": begun, "reconciled_at": begun}]
	)
	host.store.execute(
		"UPDATE `tabError Issue` SET sources = %s WHERE exception = 'KeyError'", ('{"Late": 90}',)
	)
	growth = analyze_error_patterns(host, 25)["patterns"]["growth_trends"]
	assert growth["direction"] == "stable" and growth["change"] == 0
	assert "errors of sources that are collected only since later" in growth["reason"]
