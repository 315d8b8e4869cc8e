"""Checks of compliance rules on a site: each file reads one kind of data and lets `core.compliance` judge it.

A group answers several rules from one reading. Apps add their own under the hook `monitoring_checks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from verenigingen.core.compliance.model import Result
from verenigingen.host.port import Host


def _silent(done: int, total: int) -> None:
	pass


@dataclass(frozen=True, slots=True)
class Scope:
	"""What one assessment asks of its checks: the moment it judges (naive, site time), how many findings it wants of each
	rule, and whom to tell how many of how many records are done."""

	now: datetime
	most: int = 20
	progress: Callable[[int, int], None] = field(default=_silent, compare=False)


@dataclass(frozen=True, slots=True)
class CheckGroup:
	"""Checks that share a reading: a name for people, the numbers of the rules it answers, each exactly once, and the
	work. What the work raises makes ERROR of those of its rules that it had not answered; what the site lacks (a table, a
	column, a right to read) it answers as UNKNOWN or NOT_APPLICABLE itself, with the reason."""

	name: str
	rules: tuple[str, ...]
	run: Callable[[Host, Scope], Iterable[Result]]
