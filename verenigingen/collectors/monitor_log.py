"""Requests and jobs that Frappe's own monitor recorded: `logs/monitor.json.log` and its rotated copies, read once.

It is history: what our hooks measured themselves is not read from it again. A file is known by its first line, not by
its name, so that rotating and compressing change nothing; how far it was read is written in the transaction that
counts. A line that stands twice in a row was written twice (Frappe repeats the last one of a flush) and counts once.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import IO, Any

from verenigingen.collectors import jobs, requests
from verenigingen.collectors.measurements import Kind, count, load, save
from verenigingen.collectors.table import site_doctypes
from verenigingen.core.errors.entry import VERBS, entry, filled
from verenigingen.core.model import as_text
from verenigingen.core.rollups import JOBS, REQUESTS, Cells, Key, Measured
from verenigingen.core.sketch import Sketch
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host, RequestHistory
from verenigingen.services.collection import LOCK, CollectResult

NAME = "Frappe Monitor"
PATTERN = "monitor.json.log*"
LINES_PER_STEP = 20_000  # one transaction
SETTLED = timedelta(minutes=3)  # until then what our hooks measured of the same time may be on its way
LONGEST_LINE = 100_000  # bytes; Frappe's are a few hundred
LONGEST = 7 * 86_400.0  # seconds a request or job may have taken to be believed
MICRO = 1e-6
OWN_JOBS = tuple(f"verenigingen.{place}." for place in ("services", "utils", "monitoring"))


@dataclass(slots=True)
class _Step:
	"""What some lines hold."""

	requests: Cells = field(default_factory=lambda: Cells(REQUESTS))
	jobs: Cells = field(default_factory=lambda: Cells(JOBS))
	lines: int = 0


def collect(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in what was recorded and not read before, for about `seconds`. Raises SourceAbsent where there is no such log."""
	began = time.monotonic()
	history = host.history
	files = _files(history.folder) if history else []
	if history is None or not files:
		raise SourceAbsent(
			NAME,
			"There is no logs/monitor.json.log: set monitor to 1 in site_config.json to have Frappe write it.",
		)
	reader = _Reader(host, history)
	before = _inodes(files)
	counted = 0
	for path in files:
		counted += reader.read(path, began + seconds)
	# a rotation meanwhile may have moved a file from under its name, so that it was not seen
	if reader.in_time and _inodes(_files(history.folder)) == before:
		reader.forget_others()
	return CollectResult(NAME, counted, reader.in_time, False, time.monotonic() - began, events=False)


def _files(folder: Path) -> list[Path]:
	"""The log and its rotated copies, oldest first."""
	found = [path for path in folder.glob(PATTERN) if path.is_file()]
	return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))


def _inodes(files: Sequence[Path]) -> dict[Path, int]:
	return {path: path.stat().st_ino for path in files}


