"""Forecasts, dates, trends and advice from rollups: what grows is told with the right date, and what does not is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import write_config
from tests.support.rollups import busy, write_gauge, write_requests
from verenigingen.core.forecast import fit_growth
from verenigingen.exceptions import BadArgument
from verenigingen.host import Host, use_host
from verenigingen.host.endpoint import json_safe
from verenigingen.host.on_local import open_host
from verenigingen.services import forecasts, trends
from verenigingen.services.advice import performance_recommendations
from verenigingen.services.measures import SECTIONS
from verenigingen.utils import analytics_engine
from verenigingen.www import monitoring_dashboard

GB = 1e9
SLOW, FLAT = "/api/method/slow", "/api/method/flat"


def noisy(seed: int, base: float, spread: float) -> Iterator[float]:
	random = np.random.default_rng(seed)
	while True:
		yield base + spread * random.standard_normal()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Host]:
	"""An empty site of our own on SQLite."""
	with use_host(
		open_host(write_config(tmp_path, db_type="sqlite", db_name="site", monitoring_own_site=True))
	) as host:
		yield host


def flat_gauges(host: Host, days: int, seed: int = 1) -> None:
	"""Machine and database of a site on which nothing grows."""
	values = noisy(seed, 0, 1)
	write_gauge(
		host,
		"cpu_ratio",
		days,
		lambda at, _: float(np.clip(0.1 + 0.3 * busy(at) + 0.03 * next(values), 0, 1)),
	)
	write_gauge(host, "memory_ratio", days, lambda *_: float(np.clip(0.55 + 0.01 * next(values), 0, 1)))
	write_gauge(
		host, "database_connections", days, lambda at, _: max(1.0, round(6 + 8 * busy(at) + next(values)))
	)
	write_gauge(host, "database_connections_limit", days, lambda *_: 151.0)
	write_gauge(host, "disk_used_bytes", days, lambda *_: 40 * GB + 1e7 * next(values), "/")
	write_gauge(host, "disk_total_bytes", days, lambda *_: 100 * GB, "/")


def test_an_empty_site_says_what_is_missing_and_scores_nothing(host: Host) -> None:
	found = analytics_engine.forecast_performance_trends()
	assert set(found["forecasts"]) == set(SECTIONS)
	for section in found["forecasts"].values():
		for row in section.values():
			assert row["status"] == "unknown"
			assert "Nothing was measured" in row["reason"]
			assert row["forecast"] is None
	assert found["confidence_score"] is None
	assert found["confidence"]["reason"]
	assert found["trend_alerts"] == []
	assert "No limit of this site is known yet" in found["capacity_planning"]["statement"]
	advice = analytics_engine.get_performance_recommendations()
	assert advice["status"] == "unknown"
	assert advice["recommendations"] == []


def test_a_short_series_says_how_many_days_it_needs(small: Host) -> None:
	write_gauge(small, "cpu_ratio", 3, lambda *_: 0.2)
	row = forecasts.forecast_performance_trends(small)["forecasts"]["system_load"]["cpu_ratio"]
	assert row["status"] == "insufficient"
	assert row["reason"] == f"needs at least 14 days of hours; there are {row['known_days']}."
	assert row["known_days"] in (3, 4)


def test_growth_is_told_with_a_range_that_holds_the_day_on_which_the_disk_is_full(small: Host) -> None:
	random = np.random.default_rng(4)
	steps = 40 * GB + np.cumsum(random.gamma(2, 0.25 * GB / 48, 24 * 130))
	write_gauge(small, "disk_used_bytes", 40, lambda _, age: steps[round(age * 24)], "/")
	write_gauge(small, "disk_total_bytes", 40, lambda *_: 60 * GB, "/")
	found = forecasts.forecast_performance_trends(small)
	(disk,) = found["capacity_planning"]["resources"]
	now = small.clock.now().replace(tzinfo=None)
	start = (now.replace(minute=0, second=0, microsecond=0) - timedelta(days=40)).replace(hour=0)
	full = (start + timedelta(hours=int(np.flatnonzero(steps >= 60 * GB)[0]))).date()
	assert disk["status"] == "reached"
	assert date.fromisoformat(disk["earliest"]) <= full <= date.fromisoformat(disk["latest"])
	assert (date.fromisoformat(disk["latest"]) - date.fromisoformat(disk["earliest"])).days < 20
	assert "(80 %)" in disk["statement"]
	(alert,) = found["trend_alerts"]
	assert alert["kind"] == "limit"
	assert alert["severity"] == "medium"


def test_an_endpoint_that_slows_down_is_the_alert_and_the_flat_one_is_not(small: Host) -> None:
	write_requests(small, 32, {SLOW: lambda _, age: 0.30 + 0.003 * age, FLAT: lambda *_: 0.05})
	found = forecasts.forecast_performance_trends(small)
	alerts = {alert["endpoint"]: alert for alert in found["trend_alerts"] if alert["endpoint"]}
	assert set(alerts) == {SLOW}
	low, high = alerts[SLOW]["evidence"]["interval_95"]
	assert low < 3 < high  # ms a day
	assert "rises by" in alerts[SLOW]["statement"]
	advice = performance_recommendations(small)
	named = {row["where"]: row for row in advice["recommendations"] if row["area"] == "endpoint"}
	assert set(named) == {SLOW}
	assert named[SLOW]["evidence"]["requests"] > 1000


def test_the_shape_of_a_forecast(small: Host) -> None:
	write_requests(small, 30, {FLAT: lambda *_: 0.05})
	flat_gauges(small, 30)
	found = forecasts.forecast_performance_trends(small, 30, 7)
	row = found["forecasts"]["api_performance"]["api_requests"]
	assert row["status"] == "ok"
	curve = row["forecast"]
	assert len(curve["mean"]) == 7 * 24
	assert curve["step_seconds"] == 3600
	assert datetime.fromisoformat(curve["start"]).tzinfo is not None
	for lower, upper in zip(("lo95", "lo80", "mean", "hi80"), ("lo80", "mean", "hi80", "hi95"), strict=True):
		assert all(a <= b + 1e-9 for a, b in zip(curve[lower], curve[upper], strict=True))
	assert len(row["daily"]) in (7, 8)
	share = found["forecasts"]["system_load"]["cpu_ratio"]["forecast"]
	assert max(share["hi95"]) <= 1
	assert min(share["lo95"]) >= 0
	assert 0 <= found["confidence_score"] <= 1
	assert found["confidence"]["by_series"]["api_requests"] == row["confidence"]
	assert json.loads(json.dumps(json_safe(found), allow_nan=False)) == found


def test_further_ahead_than_two_weeks_is_by_the_day(small: Host) -> None:
	flat_gauges(small, 40)
	row = forecasts.forecast_performance_trends(small, 40, 30)["forecasts"]["system_load"]["cpu_ratio"]
	assert row["resolution"] == "day"
	assert len(row["forecast"]["mean"]) == 30


def test_flat_sites_raise_no_alarm(small: Host) -> None:
	alarms = 0
	for seed in range(2):
		for table in ("tabMetric Rollup", "tabRequest Rollup"):
			small.store.execute(f"DELETE FROM `{table}`")
		small.cache.clear("analytics_")
		endpoints = {f"/api/method/e{n}": (lambda *_, n=n: 0.03 * (n + 1)) for n in range(4)}
		write_requests(small, 30, endpoints, per_hour=12, seed=seed)
		flat_gauges(small, 30, seed)
		found = forecasts.forecast_performance_trends(small)
		alarms += len(found["trend_alerts"])
		assert found["capacity_planning"]["statement"].startswith("None of")
		assert performance_recommendations(small)["recommendations"] == []
	assert alarms == 0


def test_trends_of_pure_chance_are_rarely_called_so() -> None:
	called = 0
	for seed in range(40):
		random = np.random.default_rng(seed)
		found = []
		for number in range(20):
			values = 100 + 10 * random.standard_normal(30)
			found.append(
				trends.Course(str(number), "", "ms", "up", "", fit_growth(values), 29, float(values.mean()))
			)
		called += any(direction != trends.STEADY for direction in trends.directions(found))
	assert called <= 2  # of 40 sites with 20 series each


def test_what_is_over_its_target_already_is_no_date_but_advice(small: Host) -> None:
	write_requests(small, 30, {SLOW: lambda *_: 0.9})
	resources = {
		row["resource"]: row
		for row in forecasts.forecast_performance_trends(small)["capacity_planning"]["resources"]
	}
	assert resources["Mean response time"]["status"] == "passed"
	assert resources["Mean response time"]["earliest"] is None
	areas = {row["area"] for row in performance_recommendations(small)["recommendations"]}
	assert {"endpoint", "capacity"} <= areas


def test_a_forecast_is_kept_until_the_next_hour(small: Host) -> None:
	flat_gauges(small, 20)
	first = forecasts.forecast_performance_trends(small)
	small.store.execute("DELETE FROM `tabMetric Rollup`")
	assert forecasts.forecast_performance_trends(small) == first
	small.cache.clear("analytics_")
	assert forecasts.forecast_performance_trends(small)["status"] == "insufficient"


def test_the_page_gets_curves_and_what_is_missing(small: Host) -> None:
	flat_gauges(small, 20)
	found = monitoring_dashboard.get_trend_forecasts()
	assert {row["metric"] for row in found["series"]} >= {"cpu_ratio", "disk_used_bytes"}
	assert all(row["forecast"]["mean"] for row in found["series"])
	assert all(row["reason"] for row in found["missing"])
	report = analytics_engine.generate_insights_report()
	assert report["performance_forecast"]["status"] == "ok"
	assert "forecast" not in report["performance_forecast"]["forecasts"]["system_load"]["cpu_ratio"]


@pytest.mark.parametrize("arguments", [{"days_back": 3}, {"forecast_days": 0}, {"forecast_days": "soon"}])
def test_periods_outside_the_range_are_refused(small: Host, arguments: dict[str, object]) -> None:
	with pytest.raises(BadArgument, match=next(iter(arguments))):
		analytics_engine.forecast_performance_trends(**arguments)
