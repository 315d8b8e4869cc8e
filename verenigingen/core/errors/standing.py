"""How an issue stands: its severity and what it does, as judged after each collection and shown wherever it is named.

A period that a report happens to look at must not make the same issue high on one page and medium on the next. So both are
judged in one place, over one period, and kept with the issue.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Severity(NamedTuple):
	"""Level (one of SEVERITIES), score from 0 to 100, the points by part, and both in words."""

	level: str
	score: float
	parts: dict[str, float]
	reason: str


class Standing(NamedTuple):
	"""The severity, and the state (one of `state.STATES`, but for what people decided) with reason and evidence."""

	severity: Severity
	state: str
	state_reason: str
	evidence: dict[str, Any]

	def rest(self) -> str:
		"""What has no column of its own, as JSON."""
		return json.dumps({"parts": self.severity.parts, "evidence": self.evidence}, separators=(",", ":"))


def standing(
	level: str, score: float, reason: str, state: str, state_reason: str, rest: str
) -> Standing | None:
	"""The standing of columns, `rest` as `Standing.rest` writes it; None for an issue that was not judged yet."""
	if not rest:
		return None
	more = json.loads(rest)
	severity = Severity(level, score, more["parts"], reason)
	return Standing(severity, state, state_reason, more["evidence"])
