"""Shares and amounts stay within their bounds, intervals and all, whatever they do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verenigingen.core.forecast import AMOUNT, SHARE, Forecast, forecast_of


def parts(found: Forecast) -> list[np.ndarray]:
	return [found.lo95, found.lo80, found.mean, found.hi80, found.hi95]


@pytest.mark.parametrize("top", [1.0, 100.0])
def test_a_share_near_its_bound_has_a_narrow_side_towards_it(top: float) -> None:
	random = np.random.default_rng(1)
	found = forecast_of(top * (1 - random.beta(3, 200, 600)), 48, SHARE, top=top)
	for part in parts(found):
		assert ((part > 0) & (part < top)).all()
	assert (found.hi95 - found.mean < found.mean - found.lo95).all()
	assert 0 < found.error < 0.02 * top


def test_a_share_that_is_mostly_nothing_may_be_nothing() -> None:
	random = np.random.default_rng(2)
	found = forecast_of(random.binomial(60, 0.01, 600) / 60, 48, SHARE)
	assert found.lo95.min() == 0
	assert found.hi95.max() < 0.15


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([AMOUNT, SHARE]))
def test_bounds_hold(seed: int, middle: float, kind: str) -> None:
	random = np.random.default_rng(seed)
	values = np.clip(middle + random.standard_normal(200).cumsum() * random.choice([0.01, 0.3]), -0.2, 1.3)
	values[random.random(200) < 0.1] = np.nan
	found = forecast_of(values, 30, kind)
	for part in parts(found):
		assert np.isfinite(part).all()
		assert part.min() >= 0
		assert kind == AMOUNT or part.max() <= 1
	for lower, upper in zip(parts(found), parts(found)[1:], strict=False):
		assert (lower <= upper + 1e-12).all()
