"""The demo as a site: built, collected and analysed as any other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from verenigingen.exceptions import ConfigurationError
from verenigingen.host import Host, use_host
from verenigingen.host.on_local import open_host
from verenigingen.services.analytics import analyze_error_patterns
from verenigingen.services.executive import generate_insights_report
from verenigingen.services.impact import business_impact
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.demo.site import build_site


def quiet(done: int, total: int, title: str) -> None:
	"""Nobody watches a test."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, dict[str, Any]]]:
	"""The demo site, collected, and what was planted in it."""
	folder = tmp_path_factory.mktemp("site") / "demo"
	manifest = build_site(folder, now=datetime.now(timezone.utc), progress=quiet)
	with use_host(open_host(folder)) as host:
		collect_all(host, 600)
		yield host, manifest


def test_every_demo_error_is_collected_and_the_spike_is_the_peak(demo: tuple[Host, dict[str, Any]]) -> None:
	host, _ = demo
	counted = dict(host.store.query("SELECT name, collected_rows FROM `tabCollector State`"))
	rows = host.db.query("SELECT COUNT(*) FROM `tabError Log`")[0][0]
	failed = host.db.query("SELECT COUNT(*) FROM `tabScheduled Job Log` WHERE status = 'Failed'")[0][0]
	assert (counted["Error Log"], counted["Scheduled Job Log"]) == (rows, failed)
	assert counted["Email Queue"] > 0
	days = dict(
		host.store.query("SELECT SUBSTR(day, 1, 10), SUM(event_count) FROM `tabError Issue Day` GROUP BY day")
	)
	assert sum(days.values()) == sum(
		counted[name] for name in ("Error Log", "Scheduled Job Log", "Email Queue")
	)
	result = analyze_error_patterns(host, 30)
	series = {day["date"]: day["count"] for day in result["patterns"]["daily_trends"]["series"]}
	assert series == {date: days.get(date, 0) for date in series}
	assert result["patterns"]["daily_trends"]["peak_day"]["count"] == max(series.values())


def test_the_page_that_slows_down_with_its_members_is_the_one_trend(
	demo: tuple[Host, dict[str, Any]],
) -> None:
	host, manifest = demo
	facts = next(entry["facts"] for entry in manifest["incidents"] if entry["id"] == "page-n-plus-one")
	report = generate_insights_report(host)
	found = report["performance_forecast"]
	(alert,) = [row for row in found["trend_alerts"] if row["kind"] == "trend"]
	assert alert["endpoint"] == facts["path"]
	low, high = alert["evidence"]["interval_95"]
	assert (
		low <= (facts["last_week_ms"] - facts["first_week_ms"]) / 23 <= high
	)  # from the middle of a week to the other's
	planted = next(entry["facts"] for entry in manifest["incidents"] if entry["id"] == "disk-filling")
	(disk,) = [row for row in found["capacity_planning"]["resources"] if row["metric"] == planted["metric"]]
	assert disk["earliest"] <= planted["full_on"] <= disk["latest"]
	assert alert["statement"] in report["executive_summary"]["sentences"]
	advised = [row for row in report["priority_actions"] if row.get("where") == facts["path"]]
	assert {row["area"] for row in advised} == {"trend", "endpoint"}


def test_what_failed_collections_cost_is_what_the_documents_say(demo: tuple[Host, dict[str, Any]]) -> None:
	host, _ = demo
	part = business_impact(host, 30)["collections"]
	assert part["failed"] > 0
	rows = host.db.query(
		"SELECT r.amount, r.member FROM `tabDirect Debit Batch Invoice` r JOIN `tabDirect Debit Batch` b"
		" ON b.name = r.parent WHERE r.status = 'Failed' AND b.batch_date >= %s",
		(part["since"],),
	)
	assert part["failed"] == len(rows)
	assert part["members"] == len({member for _, member in rows})
	assert sum(part["failed_amounts"].values()) == pytest.approx(sum(float(amount) for amount, _ in rows))


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
	(tmp_path / "thesis.txt").write_text("mine")
	with pytest.raises(ConfigurationError, match="no demo site"):
		build_site(tmp_path, progress=quiet)
	assert (tmp_path / "thesis.txt").read_text() == "mine"
