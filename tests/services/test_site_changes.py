"""What changed on a site: comparisons of its state, traces in its tables, and what is said where they are missing."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import write_config
from tests.services.test_collection import add_rows, collect, now_of
from tests.services.test_issues import only_issue
from verenigingen.collectors import site_changes as collector
from verenigingen.core.errors.suspects import APP_CODE, APP_VERSION, PATCHES, SCHEDULER, SITE_CONFIG
from verenigingen.host import Host
from verenigingen.host.on_local import open_host
from verenigingen.host.on_local.schema import create_table
from verenigingen.host.port import App
from verenigingen.services.site_changes import changed_fields, load, record
from verenigingen.utils.error_issues import get_issue

HOUR = timedelta(hours=1)
OWNER = "beheer@vereniging.example"
TABLES = {
	"Version": {"ref_doctype": "Data", "docname": "Data", "data": "Code"},
	"Patch Log": {"patch": "Data"},
	"Deleted Document": {"deleted_doctype": "Data", "deleted_name": "Data"},
	"Custom Field": {"dt": "Data", "fieldname": "Data"},
	"Server Script": {"reference_doctype": "Data", "script": "Code"},
	"Installed Application": {"app_name": "Data", "app_version": "Data"},
}


@pytest.fixture
def frappe_tables(host: Host) -> None:
	"""Such tables as Frappe keeps its traces in."""
	for doctype, fields in TABLES.items():
		create_table(host.store.execute, host.store.columns, host.store.dialect, f"tab{doctype}", fields)  # type: ignore[attr-defined]


def put(host: Host, doctype: str, when: datetime, name: str = "", **values: object) -> None:
	row = {"name": name or f"{doctype} {when}", "creation": when, "modified": when, "owner": OWNER, **values}
	host.store.insert(f"tab{doctype}", [row])


def version(host: Host, when: datetime, doctype: str, name: str, *fields: str, **parts: Any) -> None:
	data = {"changed": [[field, "old geheim", "new geheim"] for field in fields], **parts}
	put(host, "Version", when, ref_doctype=doctype, docname=name, data=json.dumps(data))


@dataclass
class Apps:
	"""The hooks of a site whose apps can be exchanged."""

	inner: Any
	found: list[App]

	def get(self, name: str) -> list[str]:
		return self.inner.get(name)

	def apps(self) -> list[App]:
		return self.found


def with_apps(host: Host, **versions: tuple[str, str | None]) -> Host:
	return replace(host, hooks=Apps(host.hooks, [App(n, v, c) for n, (v, c) in versions.items()]))


def run(host: Host) -> int:
	return collector.collect(host, seconds=1).collected


def recorded(host: Host) -> list[tuple[str, str, str]]:
	sql = "SELECT kind, subject, action FROM `tabSite Change` WHERE action <> 'first seen' ORDER BY seen_at, subject"
	return [tuple(row) for row in host.store.query(sql)]


def test_the_first_run_is_where_comparison_begins(host: Host) -> None:
	assert run(host) == run(host) == 0
	assert recorded(host) == []
	assert host.store.query("SELECT COUNT(*) FROM `tabSite Change`")[0][0] > 3, "keys of the site config"


def test_apps_that_change_come_and_go(host: Host) -> None:
	run(with_apps(host, frappe=("15.41.0", "a" * 12), club=("1.0.0", "b" * 12)))
	assert run(with_apps(host, frappe=("15.41.0", "a" * 12), club=("1.0.0", "c" * 12))) == 1
	assert run(with_apps(host, frappe=("15.42.0", "d" * 12), shop=("0.1", None))) == 5
	assert sorted(recorded(host)) == [
		(APP_CODE, "club", "changed"),
		(APP_CODE, "club", "deleted"),
		(APP_CODE, "frappe", "changed"),
		(APP_VERSION, "club", "deleted"),
		(APP_VERSION, "frappe", "changed"),
		(APP_VERSION, "shop", "created"),
	]
	found = load(host, now_of(host) - HOUR, now_of(host)).changes
	told = [(change.kind, change.subject, change.before, change.after) for change in found]
	assert (APP_VERSION, "frappe", "15.41.0", "15.42.0") in told
	assert (APP_CODE, "club", "b" * 12, "c" * 12) in told
	assert (APP_CODE, "frappe", "a" * 12, "d" * 12) not in told, "told once, with its version"
	assert all(change.earliest and change.earliest <= change.when for change in found)


def test_an_app_that_comes_back_is_a_change_again(host: Host) -> None:
	for versions in ({"club": ("1.0", None)}, {"x": ("1", None)}, {"club": ("1.0", None), "x": ("1", None)}):
		run(with_apps(host, **versions))
	assert [row for row in recorded(host) if row[1] == "club"] == [
		(APP_VERSION, "club", "deleted"),
		(APP_VERSION, "club", "created"),
	]


def test_of_the_site_config_only_names_are_kept(tmp_path: Any) -> None:
	values = {"db_type": "sqlite", "db_name": "s", "monitoring_own_site": True, "encryption_key": None}
	first = open_host(write_config(tmp_path, **values, mail_password="Tulp7-geheim"))
	run(first)
	second = open_host(write_config(tmp_path, **values, mail_password="Roos8-geheim", mail_port=587))
	assert run(second) == 2
	assert recorded(second) == [
		(SITE_CONFIG, "mail_password", "changed"),
		(SITE_CONFIG, "mail_port", "created"),
	]
	rows = str(second.store.query("SELECT * FROM `tabSite Change`"))
	assert "geheim" not in rows
	changes = load(second, now_of(second) - HOUR, now_of(second)).changes
	assert [(change.before, change.after) for change in changes] == [(None, None), (None, None)]


def test_the_scheduler_switched_off(host: Host) -> None:
	setting = ("System Settings", "enable_scheduler")
	host.store.execute("INSERT INTO `tabSingles` (doctype, field, value) VALUES (%s, %s, '1')", setting)
	run(host)
	host.store.execute("UPDATE `tabSingles` SET value = '0' WHERE doctype = %s AND field = %s", setting)
	run(host)
	assert recorded(host) == [(SCHEDULER, "scheduler", "changed")]


def test_versions_of_an_audited_site_come_from_its_table(host: Host, frappe_tables: None) -> None:
	put(host, "Installed Application", now_of(host), "i1", app_name="club", app_version="1.0")
	run(host)
	host.store.execute("UPDATE `tabInstalled Application` SET app_version = '1.1'")
	assert run(host) == 1
	assert recorded(host) == [(APP_VERSION, "club", "changed")]


def test_a_kind_that_cannot_be_read_once_is_no_change(host: Host) -> None:
	record(host, {APP_VERSION: {"club": "1"}, SITE_CONFIG: {"a": "x"}})
	assert record(host, {SITE_CONFIG: {"a": "x"}}) == 0
	assert record(host, {APP_VERSION: {"club": "1"}, SITE_CONFIG: {"a": "x"}}) == 0


def test_traces_of_frappe_tell_fields_and_never_values(host: Host, frappe_tables: None) -> None:
	now = now_of(host)
	put(host, "Server Script", now - 90 * HOUR, "Check dues", reference_doctype="Sales Invoice", script="x")
	version(host, now - HOUR, "Server Script", "Check dues", "script")
	version(host, now - 2 * HOUR, "Note", "n1", "content")
	version(host, now - 3 * HOUR, "User", "jansen@vereniging.example", added=[["roles", {"role": "geheim"}]])
	version(host, now - 4 * HOUR, "User", "jansen@vereniging.example", "last_name")
	put(host, "Custom Field", now - 5 * HOUR, "Member-custom_region", dt="Member", fieldname="custom_region")
	put(host, "Deleted Document", now - 6 * HOUR, deleted_doctype="Workflow", deleted_name="Approval")
	found = load(host, now - 48 * HOUR, now)
	told = {(c.kind, c.subject, c.action, c.doctype, c.fields) for c in found.changes}
	user = host.secrets.pseudonym("jansen@vereniging.example")
	assert told == {
		("Server Script", "Check dues", "changed", "Sales Invoice", ("script",)),
		("User", user, "changed", None, ("roles",)),
		("Custom Field", "Member-custom_region", "created", "Member", ()),
		("Workflow", "Approval", "deleted", None, ()),
	}
	assert {c.actor for c in found.changes} == {host.secrets.pseudonym(OWNER)}
	for secret in ("geheim", "jansen", "beheer"):
		assert secret not in str(found)


def test_patches_of_a_migration_stand_together(host: Host, frappe_tables: None) -> None:
	now = now_of(host)
	for number in range(5):
		when = now - 3 * HOUR + number * timedelta(seconds=20)
		put(host, "Patch Log", when, patch=f"club.patches.v1.p{number}")
	put(host, "Patch Log", now - HOUR, patch="execute:frappe.reload_doc('x') #2")
	found = [c for c in load(host, now - 48 * HOUR, now).changes if c.kind == PATCHES]
	assert [(c.subject, c.count) for c in found] == [("club", 5), ("frappe", 1)]
	assert found[0].when - found[0].earliest == timedelta(seconds=80)  # type: ignore[operator]


FIELDS = [
	("not JSON", "{", ()),
	("no object", "[1]", ()),
	("NULL", "", ()),
	("deep", "[" * 100_000, ()),
	("odd parts", '{"changed": [7, [], [null, 1], ["a", 1, 2]], "added": {"x": 1}}', ("a",)),
	("rows of a table", '{"row_changed": [["roles", 0, "x", [["role", "a", "b"]]]]}', ("roles", "role")),
]


@pytest.mark.parametrize("row", FIELDS, ids=[row[0] for row in FIELDS])
def test_version_data_of_any_shape(row: tuple[str, str, tuple[str, ...]]) -> None:
	assert changed_fields(row[1]) == row[2]


def test_an_issue_names_the_change_before_it(host: Host, frappe_tables: None) -> None:
	now = now_of(host)
	put(host, "Version", now - timedelta(days=200), ref_doctype="Note", docname="n", data="{}")
	put(host, "Custom Field", now - 3 * HOUR, "Member-annual_fee", dt="Member", fieldname="annual_fee")
	version(host, now - 2.5 * HOUR, "Print Format", "Letter", "html")
	add_rows(host, ["a"], now - 2 * HOUR)
	version(host, now - HOUR, "Custom Field", "Member-annual_fee", "options")
	collect(host)
	found = get_issue(name=only_issue(host))["suspects"]
	assert [(s["kind"], s["action"]) for s in found["suspects"]] == [
		("Custom Field", "created"),
		("Print Format", "changed"),
	]
	assert "the error names annual_fee" in found["suspects"][0]["evidence"]
	assert found["statement"].startswith(
		"Custom Field Member-annual_fee was created 60 minutes before it began"
	)
	assert "app versions, site configuration and scheduler before" in found["not_on_record"][0]


def test_a_site_without_traces_says_so(host: Host) -> None:
	add_rows(host, ["a"], now_of(host) - 2 * HOUR)
	collect(host)
	found = get_issue(name=only_issue(host))["suspects"]
	assert found["suspects"] == []
	assert found["statement"].startswith("Unknown: changes are recorded since")
	assert "Version rows" in found["not_on_record"]
	assert "migrations" in found["not_on_record"]


def test_nothing_changed_is_said_where_there_is_a_record(host: Host, frappe_tables: None) -> None:
	put(host, "Version", now_of(host) - timedelta(days=9), ref_doctype="Note", docname="n", data="{}")
	add_rows(host, ["a"], now_of(host) - 2 * HOUR)
	collect(host)
	found = get_issue(name=only_issue(host))["suspects"]
	assert found["statement"].startswith("Nothing changed on record in the 48 h before")
