"""What one process measures, until Redis has it: sums by minute and endpoint, sent in one go every few seconds.

Knows no framework. A request or job only adds to sums in memory; a thread of its own sends them, so that a Redis that is
slow or gone delays nobody. What waits is bounded, and what finds no room is counted as lost.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from verenigingen.core.sketch import Sketch, bin_of
from verenigingen.host.sampling import Sample, Statements

FLUSH_SECONDS = 5.0
BUSY_SECONDS = 60.0  # between two sendings when the collectors do not keep up
LATE_SECONDS = 4 * FLUSH_SECONDS  # without a sending: this process has no thread that would do it
MOST_LABELS = 500  # endpoints of one minute
MOST_CELLS = 5_000  # of all minutes that wait
MOST_SAMPLES = 50
MOST_PENDING = 200  # batches that could not be sent
BATCH_LENGTH = 32_000  # characters
REQUESTS, JOBS, STATEMENTS = "requests", "jobs", "statements"
OTHER = "other"
DEFAULTS = {"sql_sample_rate": 0.01, "repeat_threshold": 10.0}

# (kind, measurements in it, JSON) of each batch, and what was lost by kind -> (batches waiting, settings or None)
Send = Callable[[Sequence[tuple[str, int, str]], dict[str, int]], tuple[int, "dict[str, float] | None"]]

log = logging.getLogger("verenigingen")


class Mark:
	"""What is known of a request or job while it runs."""

	__slots__ = (
		"cpu",
		"hits",
		"misses",
		"recorder",
		"restore",
		"sample",
		"sql_seconds",
		"sql_statements",
		"subject",
		"wall",
	)

	def __init__(self, recorder: Recorder, subject: object, sample: Sample | None) -> None:
		self.recorder, self.subject, self.sample = recorder, subject, sample
		self.restore: tuple[dict[str, Any], Any] = (
			{},
			None,
		)  # of the connection: its attributes, and what was there
		self.sql_seconds = 0.0
		self.sql_statements = self.hits = self.misses = 0
		self.cpu, self.wall = time.thread_time(), time.perf_counter()


class Recorder:
	"""The measurements of one site in this process. Safe for threads."""

	def __init__(self, send: Send) -> None:
		self.settings: dict[str, float] = dict(DEFAULTS)
		self._send = send
		self._lock, self._sending = threading.Lock(), threading.Lock()
		self._cells: dict[str, dict[tuple[Any, ...], list[Any]]] = {REQUESTS: {}, JOBS: {}}
		self._statements = Statements()
		self._samples: list[Sample] = []
		self._pending: list[tuple[str, int, str]] = []
		self._lost: dict[str, int] = {}
		self._minute, self._labels = 0, 0
		self._wait, self.sent = FLUSH_SECONDS, time.monotonic()

	def request(
		self, moment: float, label: tuple[str, str, str], status: int, mark: Mark, size: int | None
	) -> None:
		"""Counts a request that ended at `moment` (seconds since 1970). label: verb, DocType and route; size in bytes."""
		wall, cpu = time.perf_counter() - mark.wall, time.thread_time() - mark.cpu
		place = bin_of(wall)
		with self._lock:
			cell = self._cell(REQUESTS, int(moment // 60), label, ("", "", OTHER), 11, 1)
			if cell is None:
				return
			cell[0] += 1
			if status >= 500 or not status:
				cell[2] += 1
			elif status >= 400:
				cell[1] += 1
			cell[3] += wall
			cell[4] += 1
			cell[5] += cpu
			cell[6] += mark.sql_seconds
			cell[7] += mark.sql_statements
			cell[8] += mark.hits
			cell[9] += mark.misses
			cell[10] += size or 0
			bins = cell[11]
			bins[place] = bins.get(place, 0) + 1

	def job(
		self, moment: float, label: tuple[str, str], failed: bool, mark: Mark, wait: float | None
	) -> None:
		"""Counts a job that ended. label: its function and queue; wait in seconds, None where it is not known."""
		run, cpu = time.perf_counter() - mark.wall, time.thread_time() - mark.cpu
		with self._lock:
			cell = self._cell(JOBS, int(moment // 60), label, (OTHER, ""), 9, 2)
			if cell is None:
				return
			added = (
				1,
				int(failed),
				wait is not None,
				wait or 0.0,
				run,
				1,
				cpu,
				mark.sql_seconds,
				mark.sql_statements,
			)
			cell[:9] = [a + b for a, b in zip(cell, added)]  # noqa: B905 - the rest are bins
			for bins, value in ((cell[9], wait), (cell[10], run)):
				if value is not None:
					place = bin_of(value)
					bins[place] = bins.get(place, 0) + 1

	def sampled(self, sample: Sample) -> None:
		"""Keeps what a sampled request ran, for the thread to look at."""
		with self._lock:
			if len(self._samples) < MOST_SAMPLES:
				self._samples.append(sample)
			else:
				self._lose(STATEMENTS, 1)

	def lose(self, kind: str) -> None:
		"""Counts a measurement that could not be made."""
		with self._lock:
			self._lose(kind, 1)

	@property
	def due(self) -> bool:
		"""Whether it is time to send."""
		return time.monotonic() - self.sent >= self._wait

	@property
	def late(self) -> bool:
		"""Whether nobody sends, though it is long since time."""
		return time.monotonic() - self.sent >= LATE_SECONDS + self._wait

	def flush(self) -> None:
		"""Sends what waits. What cannot be sent waits on, as far as there is room. Not for two threads at once."""
		with self._sending:
			self.sent = time.monotonic()
			with self._lock:
				cells, self._cells = self._cells, {REQUESTS: {}, JOBS: {}}
				samples, self._samples = self._samples, []
				lost, self._lost = self._lost, {}
			for sample in samples:
				self._statements.take(sample, int(self.settings["repeat_threshold"]))
			for kind, found in (*cells.items(), (STATEMENTS, self._statements.taken())):
				self._pending += _batches(kind, found)
			while len(self._pending) > MOST_PENDING:
				kind, count, _ = self._pending.pop(0)
				lost[kind] = lost.get(kind, 0) + count
			if self._pending or lost:
				self._deliver(lost)

	def _deliver(self, lost: dict[str, int]) -> None:
		try:
			waiting, settings = self._send(self._pending, lost)
		except OSError as error:  # what our sender makes of a Redis that does not answer
			log.info("measurements wait in this process: %s", error)
			with self._lock:
				for kind, count in lost.items():
					self._lose(kind, count)
			self._wait = min(BUSY_SECONDS, 2 * self._wait)
			return
		self._pending = []
		self._wait = FLUSH_SECONDS if waiting < 500 else BUSY_SECONDS
		if settings:
			self.settings = {name: settings.get(name, value) for name, value in DEFAULTS.items()}

	def _cell(
		self, kind: str, minute: int, label: tuple[str, ...], other: tuple[str, ...], sums: int, sketches: int
	) -> list[Any] | None:
		cells = self._cells[kind]
		place = (minute, *label)
		if place in cells:
			return cells[place]
		if minute != self._minute:
			self._minute, self._labels = minute, 0
		if self._labels >= MOST_LABELS:
			place = (minute, *other)
			if place in cells:
				return cells[place]
		if len(cells) >= MOST_CELLS:
			self._lose(kind, 1)
			return None
		self._labels += 1
		cells[place] = [*[0] * sums, *({} for _ in range(sketches))]
		return cells[place]

	def _lose(self, kind: str, count: int) -> None:
		self._lost[kind] = self._lost.get(kind, 0) + count


def _batches(kind: str, cells: dict[tuple[Any, ...], list[Any]]) -> list[tuple[str, int, str]]:
	"""The cells as JSON lists of at most about BATCH_LENGTH characters: key, then values."""
	made: list[tuple[str, int, str]] = []
	texts: list[str] = []
	count = length = 0
	for key, values in cells.items():
		text = json.dumps([*key, *map(_short, values)], separators=(",", ":"))
		if texts and length + len(text) > BATCH_LENGTH:
			made.append((kind, count, f"[{','.join(texts)}]"))
			texts, count, length = [], 0, 0
		texts.append(text)
		length += len(text) + 1
		count += int(values[0])
	if texts:
		made.append((kind, count, f"[{','.join(texts)}]"))
	return made


def _short(value: Any) -> Any:
	if isinstance(value, dict):
		return Sketch(value).to_text()
	return round(value, 6) if isinstance(value, float) else value


class Senders:
	"""The recorders of every site that this process serves, and the thread that has them sent."""

	def __init__(self) -> None:
		self.recorders: dict[str, Recorder] = {}
		self._lock = threading.Lock()
		self._thread: threading.Thread | None = None
		atexit.register(self.flush_all)
		os.register_at_fork(after_in_child=self._forget)

	def recorder(self, site: str, make: Callable[[], Recorder]) -> Recorder:
		"""The recorder of a site, made when there is none; from then on a thread sends."""
		with self._lock:
			if site not in self.recorders:
				self.recorders[site] = make()
			if self._thread is None:
				self._thread = threading.Thread(
					target=self._run, name="verenigingen-measurements", daemon=True
				)
				self._thread.start()
		return self.recorders[site]

	def flush_all(self) -> None:
		"""Sends what there is."""
		for recorder in list(self.recorders.values()):
			recorder.flush()

	def _run(self) -> None:
		while True:
			time.sleep(FLUSH_SECONDS)
			for recorder in list(self.recorders.values()):
				if recorder.due:
					try:
						recorder.flush()
					except Exception:  # this thread must outlive whatever one sending meets
						log.exception("measurements could not be sent")

	def _forget(self) -> None:
		# the parent sends what it has; its thread and locks are not in the child
		self.recorders, self._thread, self._lock = {}, None, threading.Lock()
