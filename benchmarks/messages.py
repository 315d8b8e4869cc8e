"""Measures the template miner on labelled logs, beside drain3 and Brain on the same rows in the same run.

One setting for all systems, as nobody tunes a miner for the logs of one association. Input: a folder of CSV files (may be
gzipped), one a system, with columns `Content` and `EventTemplate`. Times are of the process, so that other work on the
machine counts less.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gzip
import io
import json
import os
import random
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from verenigingen.core.errors.mining import mine

LOGS = Path(os.environ.get("VERENIGINGEN_DATA") or Path(__file__).parents[2] / "shared" / "data") / "logs"
MIXED_COPIES = 10  # of all lines, shuffled, for the speed of long runs
# What any miner may be told to mask without knowing the system.
GENERIC_MASKS = (
	r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?",
	r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b",
	r"\b0[xX][0-9a-fA-F]+\b",
	r"(?<!\w)(?:/[\w.:-]+){2,}",
	r"(?<![A-Za-z])[-+]?\d+(?:[.:]\d+)*(?![A-Za-z])",
)
Miner = Callable[[Sequence[str]], list[str]]


class Scores(NamedTuple):
	"""Group accuracy (share of lines whose group is exactly a true one), F1 of exact groups, F1 and precision of pairs."""

	accuracy: float
	exact_f1: float
	pair_f1: float
	pair_precision: float


def score(truth: Sequence[str], found: Sequence[str]) -> Scores:
	"""Compares two groupings of the same lines."""
	wanted, got = defaultdict(list), defaultdict(list)
	for line, (label, template) in enumerate(zip(truth, found, strict=True)):
		wanted[label].append(line)
		got[template].append(line)
	right = {tuple(lines) for lines in wanted.values()} & {tuple(lines) for lines in got.values()}
	both, true, claimed = (
		sum(n * (n - 1) // 2 for n in Counter(groups).values())
		for groups in (zip(truth, found, strict=True), truth, found)
	)
	return Scores(
		sum(map(len, right)) / len(truth),
		2 * len(right) / (len(wanted) + len(got)),
		2 * both / (true + claimed) if true + claimed else 1.0,
		both / claimed if claimed else 1.0,
	)


def read_logs(folder: Path) -> dict[str, tuple[list[str], list[str]]]:
	"""Messages and their labels by system."""
	found = {}
	for path in sorted(folder.glob("*.csv*")):
		opened = (
			gzip.open(path, "rt", encoding="utf-8", newline="")
			if path.suffix == ".gz"
			else path.open(newline="")
		)
		with opened as file:
			rows = list(csv.DictReader(file))
		found[path.name.partition(".")[0]] = (
			[row["Content"] for row in rows],
			[row["EventTemplate"] for row in rows],
		)
	return found


def drain(masks: Sequence[str] = ()) -> Miner:
	"""drain3 with its defaults, or with masks before; the group is the cluster a line ends in."""
	from drain3 import TemplateMiner
	from drain3.masking import MaskingInstruction
	from drain3.template_miner_config import TemplateMinerConfig

	def run(messages: Sequence[str]) -> list[str]:
		config = TemplateMinerConfig()
		config.masking_instructions = [MaskingInstruction(mask, "*") for mask in masks]
		miner = TemplateMiner(config=config)
		return [str(miner.add_log_message(message)["cluster_id"]) for message in messages]

	return run


def brain(threshold: int) -> Miner:
	"""Brain as logparser3 has it, for a system it does not know, with the generic masks."""
	with warnings.catch_warnings():
		warnings.simplefilter("ignore", SyntaxWarning)  # its source has them
		from logparser.Brain import LogParser

	def run(messages: Sequence[str]) -> list[str]:
		with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
			lines = [" ".join(message.split()) or "-" for message in messages]
			Path(folder, "log").write_text("\n".join(lines), encoding="utf-8")
			parser = LogParser("Unknown", "<Content>", folder, folder, threshold, [], list(GENERIC_MASKS))
			parser.parse("log")
			with Path(folder, "log_structured.csv").open(encoding="utf-8", newline="") as file:
				return [row["EventId"] for row in csv.DictReader(file)]

	return run


def peers() -> dict[str, Miner]:
	"""What is measured; a peer that is not installed is said and left out."""
	found: dict[str, Miner] = {"ours": mine}
	for name, make in (
		("drain3 default", drain),
		("drain3 + generic masks", lambda: drain(GENERIC_MASKS)),
		("Brain generic, threshold 3", lambda: brain(3)),
		("Brain generic, threshold 5", lambda: brain(5)),
	):
		try:
			found[name] = make()
		except ImportError as exc:
			print(f"{name} is left out: {exc} (pip install '.[bench]')")
	return found


def measure(
	miner: Miner, logs: dict[str, tuple[list[str], list[str]]], big: Sequence[str]
) -> dict[str, object]:
	"""Means over the systems, the worst system, and lines per second of the systems and of one long mixed run."""
	scores, spent, lines = {}, 0.0, 0
	for name, (messages, truth) in logs.items():
		began = time.process_time()
		found = miner(messages)
		spent += time.process_time() - began
		lines += len(messages)
		scores[name] = score(truth, found)
	worst = min(scores, key=lambda name: scores[name].accuracy)
	began = time.process_time()
	if big:
		miner(big)
	return {
		**{
			field: round(sum(getattr(row, field) for row in scores.values()) / len(scores), 4)
			for field in Scores._fields
		},
		"worst": worst,
		"worst_accuracy": round(scores[worst].accuracy, 4),
		"lines_per_s": round(lines / spent),
		"mixed_lines_per_s": round(len(big) / (time.process_time() - began)) if big else None,
		"by_system": {name: [round(value, 4) for value in row] for name, row in scores.items()},
	}


def main() -> None:
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--logs", type=Path, default=LOGS, help="folder of labelled CSV files")
	parser.add_argument("--json", type=Path, help="write all figures here as well")
	parser.add_argument("--no-mixed", action="store_true", help="leave out the long mixed run")
	options, _ = parser.parse_known_args()  # BENCH_ARGS reach every benchmark
	logs = read_logs(options.logs)
	if not logs:
		print(f"messages: no labelled logs in {options.logs}; give a folder with --logs")
		return
	big = [message for messages, _ in logs.values() for message in messages] * (
		0 if options.no_mixed else MIXED_COPIES
	)
	random.Random(1).shuffle(big)
	print(
		f"{len(logs)} systems, {sum(len(messages) for messages, _ in logs.values())} lines; mixed run {len(big)} lines"
	)
	print(f"{'':28}{'GA':>7}{'FGA':>7}{'pair F1':>9}{'pair P':>8}{'worst GA':>20}{'lines/s':>9}{'mixed':>9}")
	results = {}
	for name, miner in peers().items():
		row = results[name] = measure(miner, logs, [] if name.startswith("Brain") else big)
		worst = f"{row['worst']} {row['worst_accuracy']:.3f}"
		print(
			f"{name:28}{row['accuracy']:7.3f}{row['exact_f1']:7.3f}{row['pair_f1']:9.3f}{row['pair_precision']:8.3f}"
			f"{worst:>20}{row['lines_per_s']:9,}{row['mixed_lines_per_s'] or '-':>9}"
		)
	if options.json:
		options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
	main()
