"""Issues merged into one, and taken apart again, without losing or doubling an event.

What is kept of events is named by their fingerprint and bears the issue the fingerprint belongs to (`services.rollup`).
So merging rewrites that one column, whatever the number of events, and later events of a merged fingerprint follow by
its row in Error Issue Alias. That row also holds what the fingerprint brought, before and since, so that taking it
apart gives back exactly what would be there without the merge. Everything happens under the collector's lock.

A merged issue stays as a row without events: it keeps its description, its comments and where it went.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from verenigingen.core.model import as_date, as_datetime, as_text
from verenigingen.exceptions import BadArgument, NotFound
from verenigingen.host.port import Host, in_chunks, marks
from verenigingen.services.collection import LOCK
from verenigingen.services.lives import columns_of
from verenigingen.services.merged_lives import (
	UNSOLVED,
	after_taking_out,
	keep_life,
	last_seen,
	opened_by,
	since_then,
)
from verenigingen.services.rollup import (
	ALIAS,
	IDS_PER_QUERY,
	ISSUE,
	ISSUE_DAY,
	ISSUE_FACET,
	ISSUE_USER,
	count_users,
	facet_name,
)

MERGED = "Merged"
OWN = "its own"  # the reason in the row an issue has for itself
_PINNED = "pinned: only people merge it"


@dataclass(frozen=True, slots=True)
class Merge:
	"""`issue` counts the events of `merged` as well now; `left` tells why others were left alone, by name."""

	issue: str
	merged: tuple[str, ...]
	left: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Issue:
	name: str
	fingerprint: str
	algorithm: str
	event_count: int
	first_seen: datetime | None
	last_seen: datetime | None
	sources: str
	status: str
	resolved_at: datetime | None
	merged_into: str
	pinned: bool

	@property
	def home(self) -> str:
		return self.merged_into or self.name


def merge_issues(
	host: Host, target: str, others: Iterable[str], reason: str, *, by_user: bool = False
) -> Merge:
	"""Makes the issues `others` part of `target`: its counts, users and facets become the sums, and later events of
	any of them are counted there.

	Names that are merged already stand for the issue they went to; merging what is together changes nothing. `reason`
	is shown with each. Unless a person asks (`by_user`), pinned issues are left alone and named in the result. The
	target stays what it is (title, assignment, comments); a solved or ignored target becomes open when one of the
	others is. Raises NotFound for an unknown name, CollectorBusy when the lock is not to be had.
	"""
	with host.store.transaction(LOCK):
		result = merge_inside(host, target, others, reason, by_user=by_user)
	if result.merged:
		host.cache.clear("analytics_")
	return result


def merge_inside(
	host: Host, target: str, others: Iterable[str], reason: str, *, by_user: bool = False
) -> Merge:
	"""`merge_issues` for a caller that is inside the collector's transaction."""
	asked = list(dict.fromkeys(others))
	named = _issues(host, [target, *asked])
	root = named[target].home
	homes = list(dict.fromkeys(home for name in asked if (home := named[name].home) != root))
	left = {} if by_user else {name: _PINNED for name in _pinned(host, [root, *homes])}
	if root in left:
		left |= {name: f"{root} is {_PINNED}" for name in homes}
	moved = [name for name in homes if name not in left]
	if moved:
		_move(host, _issues(host, [root, *moved]), root, reason)
	return Merge(root, tuple(moved), left)


def unmerge_issue(host: Host, name: str, *, pin: bool = True) -> str:
	"""Makes a merged issue stand alone again, with all events of its fingerprint, those since the merge included.

	Other issues merged into it before stay where they are now. `pin`: no algorithm merges it again. Each has the status it
	had before the merge, and what its own events since made of it; what people decided since stays. Returns the name of the issue it left. Raises NotFound for an unknown issue, BadArgument for one
	that is not merged.
	"""
	with host.store.transaction(LOCK):
		left = _take_out(host, name, pin)
	host.cache.clear("analytics_")
	return left


