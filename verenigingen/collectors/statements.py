"""Statements that sampled requests and jobs ran, by statement and the line that asked; values never come this far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from verenigingen.collectors.measurements import Kind, collect_measurements
from verenigingen.core.model import as_text
from verenigingen.core.rollups import OTHER, STATEMENTS, Key
from verenigingen.host.port import Host
from verenigingen.services.collection import CollectResult

NAME = "Statements"


def read(entry: Sequence[Any]) -> tuple[Key, list[Any]]:
	"""Digest, line and values of an entry."""
	digest, caller = map(as_text, entry[:2])
	return (digest[:16], caller[:140]), list(entry[2:])


KIND = Kind(NAME, "statements", STATEMENTS, lambda _: read, None, (OTHER, ""))


def collect(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in what was sampled since the last run; it takes far less than `seconds`."""
	return collect_measurements(host, KIND)
