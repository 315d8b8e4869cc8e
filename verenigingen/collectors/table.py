"""A source that is a table of the site: rows of one kind, found by time and by walking the primary key.

Names and texts are asked for apart: a row is looked at once, and most names have been counted already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from verenigingen.core.errors.twins import CUT, HALF
from verenigingen.core.model import ErrorRow, as_text
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host, Reader, Row, marks

NAMES_PER_STEP = 50_000
# v15 stamps deferred rows with Administrator, whoever was affected
IMPERSONAL = {"", "Administrator", "Guest"}
# How long before its failure a row may have been created: jobs run for hours, mails wait.
SLOWEST = timedelta(days=1)


class TableSource:
	"""Rows of `table` that meet `failed` (SQL, "" for all). Subclasses name them and say what a row tells.

	needs: columns without which the table is not the one meant; optional: columns read where there are any;
	text: the column with the error's text, which is read at head and tail when it is long.
	"""

	name: str
	table: str
	failed: str = ""
	text: str = "error"
	needs: tuple[str, ...] = ()
	optional: tuple[str, ...] = ()

	def __init__(self, db: Reader) -> None:
		self.db = db
		present = db.columns(self.table)
		if not {"name", self.text, *self.needs} <= present:
			raise SourceAbsent(self.name, f"This site has no table {self.table[3:]} that could be read.")
		self._extra = [*self.needs, *(column for column in self.optional if column in present)]

	def row(self, name: str, values: dict[str, object], text: str) -> ErrorRow:
		"""The error that a row with these `values` (of needs and optional) tells of."""
		raise NotImplementedError

	def count(self) -> int | None:
		"""None: most of the table is no failure, and no index tells them apart."""
		return None

	def names_since(self, moment: datetime) -> list[str]:
		"""Names of failed rows changed at or after a moment (naive, site time)."""
		# v15 has an index on modified, v16 one on creation
		return self._names("modified >= %s AND creation >= %s", (moment, moment - SLOWEST))

	def all_names(self) -> Iterator[list[str]]:
		"""Every name once, in steps; rows added behind the step already read are met by the next walk."""
		last = None
		while True:
			after = "name > %s" if last is not None else ""
			bound = () if last is None else (last,)
			found = self._names(after, bound, f" ORDER BY name LIMIT {NAMES_PER_STEP}")
			if not found:
				return
			yield found
			last = found[-1]

	def _names(self, where: str, bounds: tuple[object, ...], tail: str = "") -> list[str]:
		conditions = " AND ".join(part for part in (self.failed, where) if part)
		sql = f"SELECT name FROM `{self.table}`" + (f" WHERE {conditions}" if conditions else "") + tail
		return [row[0] for row in self.db.query(sql, bounds)]

	def rows(self, names: Sequence[str], *, adjoining: bool = False) -> list[ErrorRow]:
		"""The named rows; texts beyond 64 KB are read at head and tail. `adjoining`: no row lies between them in the
		order of `all_names`, so that they may be read as one range."""
		found = self._read(names, adjoining)
		without = [row[0] for row in found if row[1] is None]
		long = self._long_texts(without) if without else {}
		return [
			self.row(
				name,
				dict(zip(self._extra, more, strict=True)),
				long.get(name, "") if text is None else as_text(text),
			)
			for name, text, *more in found
		]

	def _read(self, names: Sequence[str], adjoining: bool) -> list[Row]:
		where, bounds = (
			("name BETWEEN %s AND %s", (names[0], names[-1]))
			if adjoining
			else (f"name IN ({marks(len(names))})", names)
		)
		# LENGTH counts bytes or characters, as the database has it; it only decides how a text is fetched, at no cost
		columns = "".join(f", {column}" for column in self._extra)
		found = self.db.query(
			f"SELECT name, CASE WHEN LENGTH({self.text}) <= {2 * HALF} THEN {self.text} END{columns}"
			f" FROM `{self.table}` WHERE {where}",
			bounds,
		)
		if not adjoining:
			return found
		wanted = set(names)  # rows may have come in between meanwhile, or be of another kind
		return [row for row in found if row[0] in wanted]

	def _long_texts(self, names: Sequence[str]) -> dict[str, str]:
		text = self.text
		found = self.db.query(
			f"SELECT name, SUBSTR({text}, 1, {HALF}), SUBSTR({text}, {HALF + 1}, {HALF}),"
			f" CASE WHEN CHAR_LENGTH({text}) > {2 * HALF} THEN SUBSTR({text}, CHAR_LENGTH({text}) - {HALF - 1}) END"
			f" FROM `{self.table}` WHERE name IN ({marks(len(names))})",
			names,
		)
		return {
			name: as_text(head) + (as_text(middle) if tail is None else CUT + as_text(tail))
			for name, head, middle, tail in found
		}


def person(value: object) -> str | None:
	"""The user an error befell; None for users that stand for nobody."""
	user = as_text(value)
	return None if user in IMPERSONAL else user


def document(doctype: object, name: object) -> tuple[tuple[str, str], ...]:
	"""Facets of a reference to a document; empty where there is none."""
	kind, which = as_text(doctype), as_text(name)
	if not kind:
		return ()
	return (("DocType", kind), ("Document", f"{kind}/{which}")) if which else (("DocType", kind),)


def site_doctypes(host: Host) -> frozenset[str]:
	"""The names of the site's DocTypes; empty where there is no such table."""
	if not host.db.columns("tabDocType"):
		return frozenset()
	return frozenset(as_text(row[0]) for row in host.db.query("SELECT name FROM `tabDocType`"))