def pin_issue(host: Host, name: str, pinned: bool) -> None:
	"""Says whether only people may merge an issue. Raises NotFound for an unknown one."""
	with host.store.transaction(LOCK):
		_issues(host, [name])
		host.store.upsert(ISSUE, [{"name": name, "pinned": int(pinned)}])


def default_target(host: Host, names: Sequence[str]) -> str:
	"""The issue others are merged into when nobody chose: the oldest. Raises NotFound."""
	issues = _issues(host, names).values()
	return min(issues, key=lambda issue: (issue.first_seen or datetime.max, issue.name)).name


def _issues(host: Host, names: Sequence[str]) -> dict[str, _Issue]:
	found = {}
	for chunk in in_chunks(list(dict.fromkeys(names)), IDS_PER_QUERY):
		for row in host.store.query(
			"SELECT name, fingerprint, algorithm, event_count, first_seen, last_seen, sources, status, resolved_at,"
			f" merged_into, pinned FROM `{ISSUE}` WHERE name IN ({marks(len(chunk))})",
			chunk,
		):
			name, fingerprint, algorithm, count, first, last, sources, status, resolved, into, pinned = row
			found[name] = _Issue(
				name,
				as_text(fingerprint),
				as_text(algorithm),
				int(count or 0),
				as_datetime(first),
				as_datetime(last),
				as_text(sources) or "{}",
				as_text(status) or "Open",
				as_datetime(resolved),
				as_text(into),
				bool(pinned),
			)
	missing = [name for name in names if name not in found]
	if missing:
		raise NotFound(f"There is no error issue {', '.join(missing[:5])}.")
	return found


