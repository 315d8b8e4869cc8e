"""Says where a frame lies: which app, which module, and whether the site's own code is there."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from .traceback import Frame

# Python 3.12 inlines these into the enclosing function, older versions show a frame of their own.
_INLINED = frozenset(("<listcomp>", "<dictcomp>", "<setcomp>"))
# Raising a message and talking to the database are means; the caller is what went wrong.
_PLUMBING_FUNCTIONS = frozenset(
	("throw", "msgprint", "_raise_exception", "_throw", "execute_query", "wrapper", "composer", "runner")
)
_PLUMBING_PATHS = ("frappe/database/", "frappe/query_builder/", "frappe/utils/messages.py")
_LIBRARY = re.compile(r"(?:^|/)(?:site-packages|dist-packages)/")
_STDLIB = re.compile(r"(?:^|/)lib(?:64)?/python\d[\d.]*/")
_TRAILING_HASH = re.compile(r"[-_ ]?[0-9a-f]{8,40}$")


class Place(NamedTuple):
	"""A frame without what changes between benches: `module` path from the app's root, `function`, `app`, and
	the source line as `statement` ("" when the traceback shows none).

	kind is "app" (an installed app except Frappe, or a script kept on the site), "framework" (Frappe),
	"library" (site-packages and the standard library) or "other".
	"""

	module: str
	function: str
	app: str | None
	kind: str
	statement: str


class Stack(NamedTuple):
	"""The frames that matter, outermost first, each function once."""

	in_app: tuple[Place, ...]
	framework: tuple[Place, ...]  # without plumbing
	others: int  # frames that were left aside


@lru_cache(maxsize=8192)
def locate(path: str) -> tuple[str, str | None, str]:
	"""(module path, app, kind) of a file as printed; the paths of bench, venv and Python are cut off."""
	path = path.replace("\\", "/")
	if path.startswith(("<serverscript", "<server_script")):
		return _TRAILING_HASH.sub("", path), None, "app"
	library = _LIBRARY.search(path)
	if library:
		return path[library.end() :], None, "library"
	if _STDLIB.search(path):
		return _STDLIB.split(path)[-1], None, "library"
	root = 0 if path.startswith("apps/") else path.rfind("/apps/") + 1
	parts = path[root:].split("/")
	if parts[0] == "apps" and len(parts) > 3 and parts[1] == parts[2]:
		return "/".join(parts[2:]), parts[1], "framework" if parts[1] == "frappe" else "app"
	return path, None, "library" if path.startswith(("<frozen", "env/")) else "other"


def stack(frames: tuple[Frame, ...], apps: Collection[str] = ()) -> Stack:
	"""Sort frames into those of the site's own code and those of Frappe.

	A non-empty `apps` narrows "own code" to these apps, and finds them in site-packages or elsewhere as well. A function that recurs (recursion, a retry) is kept
	once, where it stands last, so that the depth reached does not matter.
	"""
	in_app: dict[tuple[str, str], Place] = {}
	framework: dict[tuple[str, str], Place] = {}
	for path, function, statement in frames:
		module, app, kind = locate(path)
		if apps and kind in ("library", "other"):
			module, app, kind = _outside_bench(module, kind, apps)
		if kind == "library":
			continue
		if function in _INLINED:
			# Python 3.12 has no such frame: its statement is the enclosing function's own
			continue
		if kind == "app" and apps and app is not None and app not in apps:
			kind = "framework"
		if kind == "app":
			# the later call of a function that recurs is the one that failed
			in_app.pop((module, function), None)
			in_app[module, function] = Place(module, function, app, kind, statement)
		elif function not in _PLUMBING_FUNCTIONS and not module.startswith(_PLUMBING_PATHS):
			framework[module, function] = Place(module, function, app, kind, statement)
	return Stack(tuple(in_app.values()), tuple(framework.values()), len(frames) - len(in_app))


def _outside_bench(module: str, kind: str, apps: Collection[str]) -> tuple[str, str | None, str]:
	"""A file of an installed app that does not lie in the bench's folder of apps: in an image, or installed from a
	wheel."""
	parts = module.split("/")
	for at, part in enumerate(parts[:-1]):
		if part in apps and (at == 0 or parts[at - 1] == part):
			return "/".join(parts[at:]), part, "app"
	return module, None, kind
