"""Heavy hitters: who surely has most is kept, with few counters, and what is over fades."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from verenigingen.core.heavy import ROOM, HeavyHitters


@given(st.lists(st.tuples(st.sampled_from("abcdefghijklmnop"), st.integers(1, 100)), max_size=300))
def test_counts_are_never_too_low_and_their_error_is_known(stream: list[tuple[str, int]]) -> None:
	heavy, exact = HeavyHitters(4), Counter[str]()
	for name, count in stream:
		heavy.add(name, count)
		exact[name] += count
	counters = heavy.counters()
	assert len(counters) <= ROOM * 4
	for name, (count, error) in counters.items():
		assert count - error <= exact[name] <= count
	whole = sum(exact.values())
	for name, count in exact.items():
		if count > whole / (ROOM * 4):
			assert name in counters
	if len(exact) <= 4:
		assert heavy.kept() == set(exact)


def test_a_flood_of_names_that_come_once_does_not_push_out_the_busy_ones() -> None:
	heavy, draw = HeavyHitters(10), random.Random(3)
	for turn in range(2_000):
		heavy.add(f"busy {draw.randrange(8)}", 1)
		heavy.add(f"once {turn}", 1)
	assert {f"busy {number}" for number in range(8)} <= heavy.kept()


def test_what_is_over_makes_room() -> None:
	heavy = HeavyHitters(2)
	heavy.add("old", 1_000)
	heavy.add("older", 1_000)
	heavy.fade(20 * 86_400)
	for name in ("new", "newer"):
		heavy.add(name, 10)
	assert heavy.kept() == {"new", "newer"}


def test_one_made_again_of_its_counters_is_the_same() -> None:
	heavy = HeavyHitters(3)
	for number in range(50):
		heavy.add(f"name {number % 9}", number)
	again = HeavyHitters(3, heavy.counters())
	assert (again.kept(), again.counters()) == (heavy.kept(), heavy.counters())
