"""Recall, false hits, equal groups, throughput and worst cases of the redactor: `python -m benchmarks.privacy`.

Texts are generated with a seed of their own; where the folder of measuring data is there (VERENIGINGEN_DATA, or
../shared/data beside the checkout), its labelled errors and log lines are measured as well. Times are CPU seconds of
one core.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.core.privacy import wild_samples
from tests.core.privacy.hostile import HOSTILE
from tests.core.privacy.samples import MAKERS, name_samples, ordinary_lines, persons, samples
from verenigingen.core.errors import identify
from verenigingen.core.privacy import NameIndex, Redactor

KEY = b"the key of the benchmark"
HERE = Path(__file__).resolve().parents[1]
LARGE = (
	"digits",
	"mails",
	"ibans",
	"quotes",
	"names",
	"keys in values",
	"containers in containers",
	"one long word",
)


def seconds(work: Callable[[], object]) -> float:
	"""The best CPU time of three runs."""
	times = []
	for _ in range(3):
		began = time.process_time()
		work()
		times.append(time.process_time() - began)
	return min(times)


def generated(table: Table, seed: int, count: int) -> None:
	"""Recall and equal grouping keys by type: texts of two writers, which share nothing."""
	people = persons(400, seed)
	for kind in (*MAKERS, "name"):
		made = name_samples(people, count, seed) if kind == "name" else samples(kind, count, seed)
		row(table, "first", kind, [(sample.text, sample.planted) for sample in made], people)
	known = wild_samples.people(300, seed)
	for kind in (*wild_samples.MAKERS, "special", "name"):
		wild = (
			wild_samples.wild_names(known, count, seed)
			if kind == "name"
			else wild_samples.special(count, seed)
			if kind == "special"
			else wild_samples.wild(kind, count, seed)
		)
		row(table, "second", kind, [(sample.text, sample.planted) for sample in wild], known)


def row(
	table: Table,
	writer: str,
	kind: str,
	texts: list[tuple[str, tuple[str, ...]]],
	people: list[tuple[str, str]],
) -> None:
	redactor = Redactor(KEY, NameIndex(f"{given} {family}" for given, family in people))
	missed = equal = 0
	for text, planted in texts:
		redacted = redactor.redact(text)
		missed += any(part in redacted for part in planted)
		before = identify("Error", text, redact=redactor.redact_known)
		equal += before.fingerprint == identify("Error", redacted, redact=redactor.redact_known).fingerprint
	count = len(texts)
	table.add_row(writer, kind, str(count), f"{1 - missed / count:.4f}", f"{equal / count:.4f}")


def false_hits(lines: list[str], redactor: Redactor) -> float:
	"""Changed lines per 1,000, IP addresses aside."""
	hit = sum(any(span.kind != "ip" for span in redactor.spans(line)) for line in lines)
	return 1000 * hit / len(lines)


def data_folder() -> Path | None:
	"""Where the measuring data is, if it is there."""
	folder = Path(os.environ.get("VERENIGINGEN_DATA") or HERE.parent / "shared" / "data")
	return folder if folder.is_dir() else None


def read_errors(folder: Path) -> list[dict[str, Any]]:
	with gzip.open(folder / "errors.dev.jsonl.gz", "rt", encoding="utf-8") as lines:
		return [json.loads(line) for line in lines]


def measured(folder: Path, console: Console) -> None:
	"""Recall and equal grouping keys on the labelled errors."""
	rows = {row["id"]: row for row in read_errors(folder)}
	with (folder / "pii.dev.jsonl").open(encoding="utf-8") as lines:
		labelled = [json.loads(line) for line in lines]
	spans = [span for row in labelled for span in row["spans"]]
	names = {span["text"] for span in spans if span["type"] == "person" and " " in span["text"]}
	redactor = Redactor(KEY, NameIndex(sorted(names)))
	left: dict[str, list[int]] = {}
	for row in labelled:
		for span in row["spans"]:
			gone = span["text"] not in redactor.redact(rows[row["id"]][span["field"]])
			left.setdefault(span["type"], []).append(gone)
	table = Table("labelled spans", "count", "recall")
	for kind, gone in sorted(left.items()):
		table.add_row(kind, str(len(gone)), f"{sum(gone) / len(gone):.4f}")
	console.print(table)
	equal = sum(
		identify(row["method"], row["error"]).fingerprint
		== identify(redactor.redact(row["method"] or ""), redactor.redact(row["error"] or "")).fingerprint
		for row in rows.values()
	)
	console.print(f"grouping key equal before and after: {equal} of {len(rows)} errors")


def log_lines(folder: Path) -> list[str]:
	lines: list[str] = []
	for path in sorted((folder / "logs").glob("*.csv.gz")):
		with gzip.open(path) as raw:
			lines += [row["Content"] for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8"))]
	return lines


def throughput(table: Table, name: str, text: str, redactor: Redactor) -> None:
	took = seconds(lambda: redactor.redact(text))
	table.add_row(name, f"{len(text.encode('utf-8', 'surrogateescape')) / 1e6 / took:.1f} MB/s")


def main() -> None:
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--seed", type=int, default=2026)
	parser.add_argument("--count", type=int, default=1_000, help="texts per type")
	chosen = parser.parse_args()
	console = Console(width=100)
	table = Table("writer", "type", "texts", "recall", "same group")
	generated(table, chosen.seed, chosen.count)
	console.print(table)
	people = [f"{given} {family}" for given, family in persons(400, chosen.seed)]
	redactor = Redactor(KEY, NameIndex(people))
	ordinary = ordinary_lines(10_000, chosen.seed)
	console.print(f"false hits per 1,000 lines of an ERP: {false_hits(ordinary, redactor):.1f}")
	speed = Table("throughput, one core", "")
	throughput(speed, "lines of an ERP", "\n".join(ordinary * 4), redactor)
	mixed = [sample.text for kind in MAKERS for sample in samples(kind, 500, chosen.seed)]
	throughput(speed, "every line with a value", "\n".join(mixed * 4), redactor)
	folder = data_folder()
	if folder is None:
		console.print("measuring data: NOT MEASURED, the folder is absent (VERENIGINGEN_DATA)")
	else:
		measured(folder, console)
		lines = log_lines(folder)
		console.print(f"false hits per 1,000 log lines of 8 systems: {false_hits(lines, redactor):.1f}")
		throughput(speed, "log lines of 8 systems", "\n".join(lines), redactor)
		throughput(speed, "tracebacks", "\n".join(row["error"] for row in read_errors(folder)), redactor)
	console.print(speed)
	worst_cases(console, redactor)


def worst_cases(console: Console, redactor: Redactor) -> None:
	"""What the product redacts at most at once, 64 KB when it collects and 128 KB before it writes, and how cost grows."""
	worst = Table("worst cases (the ten dearest)", "64 KB", "128 KB", "growth from 16 to 64 KB")
	found = []
	for name, unit in HOSTILE.items():
		texts = [(unit * (size // len(unit) + 1))[:size] for size in (16 * 1024, 64 * 1024, 128 * 1024)]
		found.append((*(seconds(lambda text=text: redactor.redact(text)) for text in texts), name))
	for small, middle, large, name in sorted(found, key=lambda times: -times[2])[:10]:
		worst.add_row(
			name, f"{1000 * middle:.0f} ms", f"{1000 * large:.0f} ms", f"{middle / max(small, 1e-4):.1f} x"
		)
	console.print(worst)
	filter_ = Table("10 MB of", "time")
	for name in LARGE:
		text = HOSTILE[name] * (10 * 1024 * 1024 // len(HOSTILE[name]))
		began = time.process_time()
		redactor.redact(text)
		filter_.add_row(name, f"{time.process_time() - began:.1f} s")
	console.print(filter_)


if __name__ == "__main__":
	main()
