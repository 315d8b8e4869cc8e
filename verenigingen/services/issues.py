"""Issues for people: lists, one issue with all that is known of it, and the decisions taken about it.

A decision is written under the collector's lock, so that neither overwrites what the other has just found out.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from verenigingen.core.errors import SEVERITIES, History, Judgement
from verenigingen.core.errors.life import (
	IGNORED,
	OPEN,
	REGRESSED,
	STATUSES,
	Life,
	as_of,
	ignore,
	reopen,
	resolve,
)
from verenigingen.core.errors.standing import Standing
from verenigingen.core.errors.standing import standing as kept_standing
from verenigingen.core.errors.state import stated
from verenigingen.core.model import as_datetime, as_text
from verenigingen.exceptions import BadArgument, NotFound
from verenigingen.host.port import Host, Row, marks
from verenigingen.services.collection import LOCK
from verenigingen.services.lives import JUDGED, LIFE_COLUMNS, columns_of, life_of
from verenigingen.services.rollup import ISSUE, ISSUE_DAY, ISSUE_USER

NOT_JUDGED = "not judged yet: that is done after each collection"
UNRESOLVED = "Unresolved"  # what wants attention: Open and Regressed
MERGED = "Merged"
SORTS = ("last_seen", "first_seen", "events", "users", "severity")
LONGEST_SEARCH = 140
HEAD = (
	"i.name, i.title, i.culprit, i.app, i.exception, i.category, i.severity, i.severity_score, i.severity_reason, i.state,"
	" i.state_reason, i.judgement, i.event_count, i.user_count, i.first_seen, i.last_seen"
)
HEAD_COLUMNS = 16
LIFE = ", ".join(f"i.{column.strip()}" for column in LIFE_COLUMNS.split(","))
VERSION = "tabVersion"


def list_issues(
	host: Host,
	*,
	status: str | None = None,
	search: str | None = None,
	days: int,
	sort: str = "last_seen",
	limit: int,
	start: int = 0,
) -> dict[str, Any]:
	"""Issues seen in the last `days` site-local days: {"issues", "total", "limit", "start", "days"}.

	`status` is one of STATUSES or "Unresolved"; without it every issue is listed that is not merged into another.
	`search` looks in title, exception, culprit and app. Raises BadArgument for another status or sort.
	"""
	first = host.clock.now().date() - timedelta(days=days - 1)
	where, values = _filters(status, search, first)
	total = host.store.query(f"SELECT COUNT(*) FROM `{ISSUE}` i WHERE {where}", values)[0][0]
	counted = f"(SELECT issue, SUM(event_count) AS n FROM `{ISSUE_DAY}` WHERE day >= %s GROUP BY issue)"
	met = f"(SELECT issue, COUNT(DISTINCT `user`) AS n FROM `{ISSUE_USER}` WHERE last_seen >= %s GROUP BY issue)"
	rows = host.store.query(
		f"SELECT {HEAD}, COALESCE(d.n, 0), u.n, {LIFE} FROM `{ISSUE}` i LEFT JOIN {counted} d ON d.issue = i.name"
		f" LEFT JOIN {met} u ON u.issue = i.name"
		f" WHERE {where} ORDER BY {_order(sort)}, i.name LIMIT %s OFFSET %s",
		(first, first, *values, limit, start),
	)
	daily = _daily(host, [row[0] for row in rows], first, days)
	return {
		"days": days,
		"total": int(total),
		"start": start,
		"limit": limit,
		"issues": [_listed(host, row, daily.get(row[0], [0] * days)) for row in rows],
	}


def _filters(status: str | None, search: str | None, first: object) -> tuple[str, list[object]]:
	where, values = ["i.last_seen >= %s"], [first]
	if status == UNRESOLVED:
		where.append("i.status IN (%s, %s)")
		values += [OPEN, REGRESSED]
	elif status:
		if status not in STATUSES:
			raise BadArgument(
				f"status must be one of {', '.join((*STATUSES, UNRESOLVED))}, not {status[:60]!r}."
			)
		where.append("i.status = %s")
		values.append(status)
	else:
		where.append("i.status <> %s")
		values.append(MERGED)
	if search:
		where.append(
			"("
			+ " OR ".join(f"i.{c} LIKE %s ESCAPE '!'" for c in ("title", "exception", "culprit", "app"))
			+ ")"
		)
		values += [_pattern(search)] * 4
	return " AND ".join(where), values


def _pattern(search: str) -> str:
	if len(search) > LONGEST_SEARCH:
		raise BadArgument(f"search must have at most {LONGEST_SEARCH} characters, not {len(search)}.")
	for sign in "!%_":
		search = search.replace(sign, f"!{sign}")
	return f"%{search}%"


def _order(sort: str) -> str:
	if sort == "severity":
		ranks = " ".join(f"WHEN '{level}' THEN {rank}" for rank, level in enumerate(SEVERITIES))
		return f"CASE i.severity {ranks} ELSE {len(SEVERITIES)} END, i.severity_score DESC, i.last_seen DESC"
	columns = {"last_seen": "i.last_seen", "first_seen": "i.first_seen", "users": "COALESCE(u.n, 0)"}
	if sort == "events":
		return "COALESCE(d.n, 0) DESC"
	if sort not in columns:
		raise BadArgument(f"sort must be one of {', '.join(SORTS)}, not {sort[:60]!r}.")
	return f"{columns[sort]} DESC"


def _daily(host: Host, names: list[str], first: Any, days: int) -> dict[str, list[int]]:
	found: dict[str, list[int]] = {}
	if not names:
		return found
	for issue, day, count in host.store.query(
		f"SELECT issue, day, SUM(event_count) FROM `{ISSUE_DAY}` WHERE day >= %s AND issue IN ({marks(len(names))})"
		" GROUP BY issue, day",
		(first, *names),
	):
		moment = as_datetime(day)
		offset = (moment.date() - first).days if moment else -1
		if 0 <= offset < days:
			found.setdefault(issue, [0] * days)[offset] += int(count)
	return found


def _listed(host: Host, row: Row, daily: list[int]) -> dict[str, Any]:
	told, (events, users), life = row[:HEAD_COLUMNS], row[HEAD_COLUMNS:][:2], row[HEAD_COLUMNS + 2 :]
	shown = {**head(host, told), **standing(host, life), "events": int(events), "daily": daily}
	judged = judged_as(told)
	state = state_of(host, shown, judged) if judged else None
	return shown | {
		"state": state.state if state else None,
		"state_reason": state.reason if state else NOT_JUDGED,
		# 0 would claim that nobody was hit; it only means that no event told who
		"users": int(users or 0) or None,
	}


def head(host: Host, row: Row) -> dict[str, Any]:
	"""What names an issue, from the columns of HEAD."""
	name, title, culprit, app, exception, category, severity, *_, count, users, first, last = row
	judged = judged_as(row)
	function, _, file = as_text(culprit).partition(" in ")
	return {
		"name": name,
		"title": as_text(title),
		"exception": exception or None,
		"culprit": {"function": function or None, "file": file or None, "app": app or None},
		"category": as_text(category),
		"severity": as_text(severity),
		"severity_score": judged.severity.score if judged else None,
		"severity_reason": judged.severity.reason if judged else NOT_JUDGED,
		"events_total": int(count or 0),
		"users_total": int(users or 0) or None,
		"first_seen": aware(host, as_datetime(first)),
		"last_seen": aware(host, as_datetime(last)),
	}


def judged_as(row: Row) -> Standing | None:
	"""How an issue was judged after the last collection, from the columns of HEAD; None where that did not happen yet."""
	severity, score, *texts = row[6:12]
	return kept_standing(as_text(severity), float(score or 0), *map(as_text, texts))


def state_of(host: Host, issue: Mapping[str, Any], judged: Standing) -> Judgement:
	"""What an issue does now: as it was judged, but for what people have decided since. `issue`: of `head` and `standing`."""
	history = History(
		issue["name"],
		np.zeros((0, 24), dtype=np.int64),
		issue["first_seen"],
		issue["last_seen"],
		issue["status"],
		issue["resolved_at"],
	)
	return stated(history, judged, host.clock.now())


def standing(host: Host, columns: Row) -> dict[str, Any]:
	"""Where an issue stands now, with the reason, from LIFE_COLUMNS."""
	life = as_of(life_of(columns), _now(host))
	return {
		"status": life.status,
		"status_reason": life.reason or "nobody has decided about it yet",
		"status_since": aware(host, life.changed),
		"resolved_at": aware(host, life.resolved),
		"resolved_in": life.resolved_in,
		"regressed_at": aware(host, life.regressed),
		"ignored_for": life.ignored_for,
		"ignored_left": life.ignored_left,
		"ignored_until": aware(host, life.ignored_until),
	}


def aware(host: Host, moment: datetime | None) -> datetime | None:
	"""A naive site time with the site's zone."""
	return moment.replace(tzinfo=host.clock.now().tzinfo) if moment else None


