"""What kinds of errors there are, whom they hit, which come back and how severe they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from .changes import Burst, Climb, burst_rows, climb_rows, moment_of
from .classify import CATEGORIES, SEVERITIES
from .severity import ACTIVE, rank_severity
from .standing import Severity
from .state import FRESH, SETTLING, Judgement
from .window import IssueFacts, Observed, local, zone

RECURRING_LIMIT = 50
DRIVERS = 3
TYPES_LIMIT = 50
NO_EXCEPTION = "no exception"

Ranked = list[Severity]


def ranks(seen: Observed, bursts: list[Burst], climbs: list[Climb]) -> Ranked:
	"""The severity of every issue, in the order of `seen.issues`."""
	now = seen.window.now
	risen = {climb.issue for climb in climbs}
	risen |= {burst.issue for burst in bursts if now - moment_of(seen, burst.end) <= ACTIVE}
	return [
		rank_severity(
			facts,
			int(count),
			now=now,
			users_total=seen.window.users_total,
			change="rising" if index in risen else "new" if is_new(seen, facts, now - FRESH) else "",
		)
		for index, (facts, count) in enumerate(zip(seen.issues, seen.per_issue, strict=True))
	]


def is_new(seen: Observed, facts: IssueFacts, since: datetime) -> bool:
	"""Whether an issue was first seen after `since`, and collection of its sources is old enough to say so."""
	began = seen.window.data_since
	if began is None or facts.first_seen is None:
		return False
	if facts.known_since is not None:
		began = max(began, _aware(facts.known_since, seen))
	return _aware(facts.first_seen, seen) >= max(since, began + SETTLING)


def error_types(seen: Observed) -> dict[str, Any]:
	"""Events and issues of the period by category and by exception, most frequent first."""
	categories: dict[str, list[tuple[IssueFacts, int]]] = defaultdict(list)
	exceptions: dict[str, list[tuple[IssueFacts, int]]] = defaultdict(list)
	for facts, count in _happened(seen):
		categories[facts.category].append((facts, count))
		exceptions[facts.exception or NO_EXCEPTION].append((facts, count))
	return {
		"categories": [
			{
				"category": name,
				"label": CATEGORIES.get(name, name),
				**_numbers(seen, rows),
				"reason": _reason(rows),
			}
			for name, rows in _by_count(categories)
		],
		"exceptions": [
			{"exception": name, **_numbers(seen, rows)} for name, rows in _by_count(exceptions)[:TYPES_LIMIT]
		],
		"exceptions_total": len(exceptions) if seen.collected else None,
	}


def user_impact(seen: Observed) -> dict[str, Any]:
	"""Whom the errors hit; shares are of the events that have a person as user."""
	window = seen.window
	if not seen.collected:
		return {
			"affected_users": None,
			"events_with_user": None,
			"events_without_user": None,
			"top_users": [],
			"concentration": None,
			"reason": "not collected yet",
		}
	known = window.user_events
	# where no event told who was hit, 0 would claim that nobody was
	affected = None if seen.total and not known else window.users_total
	users = sorted(window.users, key=lambda row: (-row.events, row.user))
	concentration = _share(users[0].events, known) if users else None
	if window.users_total is None:
		reason = "the number of distinct users is not known"
	elif not known:
		reason = "no event of the period has a person as user"
	else:
		reason = f"{known} of {seen.total} events have a person as user; background work has none"
	return {
		"affected_users": affected,
		"events_with_user": known,
		"events_without_user": max(0, seen.total - known),
		"top_users": [
			{"user": row.user, "count": row.events, "share": _share(row.events, known)} for row in users
		],
		"concentration": concentration,
		"reason": reason,
	}


def recurring_issues(
	seen: Observed, ranked: Ranked, judged: Sequence[Judgement], threshold: int
) -> tuple[list[dict[str, Any]], int]:
	"""Issues with at least `threshold` events in the period, most frequent first, and how many there are."""
	counts = seen.per_issue
	found = [index for index in range(len(seen.issues)) if counts[index] >= max(1, threshold)]
	found.sort(key=lambda index: (-int(counts[index]), seen.issues[index].name))
	return [_issue(seen, index, ranked[index], judged[index]) for index in found[:RECURRING_LIMIT]], len(
		found
	)


def _issue(seen: Observed, index: int, rank: Severity, judged: Judgement) -> dict[str, Any]:
	facts = seen.issues[index]
	days = seen.current[index].sum(axis=1)
	covered = seen.covered[seen.window.days :]
	return {
		**_brief(seen, index, rank),
		"category": facts.category,
		"category_reason": facts.category_reason,
		"status": facts.status,
		"state": judged.state,
		"state_reason": judged.reason,
		"exception": facts.exception,
		"app": facts.app,
		"share": _share(int(seen.per_issue[index]), seen.total),
		"last_seen": local(facts.last_seen, seen.window),
		"days_active": int(np.count_nonzero(days)),
		"events_total": facts.events_total,
		"trend": [int(day) if seen_day else None for day, seen_day in zip(days, covered, strict=True)],
	}


def _brief(seen: Observed, index: int, rank: Severity) -> dict[str, Any]:
	facts = seen.issues[index]
	return {
		"issue": facts.name,
		"title": facts.title,
		"culprit": facts.culprit,
		"severity": rank.level,
		"severity_score": rank.score,
		"severity_reason": rank.reason,
		"count": int(seen.per_issue[index]),
		"users": facts.users,
		"documents": facts.documents,
		"first_seen": local(facts.first_seen, seen.window),
	}


def severity_distribution(seen: Observed, ranked: Ranked) -> dict[str, dict[str, Any]]:
	"""Events and issues of the period by severity; every level is present."""
	counts: Counter[str] = Counter()
	issues: Counter[str] = Counter()
	for rank, count in zip(ranked, seen.per_issue, strict=True):
		counts[rank.level] += int(count)
		issues[rank.level] += int(count > 0)
	if not seen.collected:
		return {level: {"count": None, "issues": None, "share": None} for level in SEVERITIES}
	return {
		level: {"count": counts[level], "issues": issues[level], "share": _share(counts[level], seen.total)}
		for level in SEVERITIES
	}


def new_issues(seen: Observed, ranked: Ranked) -> list[dict[str, Any]]:
	"""Issues first seen in the period, latest first; none where collection is too young to tell."""
	found = [
		_brief(seen, index, ranked[index])
		for index, facts in enumerate(seen.issues)
		if seen.per_issue[index] and is_new(seen, facts, seen.period_start)
	]
	# ISO texts of one zone sort like their times but for the repeated hour in autumn, which does not matter
	# here
	return sorted(found, key=lambda row: (row["first_seen"], row["issue"]), reverse=True)


def burst_issues(seen: Observed, ranked: Ranked, bursts: list[Burst]) -> list[dict[str, Any]]:
	"""Bursts of single issues, latest first, each with its hours and what is usual in them."""
	rows = zip(bursts, burst_rows(seen, bursts), strict=False)
	return [{**_brief(seen, burst.issue, ranked[burst.issue]), **row} for burst, row in rows]


def growing_issues(seen: Observed, ranked: Ranked, climbs: list[Climb]) -> list[dict[str, Any]]:
	"""Issues that grow over the weeks, the largest increase first, each with its rates."""
	rows = zip(climbs, climb_rows(climbs), strict=False)
	return [{**_brief(seen, climb.issue, ranked[climb.issue]), **row} for climb, row in rows]


def drivers(seen: Observed, ranked: Ranked) -> list[dict[str, Any]]:
	"""The issues that added most events against the period before, complete days only, with their change."""
	now = np.flatnonzero(seen.complete[seen.window.days :]) + seen.window.days
	days = seen.counts.sum(axis=2)
	change = days[:, now].sum(axis=1) - days[:, now - seen.window.days].sum(axis=1)
	order = [index for index in np.argsort(-change, kind="stable")[:DRIVERS] if change[index] > 0]
	return [{**_brief(seen, index, ranked[index]), "change": int(change[index])} for index in order]


def active_critical(seen: Observed, ranked: Ranked) -> list[dict[str, Any]]:
	"""Critical issues with an event in the last 24 hours, most frequent first."""
	found = [
		{**_brief(seen, index, ranked[index]), "last_seen": local(facts.last_seen, seen.window)}
		for index, facts in enumerate(seen.issues)
		if ranked[index].level == "critical"
		and seen.per_issue[index]
		and facts.last_seen is not None
		and seen.window.now - _aware(facts.last_seen, seen) <= ACTIVE
	]
	return sorted(found, key=lambda row: (-row["count"], row["issue"]))


def _aware(moment: datetime, seen: Observed) -> datetime:
	return moment if moment.tzinfo else moment.replace(tzinfo=zone(seen.window))


def _happened(seen: Observed) -> Iterable[tuple[IssueFacts, int]]:
	return (
		(facts, int(count)) for facts, count in zip(seen.issues, seen.per_issue, strict=True) if count > 0
	)


def _by_count(
	groups: dict[str, list[tuple[IssueFacts, int]]],
) -> list[tuple[str, list[tuple[IssueFacts, int]]]]:
	return sorted(groups.items(), key=lambda item: (-sum(count for _, count in item[1]), item[0]))


def _numbers(seen: Observed, rows: list[tuple[IssueFacts, int]]) -> dict[str, Any]:
	count = sum(count for _, count in rows)
	return {"count": count, "share": _share(count, seen.total), "issues": len(rows)}


def _reason(rows: list[tuple[IssueFacts, int]]) -> str:
	"""The reason behind most of the category's events."""
	reasons: Counter[str] = Counter()
	for facts, count in rows:
		reasons[facts.category_reason] += count
	return min(reasons, key=lambda reason: (-reasons[reason], reason))


def _share(count: int, total: int) -> float | None:
	return round(count / total, 4) if total else None
