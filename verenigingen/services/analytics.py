"""Error analyses: reads issues and day rollups, hands them to the pure core. Never reads the raw log."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import numpy as np

from verenigingen.core.errors import ErrorWindow, IssueFacts, UserCount, analyse_patterns
from verenigingen.core.errors.standing import standing
from verenigingen.core.model import as_date, as_datetime, as_text
from verenigingen.exceptions import BadArgument
from verenigingen.host.port import Host, Row
from verenigingen.services import coverage
from verenigingen.services.backfill import backfill_status
from verenigingen.services.site import ERROR_LOG
from verenigingen.settings import resolve

TOP_USERS = 20
MOST_CELLS = 25_000_000  # hours of all issues in memory at once: 200 MB a copy, and an analysis makes a few


def analyze_error_patterns(host: Host, days: int | None = None) -> dict[str, Any]:
	"""Patterns in the errors of the last `days` site-local days (default: setting `default_days`); the result's
	shape is that of `core.errors.analyse_patterns`."""
	period = int(resolve("default_days", host.config.get)) if days is None else days
	report = analyse_patterns(
		load_window(host, period),
		recurring_threshold=int(resolve("recurring_threshold", host.config.get)),
		trend_threshold=resolve("trend_threshold", host.config.get),
	)
	if report["total_errors"] is None:
		progress = backfill_status(host)
		if not progress["finished"] and progress["done"]:
			report["notes"].insert(0, progress["statement"])
	linked: dict[str, Any] = with_links(host, report)
	return linked


def issue_link(host: Host, issue: str) -> str:
	"""Address on this site where an issue is shown: its form on the desk, or its place on the stand-alone page."""
	name = quote(issue, safe="")
	return f"/app/error-issue/{name}" if host.kind == "frappe" else f"/monitoring_dashboard#issue={name}"


def with_links(host: Host, report: Any) -> Any:
	"""The report with a `link` beside every named issue."""
	if isinstance(report, list):
		return [with_links(host, item) for item in report]
	if not isinstance(report, dict):
		return report
	linked = {key: with_links(host, value) for key, value in report.items()}
	if isinstance(linked.get("issue"), str):
		linked["link"] = issue_link(host, linked["issue"])
	return linked


def load_window(host: Host, days: int, *, focus: int | None = None) -> ErrorWindow:
	"""Counts of the period and the one before it; users and documents of its last `focus` days (default: all). A few
	queries, whatever the number of raw rows."""
	now = host.clock.now()
	first = now.date() - timedelta(days=2 * days - 1)
	start = now.date() - timedelta(days=days - 1)
	cells = host.store.query(
		"SELECT issue, day, hours FROM `tabError Issue Day` WHERE day >= %s AND day <= %s",
		(first, now.date()),
	)
	start = max(start, now.date() - timedelta(days=(focus or days) - 1))
	midnight = datetime.combine(start, datetime.min.time())
	issues = _facts(host, sorted({row[0] for row in cells}), midnight)
	_refuse_too_large(len(issues), days)
	index = {facts.name: position for position, facts in enumerate(issues)}
	cells = [row for row in cells if row[0] in index]
	counts = np.zeros((len(issues), 2 * days, 24), dtype=np.int64)
	if cells:
		table = np.fromstring(",".join(as_text(row[2]) for row in cells), dtype=np.int64, sep=",").reshape(
			-1, 24
		)
		positions = [index[row[0]] for row in cells]
		days_since = {value: (_day(value) - first).days for value in {row[1] for row in cells}}
		offsets = [days_since[row[1]] for row in cells]
		np.add.at(counts, (positions, offsets), table)  # a merged issue has a row of each fingerprint and day
	users = host.store.query(
		"SELECT user, SUM(event_count) FROM `tabError User Day` WHERE day >= %s AND day <= %s GROUP BY user",
		(start, now.date()),
	)
	ranked = sorted(((row[0], int(row[1])) for row in users), key=lambda pair: (-pair[1], pair[0]))
	return ErrorWindow(
		now=now,
		days=days,
		first_day=first,
		issues=issues,
		counts=counts,
		data_since=known_since(host),
		users=tuple(UserCount(user, count) for user, count in ranked[:TOP_USERS]),
		users_total=len(ranked),
		user_events=sum(count for _, count in ranked),
		gaps=coverage.known_gaps(host),
	)


def _refuse_too_large(issues: int, days: int) -> None:
	most = MOST_CELLS // (48 * max(issues, 1))
	if days > most:
		raise BadArgument(
			f"days: {issues} issues over twice {days} days are more than is analysed at once; ask for at most {most}"
			" days."
		)


def _day(value: object) -> Any:
	day = as_date(value)
	if day is None:
		raise ValueError(f"Error Issue Day has an unreadable day {value!r}")
	return day


def _facts(host: Host, names: list[str], since: datetime) -> tuple[IssueFacts, ...]:
	affected: dict[str, int] = dict(
		host.store.query(
			"SELECT issue, COUNT(DISTINCT user) FROM `tabError Issue User` WHERE last_seen >= %s GROUP BY issue",
			(since,),
		)
	)
	documents: dict[str, int] = dict(
		host.store.query(
			"SELECT issue, COUNT(DISTINCT value) FROM `tabError Issue Facet`"
			" WHERE kind = 'Document' AND day >= %s AND value <> '(other)' GROUP BY issue",
			(since.date(),),
		)
	)
	rows = host.store.query(
		"SELECT name, title, exception, culprit, app, category, category_reason, COALESCE(base_severity, severity), status,"
		" first_seen, last_seen, event_count, sources, resolved_at, severity_fixed, severity, severity_score,"
		" severity_reason, state, state_reason, judgement FROM `tabError Issue`"
	)
	known = {row[0]: row for row in rows}
	began = _data_since(host)
	zone = host.clock.now().tzinfo

	def aware(value: object) -> datetime | None:
		moment = as_datetime(value)
		return moment.replace(tzinfo=zone) if moment else None

	def facts(row: Row) -> IssueFacts:
		(
			name,
			title,
			exception,
			culprit,
			app,
			category,
			why,
			severity,
			status,
			first,
			last,
			total,
			kept,
			solved,
			is_fixed,
			level,
			score,
			*judged,
		) = row
		return IssueFacts(
			name=name,
			title=as_text(title),
			exception=exception,
			culprit=culprit,
			app=app,
			category=as_text(category),
			category_reason=as_text(why),
			severity=as_text(severity),
			status=as_text(status),
			first_seen=aware(first),
			last_seen=aware(last),
			events_total=int(total or 0),
			users=affected.get(name),  # 0 would claim that nobody was hit; none told who
			documents=documents.get(name),
			known_since=min((began[source] for source in _sources(kept) if source in began), default=None),
			resolved_at=aware(solved),
			severity_fixed=bool(is_fixed),
			standing=standing(as_text(level), float(score or 0), *map(as_text, judged)),
		)

	# a day whose issue was cleared away has nothing left to say
	return tuple(facts(known[name]) for name in names if name in known)


def _sources(kept: object) -> list[str]:
	"""Names of the sources an issue's events came from."""
	try:
		return list(json.loads(as_text(kept) or "{}"))
	except ValueError:
		return []


def known_since(host: Host) -> datetime | None:
	"""Since when the site's errors are known (aware): since Error Log is, for what other sources kept of the time before
	is a part only, and an issue first seen there need not have been new. Without Error Log since the first source is."""
	found = _data_since(host)
	return found.get(ERROR_LOG) or min(found.values(), default=None)


def _data_since(host: Host) -> dict[str, datetime]:
	"""Since when each source that was read once as a whole is covered."""
	zone = host.clock.now().tzinfo
	found = host.store.query(
		"SELECT name, data_since FROM `tabCollector State` WHERE reconciled_at IS NOT NULL"
	)
	return {name: moment.replace(tzinfo=zone) for name, value in found if (moment := as_datetime(value))}
