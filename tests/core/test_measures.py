"""Buckets and folding."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verenigingen.core.measures import DAY, HOUR, MINUTE, Point, fold, point, start_of

START = datetime(2026, 3, 2)
VALUES = st.lists(
	st.tuples(st.sampled_from(("a", "b")), st.integers(0, 3 * 1440 - 1), st.integers(-1000, 1000)),
	unique_by=lambda row: row[:2],
	max_size=60,
)


def points(rows: list[tuple[str, int, int]]) -> list[Point]:
	return [point("m", label, START + timedelta(minutes=minute), value) for label, minute, value in rows]


@pytest.mark.parametrize(
	("resolution", "start"),
	[
		(MINUTE, datetime(2026, 3, 2, 13, 59)),
		(HOUR, datetime(2026, 3, 2, 13)),
		(DAY, datetime(2026, 3, 2)),
	],
)
def test_a_bucket_begins_where_its_name_says(resolution: str, start: datetime) -> None:
	assert start_of(resolution, datetime(2026, 3, 2, 13, 59, 59, 999_999)) == start


@given(VALUES)
def test_folding_keeps_sums_and_extremes_and_the_newest_value(rows: list[tuple[str, int, int]]) -> None:
	for item in fold(points(rows), DAY):
		mine = [
			row for row in rows if row[0] == item.label and START + timedelta(days=row[1] // 1440) == item.at
		]
		values = [value for _, _, value in mine]
		assert (item.samples, item.total) == (len(values), sum(values))
		assert (item.low, item.high, item.last) == (
			min(values),
			max(values),
			max(mine, key=lambda r: r[1])[2],
		)


@given(VALUES)
def test_by_way_of_hours_days_are_the_same(rows: list[tuple[str, int, int]]) -> None:
	assert fold(fold(points(rows), HOUR), DAY) == fold(points(rows), DAY)
	assert fold(list(reversed(points(rows))), HOUR) == fold(points(rows), HOUR)
