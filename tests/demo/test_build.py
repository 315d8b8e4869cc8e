"""The build as a whole: repeatable, well formed, in time."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import verenigingen
from verenigingen.standalone.demo.schema import CORE_TABLES

from .conftest import CONFIGURATIONS, Demo

PACKAGE = Path(verenigingen.__file__).parent
STANDARD = {"name", "creation", "modified", "modified_by", "owner", "docstatus", "idx"}
CHILD = {"parent", "parenttype", "parentfield"}
SMALL = {**CONFIGURATIONS["autumn"], "members": 600}
OWN_DOCTYPES = (
	"Member",
	"Member SEPA Mandate Link",
	"Membership",
	"Membership Type",
	"Membership Dues Schedule",
	"SEPA Mandate",
	"SEPA Mandate Usage",
	"Direct Debit Batch",
	"Direct Debit Batch Invoice",
	"Metric Rollup",
)


def _doctype(name: str) -> dict[str, Any]:
	folder = name.lower().replace(" ", "_")
	[path] = PACKAGE.glob(f"*/doctype/{folder}/{folder}.json")
	return json.loads(path.read_text(encoding="utf-8"))


def test_same_seed_and_now_give_the_same_rows_and_the_same_log(make_demo: Callable[..., Demo]) -> None:
	one, two = make_demo("one", **SMALL), make_demo("two", **SMALL)
	assert one.tables == two.tables
	assert one.manifest == two.manifest
	log = one.manifest["request_log"]["path"]
	assert (one.site_dir / log).read_bytes() == (two.site_dir / log).read_bytes()


def test_another_seed_gives_other_rows(make_demo: Callable[..., Demo]) -> None:
	one, two = make_demo("one", **SMALL), make_demo("two", **{**SMALL, "seed": 3})
	assert one.rows("Member") != two.rows("Member")
	assert one.rows("Error Log") != two.rows("Error Log")


@pytest.mark.parametrize("wrong", [{"now": datetime(2026, 11, 23)}, {"members": 50}, {"days": 30}])
def test_what_cannot_be_built_is_refused(make_demo: Callable[..., Demo], wrong: dict[str, Any]) -> None:
	with pytest.raises(ValueError):
		make_demo("one", **{**SMALL, **wrong})


def test_rows_come_in_batches_and_are_counted(demo: Demo) -> None:
	assert max(demo.sizes) <= 2_000
	assert demo.manifest["tables"] == {table: len(rows) for table, rows in demo.tables.items()}
	assert [done for done, _, _ in demo.progress] == list(range(demo.progress[0][1] + 1))


def test_the_manifest_is_json(demo: Demo) -> None:
	assert json.loads(json.dumps(demo.manifest, allow_nan=False)) == demo.manifest
	identifiers = [entry["id"] for entry in demo.manifest["incidents"]]
	assert len(identifiers) == len(set(identifiers))
	for entry in demo.manifest["incidents"]:
		assert datetime.fromisoformat(entry["when"]).tzinfo and entry["expect"] and entry["facts"]


def test_every_table_is_described_and_has_just_its_columns(demo: Demo) -> None:
	described = {f"tab{name}" for name in (*CORE_TABLES, *OWN_DOCTYPES)}
	assert set(demo.tables) == described
	for name, columns in CORE_TABLES.items():
		for row in demo.rows(name)[:1]:
			assert row.keys() - STANDARD == columns.keys(), name


@pytest.mark.parametrize("name", OWN_DOCTYPES)
def test_own_doctypes_have_the_fields_of_their_json(demo: Demo, name: str) -> None:
	meta = _doctype(name)
	fields = {field["fieldname"]: field for field in meta["fields"]}
	rows = demo.rows(name)
	extra = CHILD if meta.get("istable") else set()
	assert rows[0].keys() - STANDARD - extra <= fields.keys()
	assert extra <= rows[0].keys()
	required = [
		field for field, value in fields.items() if value.get("reqd") and value["fieldtype"] != "Table"
	]
	unique = [field for field, value in fields.items() if value.get("unique")]
	for field in required:
		assert all(row[field] not in (None, "") for row in rows), field
	for field in unique:
		assert len({row[field] for row in rows}) == len(rows), field
	for field, value in fields.items():
		if value["fieldtype"] == "Select" and field in rows[0]:
			allowed = {*value["options"].split("\n"), None}
			assert {row[field] for row in rows} <= allowed, field


def test_names_are_unique_and_differ_in_more_than_case(demo: Demo) -> None:
	for table, rows in demo.tables.items():
		assert len({str(row["name"]).casefold() for row in rows}) == len(rows), table


def test_values_are_plain_and_nothing_happens_after_now(demo: Demo) -> None:
	plain = (str, int, float, datetime, date, type(None))
	for table, rows in demo.tables.items():
		for row in rows:
			assert all(isinstance(value, plain) for value in row.values()), table
			assert row["creation"].tzinfo is None
			assert row["creation"] <= row["modified"] <= demo.now + timedelta(milliseconds=50), table


def test_links_lead_somewhere(demo: Demo) -> None:
	names = {table[3:]: {row["name"] for row in rows} for table, rows in demo.tables.items()}
	links = {
		("SEPA Mandate", "member"): "Member",
		("Membership", "member"): "Member",
		("Membership Dues Schedule", "membership"): "Membership",
		("Direct Debit Batch Invoice", "invoice"): "Sales Invoice",
		("Direct Debit Batch Invoice", "parent"): "Direct Debit Batch",
		("Direct Debit Batch Invoice", "mandate_reference"): "SEPA Mandate",
		("SEPA Mandate Usage", "parent"): "SEPA Mandate",
		("SEPA Mandate Usage", "batch_reference"): "Direct Debit Batch",
		("Payment Entry", "reference_no"): "Sales Invoice",
		("Scheduled Job Log", "scheduled_job_type"): "Scheduled Job Type",
		("Member", "user"): "User",
		("Has Role", "parent"): "User",
		("Error Log", "owner"): "User",
		("Version", "owner"): "User",
		("Activity Log", "user"): "User",
	}
	for (doctype, field), target in links.items():
		assert {row[field] for row in demo.rows(doctype)} - {None} <= names[target], (doctype, field)
	for row in demo.rows("Error Log"):
		if row["reference_name"]:
			assert row["reference_name"] in names[row["reference_doctype"]]


def test_there_is_enough_and_not_too_much(demo: Demo) -> None:
	errors = demo.rows("Error Log")
	assert 6_000 <= len(errors) <= 10_000
	assert sum(len(row["error"]) for row in errors) / len(errors) <= 4_096
	assert max(len(row["method"]) for row in errors) <= 140
	assert demo.manifest["request_log"]["lines"] == len(demo.traffic()) <= 60_000


def test_only_the_demo_uses_its_faulty_code() -> None:
	demo = PACKAGE / "standalone" / "demo"
	for path in PACKAGE.rglob("*.py"):
		if demo in path.parents:
			continue
		for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
			if isinstance(node, ast.ImportFrom):
				assert "demo.faulty" not in (node.module or ""), path
