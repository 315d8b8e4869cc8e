"""Standard columns of tracked documents, and the Version rows that explain them.

One source for both: whoever compares `modified` with the Versions finds every change explained, except the one that is
planted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from .model import Change, World
from .writer import HashNames, Row, standard

VERSION_DELAY = timedelta(milliseconds=27)  # a Version is written just after its document


class Stamps:
	"""Knows the last change of every document."""

	def __init__(self, world: World) -> None:
		self._changes = sorted(world.changes, key=lambda change: change.when)
		self._last = {(change.doctype, change.name): change for change in self._changes}
		self._unexplained: dict[tuple[str, str], Change] = {}

	def is_changed(self, doctype: str, name: str) -> bool:
		"""Whether the document has a Version."""
		return (doctype, name) in self._last

	def plant_unexplained(self, change: Change) -> None:
		"""A change that moves `modified` and leaves no Version, as `db_set` does."""
		self._unexplained[change.doctype, change.name] = change

	def standard(
		self, doctype: str, name: str, creation: datetime, owner: str, docstatus: int = 0, idx: int = 0
	) -> Row:
		"""The standard columns, changed when the document was changed last."""
		change = self._unexplained.get((doctype, name)) or self._last.get((doctype, name))
		return standard(
			name,
			creation,
			owner,
			modified=change.when if change else creation,
			modified_by=change.user if change else owner,
			docstatus=docstatus,
			idx=idx,
		)

	def versions(self, names: HashNames) -> Iterator[Row]:
		"""A Version row for every explained change."""
		for change in self._changes:
			data = {
				"added": [],
				"changed": [list(field) for field in change.fields],
				"data_import": None,
				"removed": [],
				"row_changed": [],
				"updater_reference": None,
			}
			yield {
				**standard(names(), change.when + VERSION_DELAY, change.user),
				"ref_doctype": change.doctype,
				"docname": change.name,
				"data": json.dumps(data, ensure_ascii=False, separators=(",", ":")),
			}
