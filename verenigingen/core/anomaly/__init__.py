"""Anomalies of a series, without look-ahead: each value is judged by what the same series did before it."""

from __future__ import annotations

from .detect import LEAST_POINTS, calm_since, detect
from .evidence import ENOUGH
from .model import KINDS, MISSING, Anomaly
from .words import explain, moment_of, seconds_of

__all__ = [
	"ENOUGH",
	"KINDS",
	"LEAST_POINTS",
	"MISSING",
	"Anomaly",
	"calm_since",
	"detect",
	"explain",
	"moment_of",
	"seconds_of",
]
