"""What is kept of readings: gauges as they are, counters as what was added, nothing that was not seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verenigingen.core.gauges import Age, GaugeSource, Item, Memory, Missing, Reading, Share, settle
from verenigingen.core.measures import MINUTE, point
from verenigingen.core.metrics import METRICS, Metric

NOW = datetime(2026, 10, 25, 1, 30, 20, tzinfo=ZoneInfo("Europe/Amsterdam"))
AT = datetime(2026, 10, 25, 1, 30)
METRIC = (
	Metric("g", "gauge", "", "Test", MINUTE, "", "A gauge."),
	Metric("c", "counter", "", "Test", MINUTE, "", "A counter."),
	Metric("s", "gauge", "ratio", "Test", MINUTE, "", "A share."),
)
SOURCE = GaugeSource("Test", MINUTE, lambda host: (), METRIC)


def look(items: list[Item], before: Memory, seconds: float = 60) -> tuple[dict[str, float], Memory]:
	"""Values by metric of a look that many seconds after NOW."""
	points, after = settle(SOURCE, items, before, NOW + timedelta(seconds=seconds))
	return {item.metric: item.last for item in points}, after


def first(*items: Item) -> Memory:
	return settle(SOURCE, items, Memory(), NOW)[1]


def test_a_gauge_is_kept_at_once_and_a_counter_from_the_second_look_on() -> None:
	points, memory = settle(SOURCE, [Reading("g", 5), Reading("c", 1_000)], Memory(), NOW)
	assert points == [point("g", "", AT, 5)]
	assert look([Reading("c", 1_007)], memory)[0] == {"c": 7}


CASES = [
	("nothing was added", 100, 5_000, 60, 5_060, 100, 0),
	("restarted since", 100, 5_000, 60, 40, 7, 7),
	("restarted since, and already beyond", 100, 5_000, 60, 40, 170, 170),
	("restarted, nobody knows when", 100, None, 60, None, 7, 7),
	("set back at an unknown time", 100, 5_000, 60, 5_060, 7, None),
	("a look missed", 100, 5_000, 240, 5_240, 130, 30),
	("collection stood still", 100, 5_000, 3_600, 8_600, 130, None),
	("the clock was set back", 100, 5_000, -60, 5_060, 130, None),
]


@pytest.mark.parametrize(
	("name", "old", "old_age", "later", "age", "new", "amount"), CASES, ids=[c[0] for c in CASES]
)
def test_what_a_counter_added(
	name: str,
	old: float,
	old_age: float | None,
	later: float,
	age: float | None,
	new: float,
	amount: float | None,
) -> None:
	ages = [[Age(value)] if value is not None else [] for value in (old_age, age)]
	memory = first(*ages[0], Reading("c", old))
	assert look([*ages[1], Reading("c", new)], memory, later)[0].get("c") == amount


def test_a_share_is_of_what_was_added_since_and_of_nothing_there_is_none() -> None:
	memory = first(Share("s", 900, 1_000))
	assert look([Share("s", 930, 1_040)], memory)[0] == {"s": 0.75}
	assert look([Share("s", 900, 1_000)], memory)[0] == {}


def test_why_something_is_missing_is_remembered_and_labels_are_kept_apart() -> None:
	memory = first(Missing("g", "not here"), Reading("c", 5, "a"), Reading("c", 50, "b"))
	kept = Memory.from_dict(memory.as_dict())
	assert kept == memory and kept.missing == {"g": "not here"}
	points, _ = settle(
		SOURCE, [Reading("c", 6, "a"), Reading("c", 52, "b")], kept, NOW + timedelta(minutes=1)
	)
	assert {(item.label, item.total) for item in points} == {("a", 1), ("b", 2)}


def test_figures_of_a_day_bear_the_day() -> None:
	day = datetime(2026, 10, 1)
	assert settle(SOURCE, [Reading("g", 3, on=day)], Memory(), NOW)[0] == [point("g", "", day, 3)]


@pytest.mark.parametrize(
	("items", "said"),
	[
		([Reading("other", 1)], "not declared"),
		([Missing("other", "x")], "not declared"),
		([Reading("g", 1, str(number)) for number in range(51)], "more than 50 labels of g"),
	],
)
def test_what_a_source_may_not_say_is_refused(items: list[Item], said: str) -> None:
	with pytest.raises(ValueError, match=said):
		settle(SOURCE, items, Memory(), NOW)


@pytest.mark.parametrize(
	"kept", [{}, {"counters": 5}, {"taken": "x"}, {"counters": {"a": "b"}}, {"missing": []}]
)
def test_a_memory_that_cannot_be_read_is_an_empty_one(kept: dict[str, object]) -> None:
	assert Memory.from_dict(kept) == Memory()


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=20))
def test_the_amounts_of_a_counter_that_only_grows_add_up(steps: list[int]) -> None:
	value, memory, added = 0, Memory(), 0.0
	for number, step in enumerate(steps):
		value += step
		points, memory = settle(SOURCE, [Reading("c", value)], memory, NOW + timedelta(minutes=number))
		added += sum(item.total for item in points)
	assert added == value - steps[0]


def test_metrics_are_declared_once_with_a_unit_in_the_name_and_a_sentence() -> None:
	names = [metric.name for metric in METRICS]
	assert len(names) == len(set(names))
	for metric in METRICS:
		assert metric.help.endswith(".") and metric.name.replace("_", "").isalnum() and metric.name.islower()
		assert metric.kind in {"gauge", "counter"} and metric.every in {"minute", "hour", "day"}
		for unit in ("seconds", "bytes", "ratio"):
			assert (metric.unit == unit) == metric.name.endswith(f"_{unit}"), metric.name
