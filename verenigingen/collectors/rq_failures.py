"""Background jobs that failed, as RQ's registries of failed jobs remember them: the newest thousand, for a week."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from verenigingen.collectors.table import person
from verenigingen.core.errors.twins import clipped
from verenigingen.core.model import ErrorRow
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host, JobFailure, in_chunks
from verenigingen.services.collection import CollectResult, collect_source

NAME = "RQ Job"
NAMES_PER_STEP = 1_000
# Collector State tells why a collection failed. Counted as an error it would feed the figures it could not update.
OWN = ("verenigingen.services.monitoring.", "verenigingen.services.backfill.")


class RqFailureSource:
	"""The failures the queue of one site remembers."""

	name = NAME

	def __init__(self, host: Host) -> None:
		self.host = host
		known = host.queue.failed()
		if known is None:
			raise SourceAbsent(NAME, "No job queue of this site can be read here.")
		self._names = known

	def count(self) -> int:
		"""Failures remembered now."""
		return len(self._names)

	def names_since(self, moment: datetime) -> list[str]:
		"""All of them: their names are at hand."""
		return self._names

	def all_names(self) -> Iterator[list[str]]:
		"""All names, in steps."""
		for chunk in in_chunks(self._names, NAMES_PER_STEP):
			yield list(chunk)

	def rows(self, names: Sequence[str], *, adjoining: bool = False) -> list[ErrorRow]:
		"""Those of the named failures that are still remembered."""
		zone = self.host.clock.now().tzinfo
		failures = self.host.queue.failures(names)
		return [_row(failure, zone) for failure in failures if not (failure.method or "").startswith(OWN)]


def _row(failure: JobFailure, zone: object) -> ErrorRow:
	when = failure.when.astimezone(zone).replace(tzinfo=None) if failure.when else None  # type: ignore[arg-type]
	return ErrorRow(
		failure.name,
		when,
		failure.method or "Background job",
		clipped(failure.text),
		person(failure.user),
		(("Entry Point", f"job {failure.method or 'unknown'}"),),
		trace=failure.trace,
		job=failure.method,
	)


def collect(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in every failed job that was not counted before. Raises QueueUnavailable."""
	return collect_source(host, RqFailureSource(host), seconds=seconds)
