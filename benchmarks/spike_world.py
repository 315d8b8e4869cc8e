"""Simulated issues with injected spikes: hourly counts whose true rates, dispersion and spikes are known.

Everything varies from issue to issue: level, daily and weekly rhythm, spread, clumps of retries, zeros, trend, length of
history. A null world has the same issues without spikes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HOURS = 28 * 24
PLAIN = ("poisson", "negative binomial", "flat", "monday burst")
VARIED = (*PLAIN, "clumps", "zero-inflated", "trend", "short", "busy days")
MULTIPLIERS = (2, 3, 5, 10, 20)
DURATIONS = (3, 6, 24)
QUIET_HOURS = 7 * 24  # of an issue's life before its first spike, so that a week can be known
APART = 24  # hours between the end of a spike and the next one

Vector = NDArray[np.float64]


class Spike(NamedTuple):
	"""First hour, first hour after it, and the factor on the rate."""

	start: int
	end: int
	factor: int


class Issue(NamedTuple):
	"""counts by hour from `first` on (before it the issue did not exist); rate and variance are those without spikes."""

	kind: str
	first: int
	counts: NDArray[np.int64]
	rate: Vector
	spread: tuple[float, float]  # variance = (1 + spread[0]) * rate + spread[1] * rate ** 2
	spikes: list[Spike]


def world(
	seed: int,
	size: int,
	*,
	kinds: tuple[str, ...] = PLAIN,
	spikes: bool = True,
	quiet_hours: int = QUIET_HOURS,
	begin: int = 0,
) -> list[Issue]:
	"""`size` issues of these kinds in turn, 28 days from a Monday 00:00 on, or from `begin` hours later."""
	plan = quiet_hours if spikes else None
	return [make(np.random.default_rng([seed, n]), kinds[n % len(kinds)], plan, begin) for n in range(size)]


def make(random: np.random.Generator, kind: str, quiet_hours: int | None, begin: int = 0) -> Issue:
	"""One issue of a kind; its first spike comes after `quiet_hours` of its history, None for no spikes."""
	rate = float(np.exp(random.uniform(np.log(0.2), np.log(30)))) * _shape(random, kind)
	first = max(begin, int(random.integers(1, 14 * 24)) if kind == "short" else 0)
	spread = _spread(random, kind)
	planted = [] if quiet_hours is None else _place(random, first + quiet_hours)
	raised = rate.copy()
	for spike in planted:
		raised[spike.start : spike.end] *= spike.factor
	counts = _draw(random, kind, raised, spread)
	counts[:first] = 0
	return Issue(kind, first, counts, rate, spread, planted)


def _shape(random: np.random.Generator, kind: str) -> Vector:
	"""Rate over time with mean about one."""
	hour, day = np.arange(HOURS) % 24, np.arange(HOURS) // 24
	if kind == "flat":
		return np.ones(HOURS)
	depth = random.uniform(0.2, 0.95)
	begin, length = random.integers(6, 11), random.integers(7, 13)
	office = ((hour - begin) % 24 < length).astype(float)
	smooth = 0.5 + 0.5 * np.cos(2 * np.pi * (hour - begin - length / 2) / 24)
	daily = 1 - depth + depth * (office if random.random() < 0.5 else smooth)
	weekly = np.where(day % 7 >= 5, random.uniform(0.1, 1.0), random.uniform(0.85, 1.15, 7)[day % 7])
	shape = daily * weekly
	if kind == "monday burst":
		start, long = random.integers(6, 12), random.integers(1, 5)
		shape = np.where(
			(day % 7 == 0) & (hour >= start) & (hour < start + long), random.uniform(4, 12) * shape, shape
		)
	if kind == "trend":
		shape = shape * np.exp(random.uniform(-1.2, 1.2) * np.arange(HOURS) / HOURS)
	return shape / shape.mean()


def _spread(random: np.random.Generator, kind: str) -> tuple[float, float]:
	if kind in ("negative binomial", "trend", "short"):
		return 0.0, float(np.exp(random.uniform(np.log(0.05), np.log(1.0))))
	if kind == "clumps":
		return 2 * float(random.uniform(1, 5)), 0.0
	if kind == "zero-inflated":
		missing = float(random.uniform(0.1, 0.5))
		return 0.0, missing / (1 - missing)
	if kind == "busy days":
		return 0.0, float(random.uniform(0.05, 0.2))
	return 0.0, 0.0


def _place(random: np.random.Generator, earliest: int) -> list[Spike]:
	found: list[Spike] = []
	for _ in range(random.poisson(1.4)):
		length = int(random.choice(DURATIONS))
		start = int(random.integers(earliest, HOURS - length))
		if all(start > other.end + APART or start + length < other.start - APART for other in found):
			found.append(Spike(start, start + length, int(random.choice(MULTIPLIERS))))
	return sorted(found)


def _draw(
	random: np.random.Generator, kind: str, rate: Vector, spread: tuple[float, float]
) -> NDArray[np.int64]:
	clump, relative = spread
	if kind == "clumps":
		mean = 1 + clump / 2  # of a geometric number of events a clump: variance / mean is 2 * mean - 1
		clumps = random.poisson(rate / mean)
		return clumps + random.negative_binomial(np.maximum(clumps, 1), 1 / mean) * (clumps > 0)
	if kind == "zero-inflated":
		kept = 1 / (1 + relative)
		return random.poisson(rate / kept) * (random.random(HOURS) < kept)
	if kind == "busy days":
		days = random.gamma(1 / relative, relative, HOURS // 24)
		return random.poisson(rate * np.repeat(days, 24))
	if relative:
		return random.poisson(random.gamma(1 / relative, relative * rate))
	return random.poisson(rate)
