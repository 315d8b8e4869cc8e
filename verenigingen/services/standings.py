"""Judges how severe each issue is and what it does, after each collection, and writes it down with the issue.

Lists, pages, reports and hotspots all show what stands there. It is judged over one period, the last PERIOD days against
those before, whatever period a report looks at.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from verenigingen.core.errors.breakdown import ranks
from verenigingen.core.errors.changes import find_bursts, find_climbs, look, states
from verenigingen.core.errors.severity import KIND_POINTS, fixed, kind_of, score_severity
from verenigingen.core.errors.standing import Standing
from verenigingen.core.errors.window import ErrorWindow, observe
from verenigingen.core.model import as_text
from verenigingen.host.port import Host
from verenigingen.services.analytics import load_window
from verenigingen.services.collection import LOCK, CollectResult
from verenigingen.services.lives import JUDGED
from verenigingen.services.rollup import ISSUE

SOURCE = "Standing of issues"
PERIOD = 30  # days
AT_MOST = 3_600  # seconds between two judgements, as "active in the last 24 hours" becomes untrue by itself
QUICK = 2.0  # seconds of work that each collection may cost; where it is more, it is done less often:
SHARE = 0.03  # of the time
_COLUMNS = "severity, severity_score, severity_reason, state, state_reason, judgement, base_severity"

_Row = dict[str, object]


def judge_issues(host: Host, *, seconds: float) -> CollectResult:
	"""Writes severity and state of every issue that is not merged; `collected` is always 0.

	Where that took long the last time, more than `seconds` or QUICK, it waits. Raises CollectorBusy, DatabaseUnavailable,
	or BadArgument for a site with more issues than are analysed at once.
	"""
	began, now = time.monotonic(), host.clock.now()
	if _must_wait(host.cache.get(JUDGED), now, seconds):
		return CollectResult(SOURCE, 0, True, False, time.monotonic() - began)
	window = load_window(host, PERIOD)
	# what was judged before must not decide again
	window = replace(window, issues=tuple(replace(facts, standing=None) for facts in window.issues))
	_write(host, _judged(window))
	took = time.monotonic() - began
	host.cache.put(JUDGED, [now.isoformat(), took], AT_MOST)
	return CollectResult(SOURCE, 0, True, True, took)


def _must_wait(last: object, now: datetime, seconds: float) -> bool:
	if not isinstance(last, list):
		return False
	moment, took = datetime.fromisoformat(last[0]), float(last[1])
	wait = AT_MOST if took > seconds else took / SHARE if took > QUICK else 0.0
	return now < moment + timedelta(seconds=wait)


def _judged(window: ErrorWindow) -> dict[str, Standing]:
	seen = observe(window)
	found = look(seen)
	ranked = ranks(seen, find_bursts(seen, found), find_climbs(seen))
	return {
		facts.name: Standing(severity, judgement.state, judgement.reason, judgement.evidence)
		for facts, severity, judgement in zip(
			seen.issues, ranked, states(seen, found, decided=False), strict=True
		)
	}


def _write(host: Host, judged: dict[str, Standing]) -> None:
	"""Writes what changed, of issues that are still there."""
	with host.store.transaction(LOCK):
		rows = []
		for name, category, is_fixed, *stored in host.store.query(
			f"SELECT name, category, severity_fixed, {_COLUMNS} FROM `{ISSUE}` WHERE COALESCE(merged_into, '') = ''"
		):
			base = as_text(stored[-1]) or as_text(
				stored[0]
			)  # of an earlier version, which knew no other severity
			standing = judged.get(name) or _at_rest(base, as_text(category), bool(is_fixed))
			row = _row(standing, base)
			if [_plain(value) for value in row.values()] != [_plain(value) for value in stored]:
				rows.append({"name": name, **row})
		host.store.upsert(ISSUE, rows)


def _row(standing: Standing, base: str) -> _Row:
	severity = standing.severity
	values = (
		severity.level,
		severity.score,
		severity.reason,
		standing.state,
		standing.state_reason,
		standing.rest(),
		base,
	)
	return dict(zip(_COLUMNS.split(", "), values, strict=True))


def _plain(value: object) -> str:
	"""A value as text that is the same whatever number a database gives back."""
	return f"{value:.3f}" if isinstance(value, int | float | Decimal) else as_text(value)


def _at_rest(base: str, category: str, is_fixed: bool) -> Standing:
	"""Of an issue without any event for twice the period."""
	level, kind = kind_of(base, category)
	severity = score_severity(KIND_POINTS[level], kind=kind, age=None, users=None)
	if is_fixed:
		severity = fixed(severity, level)
	return Standing(
		severity, "ongoing", f"no event in the last {2 * PERIOD} days", {"count": 0, "days": 2 * PERIOD}
	)
