"""Where a request entered, without what differs between two calls: no ids, no names of documents or people."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

ROUTE_LENGTH = 120
VERBS = frozenset(("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"))
DOCTYPE = "{doctype}"  # stands for the DocType until somebody who knows the site's DocTypes fills it in
# Methods that only pass on to a document; what says more than they do is which DocType.
_ABOUT_DOCUMENTS = (
	"run_doc_method",
	"frappe.desk.form.",
	"frappe.client.",
	"frappe.desk.reportview.",
	"frappe.model.",
)
_METHOD = re.compile(r"[A-Za-z_][\w.]{0,99}\Z", re.ASCII)
_WORDS = re.compile(r"[A-Za-z0-9][\w &()/-]{0,139}\Z")
_DOCTYPE_KEYS = ("doctype", "dt", "reference_doctype", "parent_doctype")
_NAME_KEYS = ("name", "docname", "dn", "reference_name")


class Entry(NamedTuple):
	"""A templated route such as "/api/resource/{doctype}/{name}", and the document it was about ("" if none)."""

	route: str
	doctype: str
	document: str


def entry(path: str, form: Mapping[str, object], is_page: Callable[[str], bool]) -> Entry:
	"""The entry of a request. `is_page`: is this path a page that an app ships, and not the name of something?"""
	form_doctype, form_name = _text(form, _DOCTYPE_KEYS), _text(form, _NAME_KEYS)
	form_doctype = form_doctype if _WORDS.match(form_doctype) else ""
	command = form.get("cmd")
	if isinstance(command, str) and command:
		return _method("/api/method", command, form_doctype, form_name, form)
	parts = path.split("/")[1:]
	if parts[:1] != ["api"]:
		return _page(path, parts, is_page)
	version = f"/{parts.pop(1)}" if len(parts) > 1 and parts[1] in ("v1", "v2") else ""
	kind, rest = (parts[1] if len(parts) > 1 else ""), parts[2:]
	if kind == "method" and rest:
		if version == "/v2" and len(rest) > 1:  # /api/v2/method/<DocType>/<method>
			return Entry(f"/api/v2/method/{DOCTYPE}/{_plain(rest[-1])}", _doctype(rest[0]), form_name)
		return _method(f"/api{version}/method", rest[0], form_doctype, form_name, form)
	if kind in ("resource", "document", "doctype") and rest:
		return _resource(f"/api{version}/{kind}", rest, form_name)
	return Entry(f"/api{version}/(unknown)", "", "")


def filled(verb: str, route: str, doctype: str) -> str:
	"""The entry point as it is shown: verb and route, with the DocType in its place."""
	known = route.replace(DOCTYPE, doctype or "(unknown)")
	return f"{verb if verb in VERBS else '(verb)'} {known}"[:ROUTE_LENGTH]


def _method(base: str, method: str, doctype: str, name: str, form: Mapping[str, object]) -> Entry:
	method = _plain(method)
	if method == "frappe.desk.query_report.run":
		report = form.get("report_name")
		if isinstance(report, str) and _WORDS.match(report):
			return Entry(f"{base}/{method} {report}", "", "")
	if method.endswith("run_doc_method"):
		called = form.get("method")
		return Entry(
			f"{base}/{method} {DOCTYPE}.{_plain(called if isinstance(called, str) else '')}", doctype, name
		)
	about = f" {DOCTYPE}" if doctype and method.startswith(_ABOUT_DOCUMENTS) else ""
	return Entry(f"{base}/{method}{about}", doctype, name)


def _resource(base: str, rest: list[str], form_name: str) -> Entry:
	doctype = _doctype(rest[0])
	if len(rest) == 1 or not rest[1]:
		return Entry(f"{base}/{DOCTYPE}", doctype, form_name)
	if "method" in rest[2:]:
		at = rest.index("method", 2)
		called = _plain(rest[at + 1]) if len(rest) > at + 1 else ""
		return Entry(f"{base}/{DOCTYPE}/{{name}}/method/{called}", doctype, "/".join(rest[1:at]))
	return Entry(f"{base}/{DOCTYPE}/{{name}}", doctype, "/".join(rest[1:]).rstrip("/"))


def _page(path: str, parts: list[str], is_page: Callable[[str], bool]) -> Entry:
	if parts[:1] in (["app"], ["desk"]):
		return Entry(f"/{parts[0]}", "", "")
	if parts[:1] in (["files"], ["private"], ["assets"], ["backups"]):
		return Entry(f"/{parts[0]}/{{file}}", "", "")
	if len(path) <= ROUTE_LENGTH and (path == "/" or is_page(path)):
		return Entry(path, "", "")
	return Entry("/{page}", "", "")


def _plain(method: str) -> str:
	return method if _METHOD.match(method) else "(unknown)"


def _doctype(text: str) -> str:
	text = text.replace("%20", " ")
	return text if _WORDS.match(text) else ""


def _text(form: Mapping[str, object], keys: tuple[str, ...]) -> str:
	"""The first of the fields that holds what can be a name."""
	for key in keys:
		value = form.get(key)
		if isinstance(value, str) and 0 < len(value) <= 140:
			return value
	return ""
