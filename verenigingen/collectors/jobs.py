"""Background jobs as our hooks measured them, by function and queue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from verenigingen.collectors.measurements import Kind, collect_measurements
from verenigingen.core.model import as_text
from verenigingen.core.rollups import ALL, JOBS, OTHER, Key
from verenigingen.host.port import Host
from verenigingen.services.collection import CollectResult

NAME = "Jobs"
_PLAIN = re.compile(r"[\w. :-]{1,140}\Z")


def read(entry: Sequence[Any]) -> tuple[Key, list[Any]]:
	"""Function, queue and values of an entry."""
	job, queue = (name if _PLAIN.match(name) else "" for name in map(as_text, entry[:2]))
	return (job or OTHER, queue), list(entry[2:])


KIND = Kind(NAME, "jobs", JOBS, lambda _: read, lambda key: (ALL, key[1]), (OTHER, ""))


def collect(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in what was measured since the last run; it takes far less than `seconds`."""
	return collect_measurements(host, KIND)
