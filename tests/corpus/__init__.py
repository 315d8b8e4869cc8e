"""Inputs that broke the redactor or the reader of tracebacks once. All are our own; none stems from a real site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def corpus(name: str) -> list[dict[str, Any]]:
	"""The entries of a file: `why` it is kept, the `text`, and what a test of it expects."""
	path = Path(__file__).with_name(f"{name}.jsonl")
	return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
