"""Ranges of dates hold the truth about as often as they say, and what does not grow raises no alarm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from verenigingen.core.forecast import TooLittleData, first_passage, fit_growth

Random = np.random.Generator
DAYS, HORIZON, SEEDS = 60, 120, 120


def line(random: Random, count: int) -> np.ndarray:
	return (
		100
		+ random.uniform(0.1, 0.5) * np.arange(count)
		+ random.uniform(0.5, 3) * random.standard_normal(count)
	)


def walk(random: Random, count: int) -> np.ndarray:
	return 100 + np.cumsum(
		random.uniform(0.1, 0.5) + random.uniform(0.5, 1.5) * random.standard_normal(count)
	)


def filling(random: Random, count: int) -> np.ndarray:
	return 100 + np.cumsum(random.gamma(0.8, random.uniform(0.2, 0.6), count))


@pytest.mark.parametrize(("make", "least"), [(line, 0.75), (walk, 0.72), (filling, 0.72)])
def test_the_80_percent_range_holds_the_day_on_which_it_happened(
	make: Callable[[Random, int], np.ndarray], least: float
) -> None:
	inside = 0
	for seed in range(SEEDS):
		random = np.random.default_rng(seed)
		values = make(random, DAYS + HORIZON)
		limit = float(values[:DAYS].max() + random.uniform(3, 30))
		after = np.flatnonzero(values[DAYS:] >= limit)
		happened = after[0] + 1 if len(after) else np.inf
		found = first_passage(fit_growth(values[:DAYS]), limit, HORIZON)
		earliest, latest = (np.inf if day is None else day for day in (found.earliest, found.latest))
		inside += earliest <= happened <= latest
	assert least <= inside / SEEDS <= 0.99  # 80 % less what 120 draws may miss by chance


def white(random: Random) -> np.ndarray:
	return 100 + 5 * random.standard_normal(DAYS)


def wandering(random: Random) -> np.ndarray:
	return 100 + np.cumsum(random.standard_normal(DAYS))


def weekly(random: Random) -> np.ndarray:
	return 100 - 30.0 * (np.arange(DAYS) % 7 >= 5) + 4 * random.standard_normal(DAYS)


def shifted(random: Random) -> np.ndarray:
	return 100 + random.standard_normal(DAYS) + 20 * (np.arange(DAYS) >= DAYS // 2)


@pytest.mark.parametrize("make", [white, wandering, weekly, shifted])
def test_what_does_not_grow_seldom_looks_so(make: Callable[[Random], np.ndarray]) -> None:
	alarms = sum(fit_growth(make(np.random.default_rng(seed))).doubt() < 0.01 for seed in range(SEEDS))
	assert alarms / SEEDS <= 0.04


def test_a_known_slope_is_found_in_every_unit() -> None:
	for unit in (1e-9, 1.0, 1e15):
		values = unit * (50 + 0.5 * np.arange(90) + np.random.default_rng(1).standard_normal(90))
		growth = fit_growth(values)
		low, high = growth.slope_range()
		assert low < 0.5 * unit < high
		assert growth.doubt() < 1e-6
		assert 85 * unit < growth.level < 105 * unit


def test_a_jump_is_no_growth_and_is_told() -> None:
	values = 100 + np.random.default_rng(2).standard_normal(80)
	values[60:] += 30
	growth = fit_growth(values)
	assert growth.doubt() > 0.05
	((ago, size),) = growth.jumps
	assert ago == 20
	assert size == pytest.approx(30, abs=2)
	assert growth.level == pytest.approx(130, abs=2)


def test_outliers_and_gaps_hardly_move_the_date() -> None:
	values = 100 + 0.4 * np.arange(90) + np.random.default_rng(3).standard_normal(90)
	calm = first_passage(fit_growth(values), 150, 90, of_level=True)
	values[[20, 50]] += 60
	values[30:40] = np.nan
	moved = first_passage(fit_growth(values), 150, 90, of_level=True)
	assert calm.middle is not None
	assert moved.middle is not None
	assert abs(calm.middle - moved.middle) <= 6


def test_weekends_do_not_hide_growth() -> None:
	at = np.arange(84)
	values = 100 + 0.2 * at - 40.0 * (at % 7 >= 5) + np.random.default_rng(4).standard_normal(84)
	growth = fit_growth(values)
	assert growth.doubt() < 1e-4
	assert growth.weekday.min() == pytest.approx(-40 + 80 / 7, abs=3)


def test_a_limit_passed_already_far_away_or_below() -> None:
	growth = fit_growth(100 - 0.5 * np.arange(60) + np.random.default_rng(5).standard_normal(60))
	assert first_passage(growth, 50, 90).passed
	assert first_passage(growth, 200, 90).earliest is None
	assert first_passage(growth, 200, 90).probability < 0.01
	falling = first_passage(growth, 60, 90, falling=True, of_level=True)
	assert falling.earliest is not None
	assert falling.latest is not None
	assert falling.earliest <= 21 <= falling.latest


def test_the_same_series_has_the_same_answer() -> None:
	values = np.cumsum(np.random.default_rng(6).gamma(1, 1, 60))
	assert first_passage(fit_growth(values), 90, 90) == first_passage(fit_growth(values.copy()), 90, 90)


@pytest.mark.parametrize(
	"values", [np.full(40, 5.0), np.zeros(40), np.r_[np.zeros(39), 1e300], np.tile([0.0, 1e-300], 20)]
)
def test_strange_series_have_finite_answers(values: np.ndarray) -> None:
	growth = fit_growth(values)
	assert np.isfinite([growth.level, growth.slope, growth.doubt()]).all()
	first_passage(growth, 1e6, 30)


def test_too_few_days_are_refused() -> None:
	with pytest.raises(TooLittleData, match="3 days are known"):
		fit_growth(np.array([1.0, np.nan, 2.0, 3.0]))
	with pytest.raises(ValueError, match="at least 1 day"):
		first_passage(fit_growth(np.arange(20.0)), 5, 0)
