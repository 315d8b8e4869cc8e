"""Our tables, made from the DocType files in the package: one schema for the bench, SQLite and MariaDB."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from verenigingen.host.sql import quoted
from verenigingen.monitoring.indexes import COMPOSITE

PACKAGE = Path(__file__).resolve().parents[2]
LAYOUT = {
	"Section Break",
	"Column Break",
	"Tab Break",
	"HTML",
	"Button",
	"Heading",
	"Fold",
	"Table",
	"Table MultiSelect",
}
LONG = {
	"Small Text",
	"Text",
	"Long Text",
	"Code",
	"Text Editor",
	"HTML Editor",
	"Markdown Editor",
	"JSON",
	"Attach",
}
NUMBERS = {"Currency", "Float", "Percent", "Duration"}

STANDARD = {
	"creation": "Datetime",
	"modified": "Datetime",
	"modified_by": "Data",
	"owner": "Data",
	"docstatus": "Int",
	"idx": "Int",
}
CHILD = {"parent": "Data", "parentfield": "Data", "parenttype": "Data"}
SINGLES = {"doctype": "Data", "field": "Data", "value": "Long Text"}
ACCESS_LOG = {"user": "Data", "method": "Data", "filters": "Code", "timestamp": "Datetime"}


def doctypes() -> Iterator[dict[str, Any]]:
	"""The app's DocTypes as their JSON files declare them."""
	for path in sorted(PACKAGE.glob("*/doctype/*/*.json")):
		declared = json.loads(path.read_text(encoding="utf-8"))
		if declared.get("doctype") == "DocType":
			yield declared


def column_type(dialect: str, fieldtype: str) -> str:
	"""The column type Frappe gives a fieldtype, or SQLite's nearest."""
	if fieldtype in {"Int", "Check"}:
		return "int(11) NOT NULL DEFAULT 0" if dialect == "mariadb" else "INTEGER NOT NULL DEFAULT 0"
	if fieldtype in NUMBERS:
		return "decimal(21,9) NOT NULL DEFAULT 0" if dialect == "mariadb" else "REAL NOT NULL DEFAULT 0"
	if dialect == "sqlite":
		return "TEXT"
	if fieldtype in LONG:
		return "longtext"
	return {"Datetime": "datetime(6)", "Date": "date", "Time": "time(6)"}.get(fieldtype, "varchar(140)")


def create_table(
	run: Callable[[str], object],
	columns_of: Callable[[str], frozenset[str]],
	dialect: str,
	table: str,
	fields: Mapping[str, str],
	indexes: tuple[str, ...] = (),
	composite: tuple[str, ...] = (),
) -> None:
	"""Creates the table with Frappe's standard columns, or adds the columns it lacks. Two processes may try at once.

	indexes: columns with an index each; composite: those of one index together.
	"""
	present = columns_of(table)
	wanted = {**STANDARD, **fields}
	name = quoted(dialect, table)
	typed = {
		column: f"{quoted(dialect, column)} {column_type(dialect, kind)}" for column, kind in wanted.items()
	}
	if present:
		for column, declaration in typed.items():
			if column not in present:
				run(f"ALTER TABLE {name} ADD COLUMN {declaration}")
		return
	primary = (
		"name varchar(140) NOT NULL PRIMARY KEY" if dialect == "mariadb" else "name TEXT NOT NULL PRIMARY KEY"
	)
	of_one = {column: quoted(dialect, column) for column in indexes}
	of_many = (
		{f"{composite[0]}_and_more": ", ".join(quoted(dialect, c) for c in composite)} if composite else {}
	)
	keys = {
		quoted(dialect, f"{table} {label}".replace(" ", "_")): columns
		for label, columns in {**of_one, **of_many}.items()
	}
	if dialect == "mariadb":
		# with the table and not after it: each index made afterwards takes as long as the table itself
		inside = [f"KEY {index} ({columns})" for index, columns in keys.items()]
		tail = " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"
		run(f"CREATE TABLE IF NOT EXISTS {name} ({', '.join([primary, *typed.values(), *inside])}){tail}")
		return
	run(f"CREATE TABLE IF NOT EXISTS {name} ({', '.join([primary, *typed.values()])})")
	for index, columns in keys.items():
		run(f"CREATE INDEX IF NOT EXISTS {index} ON {name} ({columns})")


def create_own_tables(
	run: Callable[[str], object], columns_of: Callable[[str], frozenset[str]], dialect: str
) -> None:
	"""Creates or completes every table of the app, tabSingles and an Access Log where there is none."""
	for declared in doctypes():
		if declared.get("issingle"):
			continue
		fields = {f["fieldname"]: f["fieldtype"] for f in declared["fields"] if f["fieldtype"] not in LAYOUT}
		indexes = tuple(
			f["fieldname"] for f in declared["fields"] if f.get("search_index") and f["fieldtype"] not in LONG
		)
		if declared.get("istable"):
			fields, indexes = fields | CHILD, (*indexes, "parent")
		composite = COMPOSITE.get(declared["name"], ())
		create_table(run, columns_of, dialect, f"tab{declared['name']}", fields, indexes, composite)
	if not columns_of("tabSingles"):
		columns = ", ".join(
			f"{quoted(dialect, c)} {column_type(dialect, kind)}" for c, kind in SINGLES.items()
		)
		run(f"CREATE TABLE IF NOT EXISTS {quoted(dialect, 'tabSingles')} ({columns})")
	if not columns_of("tabAccess Log"):
		create_table(run, columns_of, dialect, "tabAccess Log", ACCESS_LOG)
