"""Scores alerts on labelled series: Numenta's benchmark score, and events with a refractory period.

Definitions as in the data's own scorer: nothing in the first 15 % of a series (at most 750 points) counts; the score is
100 for a perfect and 0 for no detector, and every alert outside a window costs; by event, an alert within 2 % of the
series after a counted one does not count, so that a detector that always alerts does not look good.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from verenigingen.core.anomaly import seconds_of

WEEK = 604_800.0


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
	"""A series with the places of its windows that count, and the first place that does."""

	name: str
	times: np.ndarray
	values: np.ndarray
	windows: list[tuple[int, int]]
	start: int

	@property
	def category(self) -> str:
		return self.name.partition("__")[0]


@dataclass(frozen=True, slots=True)
class Tally:
	"""What adds up over series: raw score, windows, windows hit, false events, weeks."""

	raw: float = 0.0
	windows: int = 0
	hit: int = 0
	false: int = 0
	weeks: float = 0.0

	def __add__(self, other: Tally) -> Tally:
		return Tally(
			self.raw + other.raw,
			self.windows + other.windows,
			self.hit + other.hit,
			self.false + other.false,
			self.weeks + other.weeks,
		)

	@property
	def score(self) -> float:
		return 100 * (self.raw + self.windows) / (2 * max(self.windows, 1))

	@property
	def precision(self) -> float:
		return self.hit / max(self.hit + self.false, 1)

	@property
	def recall(self) -> float:
		return self.hit / max(self.windows, 1)

	@property
	def f1(self) -> float:
		both = self.precision + self.recall
		return 2 * self.precision * self.recall / both if both else 0.0

	@property
	def false_per_week(self) -> float:
		return self.false / self.weeks if self.weeks else 0.0


def read(folder: Path) -> list[Labelled]:
	"""Every labelled series of a folder, ascending in time."""
	found = []
	for name, labels in json.loads((folder / "windows.json").read_text()).items():
		with gzip.open(folder / f"{name}.csv.gz", "rt") as file:
			rows = [(_moment(row["timestamp"]), float(row["value"])) for row in csv.DictReader(file)]
		times, values = (np.array(part) for part in zip(*rows, strict=True))
		order = np.argsort(times, kind="stable")
		times, values = times[order], values[order]
		start = min(int(0.15 * len(times)), 750)
		windows = []
		for low, high in labels:
			inside = np.flatnonzero((times >= _moment(low)) & (times <= _moment(high)))
			if len(inside) and inside[-1] >= start:
				windows.append((int(inside[0]), int(inside[-1])))
		found.append(Labelled(name, times, values, windows, start))
	return found


def _moment(text: str) -> float:
	return seconds_of(datetime.fromisoformat(text.split(".")[0]))


def tally(series: Labelled, alerts: Iterable[int]) -> Tally:
	"""What the alerts (places) of one series are worth."""
	places = sorted({place for place in alerts if place >= series.start})
	raw = sum(_reward(window, places) for window in series.windows)
	for place in places:
		if not any(low <= place <= high for low, high in series.windows):
			before = [window for window in series.windows if window[1] < place]
			past = (place - before[-1][1]) / max(before[-1][1] - before[-1][0], 1) if before else math.inf
			raw += 0.11 * (_sigmoid(past) if past <= 3 else -1)
	hit, false = _events(series, places)
	weeks = float(series.times[-1] - series.times[series.start]) / WEEK
	return Tally(raw, len(series.windows), hit, false, weeks)


def _reward(window: tuple[int, int], places: Sequence[int]) -> float:
	low, high = window
	first = next((place for place in places if low <= place <= high), None)
	return -1.0 if first is None else _sigmoid(-(high - first + 1) / max(high - low + 1, 2)) / _sigmoid(-1)


def _events(series: Labelled, places: Sequence[int]) -> tuple[int, int]:
	rest, last, false = max(1, int(0.02 * len(series.times))), -(10**9), 0
	done: set[int] = set()
	for place in places:
		if place - last < rest:
			continue
		last = place
		inside = next((k for k, (low, high) in enumerate(series.windows) if low <= place <= high), None)
		if inside is None:
			false += 1
		else:
			done.add(inside)
	return len(done), false


def _sigmoid(x: float) -> float:
	return 2 / (1 + math.exp(5 * x)) - 1