def _now(host: Host) -> datetime:
	return host.clock.now().replace(tzinfo=None)


def resolve_issue(host: Host, name: str, in_version: str | None = None) -> dict[str, Any]:
	"""Marks an issue as solved, or as solved by a version of its app; see `core.errors.life.resolve`."""
	return _decide(host, name, lambda life, now: resolve(life, now, in_version=in_version))


def ignore_issue(
	host: Host, name: str, until_count: int | None = None, until_date: str | None = None
) -> dict[str, Any]:
	"""Leaves an issue out of sight for `until_count` more events, until `until_date`, or for ever."""
	until = _moment(host, until_date)
	return _decide(host, name, lambda life, now: ignore(life, now, more=until_count, until=until))


def reopen_issue(host: Host, name: str) -> dict[str, Any]:
	"""Takes a decision back."""
	return _decide(host, name, reopen)


def _moment(host: Host, text: str | None) -> datetime | None:
	"""A date or time as the caller gives it, in the site's zone. Raises BadArgument."""
	if not text or not text.strip():
		return None
	try:
		moment = datetime.fromisoformat(text.strip())
	except ValueError:
		raise BadArgument(
			f"until_date must be a date or time such as 2026-12-31 or 2026-12-31 18:00, not {text[:60]!r}."
		) from None
	if moment.tzinfo is not None:
		moment = moment.astimezone(host.clock.now().tzinfo).replace(tzinfo=None)
	return moment


