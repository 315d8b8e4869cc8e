"""Forecasts with honest intervals: candidates compete on the series itself, and what they missed sets the width."""

from __future__ import annotations

from .combine import Forecast, forecast
from .domain import AMOUNT, SHARE, forecast_of
from .growth import Growth, fit_growth
from .passage import Passage, first_passage
from .prepare import SHORTEST, TooLittleData

__all__ = [
	"AMOUNT",
	"SHARE",
	"SHORTEST",
	"Forecast",
	"Growth",
	"Passage",
	"TooLittleData",
	"first_passage",
	"fit_growth",
	"forecast",
	"forecast_of",
]
