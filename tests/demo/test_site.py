"""The demo as a site: built, collected and analysed as any other."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from verenigingen.exceptions import ConfigurationError
from verenigingen.host import use_host
from verenigingen.host.on_local import open_host
from verenigingen.services.analytics import analyze_error_patterns
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.demo.site import build_site


def quiet(done: int, total: int, title: str) -> None:
	"""Nobody watches a test."""


def test_every_demo_error_is_collected_and_the_spike_is_the_peak(tmp_path: Path) -> None:
	folder = tmp_path / "demo"
	build_site(folder, now=datetime.now(timezone.utc), progress=quiet)
	host = open_host(folder)
	with use_host(host):
		collect_all(host, 600)
		counted = dict(host.store.query("SELECT name, collected_rows FROM `tabCollector State`"))
		rows = host.db.query("SELECT COUNT(*) FROM `tabError Log`")[0][0]
		failed = host.db.query("SELECT COUNT(*) FROM `tabScheduled Job Log` WHERE status = 'Failed'")[0][0]
		assert (counted["Error Log"], counted["Scheduled Job Log"]) == (rows, failed)
		assert counted["Email Queue"] > 0
		days = dict(
			host.store.query(
				"SELECT SUBSTR(day, 1, 10), SUM(event_count) FROM `tabError Issue Day` GROUP BY day"
			)
		)
		assert sum(days.values()) == sum(counted.values())
		result = analyze_error_patterns(host, 30)
	series = {day["date"]: day["count"] for day in result["patterns"]["daily_trends"]["series"]}
	assert series == {date: days.get(date, 0) for date in series}
	assert result["patterns"]["daily_trends"]["peak_day"]["count"] == max(series.values())


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
	(tmp_path / "thesis.txt").write_text("mine")
	with pytest.raises(ConfigurationError, match="no demo site"):
		build_site(tmp_path, progress=quiet)
	assert (tmp_path / "thesis.txt").read_text() == "mine"
