"""When a growing value first reaches a limit: a range of days from many possible futures, not from the mean line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .growth import Growth
from .prepare import Values

PATHS = 2_000
SEED = 7  # the same series has the same answer
RANGE = (0.1, 0.5, 0.9)  # the 80 % range and its middle
NARROWEST = 2  # days: one value a day cannot tell more exactly when within it, or just before or after it
NEVER = np.inf


@dataclass(frozen=True, slots=True)
class Passage:
	"""First day ahead (1: the day after the last) at which the limit is reached: with 10 %, 50 % and 90 % probability.

	None: with less than that probability within `horizon` days. `probability` is that it is reached within the horizon.
	passed: the series stands beyond the limit already; the days are then 0.
	"""

	limit: float
	horizon: int
	probability: float
	earliest: int | None
	middle: int | None
	latest: int | None
	passed: bool = False


def first_passage(
	growth: Growth, limit: float, horizon: int, *, falling: bool = False, of_level: bool = False
) -> Passage:
	"""When the values of `growth` first reach `limit` within `horizon` days (from above, if `falling`).

	of_level: the level without noise and weekdays must reach it, not a single day: right for what varies by day
	(latencies), while a disk is full on the first day that it is full.

	Raises ValueError for a horizon under 1.
	"""
	if horizon < 1:
		raise ValueError(f"horizon must be at least 1 day, not {horizon}")
	sign = -1.0 if falling else 1.0
	if sign * growth.level >= sign * limit:
		return Passage(limit, horizon, 1.0, 0, 0, 0, passed=True)
	reached = sign * futures(growth, horizon, of_level=of_level) >= sign * limit
	first = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, NEVER)
	earliest, middle, latest = (_day(first, share) for share in RANGE)
	if earliest is not None and latest is not None and latest - earliest < NARROWEST:
		earliest, latest = max(1, earliest - 1), latest + 1
	return Passage(limit, horizon, float(np.isfinite(first).mean()), earliest, middle, latest)


def _day(first: Values, share: float) -> int | None:
	found = float(np.quantile(first, share, method="higher" if share > 0.5 else "lower"))
	return int(found) if np.isfinite(found) else None


def futures(
	growth: Growth, horizon: int, *, of_level: bool = False, paths: int = PATHS
) -> NDArray[np.float64]:
	"""Possible courses, (paths, horizon): mixtures by their weight, variances, levels and slopes as uncertain as they are."""
	random = np.random.default_rng(SEED)
	chosen = random.choice(len(growth.weight), paths, p=growth.weight)
	size = growth.size[chosen] * np.sqrt(growth.freedom / random.chisquare(growth.freedom, paths))
	begin = random.standard_normal((paths, 2))
	root = np.linalg.cholesky(growth.spread[chosen] + 1e-12 * np.eye(2))
	off = np.einsum("pij,pj->pi", root, begin) * size[:, None]
	slope = (growth.slopes[chosen] + off[:, 1])[:, None] + np.cumsum(
		random.standard_normal((paths, horizon)) * (size * np.sqrt(growth.bend[chosen]))[:, None], axis=1
	)
	steps = random.standard_normal((paths, horizon)) * (size * np.sqrt(growth.wander[chosen]))[:, None]
	level = (growth.levels[chosen] + off[:, 0])[:, None] + np.cumsum(slope + steps, axis=1)
	if of_level:
		return np.asarray(level)
	noise = random.standard_normal((paths, horizon)) * (size * np.sqrt(1 - growth.wander[chosen]))[:, None]
	return np.asarray(level + noise + np.resize(growth.weekday, horizon)[None, :])