class _Reader:
	def __init__(self, host: Host, history: RequestHistory) -> None:
		self.host, self.history = host, history
		self.doctypes = site_doctypes(host)
		now = host.clock.now()
		self.zone = now.tzinfo
		self.now = now.replace(tzinfo=None)
		self.in_time = True
		self.keys: set[str] = set()  # of the files seen

	def read(self, path: Path, deadline: float) -> int:
		"""Counts the lines of a file beyond those counted; the number of requests and jobs."""
		counted = 0
		with _opened(path) as file:
			first = file.readline(LONGEST_LINE)
			if not first.endswith(b"\n"):
				return 0  # not even its first line is complete
			key = hashlib.blake2b(first, digest_size=8).hexdigest()
			self.keys.add(key)
			while True:
				if time.monotonic() > deadline:
					self.in_time = False
					return counted
				with self.host.store.transaction(LOCK):
					state = load(self.host, STATE_KIND)
					at, last = state.position.get(key) or (0, "")
					step, end, last = self._step(file, int(at), last)
					if end == at:
						return counted
					counted += self._count(step)
					state.counted += step.lines
					state.position[key] = (end, last)
					save(self.host, STATE_KIND, state, 0.0)

	def forget_others(self) -> None:
		"""Forgets how far files were read that rotation has deleted: a busy site makes a hundred a day."""
		if not load(self.host, STATE_KIND).position.keys() - self.keys:
			return
		with self.host.store.transaction(LOCK):
			state = load(self.host, STATE_KIND)
			state.position = {key: place for key, place in state.position.items() if key in self.keys}
			save(self.host, STATE_KIND, state, 0.0)

	def _count(self, step: _Step) -> int:
		"""Adds what our own hooks have not measured."""
		number = 0
		for kind, cells in ((requests.KIND, step.requests), (jobs.KIND, step.jobs)):
			state = load(self.host, kind)
			hooks_since = state.position.get("hooks_since")
			since = datetime.fromisoformat(hooks_since) if hooks_since else None
			cells.held = {
				place: one for place, one in cells.held.items() if since is None or place[0] < since
			}
			if cells.held:
				number += count(self.host, kind, state, cells)
				save(self.host, kind, state, 0.0)
		return number

	def _step(self, file: IO[bytes], at: int, last: str) -> tuple[_Step, int, str]:
		step = _Step()
		file.seek(at)
		for line in _lines(file):
			digest = hashlib.blake2b(line, digest_size=8).hexdigest()
			if digest != last and not self._take(step, line):
				break
			at, last = at + len(line), digest
			step.lines += 1
			if step.lines >= LINES_PER_STEP:
				break
		return step, at, last

	def _take(self, step: _Step, line: bytes) -> bool:
		"""Counts what a line tells; False when it is too new to be looked at."""
		try:
			noted = json.loads(line)
			when = datetime.fromisoformat(noted["timestamp"])
			took = float(noted["duration"]) * MICRO
			site, kind = noted["site"], noted["transaction_type"]
			about = noted["request" if kind == "request" else "job"]
			if site not in self.history.sites or not isinstance(about, dict) or not 0 <= took <= LONGEST:
				return True
			at = _local(when, took, self.zone)
			if at > self.now + SETTLED:
				return True  # a clock that was wrong
			if at > self.now - SETTLED and self.host.measurements is not None:
				return False
			if kind == "request":
				step.requests.add(at, *self._request(about, took))
			elif not as_text(about.get("method")).startswith(OWN_JOBS):
				step.jobs.add(at, *_job(about, took))
		except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
			pass  # cut off, or written by something else
		return True

	def _request(self, about: dict[str, Any], took: float) -> tuple[Key, Measured]:
		verb, path = as_text(about.get("method")), as_text(about.get("path"))[:2_000]
		found = entry(path, {}, self.history.is_page)
		known = found.doctype if found.doctype in self.doctypes else ""
		point = filled(verb, found.route, known).partition(" ")[2]
		status, size = int(about.get("status_code") or 0), float(about.get("response_length") or 0)
		failed = (int(400 <= status < 500), int(status >= 500 or not status))
		values = [1, *failed, took, 0, 0, 0, 0, 0, 0, max(0.0, size), Sketch.of([took]).to_text()]
		return (point, verb if verb in VERBS else "(verb)"), Measured.read(REQUESTS, values)


def _job(about: dict[str, Any], took: float) -> tuple[Key, Measured]:
	key, _ = jobs.read([about.get("method"), ""])
	wait = float(about.get("wait") or 0) * MICRO  # 0 where it was not known
	known = 0 < wait <= LONGEST
	waits = Sketch.of([wait]).to_text() if known else ""
	values = [1, 0, int(known), wait if known else 0, took, 0, 0, 0, 0, waits, Sketch.of([took]).to_text()]
	return key, Measured.read(JOBS, values)


def _local(when: datetime, took: float, zone: Any) -> datetime:
	"""The minute in which it ended, naive site time; a time without a zone is UTC, as Frappe writes it."""
	aware = when if when.tzinfo else when.replace(tzinfo=timezone.utc)
	ended = datetime.fromtimestamp(aware.timestamp() + took, timezone.utc).astimezone(zone)
	return ended.replace(tzinfo=None, second=0, microsecond=0)


def _opened(path: Path) -> IO[bytes]:
	if path.suffix == ".gz":
		return gzip.open(path, "rb")  # type: ignore[return-value]
	return path.open("rb")


def _lines(file: IO[bytes]) -> Iterator[bytes]:
	"""Complete lines; of one that is too long its pieces, which nothing can be read from."""
	while line := file.readline(LONGEST_LINE):
		if not line.endswith(b"\n") and len(line) < LONGEST_LINE:
			return  # still being written
		yield line


STATE_KIND = Kind(NAME, "", REQUESTS, requests.KIND.reader, None, requests.KIND.other)
