"""The statements of sampled requests, put together by statement and calling line. Values are gone before anything is kept.

The line that asked for a statement is the innermost one of an app's own code: not of the framework, unless no app is
involved at all, and never of the framework's layers between a question and the database.
"""

from __future__ import annotations

import sys
import time
from functools import lru_cache
from types import FrameType
from typing import Any

from verenigingen.core.sketch import bin_of
from verenigingen.core.statements import Execution, digest, normalised, repeats

MOST_STATEMENTS = 1_000  # of one request
MOST_CELLS = 500  # statements and lines that wait to be sent
DEEPEST = 100  # frames looked at
QUARTER = 15  # minutes; zones differ from UTC by multiples of it
FRAMEWORK = "frappe"
# Between a question and the database: no line in there tells who asked.
LAYERS = (
	"frappe.database",
	"frappe.query_builder",
	"frappe.model.db_query",
	"frappe.model.qb_query",
	"frappe.model.utils",
	"frappe.utils.caching",
	"frappe.client_cache",
)
OWN = "verenigingen.host"
SCRIPT = "<serverscript>"

_plain = lru_cache(maxsize=2_000)(normalised)


class Sample:
	"""The statements of one request or job: as they were, but in this process only."""

	__slots__ = ("apps", "dropped", "label", "plans", "raw")

	def __init__(self, apps: frozenset[str]) -> None:
		self.apps, self.label = apps, ""
		self.raw: list[tuple[str, object, str, float, int]] = []  # statement, values, caller, seconds, rows
		self.plans: dict[str, str] = {}  # by statement as it was
		self.dropped = 0

	def note(self, sql: object, values: object, seconds: float, rows: int) -> None:
		"""Keeps one statement."""
		if len(self.raw) >= MOST_STATEMENTS:
			self.dropped += 1
			return
		self.raw.append((str(sql), values, calling_line(self.apps), seconds, rows))


class Statements:
	"""Sums by quarter of an hour, statement and line."""

	def __init__(self) -> None:
		self._cells: dict[tuple[int, str, str], list[Any]] = {}

	def take(self, sample: Sample, threshold: int) -> None:
		"""Adds what one request ran. threshold: executions of one statement from one line that are no repetition yet."""
		quarter = int(time.time() // (60 * QUARTER)) * QUARTER
		ran = [Execution(_plain(sql), line, took, rows) for sql, _, line, took, rows in sample.raw]
		plans = {_plain(sql): plan for sql, plan in sample.plans.items()}
		seen: set[tuple[str, str]] = set()
		for one in ran:
			cell = self._cell(quarter, one)
			if cell is None:
				continue
			place = (one.sql, one.caller)
			if place not in seen:
				seen.add(place)
				cell[0] += 1
				if plans.get(one.sql):
					cell[10] = plans[one.sql]
			cell[1] += 1
			cell[2] += one.seconds
			cell[3] += max(0, one.rows)
			if one.seconds >= cell[6]:
				cell[6], cell[9] = one.seconds, sample.label
			bins = cell[11]
			at = bin_of(one.seconds)
			bins[at] = bins.get(at, 0) + 1
		for (sql, caller), count in repeats(ran, threshold).items():
			repeated = self._cells.get((quarter, digest(sql), caller))
			if repeated is not None:
				repeated[4] += 1
				repeated[5] += count
				repeated[7] = max(repeated[7], count)

	def taken(self) -> dict[tuple[int, str, str], list[Any]]:
		"""All cells, which are then forgotten: sums, highest, texts and bins as `core.rollups.STATEMENTS` has them."""
		found, self._cells = self._cells, {}
		return found

	def _cell(self, quarter: int, one: Execution) -> list[Any] | None:
		place = (quarter, digest(one.sql), one.caller)
		cell = self._cells.get(place)
		if cell is None and len(self._cells) < MOST_CELLS:
			cell = self._cells[place] = [0, 0, 0.0, 0, 0, 0, 0.0, 0, one.sql, "", "", {}]
		return cell


def calling_line(apps: frozenset[str]) -> str:
	"""The line of one of the `apps` that asks, as "app/file.py:12 function"; "" when none is found."""
	frame: FrameType | None = sys._getframe(2)
	inner = ""
	for _ in range(DEEPEST):
		if frame is None:
			break
		code = frame.f_code
		place = _place(frame.f_globals.get("__name__") or "", code.co_filename)
		if place:
			app = place.partition("/")[0]
			if app in apps or app == SCRIPT:
				said = f"{place}:{frame.f_lineno} {code.co_name}"[:140]
				if app != FRAMEWORK:
					return said
				inner = inner or said
		frame = frame.f_back
	return inner


@lru_cache(maxsize=5_000)
def _place(module: str, filename: str) -> str:
	"""The file of a module as "package/module.py"; "" for one that never asks anything itself."""
	if filename.startswith(SCRIPT):
		return f"{SCRIPT}/{filename[len(SCRIPT) :].strip(': ')}"
	if module == FRAMEWORK or f"{module}.".startswith(tuple(f"{layer}." for layer in (*LAYERS, OWN))):
		return ""
	return f"{module.replace('.', '/')}.py"
