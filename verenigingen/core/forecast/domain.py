"""Forecasts of what has bounds: shares stay within theirs, and amounts above nothing, intervals and all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from .combine import Forecast, forecast
from .prepare import Values

AMOUNT, SHARE = "amount", "share"
ROOM = 0.002  # of the range: nearer to a bound a share counts as at it
AT_BOUND = 0.02  # part of the values; where more are at a bound, odds would leap up and down between it and the next value


def forecast_of(values: Values, horizon: int, kind: str, *, top: float = 1.0, **shape: Any) -> Forecast:
	"""Forecast of an AMOUNT (never under 0) or of a SHARE from 0 to `top` (1 or 100).

	Shares are worked on as the logarithm of their odds, where the way to a bound is endless: so an interval is narrow
	towards a bound that is near, and ends before it. Shares that are often exactly 0 or whole are worked on as they are,
	and intervals end at the bounds. What is outside the bounds is taken for the bound. shape: as of `forecast` (season,
	week). Raises as it does.
	"""
	series = np.asarray(values, dtype=np.float64)
	if kind != SHARE:
		return forecast(np.where(series < 0, 0.0, series), horizon, lower=0.0, **shape)
	share = np.clip(series / top, 0.0, 1.0)
	known = share[np.isfinite(share)]
	bound = float((np.minimum(known, 1 - known) < ROOM).mean()) if len(known) else 0.0
	if bound > AT_BOUND:
		made = forecast(share, horizon, lower=0.0, upper=1.0, **shape)
		return _with_parts(made, lambda part: top * np.clip(part, 0.0, 1.0), top)
	share = np.clip(share, ROOM, 1 - ROOM)
	made = forecast(np.log(share / (1 - share)), horizon, **shape)
	steepness = float(np.nanmean(share * (1 - share)))  # of the way back, where the values lie
	return _with_parts(made, lambda part: top / (1 + np.exp(-np.clip(part, -700, 700))), top * steepness)


def _with_parts(made: Forecast, change: Callable[[Values], Values], error: float) -> Forecast:
	parts = (made.mean, made.lo80, made.hi80, made.lo95, made.hi95)
	mean, lo80, hi80, lo95, hi95 = (np.asarray(change(part)) for part in parts)
	return replace(made, mean=mean, lo80=lo80, hi80=hi80, lo95=lo95, hi95=hi95, error=made.error * error)
