"""What checks find and what they could not see, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

LEVELS = ("critical", "high", "medium", "low")
LISTED = 10  # names in evidence; the number is always given beside them


@dataclass(frozen=True, slots=True)
class Offer:
	"""A remedy the watchdog can carry out when told to: its name in the list of remedies, and what it is applied to."""

	remedy: str
	target: str


@dataclass(frozen=True, slots=True)
class Finding:
	"""Something that is wrong, with what shows it.

	check: which check found it; subject: what it is about (a job, a queue, a table …; check and subject together are its
	identity). since: aware, None when nothing tells. evidence: numbers and names, JSON-safe. remedy: what a person can do;
	offer: what the watchdog can do on request, where there is something safe and reversible.
	"""

	check: str
	subject: str
	level: str
	title: str
	since: datetime | None
	explanation: str
	remedy: str
	evidence: Mapping[str, object] = field(default_factory=dict)
	offer: Offer | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
	"""A check that could not be made, and why."""

	check: str
	reason: str


@dataclass(frozen=True, slots=True)
class Limits:
	"""From when on something is wrong; defaults are those of the settings."""

	job: timedelta = timedelta(minutes=15)
	queue: timedelta = timedelta(minutes=15)
	mail: timedelta = timedelta(hours=1)
	backup: timedelta | None = timedelta(hours=36)
	table_rows: int = 1_000_000
	pulse: timedelta = timedelta(minutes=15)


def span(start: datetime, end: datetime) -> timedelta:
	"""The time that really passed between two aware moments: Python itself ignores summer time within one zone."""
	return end.astimezone(timezone.utc) - start.astimezone(timezone.utc)


def spoken(time: timedelta) -> str:
	"""A length of time in words: "40 seconds", "17 hours", "3 days"."""
	seconds = max(0, int(time.total_seconds()))
	for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
		if seconds >= 2 * size or (seconds >= size and seconds % size == 0):
			return counted(seconds // size, name)
	return counted(seconds, "second")


def counted(number: int, noun: str) -> str:
	"""The number with its noun: "1 job", "2 jobs"."""
	return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(names: Iterable[str]) -> str:
	"""At most LISTED names in a sentence, and how many more there are."""
	every = list(names)
	shown = ", ".join(every[:LISTED])
	return f"{shown} and {len(every) - LISTED} more" if len(every) > LISTED else shown


def ranked(findings: Sequence[Finding]) -> list[Finding]:
	"""Worst first; among equals the one that has lasted longest."""
	last = datetime.max.replace(tzinfo=timezone.utc)

	def place(finding: Finding) -> tuple[int, datetime, str, str]:
		since = finding.since.astimezone(timezone.utc) if finding.since else last
		return LEVELS.index(finding.level), since, finding.check, finding.subject

	return sorted(findings, key=place)
