"""Where in the code an issue lies: app, module, file, function and, in Frappe's layout, DocType."""

from __future__ import annotations

from typing import NamedTuple

from .window import IssueFacts


class Area(NamedTuple):
	"""Parts of a culprit, each None where it says nothing. A module reads "app/module", a DocType as people see it."""

	app: str | None
	module: str | None
	file: str | None
	function: str | None
	doctype: str | None


def area_of(facts: IssueFacts) -> Area:
	"""The area of an issue, from its app and its culprit "function in app/…/file.py"."""
	_, found, path = (facts.culprit or "").partition(" in ")
	if not found:
		return Area(facts.app, None, None, None, None)
	parts = path.split("/")
	app = facts.app or parts[0]
	# Frappe's own layout repeats the app's name as its package
	inner = parts[2:] if len(parts) > 3 and parts[0] == parts[1] else parts[1:]
	module = None
	if inner:
		module = f"{app}/{inner[0] if len(inner) > 1 else inner[0].removesuffix('.py')}"
	doctype = None
	if "doctype" in parts[:-2]:
		doctype = parts[parts.index("doctype") + 1].replace("_", " ").title()
	return Area(app, module, path, facts.culprit, doctype)
