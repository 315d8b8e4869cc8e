"""What there is on a site to be read: every source is optional, and its absence is said instead of failing."""

from __future__ import annotations

import json

from verenigingen.host.port import Host

ERROR_LOG = "Error Log"
# What the analyses of money read; ERPNext brings them.
ERPNEXT = ("Sales Invoice", "Payment Entry", "Customer", "Company")


def is_installed(host: Host, doctype: str) -> bool:
	"""Has the site a table for this DocType?"""
	return bool(host.db.columns(f"tab{doctype}"))


def doctype_state(host: Host, doctype: str) -> str:
	"""`<DocType>: installed` or `<DocType>: not installed`."""
	return f"{doctype}: {'installed' if is_installed(host, doctype) else 'not installed'}"


def error_log_rows(host: Host) -> int | None:
	"""Rows in the site's Error Log now; None when it has none."""
	if not is_installed(host, ERROR_LOG):
		return None
	return int(host.db.query(f"SELECT COUNT(*) FROM `tab{ERROR_LOG}`")[0][0])


def installed_apps(host: Host) -> frozenset[str]:
	"""The apps installed on the site except Frappe itself; empty where the site does not tell.

	Frappe keeps them as a default of the site; the table behind `bench list-apps` is only written by a migration.
	"""
	apps: set[str] = set()
	if host.db.columns("tabDefaultValue"):
		for (value,) in host.db.query(
			"SELECT defvalue FROM `tabDefaultValue` WHERE defkey = %s AND parent = %s",
			("installed_apps", "__global"),
		):
			apps.update(_names(value))
	if not apps and "app_name" in host.db.columns("tabInstalled Application"):
		apps.update(str(name) for (name,) in host.db.query("SELECT app_name FROM `tabInstalled Application`"))
	return frozenset(apps - {"frappe"})


def _names(value: object) -> list[str]:
	try:
		names = json.loads(str(value))
	except (ValueError, RecursionError):
		return []
	return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
