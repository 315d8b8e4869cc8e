"""When things happen: daily and weekly rhythms as hourly rates, and moments drawn from them.

Moments are naive and in the site's zone, as Frappe stores them. The hour that the clocks skip in spring never occurs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from random import Random
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

ZONE = ZoneInfo("Europe/Amsterdam")
_HOUR = timedelta(hours=1)

# Shares of a day by hour 0..23, and of a mean working day by weekday; any scale, `Rhythm` normalises the hours.
_SHAPES: dict[str, tuple[list[float], list[float]]] = {
	"office": (
		[0, 0, 0, 0, 0, 0, 0.1, 0.5, 3, 6, 7, 6.5, 3.5, 6, 6.5, 6, 5, 2.5, 0.8, 0.6, 0.5, 0.3, 0.1, 0],
		[1.1, 1.05, 1.0, 0.97, 0.88, 0.14, 0.08],
	),
	"portal": (
		[
			0.3,
			0.1,
			0.05,
			0.05,
			0.05,
			0.1,
			0.4,
			1.2,
			2,
			2.5,
			2.8,
			2.6,
			3,
			2.6,
			2.4,
			2.5,
			2.8,
			3.2,
			4,
			5.5,
			6,
			5,
			2.8,
			1,
		],
		[1.05, 1.05, 1.0, 1.0, 0.9, 0.7, 0.85],
	),
	"machine": ([1.0] * 24, [1.0] * 7),
}


def generator(seed: int, label: str) -> np.random.Generator:
	"""A numpy generator of its own for one purpose, so that one part can change without moving the others."""
	return np.random.default_rng([seed, crc32(label.encode())])


def rng(seed: int, label: str) -> Random:
	"""A standard generator of its own for one purpose."""
	return Random(f"{seed}:{label}")


def local(moment: datetime) -> datetime:
	"""An aware moment as the site stores it."""
	return moment.astimezone(ZONE).replace(tzinfo=None)


def exists(moment: datetime) -> bool:
	"""Whether a naive local time is one the clocks showed."""
	return local(moment.replace(tzinfo=ZONE).astimezone(timezone.utc)) == moment


def iso(moment: datetime) -> str:
	"""A naive local moment as text with its zone."""
	return moment.replace(tzinfo=ZONE).isoformat()


def rates(
	shape: str, per_day: float, start: datetime, end: datetime, trend: Callable[[float], float] | None = None
) -> tuple[list[datetime], NDArray[np.float64]]:
	"""Start and expected number of events of every hour between two moments.

	`per_day` is the number on a mean working day; `trend` multiplies it, given the days since `start`.
	"""
	hours, weekdays = _SHAPES[shape]
	total = sum(hours)
	moments: list[datetime] = []
	expected: list[float] = []
	moment = start.replace(minute=0, second=0, microsecond=0)
	while moment < end:
		share = (min(moment + _HOUR, end) - max(moment, start)) / _HOUR
		rate = (
			per_day * hours[moment.hour] / total * weekdays[moment.weekday()] * share
			if exists(moment)
			else 0.0
		)
		moments.append(moment)
		expected.append(rate * (trend((moment - start) / timedelta(days=1)) if trend else 1.0))
		moment += _HOUR
	return moments, np.array(expected)


def moments(
	random: np.random.Generator,
	shape: str,
	per_day: float,
	start: datetime,
	end: datetime,
	trend: Callable[[float], float] | None = None,
) -> list[datetime]:
	"""Random moments of a rhythm, in order."""
	hours, expected = rates(shape, per_day, start, end, trend)
	return _spread(random, hours, random.poisson(expected), start, end)


def steady(
	random: np.random.Generator,
	shape: str,
	per_day: float,
	start: datetime,
	end: datetime,
	trend: Callable[[float], float] | None = None,
) -> list[datetime]:
	"""Random moments of a rhythm that do not happen to look like another trend, a burst or a change.

	Pure chance shows a trend in one of twenty series; noise that is meant to test for false alarms must not.
	"""
	hours, expected = rates(shape, per_day, start, end, trend)
	days = np.array([(hour.date() - start.date()).days for hour in hours])
	expected_days = np.bincount(days, expected).astype(np.float64)
	while True:
		counts = random.poisson(expected)
		if _looks_steady(np.bincount(days, counts).astype(np.float64), expected_days):
			return _spread(random, hours, counts, start, end)


def _looks_steady(counts: NDArray[np.float64], expected: NDArray[np.float64]) -> bool:
	"""Whether daily counts stay near their expectation: overall, in slope, in every four weeks, week, three days and day."""
	deviation = counts - expected
	position = np.arange(len(counts)) - (len(counts) - 1) / 2
	slope = float(deviation @ position) / float(np.sqrt(expected @ position**2))
	if abs(slope) > 0.8 or abs(deviation.sum()) > 0.8 * np.sqrt(expected.sum()):
		return False
	for width, limit in ((28, 1.3), (7, 2.2), (3, 2.6), (1, 3.0)):
		window = np.ones(min(width, len(counts)))
		spread = np.sqrt(np.convolve(expected, window, "valid") + 0.5)
		if float(np.max(np.abs(np.convolve(deviation, window, "valid")) / spread)) > limit:
			return False
	recent = deviation[-7:].sum() / np.sqrt(expected[-7:].sum() + 0.5)
	return abs(float(recent)) < 1.0


def _spread(
	random: np.random.Generator,
	hours: list[datetime],
	counts: NDArray[np.int64],
	start: datetime,
	end: datetime,
) -> list[datetime]:
	"""Puts each hour's events at random places inside the hour, and inside the whole span."""
	found: list[datetime] = []
	for index in np.flatnonzero(counts):
		first, last = max(hours[index], start), min(hours[index] + _HOUR, end)
		places = np.sort(random.random(int(counts[index])))
		found.extend(first + (last - first) * float(place) for place in places)
	return found


def working_day(day: datetime) -> datetime:
	"""The same moment, moved back to Friday when it lies in a weekend."""
	return day - timedelta(days=max(0, day.weekday() - 4))
