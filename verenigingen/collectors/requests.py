"""Requests as our hooks measured them, by endpoint and verb."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from verenigingen.collectors.measurements import Kind, collect_measurements
from verenigingen.collectors.table import site_doctypes
from verenigingen.core.errors.entry import VERBS, filled
from verenigingen.core.model import as_text
from verenigingen.core.rollups import ALL, OTHER, REQUESTS, Key
from verenigingen.host.port import Host
from verenigingen.services.collection import CollectResult

NAME = "Requests"


def reader(host: Host) -> Callable[[Sequence[Any]], tuple[Key, list[Any]]]:
	"""What makes key and values of an entry. A DocType that the site does not have may be anything, and is left out."""
	doctypes = site_doctypes(host)

	def read(entry: Sequence[Any]) -> tuple[Key, list[Any]]:
		verb, doctype, route = map(as_text, entry[:3])
		if route == OTHER:
			return KIND.other, list(entry[3:])
		# the verb has a column of its own
		point = filled(verb, route, doctype if doctype in doctypes else "").partition(" ")[2]
		return (point, verb if verb in VERBS else "(verb)"), list(entry[3:])

	return read


KIND = Kind(NAME, "requests", REQUESTS, reader, lambda _: (ALL, ""), (OTHER, ""))


def collect(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in what was measured since the last run; it takes far less than `seconds`."""
	return collect_measurements(host, KIND)
