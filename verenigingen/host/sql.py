"""INSERT and upsert statements for the dialects an adapter may meet; identifiers are checked, values are bound."""

from __future__ import annotations

import re
from collections.abc import Sequence

_IDENTIFIER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ ]*\Z")


def quoted(dialect: str, identifier: str) -> str:
	"""A table or column name in the dialect's quotes. Raises ValueError for anything but letters, digits, `_` and
	spaces: names come from our code, and one that does not is a mistake that must not reach a database."""
	if not _IDENTIFIER.match(identifier):
		raise ValueError(f"not a table or column name: {identifier!r}")
	mark = '"' if dialect == "postgres" else "`"
	return f"{mark}{identifier}{mark}"


def insert_sql(dialect: str, table: str, columns: Sequence[str], rows: int) -> str:
	"""INSERT of `rows` rows with `%s` for every value, row after row."""
	names = ", ".join(quoted(dialect, column) for column in columns)
	values = "(" + ", ".join(["%s"] * len(columns)) + ")"
	return f"INSERT INTO {quoted(dialect, table)} ({names}) VALUES {', '.join([values] * rows)}"


def upsert_sql(dialect: str, table: str, columns: Sequence[str], rows: int, overwrite: Sequence[str]) -> str:
	"""As `insert_sql`, but where the `name` exists its columns of `overwrite` (other than `name`) are overwritten."""
	changed = [quoted(dialect, column) for column in overwrite if column != "name"]
	insert = insert_sql(dialect, table, columns, rows)
	if dialect == "mariadb":
		return f"{insert} ON DUPLICATE KEY UPDATE {', '.join(f'{c} = VALUES({c})' for c in changed)}"
	key = quoted(dialect, "name")
	return f"{insert} ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in changed)}"
