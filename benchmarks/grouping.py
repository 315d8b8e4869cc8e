"""Measures the grouping of Error Log rows on labelled ones, beside simple rules and drain3 on the same rows.

Input: JSON lines (may be gzipped) with `id`, `method`, `error` and `label`; with `frappe_version` and `entry_point` the
recall across them is told as well, and a `labels.json` beside the file names pairs of different errors that look alike.
Each method gets the same rows, shuffled; ours gets them twice in other orders, which must not matter. Times are of the
process, so that other work on the machine counts less.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from verenigingen.core.errors import Linker, examine, identify, sample
from verenigingen.core.errors.mining import message_of
from verenigingen.core.privacy import NameIndex, Redactor
from verenigingen.standalone.group import joined

DATA = Path(os.environ.get("VERENIGINGEN_DATA") or Path(__file__).parents[2] / "shared" / "data")
ROUNDS = 5
MEMBERS = 5_000  # names that the redactor knows
TEXT_SIZE = 2048  # characters of the tracebacks whose throughput is told
_FRAME = re.compile(r'^  File "([^"]+)", line \d+, in (\S+)', re.MULTILINE)
_EXCEPTION = re.compile(r"^(?:builtins\.)?([A-Za-z_][\w.]*)(?::|$)", re.MULTILINE)
Row = dict[str, Any]
Grouper = Callable[[Sequence[Row]], list[str]]


class Scores(NamedTuple):
	"""F1, precision and recall of pairs; mean over labels of the best group's F1; pairs of different errors that look
	alike and share no group; recall of pairs across Frappe's versions and across entry points."""

	f1: float
	precision: float
	recall: float
	macro: float
	apart: str
	versions: float
	entries: float


def ours(rows: Sequence[Row]) -> list[str]:
	"""As `verenigingen group` answers."""
	linker, found, plain = Linker(), [], dict[str, str]()
	for row in rows:
		identity, clues = examine(row["method"], row["error"])
		linker.add(identity.fingerprint, clues)
		found.append(identity.fingerprint)
		if identity.exception is None and identity.culprit is None:
			message = message_of(identity.title, sample(row["method"], row["error"]))
			plain[identity.fingerprint] = min(message, plain.get(identity.fingerprint, message))
	links = joined(linker.links(), plain)
	return [links[name].group if name in links else name for name in found]


def single(rows: Sequence[Row]) -> list[str]:
	"""Ours without joining: what one event alone tells."""
	return [identify(row["method"], row["error"]).fingerprint for row in rows]


def by_app_frame(rows: Sequence[Row]) -> list[str]:
	"""Exception class and the last frame of an app other than Frappe, else of any."""
	return [_rule(row, own=True) for row in rows]


def by_function(rows: Sequence[Row]) -> list[str]:
	"""Exception class and the last function, whosever it is."""
	return [_rule(row, own=False) for row in rows]


def by_title(rows: Sequence[Row]) -> list[str]:
	"""What the list of Error Log shows."""
	return [row["method"] for row in rows]


def by_drain(rows: Sequence[Row]) -> list[str]:
	"""drain3 as it comes, on the last line; on the title where there is no traceback."""
	from drain3 import TemplateMiner
	from drain3.template_miner_config import TemplateMinerConfig

	miner = TemplateMiner(config=TemplateMinerConfig())
	texts = [_last_line(row["error"]) if _FRAME.search(row["error"]) else row["method"] for row in rows]
	return [str(miner.add_log_message(text)["cluster_id"]) for text in texts]


def by_drain_whole(rows: Sequence[Row]) -> list[str]:
	"""drain3 as it comes, on the whole text in one line."""
	from drain3 import TemplateMiner
	from drain3.template_miner_config import TemplateMinerConfig

	miner = TemplateMiner(config=TemplateMinerConfig())
	return [str(miner.add_log_message(" ".join(row["error"].split()))["cluster_id"]) for row in rows]


def _rule(row: Row, *, own: bool) -> str:
	frames = _FRAME.findall(row["error"])
	if not frames:
		return f"{row['method']}\n{row['error']}"
	apps = [frame for frame in frames if "apps/" in frame[0] and "apps/frappe/" not in frame[0]]
	found = _EXCEPTION.match(_last_line(row["error"]))
	path, function = (apps or frames)[-1] if own else frames[-1]
	return f"{found[1] if found else ''} {path if own else ''} {function}"


def _last_line(text: str) -> str:
	return text.rstrip().rpartition("\n")[2]


METHODS: dict[str, Grouper] = {
	"verenigingen": ours,
	"verenigingen, one event alone": single,
	"type + last app frame": by_app_frame,
	"type + last function": by_function,
	"Error Log's title": by_title,
	"drain3": by_drain,
}


