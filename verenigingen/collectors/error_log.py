"""Frappe's Error Log: random names, MyISAM on v15, rows that appear late, texts of any size and shape.

Rows are found in two ways: recently modified ones by the index every Frappe has on `modified` (v15) or `creation`
(v16), and all of them by walking the primary key. Both give names only; texts are read for new rows alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from verenigingen.core.model import ErrorRow, as_datetime, as_text
from verenigingen.exceptions import NotFound
from verenigingen.host.port import Host, Reader, marks
from verenigingen.services.collection import CollectResult, collect_source

TABLE = "tabError Log"
# A traceback tells its exception last and its entry first; what lies between in a text of megabytes is locals.
HALF = 32_768
CUT = "\n[…]\n"
NAMES_PER_STEP = 50_000
# v15 stamps deferred rows with Administrator, whoever was affected
IMPERSONAL = {"", "Administrator", "Guest"}


class ErrorLogSource:
	"""Reads `tabError Log` of one site."""

	name = "Error Log"

	def __init__(self, db: Reader) -> None:
		self.db = db
		if not db.columns(TABLE):
			raise NotFound("This site has no Error Log table; is it a Frappe site?")

	def count(self) -> int:
		"""Rows in the table now."""
		return int(self.db.query(f"SELECT COUNT(*) FROM `{TABLE}`")[0][0])

	def names_since(self, moment: datetime) -> list[str]:
		"""Names of rows modified or created at or after a moment (naive, site time)."""
		found = self.db.query(
			f"SELECT name FROM `{TABLE}` WHERE modified >= %s UNION SELECT name FROM `{TABLE}` WHERE creation >= %s",
			(moment, moment),
		)
		return [row[0] for row in found]

	def all_names(self) -> Iterator[list[str]]:
		"""Every name once, in steps; rows added behind the step already read are met by the next walk."""
		last = None
		while True:
			where = "WHERE name > %s" if last is not None else ""
			found = self.db.query(
				f"SELECT name FROM `{TABLE}` {where} ORDER BY name LIMIT {NAMES_PER_STEP}",
				() if last is None else (last,),
			)
			if not found:
				return
			yield [row[0] for row in found]
			last = found[-1][0]

	def rows(self, names: Sequence[str], *, adjoining: bool = False) -> list[ErrorRow]:
		"""The named rows; texts beyond 64 KB are read at head and tail. `adjoining`: no row lies between them in the
		order of `all_names`, so that they may be read as one range."""
		where, bounds = (
			("name BETWEEN %s AND %s", (names[0], names[-1]))
			if adjoining
			else (f"name IN ({marks(len(names))})", names)
		)
		# LENGTH counts bytes or characters, as the database has it; it only decides how a text is fetched, at no cost
		found = self.db.query(
			"SELECT name, COALESCE(creation, modified), owner, method,"
			f" CASE WHEN LENGTH(error) <= {2 * HALF} THEN error END FROM `{TABLE}` WHERE {where}",
			bounds,
		)
		if adjoining:  # rows may have come in between meanwhile
			wanted = set(names)
			found = [row for row in found if row[0] in wanted]
		without = [row[0] for row in found if row[4] is None]
		long = self._long_texts(without) if without else {}
		return [
			_row(name, when, owner, title, long.get(name, "") if text is None else as_text(text))
			for name, when, owner, title, text in found
		]

	def _long_texts(self, names: Sequence[str]) -> dict[str, str]:
		found = self.db.query(
			f"SELECT name, SUBSTR(error, 1, {HALF}), SUBSTR(error, {HALF + 1}, {HALF}),"
			f" CASE WHEN CHAR_LENGTH(error) > {2 * HALF} THEN SUBSTR(error, CHAR_LENGTH(error) - {HALF - 1}) END"
			f" FROM `{TABLE}` WHERE name IN ({marks(len(names))})",
			names,
		)
		return {
			name: as_text(head) + (as_text(middle) if tail is None else CUT + as_text(tail))
			for name, head, middle, tail in found
		}


def _row(name: str, when: object, owner: object, title: object, text: str) -> ErrorRow:
	user = as_text(owner)
	return ErrorRow(name, as_datetime(when), as_text(title), text, None if user in IMPERSONAL else user)


def collect(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in every Error Log row that was not counted before; see `services.collection`."""
	return collect_source(host, ErrorLogSource(host.db), seconds=seconds)
