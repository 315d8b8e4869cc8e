"""Finds injected spikes in simulated issues, ours beside simple rules, Sentry's published ceiling and an oracle, in one run.

How it is counted: a spike is found when an alert is raised within it, from its first hour to its last; an alert at any
other hour is false; an alarm within six hours of another one belongs to it, for every method alike. Delay is hours from the
first hour of a spike to its alert (0: within the first hour). Nothing is left out: also the first days count, and weeks
without a spike. CPU time is that of one process on one core. Worlds with the same seed are the same everywhere.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from benchmarks.spike_peers import Oracle, c_chart, escalation_ceiling, onsets, rolling_z
from benchmarks.spike_world import HOURS, MULTIPLIERS, VARIED, Issue, world
from verenigingen.core.errors.spikes import Scan

Found = list[list[int]]
Method = Callable[[list[Issue]], Found]


def arrays(issues: list[Issue]) -> tuple[np.ndarray, np.ndarray]:
	"""Counts and observed hours, (issues, days, 24)."""
	counts = np.array([issue.counts for issue in issues], dtype=float)
	exposure = np.array([np.arange(HOURS) >= issue.first for issue in issues], dtype=float)
	shape = (len(issues), HOURS // 24, 24)
	return counts.reshape(shape), exposure.reshape(shape)


def flat(issues: list[Issue]) -> np.ndarray:
	return np.array([issue.counts for issue in issues], dtype=float)


def raised(scan: Scan, size: int) -> Found:
	hours: Found = [[] for _ in range(size)]
	for episode in scan.run():
		hours[episode.alert.row].append(episode.alert.hour)
	return hours


METHODS: dict[str, Method] = {
	"ours": lambda issues: raised(Scan(*arrays(issues), 0), len(issues)),
	"escalation ceiling": lambda issues: onsets(escalation_ceiling(flat(issues))),
	"rolling z, 3": lambda issues: onsets(rolling_z(flat(issues), 3)),
	"rolling z, 5": lambda issues: onsets(rolling_z(flat(issues), 5)),
	"c-chart, 3 sigma": lambda issues: onsets(c_chart(flat(issues))),
	"always": lambda issues: onsets(np.ones((len(issues), HOURS), dtype=bool)),
	"oracle": lambda issues: raised(Oracle(issues, *arrays(issues)), len(issues)),
}


def score(issues: list[Issue], found: Found) -> dict[str, float]:
	"""Recall, precision, F1, false alerts an issue-week, mean delay, and recall by factor."""
	hits: list[tuple[int, int]] = []  # factor, delay
	false = 0
	for issue, hours in zip(issues, found, strict=True):
		for spike in issue.spikes:
			inside = [hour for hour in hours if spike.start <= hour < spike.end]
			hits += [(spike.factor, inside[0] - spike.start)] if inside else []
		false += sum(not any(s.start <= hour < s.end for s in issue.spikes) for hour in hours)
	planted = [spike.factor for issue in issues for spike in issue.spikes]
	weeks = sum(HOURS - issue.first for issue in issues) / 168
	recall = len(hits) / max(1, len(planted))
	precision = len(hits) / max(1, len(hits) + false)
	result = {
		"recall": recall,
		"precision": precision,
		"F1": 2 * recall * precision / max(1e-9, recall + precision),
		"false/week": false / weeks,
		"delay h": sum(delay for _, delay in hits) / max(1, len(hits)),
	}
	for factor in MULTIPLIERS:
		result[f"x{factor}"] = sum(f == factor for f, _ in hits) / max(1, planted.count(factor))
	return result


def table(title: str, issues: list[Issue], names: list[str]) -> None:
	print(f"\n{title}: {len(issues)} issues, {sum(len(issue.spikes) for issue in issues)} spikes")
	columns = [
		"recall",
		"precision",
		"F1",
		"false/week",
		"delay h",
		*(f"x{factor}" for factor in MULTIPLIERS),
	]
	print(f"{'method':20}" + "".join(f"{name:>11}" for name in columns) + f"{'ms/issue':>11}")
	for name in names:
		start = time.process_time()
		found = METHODS[name](issues)
		spent = 1000 * (time.process_time() - start) / len(issues)
		values = score(issues, found)
		print(f"{name:20}" + "".join(f"{values[column]:11.3f}" for column in columns) + f"{spent:11.2f}")


def main() -> None:
	arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	arguments.add_argument("--issues", type=int, default=300)
	arguments.add_argument("--seed", type=int, default=2026)
	options = arguments.parse_args()
	size, seed = options.issues, options.seed
	METHODS["ours"](world(seed, 8))  # so that the first measurement does not pay for imports
	table("Poisson, negative binomial, flat, Monday burst", world(seed, size), list(METHODS))
	table("The same without spikes", world(seed + 1, size, spikes=False), ["ours", "oracle"])
	table(
		"Spikes from the second day on",
		world(seed + 2, size, quiet_hours=24),
		["ours", "escalation ceiling", "oracle"],
	)
	table("Histories that begin on a Thursday afternoon", world(seed + 3, size, begin=86), ["ours", "oracle"])
	table("Nine kinds", world(seed + 4, size, kinds=VARIED), list(METHODS))
	for kind in VARIED:
		table(kind.capitalize(), world(seed + 5, size // 3, kinds=(kind,)), ["ours", "oracle"])


if __name__ == "__main__":
	main()
