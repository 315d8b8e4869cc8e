"""Builds windows of errors for tests; every value has a harmless default."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from verenigingen.core.errors import ErrorWindow, IssueFacts, UserCount

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=AMSTERDAM)  # a Monday, far from any change of the clocks


def issue(name: str = "ISS-1", **values: object) -> IssueFacts:
	facts: dict = {
		"name": name,
		"title": f"Title of {name}",
		"exception": "KeyError",
		"culprit": "save in crm/member.py",
		"app": "crm",
		"category": "code_defect",
		"category_reason": "unhandled KeyError",
		"severity": "high",
		"status": "Open",
		"first_seen": NOON - timedelta(days=300),
		"last_seen": NOON - timedelta(hours=1),
		"events_total": 1,
		"users": None,
	}
	return IssueFacts(**{**facts, **values})


def window(
	counts: object = None,
	*,
	days: int = 30,
	now: datetime = NOON,
	issues: tuple[IssueFacts, ...] | None = None,
	data_since: datetime | str | None = "long ago",
	users: tuple[UserCount, ...] = (),
	users_total: int | None = 0,
	user_events: int = 0,
) -> ErrorWindow:
	"""`counts` is (issues, 2 * days, 24), or a list of 2 * days daily numbers of one issue put at 10 o'clock."""
	if counts is None:
		array = np.zeros((0, 2 * days, 24), dtype=np.int64)
	elif isinstance(counts, np.ndarray) and counts.ndim == 3:
		array = counts
	else:
		array = np.zeros((1, 2 * days, 24), dtype=np.int64)
		array[0, :, 10] = counts
	if issues is None:
		issues = tuple(issue(f"ISS-{index}") for index in range(array.shape[0]))
	first_day: date = now.date() - timedelta(days=2 * days - 1)
	since = now - timedelta(days=1000) if data_since == "long ago" else data_since
	assert not isinstance(since, str)
	return ErrorWindow(now, days, first_day, issues, array, since, users, users_total, user_events)
