"""Metric Rollup: what is written is read back exactly, folds once, and goes when it is too old."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest

from verenigingen.core.measures import DAY, HOUR, MINUTE, point
from verenigingen.host import Host
from verenigingen.services.metric_rollup import TABLE, drop_old, fold_up, latest, points, write

LOCK = "collect"
NOON = datetime(2026, 3, 2, 12)
TERABYTES = 37e12 + 1


def minutes(host: Host, metric: str, start: datetime, values: list[float], label: str = "") -> None:
	made = [point(metric, label, start + timedelta(minutes=n), value) for n, value in enumerate(values)]
	with host.store.transaction(LOCK):
		write(host, MINUTE, made)


def count(host: Host, resolution: str) -> int:
	return int(host.store.query(f"SELECT COUNT(*) FROM `{TABLE}` WHERE resolution = %s", (resolution,))[0][0])


def test_numbers_come_back_exactly_whatever_their_size(host: Host) -> None:
	values = [TERABYTES, 1e-12, 0.0, 0.333333333333, -2.5]
	minutes(host, "disk_used_bytes", NOON, values, "/srv/ü % 'x'")
	found = points(host, "disk_used_bytes", MINUTE, NOON, NOON + timedelta(hours=1))
	assert [item.last for item in found] == values
	assert {item.label for item in found} == {"/srv/ü % 'x'"}


def test_a_span_holds_its_start_and_not_its_end_and_no_other_metric(host: Host) -> None:
	minutes(host, "m", NOON, [0, 1, 2, 3, 4], "a")
	minutes(host, "m", NOON, [9] * 5, "b")
	minutes(host, "m_more", NOON, [7] * 5)
	span = (NOON + timedelta(minutes=1), NOON + timedelta(minutes=3))
	assert [item.last for item in points(host, "m", MINUTE, *span, label="a")] == [1, 2]
	assert len(points(host, "m", MINUTE, *span)) == 4
	assert points(host, "m", HOUR, *span) == []
	half = timedelta(seconds=30)
	within = points(host, "m", MINUTE, NOON + half, NOON + timedelta(minutes=2) + half, label="a")
	assert [item.last for item in within] == [1, 2]


def test_the_same_bucket_is_written_over(host: Host) -> None:
	minutes(host, "m", NOON, [1])
	minutes(host, "m", NOON, [2])
	assert [item.last for item in points(host, "m", MINUTE, NOON, NOON + timedelta(minutes=1))] == [2]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_refused(host: Host, value: float) -> None:
	with pytest.raises(ValueError, match="not to be kept"):
		minutes(host, "m", NOON, [value])
	assert count(host, MINUTE) == 0


def test_hours_and_days_that_ended_are_folded_and_only_those(host: Host) -> None:
	minutes(host, "m", NOON - timedelta(hours=14), [1.0] * 60 * 15)  # from 22:00 of the day before to 13:00
	with host.store.transaction(LOCK):
		fold_up(host, NOON + timedelta(minutes=30))
	hours = points(host, "m", HOUR, NOON - timedelta(days=1), NOON + timedelta(days=1))
	assert [item.at for item in hours] == [NOON - timedelta(hours=n) for n in range(14, 0, -1)]
	assert {(item.samples, item.total) for item in hours} == {(60, 60.0)}
	[day] = points(host, "m", DAY, NOON - timedelta(days=3), NOON + timedelta(days=3))
	assert (day.at, day.samples) == (datetime(2026, 3, 1), 120)


def test_folding_again_changes_nothing_and_goes_on_where_it_ended(host: Host) -> None:
	minutes(host, "m", NOON, [2.0] * 60)
	with host.store.transaction(LOCK):
		assert fold_up(host, NOON + timedelta(hours=1)) == 1
		assert fold_up(host, NOON + timedelta(hours=1, minutes=59)) == 0
	minutes(host, "m", NOON + timedelta(hours=1), [3.0] * 60)
	with host.store.transaction(LOCK):
		fold_up(host, NOON + timedelta(hours=2, minutes=1))
	span = (NOON, NOON + timedelta(hours=3))
	assert [item.total for item in points(host, "m", HOUR, *span)] == [120.0, 180.0]


def test_each_resolution_is_kept_as_long_as_its_setting_says(host: Host) -> None:
	now = host.clock.now().replace(tzinfo=None)
	ages = {MINUTE: 2, HOUR: 90, DAY: 730}
	with host.store.transaction(LOCK):
		for resolution, days in ages.items():
			old = [point(resolution, "", now - timedelta(days=days + extra), 1.0) for extra in (-1, 2)]
			write(host, resolution, old)
		drop_old(host, now)
	assert {resolution: count(host, resolution) for resolution in ages} == dict.fromkeys(ages, 1)
	with host.store.transaction(LOCK):
		drop_old(host, now, hour_days=30)
	assert {resolution: count(host, resolution) for resolution in ages} == {MINUTE: 1, HOUR: 0, DAY: 1}


def test_the_latest_of_every_label(host: Host) -> None:
	minutes(host, "m", NOON, [1, 2, 3], "a")
	minutes(host, "m", NOON, [8, 9], "b")
	assert [(item.label, item.last) for item in latest(host, MINUTE, NOON)] == [("a", 3), ("b", 9)]
	assert latest(host, MINUTE, NOON + timedelta(minutes=2)) == [
		point("m", "a", NOON + timedelta(minutes=2), 3)
	]
