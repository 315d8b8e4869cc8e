"""Scores forecasts on held-out hourly series, ours beside what people use otherwise, in one run on one core.

Reads `forecast/*.csv.gz` (columns series, split, t or timestamp, value) in the folder of VERENIGINGEN_DATA, by default
`../shared/data` beside the checkout. Measures as the M4 competition defines them: MASE and MSIS scaled by the seasonal
naive error within the training part.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from verenigingen.core.forecast import forecast

DATA = Path(os.environ.get("VERENIGINGEN_DATA", Path(__file__).parents[2] / "shared" / "data"))
SEASON = 24
Made = tuple[Any, Any, Any, Any, Any]  # mean, lo80, hi80, lo95, hi95


def read(path: Path, every: int) -> list[tuple[np.ndarray, np.ndarray]]:
	"""(training, test) values of every n-th series."""
	found: dict[str, tuple[list[float], list[float]]] = {}
	with gzip.open(path, "rt") as file:
		for row in csv.DictReader(file):
			found.setdefault(row["series"], ([], []))[row["split"] != "train"].append(float(row["value"]))
	return [(np.array(a), np.array(b)) for a, b in found.values()][::every]


def ours(train: np.ndarray, horizon: int) -> Made:
	"""This project."""
	made = forecast(train, horizon, season=SEASON)
	return made.mean, made.lo80, made.hi80, made.lo95, made.hi95


def around(mean: np.ndarray, errors: np.ndarray) -> Made:
	"""Normal intervals of constant width, as simple tools draw them."""
	spread = float(np.std(errors))
	return mean, mean - 1.2816 * spread, mean + 1.2816 * spread, mean - 1.96 * spread, mean + 1.96 * spread


def seasonal_naive(train: np.ndarray, horizon: int) -> Made:
	"""The last day, repeated."""
	return around(np.resize(train[-SEASON:], horizon), train[SEASON:] - train[:-SEASON])


def linear(train: np.ndarray, horizon: int) -> Made:
	"""A straight line by least squares."""
	at = np.arange(len(train))
	slope, level = np.polyfit(at, train, 1)
	return around(level + slope * np.arange(len(train), len(train) + horizon), train - level - slope * at)


def holt_winters(train: np.ndarray, horizon: int) -> Made:
	"""statsmodels: additive damped trend, additive season."""
	from statsmodels.tsa.holtwinters import ExponentialSmoothing

	model = ExponentialSmoothing(
		train, trend="add", damped_trend=True, seasonal="add", seasonal_periods=SEASON
	)
	fit = model.fit()
	return around(fit.forecast(horizon), train - fit.fittedvalues)


def nixtla(name: str) -> Callable[[np.ndarray, int], Made]:
	"""A model of statsforecast."""

	def made(train: np.ndarray, horizon: int) -> Made:
		from statsforecast import models

		season: Any = [SEASON, 7 * SEASON] if name == "MSTL" else SEASON
		found = getattr(models, name)(season_length=season).forecast(
			y=train.astype(np.float64), h=horizon, level=[80, 95]
		)
		return (found["mean"], *(found[key] for key in ("lo-80", "hi-80", "lo-95", "hi-95")))

	return made


METHODS: dict[str, Callable[[np.ndarray, int], Made]] = {
	"verenigingen": ours,
	"linear regression": linear,
	"seasonal naive": seasonal_naive,
	"statsmodels Holt-Winters": holt_winters,
	"statsforecast AutoETS": nixtla("AutoETS"),
	"statsforecast MSTL": nixtla("MSTL"),
	"statsforecast AutoTheta": nixtla("AutoTheta"),
}


def score(train: np.ndarray, test: np.ndarray, made: Made) -> tuple[float, ...]:
	"""sMAPE, MASE, MSIS at 95 %, coverage of both intervals, and whether it beats the seasonal naive forecast."""
	mean, lo80, hi80, lo95, hi95 = (np.asarray(part, dtype=float) for part in made)
	scale = float(np.abs(train[SEASON:] - train[:-SEASON]).mean()) or 1e-9
	miss, size = np.abs(test - mean), np.abs(test) + np.abs(mean)
	smape = float(np.where(size > 0, 200 * miss / np.where(size > 0, size, 1), 0).mean())
	naive = np.abs(test - np.resize(train[-SEASON:], len(test))).mean()
	penalty = 40 * (np.maximum(0, lo95 - test) + np.maximum(0, test - hi95))
	return (
		smape,
		float(miss.mean()) / scale,
		float((hi95 - lo95 + penalty).mean()) / scale,
		float(((lo80 <= test) & (test <= hi80)).mean()),
		float(((lo95 <= test) & (test <= hi95)).mean()),
		float(miss.mean() < naive),
	)


def table(name: str, path: Path, every: int) -> None:
	"""Prints one data set's table, a line as soon as it is known."""
	series = read(path, every)
	print(f"### {name}, {len(series)} series\n")
	print(
		"| method | sMAPE | MASE mean / median | MSIS95 mean / median | cov80 | cov95 | beats naive | ms/series |"
	)
	print("|---|---|---|---|---|---|---|---|", flush=True)
	for method, make in METHODS.items():
		make(series[0][0], len(series[0][1]))  # compilers and caches warm up outside the clock
		rows, spent = [], 0.0
		for train, test in series:
			began = time.process_time()
			made = make(train, len(test))
			spent += time.process_time() - began
			rows.append((len(test), *score(train, test, made)))
		scored = np.array(rows)
		points, values = scored[:, 0], scored[:, 1:]
		middle = np.median(values, axis=0)
		mean = values.mean(axis=0)
		covered = (values[:, 3:5] * points[:, None]).sum(axis=0) / points.sum()
		print(
			f"| {method} | {mean[0]:.2f} | {mean[1]:.3f} / {middle[1]:.3f} | {mean[2]:.2f} / {middle[2]:.2f}"
			f" | {covered[0]:.3f} | {covered[1]:.3f} | {mean[5]:.0%} | {1e3 * spent / len(series):.0f} |",
			flush=True,
		)
	print()


def main() -> None:
	"""Prints both tables."""
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--every", type=int, default=1, help="only every n-th series")
	every = parser.parse_args().every
	warnings.filterwarnings("ignore")  # peers warn of every series that does not converge
	for name, file in (("M4 hourly", "m4_hourly"), ("NAB hourly", "nab_hourly")):
		found = sorted((DATA / "forecast").glob(f"{file}*.csv.gz"))
		if not found:
			raise SystemExit(f"There is no {file}*.csv.gz in {DATA}/forecast; set VERENIGINGEN_DATA.")
		table(name, found[0], every)


if __name__ == "__main__":
	main()