def _pinned(host: Host, names: Sequence[str]) -> set[str]:
	"""Which of these issues are pinned, or hold a merged one that is."""
	found = set()
	for chunk in in_chunks(names, IDS_PER_QUERY // 2):
		some = marks(len(chunk))
		for name, into in host.store.query(
			f"SELECT name, merged_into FROM `{ISSUE}` WHERE pinned = 1 AND (name IN ({some}) OR merged_into IN ({some}))",
			[*chunk, *chunk],
		):
			found.add(as_text(into) or name)
	return found.intersection(names)


def _move(host: Host, issues: dict[str, _Issue], root: str, reason: str) -> None:
	_enter_own_parts(host, issues.values())
	now = host.clock.now().replace(tzinfo=None)
	others = [issue for issue in issues.values() if issue.name != root]
	host.store.upsert(ALIAS, [{"name": issue.name, "reason": reason, "merged_at": now} for issue in others])
	for chunk in in_chunks([issue.name for issue in others], IDS_PER_QUERY):
		some = marks(len(chunk))
		for table in (ALIAS, ISSUE_DAY, ISSUE_USER, ISSUE_FACET):
			host.store.execute(f"UPDATE `{table}` SET issue = %s WHERE issue IN ({some})", [root, *chunk])
		host.store.execute(
			f"UPDATE `{ISSUE}` SET merged_into = %s WHERE merged_into IN ({some})", [root, *chunk]
		)
		host.store.execute(
			f"UPDATE `{ISSUE}` SET merged_into = %s, status = %s, event_count = 0 WHERE name IN ({some})",
			[root, MERGED, *chunk],
		)
	_sum_up(host, root, _decided(host, issues[root], others))
	count_users(host, list(issues))


def _enter_own_parts(host: Host, issues: Collection[_Issue]) -> None:
	"""A row in the alias table for each that has none: until now all events of such an issue were its own."""
	known = set()
	for chunk in in_chunks([issue.name for issue in issues], IDS_PER_QUERY):
		rows = host.store.query(f"SELECT name FROM `{ALIAS}` WHERE name IN ({marks(len(chunk))})", chunk)
		known |= {row[0] for row in rows}
	now = host.clock.now().replace(tzinfo=None)
	host.store.insert(
		ALIAS,
		[
			{
				"name": issue.name,
				"fingerprint": issue.fingerprint,
				"algorithm": issue.algorithm,
				"issue": issue.name,
				"reason": OWN,
				"merged_at": now,
				"event_count": issue.event_count,
				"first_seen": issue.first_seen,
				"last_seen": issue.last_seen,
				"sources": issue.sources,
			}
			for issue in issues
			if issue.name not in known
		],
	)
	host.store.upsert(ALIAS, [{"name": issue.name, "status_before": issue.status} for issue in issues])


def _decided(host: Host, target: _Issue, others: Collection[_Issue]) -> dict[str, object]:
	"""What the merge changes of the target's status: unsolved wins, and the latest repair counts."""
	if target.status in UNSOLVED:
		return {}
	opened = opened_by(issue.status for issue in others)
	if opened is not None:
		keep_life(host, target.name)
		return {**columns_of(opened), "resolved_by": None}
	repairs = [issue.resolved_at for issue in (target, *others) if issue.resolved_at]
	return {"resolved_at": max(repairs)} if target.status == "Resolved" and repairs else {}


def _sum_up(host: Host, issue: str, changes: dict[str, object]) -> None:
	"""Writes the issue's figures as the sum of its parts, with other `changes`."""
	parts = host.store.query(
		f"SELECT event_count, first_seen, last_seen, sources FROM `{ALIAS}` WHERE issue = %s", (issue,)
	)
	sources: Counter[str] = Counter()
	for part in parts:
		sources.update(json.loads(as_text(part[3]) or "{}"))
	row: dict[str, Any] = {
		"name": issue,
		"event_count": sum(int(part[0] or 0) for part in parts),
		"first_seen": min(filter(None, (as_datetime(part[1]) for part in parts)), default=None),
		"last_seen": max(filter(None, (as_datetime(part[2]) for part in parts)), default=None),
		"sources": json.dumps(sources, sort_keys=True),
	}
	host.store.upsert(ISSUE, [row | changes])


def _take_out(host: Host, name: str, pin: bool) -> str:
	_issues(host, [name])  # raises when there is none
	rows = host.store.query(
		f"SELECT issue, event_count, first_seen, last_seen, sources, status_before FROM `{ALIAS}` WHERE name = %s",
		(name,),
	)
	if not rows or rows[0][0] == name:
		raise BadArgument(
			f"{name} is not merged into another issue; only what was merged can be taken apart."
		)
	root, count, first, last, sources, before = rows[0]
	_take_rows(host, name, root)
	seen = as_datetime(last)
	row: dict[str, object] = {
		"name": name,
		"merged_into": None,
		**columns_of(since_then(host, name, as_text(before), seen)),
		"event_count": int(count or 0),
		"first_seen": as_datetime(first),
		"last_seen": seen,
		"sources": as_text(sources),
	}
	host.store.upsert(ISSUE, [row | ({"pinned": 1} if pin else {})])
	host.store.execute(f"DELETE FROM `{ALIAS}` WHERE name = %s", (name,))
	_sum_up(host, root, after_taking_out(host, as_text(root), last_seen(host, as_text(root))))
	if host.store.query(f"SELECT COUNT(*) FROM `{ALIAS}` WHERE issue = %s", (root,))[0][0] == 1:
		host.store.execute(f"DELETE FROM `{ALIAS}` WHERE issue = %s", (root,))
	count_users(host, [name, as_text(root)])
	return as_text(root)


def _take_rows(host: Host, name: str, root: str) -> None:
	"""Gives the rows of one fingerprint back to its own issue."""
	for table in (ISSUE_DAY, ISSUE_USER):
		host.store.execute(
			f"UPDATE `{table}` SET issue = %s WHERE issue = %s AND SUBSTR(name, 1, {len(name) + 1}) = %s",
			(name, root, f"{name}-"),
		)
	facets = host.store.query(f"SELECT name, day, kind, value FROM `{ISSUE_FACET}` WHERE issue = %s", (root,))
	own = [
		row[0]
		for row in facets
		if (day := as_date(row[1])) and row[0] == facet_name(name, day, as_text(row[2]), as_text(row[3]))
	]
	for chunk in in_chunks(own, IDS_PER_QUERY):
		host.store.execute(
			f"UPDATE `{ISSUE_FACET}` SET issue = %s WHERE name IN ({marks(len(chunk))})", [name, *chunk]
		)
