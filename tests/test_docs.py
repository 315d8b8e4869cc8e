"""Documentation that follows from the code is what the code says now."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
assert spec and spec.loader
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)


@pytest.mark.parametrize("name", build.PAGES)
def test_generated_pages_are_current(name: str) -> None:
	assert (DOCS / name).read_text(encoding="utf-8") == build.PAGES[name](), "run `make docs`"
