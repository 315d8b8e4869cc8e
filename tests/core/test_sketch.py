"""The sketch keeps its promise on any values, however they were put together and written down."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verenigingen.core.sketch import BINS, HIGHEST, LOWEST, RELATIVE_ERROR, Sketch, bin_of, quantiles_of

values = st.one_of(
	st.floats(LOWEST, HIGHEST),
	st.floats(0.0005, 30.0),  # what requests take
	st.just(0.0),
	st.integers(0, 10**9).map(float),
)
many = st.lists(values, min_size=1, max_size=200)
shares = st.floats(0, 1)


@given(many, shares)
def test_a_quantile_is_within_one_percent_of_the_value_of_its_rank(numbers: list[float], q: float) -> None:
	exact = sorted(numbers)[math.floor(q * (len(numbers) - 1))]
	found = Sketch.of(numbers).quantile(q)
	assert found is not None
	assert abs(found - exact) <= RELATIVE_ERROR * exact * (1 + 1e-9)


@given(many, many, many)
def test_merging_is_the_sketch_of_all_values_in_any_order(
	one: list[float], two: list[float], three: list[float]
) -> None:
	union = Sketch.of([*one, *two, *three])
	left, right = Sketch.of(one), Sketch.of(three)
	left.merge(Sketch.of(two))
	left.merge(Sketch.of(three))
	right.merge(Sketch.of(two))
	right.merge(Sketch.of(one))
	assert left == right == union


@given(st.lists(many, max_size=6))
def test_texts_merge_as_sketches_do(parts: list[list[float]]) -> None:
	union = Sketch.of(value for part in parts for value in part)
	assert Sketch.merged([*(Sketch.of(part).to_text() for part in parts), ""]) == union


@given(st.lists(st.lists(values, max_size=20), max_size=6), shares, shares)
def test_quantiles_of_many_texts_are_those_of_each(parts: list[list[float]], one: float, two: float) -> None:
	sketches = [Sketch.of(part) for part in parts]
	wanted = [sketch.quantiles(one, two) for sketch in sketches]
	assert quantiles_of([sketch.to_text() for sketch in sketches], one, two) == wanted


@given(many, st.lists(shares, max_size=5))
def test_several_quantiles_are_each_of_them(numbers: list[float], asked: list[float]) -> None:
	sketch = Sketch.of(numbers)
	assert sketch.quantiles(*asked) == [sketch.quantile(q) for q in asked]


@given(many)
def test_the_text_says_all(numbers: list[float]) -> None:
	sketch = Sketch.of(numbers)
	text = sketch.to_text()
	assert Sketch.from_text(text) == sketch
	assert text.isascii() and len(text) <= 2 + 8 * len(sketch.bins)
	assert Sketch.from_text(text).to_text() == text


@given(values, st.integers(1, 10**12))
def test_a_value_counted_often_is_that_value_often(value: float, n: int) -> None:
	sketch = Sketch()
	sketch.add(value, n)
	assert sketch.count == n
	assert Sketch.from_text(sketch.to_text()).count == n
	assert sketch.quantile(0) == sketch.quantile(1)


@given(many, values)
def test_the_share_above_a_limit_is_off_by_the_values_near_it_at_most(
	numbers: list[float], limit: float
) -> None:
	found = Sketch.of(numbers).share_above(limit)
	assert found is not None
	surely = sum(value > limit * (1 + 2.1 * RELATIVE_ERROR) and value >= LOWEST for value in numbers)
	perhaps = sum(value > limit for value in numbers)
	assert surely / len(numbers) - 1e-12 <= found <= perhaps / len(numbers) + 1e-12


def test_bins_are_bounded_and_in_order_of_value() -> None:
	steps = [0.0, *(LOWEST * 1.003**step for step in range(12_000))]
	bins = [bin_of(step) for step in steps]
	assert bins == sorted(bins)
	assert bins[0] == 0 and max(bins) == BINS - 1 == bin_of(1e300)
	assert set(bins) == set(range(BINS))  # none is skipped


def test_what_was_not_measured_has_no_quantile() -> None:
	assert Sketch().quantile(0.5) is None
	assert Sketch().share_above(1) is None
	assert Sketch().to_text() == ""
	assert Sketch.from_text(None) == Sketch.from_text("") == Sketch()


@pytest.mark.parametrize("value", [-1.0, math.nan, -math.inf])
def test_what_is_no_amount_is_refused(value: float) -> None:
	with pytest.raises(ValueError, match="from 0 up"):
		Sketch().add(value)


@pytest.mark.parametrize("q", [-0.01, 1.01, math.nan])
def test_a_share_outside_its_range_is_refused(q: float) -> None:
	with pytest.raises(ValueError, match="share"):
		Sketch.of([1.0]).quantile(q)


@pytest.mark.parametrize(
	"text",
	["2AAA", "1!", "1", "1gA", "1AQ", "1AQA", "1/////w8B", "1AQEAAQ", "\ud800", "1AAEA", "1" + "/" * 10**7],
)
def test_a_foreign_text_is_refused(text: str) -> None:
	with pytest.raises(ValueError, match="sketch"):
		Sketch.from_text(text)


@given(st.text(max_size=40).map("1".__add__))
def test_no_text_does_more_than_be_refused(text: str) -> None:
	try:
		sketch = Sketch.from_text(text)
	except ValueError:
		return
	assert all(0 <= place < BINS and count > 0 for place, count in sketch.bins.items())
