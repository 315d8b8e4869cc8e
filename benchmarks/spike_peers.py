"""Other ways to find spikes, for comparison: each takes counts by issue and hour, and says at which hours it alarms.

Written from descriptions, none is copied. All see the past only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.spike_world import Issue
from verenigingen.core.errors.spikes import Alert, Scan

Flags = NDArray[np.bool_]
Counts = NDArray[np.float64]
ORACLE_ALARM = 4e-5  # about where its F1 is highest
REFRACTORY = 6  # hours without an alarm after which the next one is a new alert


def onsets(flags: Flags) -> list[list[int]]:
	"""Hours at which alarms begin, by issue."""
	found = []
	for row in flags:
		hours = np.flatnonzero(row)
		first = np.diff(hours, prepend=-REFRACTORY - 1) > REFRACTORY
		found.append([int(hour) for hour in hours[first]])
	return found


def rolling_z(counts: Counts, limit: float, width: int = 24) -> Flags:
	"""More than `limit` standard deviations above the mean of the last `width` hours."""
	past = np.lib.stride_tricks.sliding_window_view(counts, width, axis=1)[:, :-1]
	flags = np.zeros(counts.shape, dtype=bool)
	flags[:, width:] = counts[:, width:] > past.mean(axis=2) + limit * np.maximum(past.std(axis=2), 0.5)
	return flags


def c_chart(counts: Counts, limit: float = 3.0, width: int = 168) -> Flags:
	"""Shewhart's chart for counts: Poisson limits around the mean of the last seven days."""
	past = np.lib.stride_tricks.sliding_window_view(counts, width, axis=1)[:, :-1].mean(axis=2)
	flags = np.zeros(counts.shape, dtype=bool)
	flags[:, width:] = counts[:, width:] > past + limit * np.sqrt(np.maximum(past, 1 / width))
	return flags


def escalation_ceiling(counts: Counts) -> Flags:
	"""The published idea of Sentry's ceiling for issues: one limit a day, far above what the last week had.

	The larger of the highest hour times 2 to 5 (less where counts vary much), and the weekday's mean plus 5 to 8 times the
	mean. With less than a week of history ten times the highest hour.
	"""
	flags = np.zeros(counts.shape, dtype=bool)
	for day in range(1, counts.shape[1] // 24):
		today = slice(24 * day, 24 * day + 24)
		past = counts[:, max(0, 24 * (day - 7)) : 24 * day]
		highest = past.max(axis=1)
		if day < 7:
			ceiling = 10 * highest
		else:
			mean, deviation = np.maximum(past.mean(axis=1), 1e-9), past.std(axis=1)
			calm = highest * np.clip(5 * np.exp(-0.65 * deviation / mean), 2, 5)
			weekday = counts[:, today.start - 168 : today.start - 144].mean(axis=1)
			ceiling = np.maximum(calm, weekday + np.clip((mean + 5 * deviation) / mean, 5, 8) * mean)
		flags[:, today] = counts[:, today] > np.maximum(ceiling, 1)[:, None]
	return flags


class Oracle(Scan):
	"""Our scan, told the true rate and spread of every hour: about what can be reached at most. Knows nothing of busy days."""

	def __init__(self, issues: list[Issue], counts: Counts, exposure: Counts) -> None:
		super().__init__(counts, exposure, 0, alarm=ORACLE_ALARM)
		self.baseline = _Truth(issues)  # type: ignore[assignment]
		self._age += 24 * counts.shape[1]

	def _like_before(self, alert: Alert, variance: float) -> bool:
		return False


class _Truth:
	"""In place of a baseline: knows all, learns nothing."""

	def __init__(self, issues: list[Issue]) -> None:
		self.rates = np.array([issue.rate for issue in issues]).reshape(len(issues), -1, 24)
		self.clump, self.spread = np.array([issue.spread for issue in issues]).T[:, :, None]
		self.known = np.full(len(issues), np.inf)
		self.day = 0

	def expect(self, weekday: int) -> tuple[Counts, Counts, Counts]:
		rate = self.rates[:, self.day]
		self.day += 1
		return rate, rate * (1 + self.clump) + self.spread * rate**2, np.zeros(len(rate))

	def learn(self, *day: object) -> None:
		"""Nothing is left to learn."""

	learn_swing = rescale = learn
