"""What a forecast promises whatever the series: it finds what repeats, bounds what it cannot know, and never explodes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from verenigingen.core.forecast import SHORTEST, TooLittleData, forecast

DAY, WEEK = 24, 168


def hours(count: int) -> np.ndarray:
	return np.arange(count, dtype=np.float64)


def daily(count: int, noise: float = 0.0, seed: int = 1) -> np.ndarray:
	at = hours(count)
	return (
		100 + 30 * np.sin(2 * np.pi * at / DAY) + noise * np.random.default_rng(seed).standard_normal(count)
	)


def test_a_pure_season_is_continued_exactly() -> None:
	found = forecast(daily(600), 48)
	assert np.abs(found.mean - daily(648)[600:]).max() < 0.5
	assert found.skill >= 0


def test_weekends_are_known_after_a_few_weeks() -> None:
	at = hours(6 * WEEK)
	busy = np.where(at % WEEK < 5 * DAY, 50 + 20 * np.sin(2 * np.pi * at / DAY), 5.0)
	found = forecast(busy[: 5 * WEEK], WEEK)
	assert np.abs(found.mean - busy[5 * WEEK :]).mean() < 2
	assert found.skill > 0.8


def test_a_trend_without_season_goes_on() -> None:
	found = forecast(3.0 * hours(200) + 7, 30, season=1)
	assert np.abs(found.mean - (3.0 * np.arange(200, 230) + 7)).max() < 6


def test_a_level_shift_is_followed() -> None:
	series = daily(800, noise=2)
	series[600:] += 400
	found = forecast(series, 24)
	assert found.mean.min() > 440


def test_one_outlier_does_not_move_the_forecast() -> None:
	series = daily(600, noise=1)
	calm = forecast(series, 24).mean
	series[300] += 5_000
	assert np.abs(forecast(series, 24).mean - calm).max() < 15


def test_gaps_are_gaps_and_not_zeros() -> None:
	series = daily(600, noise=1)
	series[200:260] = np.nan
	series[::17] = np.nan
	found = forecast(series, 48)
	assert np.abs(found.mean - daily(648)[600:]).max() < 8


def test_what_was_never_negative_stays_so_and_bounds_hold() -> None:
	counts = np.random.default_rng(3).poisson(0.4, 700).astype(float)
	found = forecast(counts, 72)
	assert found.lo95.min() >= 0
	share = forecast(np.clip(daily(700, noise=30), 0, 100), 72, lower=0, upper=100)
	assert share.mean.max() <= 100


def test_intervals_hold_what_they_promise_on_noise() -> None:
	inside80, inside95 = [], []
	for seed in range(25):
		series = daily(748, noise=8, seed=seed)
		found = forecast(series[:700], 48)
		actual = series[700:]
		inside80.append(((actual >= found.lo80) & (actual <= found.hi80)).mean())
		inside95.append(((actual >= found.lo95) & (actual <= found.hi95)).mean())
	assert 0.72 <= np.mean(inside80) <= 0.92
	assert np.mean(inside95) >= 0.92


def test_the_season_is_not_invented_from_too_little() -> None:
	assert not any("season" in name for name, _ in forecast(daily(40), 10).weights)


def test_too_little_data_says_how_much_is_missing() -> None:
	with pytest.raises(TooLittleData, match=rf"5 points are known, at least {SHORTEST}"):
		forecast([1, 2, 3, np.nan, 4, 5, np.nan], 3)


@pytest.mark.parametrize(("horizon", "season"), [(0, 24), (5, 0)])
def test_senseless_arguments_are_refused(horizon: int, season: int) -> None:
	with pytest.raises(ValueError, match="at least 1"):
		forecast(daily(100), horizon, season=season)


def test_the_same_series_has_the_same_forecast() -> None:
	series = daily(500, noise=3)
	assert (forecast(series, 24).mean == forecast(series.copy(), 24).mean).all()


def test_a_longer_horizon_than_the_history_widens() -> None:
	found = forecast(np.random.default_rng(5).standard_normal(60).cumsum(), 100, season=1)
	width = found.hi95 - found.lo95
	assert len(width) == 100
	assert width[-1] > width[20]


@settings(max_examples=60, deadline=None)
@given(
	arrays(np.float64, st.integers(SHORTEST, 120), elements=st.floats(-1e12, 1e12)),
	st.integers(1, 60),
	st.sampled_from([1, 7, 24]),
)
def test_any_series_has_a_finite_ordered_forecast(values: np.ndarray, horizon: int, season: int) -> None:
	found = forecast(values, horizon, season=season)
	for part in (found.mean, found.lo80, found.hi80, found.lo95, found.hi95):
		assert part.shape == (horizon,)
		assert np.isfinite(part).all()
	assert (found.lo80 <= found.mean).all()
	assert (found.mean <= found.hi80).all()
	span = values.max() - values.min()
	assert found.mean.max() <= values.max() + span + 1e-9 * (1 + np.abs(values).max())
	assert sum(share for _, share in found.weights) == pytest.approx(1)
	assert 0 <= found.coverage80 <= 1


@settings(max_examples=25, deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(-1e6, 1e6))
def test_units_do_not_matter(factor: float, shift: float) -> None:
	series = daily(150, noise=5) - 150  # negative: the floor at nothing must not come in
	plain, changed = forecast(series, 12), forecast(series * factor - abs(shift), 12)
	assert np.allclose(changed.mean, plain.mean * factor - abs(shift), rtol=1e-4, atol=1e-3 * factor * 60)
