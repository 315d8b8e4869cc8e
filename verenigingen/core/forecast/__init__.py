"""Forecasts with honest intervals: candidates compete on the series itself, and what they missed sets the width."""

from __future__ import annotations

from .combine import Forecast, forecast
from .prepare import SHORTEST, TooLittleData

__all__ = ["SHORTEST", "Forecast", "TooLittleData", "forecast"]