def score(rows: Sequence[Row], groups: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Scores:
	"""Compares a grouping with the labels."""
	labels = [row["label"] for row in rows]
	sizes, made = Counter(labels), Counter(groups)
	joint = Counter(zip(labels, groups, strict=True))
	both, true, claimed = (sum(map(_pairs, counter.values())) for counter in (joint, sizes, made))
	precision, recall = both / claimed if claimed else 1.0, both / true if true else 1.0
	best: dict[str, float] = defaultdict(float)
	for (label, name), count in joint.items():
		best[label] = max(best[label], 2 * count / (sizes[label] + made[name]))
	held = defaultdict(set)
	for label, name in joint:
		held[label].add(name)
	apart = sum(not held[one] & held[other] for one, other in pairs)
	f1 = 2 * precision * recall / (precision + recall) if both else 0.0
	macro = sum(best.values()) / len(best)
	across = (_across(rows, groups, column) for column in ("frappe_version", "entry_point"))
	return Scores(f1, precision, recall, macro, f"{apart}/{len(pairs)}", *across)


def _pairs(count: int) -> int:
	return count * (count - 1) // 2


def _across(rows: Sequence[Row], groups: Sequence[str], column: str) -> float:
	"""Recall of the pairs of one label whose `column` differs."""
	values = [row.get(column) for row in rows]
	labels = [row["label"] for row in rows]

	def differing(keys: list[tuple[Any, ...]]) -> int:
		within = Counter(zip(keys, values, strict=True))
		return sum(map(_pairs, Counter(keys).values())) - sum(map(_pairs, within.values()))

	total = differing([(label,) for label in labels])
	return differing(list(zip(labels, groups, strict=True))) / total if total else 1.0


def hard_pairs(file: Path, rows: Sequence[Row]) -> list[tuple[str, str]]:
	"""Pairs of labels that look alike, from `labels.json` beside the file."""
	beside = file.with_name("labels.json")
	if not beside.exists():
		return []
	alike = defaultdict(set)
	present = {row["label"] for row in rows}
	for label, facts in json.loads(beside.read_text(encoding="utf-8")).items():
		if facts.get("hard_group") and label in present:
			alike[facts["hard_group"]].add(label)
	return [pair for labels in alike.values() for pair in combinations(sorted(labels), 2)]


def speed(grouper: Grouper, rows: Sequence[Row]) -> float:
	"""Rows per second of one core, the best of some rounds on tracebacks that were not seen before."""
	best = 0.0
	for attempt in range(ROUNDS):
		fresh = [row | {"error": resized(row["error"], attempt)} for row in rows]
		start = time.process_time()
		grouper(fresh)
		best = max(best, len(rows) / (time.process_time() - start))
	return best


def throughput(rows: Sequence[Row]) -> None:
	"""Prints how many tracebacks of TEXT_SIZE a second one core takes, the redactor included, beside drain3."""
	traced = [row for row in rows if len(row["error"]) >= TEXT_SIZE and _FRAME.search(row["error"])]
	redactor = Redactor(b"benchmark" * 4, NameIndex(_members()))

	def collected(rows: Sequence[Row]) -> list[str]:
		redact = redactor.redact_known
		return [identify(row["method"], row["error"], redact=redact).fingerprint for row in rows]

	def redacted(rows: Sequence[Row]) -> list[str]:
		redact = redactor.redact
		return [identify(redact(row["method"]), redact(row["error"])).fingerprint for row in rows]

	print(f"\n| {len(traced)} tracebacks of {TEXT_SIZE} characters | tracebacks/s on one core |")
	print("|---|---|")
	for name, grouper in (
		(
			f"as collected: {MEMBERS:,} names of the site redacted in title and message, then identified",
			collected,
		),
		("`verenigingen group`: identified, compared with all others and joined", ours),
		("title and whole text redacted first, then identified", redacted),
		("drain3, last line only, nothing redacted", by_drain),
		("drain3, whole text, nothing redacted", by_drain_whole),
	):
		print(f"| {name} | {speed(grouper, traced):,.0f} |", flush=True)


def _members() -> list[str]:
	"""Invented full names, as many as a large association has members."""
	first = [
		a + b for a in ("Ro", "Sa", "Ti", "Wi", "Mar", "Jo", "Fem", "Bra") for b in ("ke", "lia", "nus", "ta")
	]
	last = [
		a + b for a in ("Ber", "Dijk", "Veen", "Hoek", "Bos") for b in ("man", "stra", "sma", "huis", "meer")
	]
	made = [
		f"{one} {other}{end}"
		for end in ("", "s", "a", "er", "ing", "ema", "inga")
		for one in first
		for other in last
	]
	return made[:MEMBERS]


def resized(text: str, attempt: int) -> str:
	"""The text with a local variable more, and about TEXT_SIZE characters long: a middle part is left out or repeated."""
	text = text.replace("\n", f"\n      attempt_{attempt} = {attempt}\n", 1)
	if len(text) > TEXT_SIZE:
		return text[: TEXT_SIZE // 2] + text[-(TEXT_SIZE // 2) :]
	return text


def read(file: Path) -> list[Row]:
	"""The labelled rows of a file."""
	opener = gzip.open if file.suffix == ".gz" else open
	with opener(file, "rt", encoding="utf-8") as source:
		return [json.loads(line) for line in source if line.strip()]


def main() -> None:
	"""Prints the table."""
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("files", type=Path, nargs="*", default=[DATA / "errors.dev.jsonl.gz"])
	for file in parser.parse_args().files:
		if not file.exists():
			sys.exit(
				f"{file} is not there: give a file of labelled rows, or the folder in VERENIGINGEN_DATA."
			)
		rows = read(file)
		random.Random(7).shuffle(rows)
		pairs = hard_pairs(file, rows)
		labels = len({row["label"] for row in rows})
		print(f"\n### Grouping: {file.name}, {len(rows)} rows, {labels} errors\n")
		print(
			"| method | F1 | precision | recall | macro best F1 | hard pairs apart | across versions | entry points | groups | rows/s |"
		)
		print("|---|---|---|---|---|---|---|---|---|---|")
		for name, grouper in METHODS.items():
			groups = grouper(rows)
			found = score(rows, groups, pairs)
			shown = " | ".join(one if isinstance(one, str) else f"{one:.3f}" for one in found)
			print(f"| {name} | {shown} | {len(set(groups))} | {speed(grouper, rows):,.0f} |", flush=True)
		throughput(rows)
		print(f"\nThe same groups in another order: {'yes' if is_stable(rows) else 'NO'}.")


def is_stable(rows: list[Row]) -> bool:
	"""Whether every row has the same group when the rows come the other way round."""
	return ours(rows) == ours(rows[::-1])[::-1]


if __name__ == "__main__":
	main()
