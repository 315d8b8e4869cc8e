"""Whose code counts as the site's own comes from what is installed there."""

from __future__ import annotations

import json

from tests.services.test_collection import add_rows, collect
from verenigingen.host import Host
from verenigingen.host.on_local.schema import create_table
from verenigingen.services.site import installed_apps


def declare(host: Host, value: str) -> None:
	"""The default in which Frappe keeps the installed apps."""
	store = host.store
	fields = {"defkey": "Data", "defvalue": "Text", "parent": "Data"}
	create_table(store.execute, store.columns, store.dialect, "tabDefaultValue", fields)  # type: ignore[attr-defined]
	row = {"name": "d1", "defkey": "installed_apps", "parent": "__global", "defvalue": value}
	store.upsert("tabDefaultValue", [row])


def test_apps_as_frappe_keeps_them(host: Host) -> None:
	assert installed_apps(host) == frozenset()
	declare(host, json.dumps(["frappe", "erpnext", "club"]))
	assert installed_apps(host) == {"erpnext", "club"}
	for odd in ("", "null", "{}", "[1]"):
		declare(host, odd)
		assert installed_apps(host) == frozenset()


def test_apps_of_a_site_without_the_default(host: Host) -> None:
	store = host.store
	create_table(
		store.execute,  # type: ignore[attr-defined]
		store.columns,
		store.dialect,  # type: ignore[attr-defined]
		"tabInstalled Application",
		{"app_name": "Data"},
	)
	store.insert("tabInstalled Application", [{"name": n, "app_name": n} for n in ("frappe", "club")])
	assert installed_apps(host) == {"club"}


def test_the_collector_tells_own_code_by_them(host: Host) -> None:
	declare(host, json.dumps(["frappe", "erpnext"]))
	add_rows(host, ["a", "b", "c"])
	collect(host)
	rows = host.store.query("SELECT reason FROM `tabError Issue`")
	assert rows and all("no in-app frames" in reason for (reason,) in rows)
