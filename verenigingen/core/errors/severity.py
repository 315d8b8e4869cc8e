"""How severe an issue is now: its kind, moved by whom it hits and whether it still happens."""

from __future__ import annotations

from datetime import datetime, timedelta

from .classify import SEVERITIES
from .window import IssueFacts

WIDE_USERS = 10  # below that, a share of the users says more about a small site than about the error
WIDE_SHARE = 0.25
MANY_USERS = 50
QUIET_AFTER = timedelta(days=7)


def rank_severity(
	facts: IssueFacts,
	events_in_window: int,
	*,
	now: datetime,
	users_total: int | None = None,
	acute: bool = False,
) -> tuple[str, str]:
	"""(level, reason) of one issue; level is one of SEVERITIES.

	Args: events of the issue in the current period, the present, the number of distinct users with any error
	in that period, and whether the issue is acute (new, or more frequent than it used to be). Raised one step
	when many users are hit, but to critical only when acute: what has been the same for months is no alarm
	today. Lowered one step when the issue has been quiet for a week or has no event in the period. Words of
	the message play no part.
	"""
	base = facts.severity if facts.severity in SEVERITIES else "medium"
	reasons = [f"{base} by its kind ({facts.category})"]
	step = SEVERITIES.index(base)
	users = facts.users or 0
	share = users / users_total if users_total else None
	if users >= MANY_USERS or (users >= WIDE_USERS and share is not None and share >= WIDE_SHARE):
		of_all = f" of {users_total}" if users_total else ""
		if step > 1 or acute:
			step -= 1
			reasons.append(f"raised: {users}{of_all} users hit")
		elif step == 1:
			reasons.append(
				f"not raised to critical although {users}{of_all} users are hit: neither new nor rising"
			)
	if events_in_window == 0:
		step += 1
		reasons.append("lowered: no event in the period")
	elif facts.last_seen is not None and now - facts.last_seen > QUIET_AFTER:
		step += 1
		reasons.append(f"lowered: quiet for {(now - facts.last_seen).days} days")
	return SEVERITIES[min(max(step, 0), len(SEVERITIES) - 1)], "; ".join(reasons)
