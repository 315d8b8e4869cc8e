"""Writes rows in batches and names them as Frappe does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

Row = dict[str, object]
Write = Callable[[str, Sequence[Mapping[str, object]]], None]

BATCH = 2_000
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Writer:
	"""Passes rows on in batches and counts them per table."""

	def __init__(self, write: Write) -> None:
		self._write = write
		self.counts: Counter[str] = Counter()

	def add(self, doctype: str, rows: Iterable[Row]) -> None:
		"""Appends rows to the table of a DocType; all with the same keys."""
		table = f"tab{doctype}"
		batch: list[Row] = []
		for row in rows:
			batch.append(row)
			if len(batch) == BATCH:
				self._flush(table, batch)
				batch = []
		self._flush(table, batch)

	def _flush(self, table: str, batch: list[Row]) -> None:
		if batch:
			self._write(table, batch)
			self.counts[table] += len(batch)


class HashNames:
	"""Names such as Frappe gives to log rows and child rows: ten letters and digits, none twice."""

	def __init__(self, random: Random) -> None:
		self._random = random
		self._used: set[str] = set()

	def __call__(self) -> str:
		while True:
			name = "".join(self._random.choices(_LETTERS, k=10))
			if name not in self._used:
				self._used.add(name)
				return name


class Series:
	"""Numbered names of a prefix, without gaps, as `tabSeries` gives them out."""

	def __init__(self) -> None:
		self._last: Counter[str] = Counter()

	def next(self, prefix: str, digits: int = 4) -> str:
		"""The next name of the prefix."""
		self._last[prefix] += 1
		return f"{prefix}{self._last[prefix]:0{digits}d}"


def standard(
	name: str,
	creation: datetime,
	owner: str = "Administrator",
	*,
	modified: datetime | None = None,
	modified_by: str | None = None,
	docstatus: int = 0,
	idx: int = 0,
) -> Row:
	"""The columns every Frappe table has."""
	return {
		"name": name,
		"creation": creation,
		"modified": modified or creation,
		"modified_by": modified_by or owner,
		"owner": owner,
		"docstatus": docstatus,
		"idx": idx,
	}


def child(parent: str, parenttype: str, parentfield: str) -> dict[str, Any]:
	"""The columns that tie a child row to its document."""
	return {"parent": parent, "parenttype": parenttype, "parentfield": parentfield}
