"""Times of which nothing is known: they are neither quiet hours nor the reason of a spike or of silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from tests.core.errors.window_builder import NOON, issue, window
from verenigingen.core.errors.changes import find_bursts, look, states
from verenigingen.core.errors.state import History, judge
from verenigingen.core.errors.window import ErrorWindow, observe

DAYS = 60
MIDNIGHT = NOON.replace(hour=0)


def steady(rate: float, seed: int = 3) -> np.ndarray:
	counts = np.random.default_rng(seed).poisson(rate, (DAYS, 24))
	counts[-1, NOON.hour :] = 0
	return counts


def without(counts: np.ndarray, start: datetime, end: datetime) -> np.ndarray:
	"""The counts as they are where nothing was read from `start` to `end`."""
	first = MIDNIGHT - timedelta(days=DAYS - 1)
	hours = counts.copy().reshape(-1)
	hours[int((start - first) / timedelta(hours=1)) : int((end - first) / timedelta(hours=1))] = 0
	return hours.reshape(DAYS, 24)


def history(counts: np.ndarray) -> History:
	return History("I", counts, NOON - timedelta(days=300), NOON - timedelta(hours=1))


def state(counts: np.ndarray, gaps: tuple[tuple[datetime, datetime], ...]) -> str:
	began = NOON - timedelta(days=300)
	return judge([history(counts)], now=NOON, data_since=began, gaps=gaps)[0].state


def bursts(counts: np.ndarray, gaps: tuple[tuple[datetime, datetime], ...]) -> int:
	seen = observe(of_window(counts, gaps))
	return len(find_bursts(seen, look(seen)))


def of_window(counts: np.ndarray, gaps: tuple[tuple[datetime, datetime], ...]) -> ErrorWindow:
	return replace(window(counts[None], days=DAYS // 2), gaps=gaps)


def test_what_comes_back_after_a_gap_is_no_spike_and_no_burst() -> None:
	gap = (MIDNIGHT - timedelta(days=9), MIDNIGHT - timedelta(hours=1))
	counts = without(steady(2.0), *gap)
	assert state(counts, (gap,)) == "ongoing" and bursts(counts, (gap,)) == 0
	# were it silence, the return would be one
	assert state(counts, ()) != "ongoing"


def test_a_gap_is_no_silence() -> None:
	gap = (MIDNIGHT - timedelta(days=2), NOON - timedelta(hours=2))
	counts = without(steady(1.0), *gap)
	assert state(counts, (gap,)) == "ongoing"
	assert state(counts, ()) == "fading"


def test_a_spike_after_a_gap_is_found_all_the_same() -> None:
	gap = (MIDNIGHT - timedelta(days=9), MIDNIGHT - timedelta(days=1))
	counts = without(steady(1.0), *gap)
	counts[-1, 9:12] += 20
	assert state(counts, (gap,)) == "spiking" and bursts(counts, (gap,)) == 1


def test_a_job_of_every_week_is_compared_with_the_last_week_that_was_observed() -> None:
	counts = np.zeros((DAYS, 24), dtype=np.int64)
	counts[[-15, -8, -1], 8] = 40  # at eight on the weekday of today
	gap, began = (MIDNIGHT - timedelta(days=8), MIDNIGHT - timedelta(days=3)), MIDNIGHT - timedelta(days=15)
	facts = History("I", without(counts, *gap), began, NOON - timedelta(hours=4))
	(found,) = judge([facts], now=NOON, data_since=began, gaps=(gap,))
	assert found.state == "ongoing"


def test_days_in_a_gap_are_not_counted_among_those_without_the_error() -> None:
	gap = (NOON - timedelta(days=20), NOON - timedelta(days=10))
	counts = np.zeros((DAYS, 24), dtype=np.int64)
	counts[-1, 9] = 3
	facts = History("I", counts, NOON - timedelta(hours=3), NOON - timedelta(hours=3))
	(found,) = judge([facts], now=NOON, data_since=NOON - timedelta(days=30), gaps=(gap,))
	assert found.state == "new" and "after 20 days without" in found.reason


def test_the_report_judges_with_the_gaps_of_its_window() -> None:
	gap = (MIDNIGHT - timedelta(days=9), MIDNIGHT - timedelta(hours=1))
	counts = without(steady(2.0), *gap)
	of = replace(of_window(counts, (gap,)), issues=(issue("ISS-0"),))
	seen = observe(of)
	assert [found.state for found in states(seen, look(seen))] == ["ongoing"]
