"""The arrows of the design, file sizes, and what must stay complete."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from verenigingen import hooks
from verenigingen.host.endpoint import REGISTRY

PACKAGE = Path(__file__).parents[1] / "verenigingen"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "node_modules" not in path.parts)
PURE = ("verenigingen.core", "verenigingen.settings", "verenigingen.exceptions", "verenigingen")
ALLOWED = {
	"core": ("verenigingen.core", "verenigingen.exceptions"),
	"services": (
		"verenigingen.core",
		"verenigingen.services",
		"verenigingen.host",
		"verenigingen.settings",
		"verenigingen.exceptions",
	),
	"collectors": (
		"verenigingen.core",
		"verenigingen.collectors",
		"verenigingen.services.collection",
		"verenigingen.services.redaction",
		"verenigingen.services.site_changes",
		"verenigingen.settings",
		"verenigingen.host.port",
		"verenigingen.exceptions",
	),
}


def imports(path: Path) -> set[str]:
	"""Every module a file imports, at the top or hidden in a function."""
	found: set[str] = set()
	for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
		if isinstance(node, ast.Import):
			found |= {alias.name for alias in node.names}
		elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
			found.add(node.module)
	return found


@pytest.mark.parametrize("layer", ALLOWED)
def test_arrows_go_one_way(layer: str) -> None:
	for path in (PACKAGE / layer).rglob("*.py"):
		for name in imports(path):
			if name.startswith("verenigingen"):
				assert name.startswith(ALLOWED[layer]), f"{path} imports {name}"


def test_only_the_adapter_and_frappe_s_own_places_import_frappe() -> None:
	adapters = {
		"host/on_frappe.py",
		*(f"host/{path.name}" for path in (PACKAGE / "host").glob("frappe_*.py")),
	}
	allowed = adapters | {"install.py", "verenigingen/testing.py", "verenigingen/checks.py"}
	for path in FILES:
		place = path.relative_to(PACKAGE).as_posix()
		if (
			place in allowed
			or "/doctype/" in place
			or place.startswith(("tests/", "patches/"))
			or "/test_" in place
		):
			continue
		names = {name.split(".")[0] for name in imports(path)}
		assert "frappe" not in names, place


def test_core_imports_with_frappe_blocked() -> None:
	code = (
		"import sys, pkgutil, importlib; sys.modules['frappe'] = None; import verenigingen.core as c\n"
		"for m in pkgutil.walk_packages(c.__path__, 'verenigingen.core.'): importlib.import_module(m.name)"
	)
	subprocess.run([sys.executable, "-c", code], check=True)


def test_no_file_is_longer_than_400_lines() -> None:
	assert {p.name: n for p in FILES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400} == {}


def test_doors_keep_their_annotations_real() -> None:
	for path in FILES:
		found = imports(path)
		if "verenigingen.host.endpoint" in found and path.relative_to(PACKAGE).parts[0] in {
			"utils",
			"www",
			"monitoring",
		}:
			assert "__future__" not in found, path


def test_every_dotted_path_in_hooks_resolves() -> None:
	paths = [
		*hooks.monitoring_collectors,
		*(p for jobs in hooks.scheduler_events["cron"].values() for p in jobs),
	]
	for path in paths:
		module, _, name = path.rpartition(".")
		assert callable(getattr(import_module(module), name)), path


def test_every_door_has_a_docstring_and_a_guard() -> None:
	import_module("verenigingen.utils.analytics_engine")
	assert REGISTRY
	for path, door in REGISTRY.items():
		assert door.function.__doc__, path
		assert door.guest or door.roles, path
