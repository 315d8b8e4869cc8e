"""Rows put together in any order and to any resolution hold the same."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verenigingen.core.rollups import (
	JOBS,
	REQUESTS,
	RESOLUTIONS,
	SHAPES,
	STATEMENTS,
	Cells,
	Measured,
	bucket,
	name_range,
	row_name,
)
from verenigingen.core.sketch import Sketch

moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 3))
keys = st.sampled_from([("/app", "GET"), ("/about", "GET"), ("/app", "POST")])
waits = st.lists(st.floats(0, 100), max_size=4)


def measured(seconds: list[float]) -> Measured:
	sums = [float(len(seconds)), 0.0, 0.0, sum(seconds), *[0.0] * 7]
	return Measured(sums, [], [], [Sketch.of(seconds)])


@given(st.lists(st.tuples(moments, keys, waits), max_size=20))
def test_folding_by_way_of_hours_is_folding_to_days(
	items: list[tuple[datetime, tuple[str, str], list[float]]],
) -> None:
	cells = Cells(REQUESTS)
	for at, key, seconds in items:
		cells.add(bucket(at, "minute"), key, measured(seconds))
	straight, by_hours = cells.folded("day").held, cells.folded("hour").folded("day").held
	assert straight.keys() == by_hours.keys()
	for place, one in straight.items():
		assert one.sums == pytest.approx(by_hours[place].sums)
		assert one.sketches == by_hours[place].sketches
	assert sum(one.sums[0] for one in straight.values()) == sum(len(seconds) for _, _, seconds in items)


@given(moments, moments, st.sampled_from(RESOLUTIONS), keys)
def test_a_name_lies_in_the_range_of_its_time(
	at: datetime, other: datetime, resolution: str, key: tuple[str, str]
) -> None:
	start, end = sorted((bucket(at, resolution), bucket(other, resolution)))
	first, beyond = name_range(resolution, start, end + timedelta(days=1))
	assert first <= row_name(resolution, start, key) < beyond
	assert not first <= row_name(resolution, start - timedelta(days=1), key) < beyond
	assert len({row_name(each, at, key) for each in RESOLUTIONS}) == 3


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.table)
def test_a_row_that_was_written_is_read_as_it_was(shape: object) -> None:
	assert shape in (REQUESTS, JOBS, STATEMENTS)
	one = Measured.nothing(shape)  # type: ignore[arg-type]
	one.sums = [1.5] * len(one.sums)
	one.highest = [2.5] * len(one.highest)
	one.texts = ["text"] * len(one.texts)
	one.sketches = [Sketch.of([0.5]) for _ in one.sketches]
	assert Measured.read(shape, one.row(shape).values()) == one  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf"), "x", 1e30])
def test_what_is_no_amount_is_refused(bad: object) -> None:
	values = list(Measured.nothing(REQUESTS).row(REQUESTS).values())
	with pytest.raises(ValueError):
		Measured.read(REQUESTS, [bad, *values[1:]])


def test_the_newest_text_and_the_highest_number_win() -> None:
	one, two = Measured.nothing(STATEMENTS), Measured.nothing(STATEMENTS)
	one.texts, one.highest = ["a", "b", "plan"], [3.0, 1.0]
	two.texts, two.highest = ["a", "c", ""], [2.0, 5.0]
	one.take(two)
	assert (one.texts, one.highest) == (["a", "c", "plan"], [3.0, 5.0])
