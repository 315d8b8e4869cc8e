"""INSERT and upsert statements for the dialects an adapter may meet; identifiers are checked, values are bound."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from verenigingen.host.port import in_chunks

ROWS_PER_STATEMENT = 500
# MariaDB's codes for a statement it refuses: no right to database, table, column, privilege, routine; time limit reached.
REFUSED = {1044, 1142, 1143, 1227, 1370, 1969, 3024}
_IDENTIFIER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ ]*\Z")


def quoted(dialect: str, identifier: str) -> str:
	"""A table or column name in the dialect's quotes. Raises ValueError for anything but letters, digits, `_` and
	spaces: names come from our code, and one that does not is a mistake that must not reach a database."""
	if not _IDENTIFIER.match(identifier):
		raise ValueError(f"not a table or column name: {identifier!r}")
	mark = '"' if dialect == "postgres" else "`"
	return f"{mark}{identifier}{mark}"


def written(
	dialect: str,
	table: str,
	rows: Sequence[Mapping[str, object]],
	*,
	now: datetime,
	variables: int,
	upsert: bool = False,
) -> Iterator[tuple[str, list[object]]]:
	"""The statements, with their values, that insert `rows`: at most ROWS_PER_STATEMENT rows and `variables` values each.

	All rows have the keys of the first. Frappe's standard columns that they lack are filled in: `now` (naive site
	time) and Administrator. With `upsert`, where the `name` exists just the given columns are overwritten.
	"""
	if not rows:
		return
	given = list(rows[0])
	filled = {column: text for column, text in _standard(now).items() if column not in rows[0]}
	columns = [*given, *filled]
	# the same for every row, so they stand in the text: as values they would cost more than the rest of many a row
	row = f"({', '.join([*['%s'] * len(given), *filled.values()])})"
	names = ", ".join(quoted(dialect, column) for column in columns)
	for chunk in in_chunks(rows, max(1, min(ROWS_PER_STATEMENT, variables // len(given)))):
		insert = f"INSERT INTO {quoted(dialect, table)} ({names}) VALUES {', '.join([row] * len(chunk))}"
		values = [item[column] for item in chunk for column in given]
		yield (_on_conflict(dialect, insert, given) if upsert else insert), values


def _standard(now: datetime) -> dict[str, str]:
	moment = f"'{now.isoformat(' ', 'microseconds')}'"
	person = "'Administrator'"
	return {"creation": moment, "modified": moment, "modified_by": person, "owner": person}


def _on_conflict(dialect: str, insert: str, given: Sequence[str]) -> str:
	changed = [quoted(dialect, column) for column in given if column != "name"]
	if dialect == "mariadb":
		return f"{insert} ON DUPLICATE KEY UPDATE {', '.join(f'{c} = VALUES({c})' for c in changed)}"
	key = quoted(dialect, "name")
	return f"{insert} ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in changed)}"
