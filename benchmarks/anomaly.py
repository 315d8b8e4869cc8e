"""Anomaly detection on labelled operational series, ours beside simple detectors in the same run, and on made ones.

Reads `anomaly/` in the folder of VERENIGINGEN_DATA, by default `../shared/data` beside the checkout. Every detector is
causal. A peer's one threshold is the best for it on these very series (which favours it); ours is the default. "Held out"
rows take the threshold from the other categories of series and score it on the category left out. Then, on series made
by `anomaly_world`: false alerts per week of each kind, and the share of faults that is found.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
from scipy.ndimage import median_filter

from benchmarks.anomaly_score import Labelled, Tally, read, tally
from benchmarks.anomaly_world import DAY, FAULTS, QUIET, times_of
from verenigingen.core.anomaly import ENOUGH, MISSING, detect
from verenigingen.core.anomaly.evidence import alerts, evidence
from verenigingen.core.anomaly.views import look

DATA = Path(os.environ.get("VERENIGINGEN_DATA", Path(__file__).parents[2] / "shared" / "data"))
GRID = np.arange(4.0, 6.01, 0.25)  # thresholds of ours tried by the held-out rows
PUBLISHED = (  # alerts published with the Numenta Anomaly Benchmark, on the series given here, same definitions
	("windowedGaussian (published)", 31, 0.34, 0.80),
	("numentaTM (published)", 64, 0.47, 0.75),
	("ARTime (published)", 75, 0.52, 0.71),
	("contextOSE (published)", 69, 0.69, 0.22),
)


def _width(times: np.ndarray) -> int:
	steps = np.diff(times[:100])
	return max(8, round(DAY / float(np.median(steps[steps > 0]))))


def _before(values: np.ndarray, width: int, of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
	"""A statistic of the `width` values before each one; NaN at the beginning."""
	found = np.full(len(values), np.nan)
	if len(values) > width:
		found[width:] = of(np.lib.stride_tricks.sliding_window_view(values, width)[:-1])
	return found


def gaussian(times: np.ndarray, values: np.ndarray) -> np.ndarray:
	"""windowed Gaussian"""
	width = 6_400 if len(values) > 12_800 else max(32, len(values) // 10)  # its usual window, for long series
	mean = _before(values, min(width, 1_000), lambda seen: seen.mean(axis=1))
	spread = _before(values, min(width, 1_000), lambda seen: seen.std(axis=1))
	return np.abs(values - mean) / (spread + 1e-9)


def z_score(times: np.ndarray, values: np.ndarray) -> np.ndarray:
	"""rolling z-score of a day"""
	width = _width(times)
	mean = _before(values, width, lambda seen: seen.mean(axis=1))
	spread = _before(values, width, lambda seen: seen.std(axis=1))
	return np.abs(values - mean) / (spread + 1e-9)


def mad(times: np.ndarray, values: np.ndarray) -> np.ndarray:
	"""rolling median and MAD of a day"""
	width = _width(times)
	middle = np.roll(median_filter(values, size=2 * (width // 2) + 1, origin=width // 2, mode="nearest"), 1)
	rest = np.abs(values - middle)
	spread = np.roll(median_filter(rest, size=2 * (width // 2) + 1, origin=width // 2, mode="nearest"), 1)
	rest[:width] = np.nan
	return rest / (1.4826 * spread + 1e-9 + 0.01 * np.abs(values).mean())


def seasonal(times: np.ndarray, values: np.ndarray) -> np.ndarray:
	"""residual from the same time of the 7 days before"""
	width = _width(times)
	past = np.full((7, len(values)), np.nan)
	for day in range(1, 8):
		past[day - 1, day * width :] = values[: -day * width or None]
	rest = np.abs(values - np.nanmedian(past, axis=0, keepdims=False))
	usual = np.cumsum(np.nan_to_num(rest)) / np.maximum(np.cumsum(np.isfinite(rest)), 1)
	return rest / (np.roll(usual, 1) + 1e-9)


def cusum(times: np.ndarray, values: np.ndarray) -> np.ndarray:
	"""two-sided CUSUM"""
	z = z_score(times, values)
	sign = np.sign(values - np.nan_to_num(_before(values, _width(times), lambda seen: seen.mean(axis=1))))
	up = down = 0.0
	found = np.zeros(len(values))
	for place, step in enumerate(np.clip(np.nan_to_num(z * sign), -10, 10)):
		up, down = max(0.0, up + step - 1), max(0.0, down - step - 1)
		found[place] = max(up, down)
	return found


PEERS = (gaussian, z_score, mad, seasonal, cusum)


def quiet_alerts(score: np.ndarray, threshold: float, width: int) -> list[int]:
	"""At most one alert in half a day, as ours."""
	found: list[int] = []
	for place in np.flatnonzero(np.nan_to_num(score) >= threshold).tolist():
		if not found or place - found[-1] > width // 2:
			found.append(place)
	return found


def line(name: str, found: Tally, ms: float | None = None) -> None:
	cost = "" if ms is None else f"{ms:.3f}"
	print(
		f"| {name} | {found.score:.1f} | {found.f1:.3f} | {found.precision:.2f} | {found.recall:.2f} |"
		f" {found.false_per_week:.2f} | {cost} |",
		flush=True,
	)


def labelled(series: Sequence[Labelled]) -> None:
	"""The table of labelled series."""
	hours = sum(float(one.times[-1] - one.times[0]) for one in series) / 3600
	windows = sum(len(one.windows) for one in series)
	print(f"### Labelled series: {len(series)}, {windows} windows\n")
	print("| detector | score | F1 | precision | recall | false alerts/series-week | ms/series-hour |")
	print("|---|---|---|---|---|---|---|")
	began = time.process_time()
	found = [
		tally(one, [a.place for a in detect(one.times, one.values) if a.kind != MISSING]) for one in series
	]
	line("verenigingen", _sum(found), 1e3 * (time.process_time() - began) / hours)
	for category in sorted({one.category for one in series}):
		line(
			f"– of them {category}",
			_sum([t for one, t in zip(series, found, strict=True) if one.category == category]),
		)
	tallies = _ours(series)
	line("verenigingen, held out by category", _held_out(series, tallies, lambda one: one.category))
	line("verenigingen, held out by series", _held_out(series, tallies, lambda one: one.name))
	for peer in PEERS:
		began = time.process_time()
		scores = [peer(one.times, one.values) for one in series]
		spent = 1e3 * (time.process_time() - began) / hours
		line(f"{peer.__doc__}, best threshold", _best(series, scores), spent)
	for name, score, f1, false in PUBLISHED:
		print(f"| {name} | {score} | {f1:.2f} | | | {false:.2f} | |")
	print(flush=True)


def _sum(found: Sequence[Tally]) -> Tally:
	return reduce(add, found, Tally())


def _ours(series: Sequence[Labelled]) -> list[list[Tally]]:
	"""Per threshold of GRID, the tally of each series."""
	seen = [(one, look(one.times, one.values)) for one in series]
	proofs = [(one, evidence(views).decades, views.width) for one, views in seen]
	return [
		[tally(one, alerts(proof, width, float(enough))) for one, proof, width in proofs] for enough in GRID
	]


def _held_out(
	series: Sequence[Labelled], tallies: Sequence[Sequence[Tally]], part: Callable[[Labelled], str]
) -> Tally:
	"""Each part scored at the threshold that is best on the others: the highest score with at most 0.25 false a week."""
	total = Tally()
	for left in sorted({part(one) for one in series}):
		inside = [part(one) == left for one in series]
		others = [_sum([t for t, mine in zip(row, inside, strict=True) if not mine]) for row in tallies]
		best = max(range(len(GRID)), key=lambda i: _merit(others[i]))
		total += _sum([t for t, mine in zip(tallies[best], inside, strict=True) if mine])
	return total


def _merit(found: Tally) -> float:
	return found.score - 400 * max(0.0, found.false_per_week - 0.25)


def _best(series: Sequence[Labelled], scores: Sequence[np.ndarray]) -> Tally:
	known = np.concatenate([score[np.isfinite(score)] for score in scores])
	made = []
	for threshold in np.quantile(known, 1 - np.geomspace(1e-4, 0.05, 30)):
		each = zip(series, scores, strict=True)
		made.append(
			_sum([tally(one, quiet_alerts(score, threshold, _width(one.times))) for one, score in each])
		)
	return max(made, key=lambda found: found.score)


def worlds(repeats: int) -> None:
	"""The table of made series."""
	print(f"### Made series: {repeats} of each kind and step, threshold {ENOUGH:g} decades\n")
	faults = " | ".join(FAULTS)
	print(f"| kind | step | false alerts/week | {faults} |")
	print("|---|---|---|" + "---|" * len(FAULTS))
	for step, days in ((300.0, 21.0), (3_600.0, 60.0)):
		times = times_of(days, step)
		for kind, make in QUIET.items():
			false = 0
			found = dict.fromkeys(FAULTS, 0)
			for repeat in range(repeats):
				rng = np.random.default_rng([repeat, int(step), len(kind)])
				values = make(times, rng)
				false += len(detect(times, values))
				for name, fault in FAULTS.items():
					at = int(len(times) * rng.uniform(0.5, 0.9))
					late = times[at] + (2 if name in ("still", "bend") else 0.5) * DAY
					changed = detect(times, fault(times, values, at, 1.0, rng))
					found[name] += any(times[at] <= one.at <= late for one in changed)
			rate = false / (repeats * (days - 2) / 7)
			shares = " | ".join(f"{count / repeats:.0%}" for count in found.values())
			print(f"| {kind} | {step / 60:g} min | {rate:.2f} | {shares} |", flush=True)
	print("\nA fault has the size of the range that 90 % of the series' values lie in.\n")


def main() -> None:
	"""Prints both tables."""
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--repeats", type=int, default=4, help="made series of each kind")
	arguments = parser.parse_args()
	folder = DATA / "anomaly"
	if not (folder / "windows.json").exists():
		raise SystemExit(f"There is no windows.json in {folder}; set VERENIGINGEN_DATA.")
	np.seterr(all="ignore")  # peers divide by nothing and take medians of nothing
	labelled(read(folder))
	worlds(arguments.repeats)


if __name__ == "__main__":
	main()
