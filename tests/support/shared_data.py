"""The folder of measuring data beside the checkout; tests that read it skip where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def shared_data(*parts: str) -> Path:
	"""A file or folder of the measuring data (VERENIGINGEN_DATA, else ../shared/data). Skips the test without it."""
	folder = os.environ.get("VERENIGINGEN_DATA")
	root = Path(folder) if folder else Path(__file__).parents[3] / "shared" / "data"
	path = root.joinpath(*parts)
	if not path.exists():
		pytest.skip(f"measuring data is not there: {path} (set VERENIGINGEN_DATA to its folder)")
	return path
