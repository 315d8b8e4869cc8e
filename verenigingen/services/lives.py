"""The life of an issue as columns of Error Issue. An Int column knows no NULL: 0 stands for none there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from verenigingen.core.errors.life import OPEN, Life
from verenigingen.core.model import as_datetime, as_text

LIFE_COLUMNS = (
	"status, status_reason, status_changed, resolved_at, resolved_in, ignored_for, ignored_left, ignored_until,"
	" regressed_at"
)
UNKNOWN = (None,) * 9  # the columns of an issue that is not there yet
REASON_LENGTH = 500
JUDGED = "issues_judged"  # cache key: when issues were judged last, and how long it took; gone when somebody decides


def life_of(columns: Sequence[Any]) -> Life:
	"""The life in the values of LIFE_COLUMNS."""
	status, reason, changed, resolved, version, asked, left, until, regressed = columns
	return Life(
		status=as_text(status) or OPEN,
		reason=as_text(reason),
		changed=as_datetime(changed),
		resolved=as_datetime(resolved),
		resolved_in=as_text(version) or None,
		ignored_for=int(asked or 0) or None,
		ignored_left=int(left or 0) or None,
		ignored_until=as_datetime(until),
		regressed=as_datetime(regressed),
	)


def columns_of(life: Life) -> dict[str, object]:
	"""The columns to write for a life."""
	return {
		"status": life.status,
		"status_reason": life.reason[:REASON_LENGTH],
		"status_changed": life.changed,
		"resolved_at": life.resolved,
		"resolved_in": life.resolved_in,
		"ignored_for": life.ignored_for or 0,
		"ignored_left": life.ignored_left or 0,
		"ignored_until": life.ignored_until,
		"regressed_at": life.regressed,
	}