def _decide(host: Host, name: str, change: Callable[[Life, datetime], Life]) -> dict[str, Any]:
	now = _now(host)
	with host.store.transaction(LOCK):
		found = host.store.query(f"SELECT {LIFE_COLUMNS} FROM `{ISSUE}` WHERE name = %s", (name,))
		if not found:
			raise NotFound(f"There is no Error Issue {name[:60]!r}.")
		before = life_of(found[0])
		if before.status == MERGED:
			raise BadArgument(f"Error Issue {name} is merged into another one: decide about that one.")
		after = change(as_of(before, now), now)
		who = host.access.user().name
		row = {
			**columns_of(after),
			"resolved_by": who if after.resolved else None,
			"modified": now,
			"modified_by": who,
		}
		host.store.upsert(ISSUE, [{"name": name, **row}])
		_leave_version(host, name, columns_of(before), columns_of(after), now)
	host.cache.clear("analytics_")
	host.cache.clear(JUDGED)
	return {"name": name, **standing(host, tuple(columns_of(after).values()))}


def _leave_version(
	host: Host, name: str, before: dict[str, object], after: dict[str, object], now: datetime
) -> None:
	"""The timeline of a document shows its Version rows, where the tables are in the site's own database."""
	if "ref_doctype" not in host.store.columns(VERSION):
		return
	told = ("status", "resolved_in", "ignored_for", "ignored_until")
	changed = [
		[key, before[key], after[key]] for key in told if (before[key] or None) != (after[key] or None)
	]
	who = host.access.user().name
	row = {"name": uuid.uuid4().hex[:10], "ref_doctype": "Error Issue", "docname": name, "owner": who}
	data = json.dumps({"changed": changed}, default=str, separators=(",", ":"))
	host.store.insert(VERSION, [row | {"modified_by": who, "data": data, "creation": now, "modified": now}])


def wake(host: Host) -> int:
	"""Opens issues whose time of being ignored is over; the number of them. Part of each collection."""
	now = _now(host)
	due = f"SELECT name, {LIFE_COLUMNS} FROM `{ISSUE}` WHERE status = %s AND ignored_until <= %s"
	if not host.store.query(due, (IGNORED, now)):
		return 0
	with host.store.transaction(LOCK):
		rows = [
			{"name": name, **columns_of(as_of(life_of(columns), now))}
			for name, *columns in host.store.query(due, (IGNORED, now))
		]
		host.store.upsert(ISSUE, rows)
	return len(rows)
