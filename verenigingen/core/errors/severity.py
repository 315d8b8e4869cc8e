"""How severe an error is now: one score from its kind, whom it hits, whether it goes on and what changed.

The score, 0 to 100, is a sum of four parts, each with the fact behind it (capped at 100):

- kind: 60, 38, 20 or 4 points for the base severity critical, high, medium or low of its category;
- reach: up to 15 points, 15 * log(1 + n) / log(51) for n distinct users or documents hit, whichever is more; all 15
  also when ten or more users are at least a quarter of all users who met any error; 0 where nobody is known;
- recency: 20 points with an event in the last 24 hours, 17 in the last 7 days, else 0;
- change: 15 points when it came back after it was resolved, 12 when it rises or bursts, 10 when it is new.

Levels: critical from 80, high from 55, medium from 35, else low. So what has been the same for months becomes critical by
its kind only; an ordinary defect does when it is new or rising *and* hits many; what is quiet for a week falls one
level. Words of the message play no part.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from .classify import SEVERITIES
from .standing import Severity
from .window import IssueFacts

KIND_POINTS = {"critical": 60.0, "high": 38.0, "medium": 20.0, "low": 4.0}
LEVELS = (("critical", 80.0), ("high", 55.0), ("medium", 35.0))
CHANGE_POINTS = {"regressed": 15.0, "rising": 12.0, "new": 10.0, "": 0.0}
REACH_POINTS, ACTIVE_POINTS, RECENT_POINTS = 15.0, 20.0, 17.0
WIDE_USERS = 10  # below that, a share of the users says more about a small site than about the error
WIDE_SHARE = 0.25
MANY = 50
ACTIVE, RECENT = timedelta(hours=24), timedelta(days=7)
_CHANGED = {"regressed": "came back after it was resolved", "rising": "rises or bursts", "new": "new"}


def score_severity(
	kind_points: float,
	*,
	kind: str,
	age: timedelta | None,
	users: int | None,
	documents: int | None = None,
	users_total: int | None = None,
	change: str = "",
) -> Severity:
	"""The score of one issue or of a group of them.

	Args: points of the kind (for a group the mean over its events) and what it is called; time since the last event,
	None for no event in the period; distinct users and documents hit, None where not known; distinct users with
	any error in the period; what changed, a key of CHANGE_POINTS.
	"""
	reach, reached = _reach(users, documents, users_total)
	recency, last = _recency(age)
	parts = {
		"kind": round(kind_points, 1),
		"reach": round(reach, 1),
		"recency": recency,
		"change": CHANGE_POINTS[change],
	}
	score = min(100.0, round(sum(parts.values()), 1))
	level = next((name for name, least in LEVELS if score >= least), "low")
	said = [f"{kind} {parts['kind']:g}", f"{reached} {parts['reach']:g}", f"{last} {recency:g}"]
	if change:
		said.append(f"{_CHANGED[change]} {parts['change']:g}")
	return Severity(level, score, parts, f"{level}, {score:g} of 100: {'; '.join(said)}")


def _reach(users: int | None, documents: int | None, users_total: int | None) -> tuple[float, str]:
	most = max(users or 0, documents or 0)
	points = REACH_POINTS * min(1.0, math.log1p(most) / math.log1p(MANY))
	if users and users_total and users >= WIDE_USERS and users / users_total >= WIDE_SHARE:
		points = REACH_POINTS
	if not most:
		return 0.0, "no user or document known to be hit"
	hit = []
	if users:
		of_all = f" of {users_total}" if users_total and users_total >= users else ""
		hit.append(f"{users}{of_all} user{'' if users == 1 and not of_all else 's'}")
	if documents:
		hit.append(f"{documents} document{'' if documents == 1 else 's'}")
	return points, f"{' and '.join(hit)} hit"


def _recency(age: timedelta | None) -> tuple[float, str]:
	if age is None:
		return 0.0, "no event in the period"
	if age <= ACTIVE:
		return ACTIVE_POINTS, "active in the last 24 hours"
	if age <= RECENT:
		return RECENT_POINTS, "active in the last 7 days"
	return 0.0, f"quiet for {age.days} days"


def rank_severity(
	facts: IssueFacts,
	events_in_window: int,
	*,
	now: datetime,
	users_total: int | None = None,
	change: str = "",
) -> Severity:
	"""How severe one issue is now: as it was judged (`standing`), or else by what the window shows.

	Args: events of the issue in the current period, the present, the number of distinct users with any error
	in that period, and what changed ("rising", "new" or ""); an issue whose status says so is "regressed".
	"""
	if facts.standing is not None:
		return facts.standing.severity
	age = None if not events_in_window else timedelta(0)
	if age is not None and facts.last_seen is not None:
		age = max(timedelta(0), now - facts.last_seen)
	base, kind = kind_of(facts.severity, facts.category)
	found = score_severity(
		KIND_POINTS[base],
		kind=kind,
		age=age,
		users=facts.users,
		documents=facts.documents,
		users_total=users_total,
		change="regressed" if facts.status.lower() == "regressed" and events_in_window else change,
	)
	return fixed(found, base) if facts.severity_fixed else found


def kind_of(severity: str, category: str) -> tuple[str, str]:
	"""The base severity of a kind of error, medium where it is none, and what it is called in a reason."""
	base = severity if severity in SEVERITIES else "medium"
	return base, f"{base} by its kind ({category})"


def fixed(found: Severity, level: str) -> Severity:
	"""A severity at the level that a grouping rule of the users set; the score orders it among its like."""
	return found._replace(level=level, reason=f"{level}, set by a grouping rule ({found.score:g} of 100)")
