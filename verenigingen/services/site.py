"""What there is on a site to be read: every source is optional, and its absence is said instead of failing."""

from __future__ import annotations

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
