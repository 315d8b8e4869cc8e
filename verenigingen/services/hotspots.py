"""Hotspots of errors: reads rollups and facets, hands them to the pure core. Never reads the raw log."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from verenigingen.core.errors import Facets, find_hotspots
from verenigingen.core.model import as_date, as_text
from verenigingen.host.port import Host
from verenigingen.services.analytics import load_window, with_links

BASELINE_DAYS = 56  # eight of each weekday; as many as the period where that is longer
FACET = "tabError Issue Facet"
# Everybody has these, so that they tell nobody from anybody.
COMMON_ROLES = ("All", "Guest", "Desk User", "(other)")
MOST_PEOPLE = 200_000  # pairs of issue and user in memory
NO_ROLES = "no event of the period or before has the roles of its user recorded"
NO_DOCTYPES = "no event of the period or before has its DocType recorded"


def identify_error_hotspots(host: Host, days: int) -> dict[str, Any]:
	"""Hotspots of the last `days` site-local days; the result's shape is that of `core.errors.find_hotspots`."""
	total = days + max(BASELINE_DAYS, days)
	window = load_window(host, -(-total // 2), focus=days)
	start, first = window.now.date() - timedelta(days=days - 1), window.first_day
	size = 2 * window.days
	report = find_hotspots(
		window,
		days,
		roles=_facets(host, "Role", first, start, size, NO_ROLES, totals=_with_user(host, first, size)),
		doctypes=_facets(host, "DocType", first, start, size, NO_DOCTYPES),
		people=_people(host, start),
	)
	linked: dict[str, Any] = with_links(host, report)
	return linked


def _facets(
	host: Host, kind: str, first: date, start: date, size: int, reason: str, totals: Any = None
) -> Facets:
	since = as_date(host.store.query(f"SELECT MIN(day) FROM `{FACET}` WHERE kind = %s", (kind,))[0][0])
	if since is None:
		return Facets(None, reason=reason)
	days: dict[str, Any] = defaultdict(lambda: np.zeros(size))
	rows = host.store.query(
		f"SELECT day, value, SUM(event_count) FROM `{FACET}` WHERE kind = %s AND day >= %s GROUP BY day, value",
		(kind, first),
	)
	for day, value, count in rows:
		moment = as_date(day)
		if moment is not None and value not in COMMON_ROLES and 0 <= (moment - first).days < size:
			days[as_text(value)][(moment - first).days] += int(count or 0)
	issues: dict[str, dict[str, int]] = defaultdict(dict)
	rows = host.store.query(
		f"SELECT value, issue, SUM(event_count) FROM `{FACET}` WHERE kind = %s AND day >= %s GROUP BY value, issue",
		(kind, start),
	)
	for value, issue, count in rows:
		issues[as_text(value)][issue] = int(count or 0)
	return Facets(since, dict(days), dict(issues), totals)


def _with_user(host: Host, first: date, size: int) -> Any:
	"""Events by day that have a person as user."""
	totals = np.zeros(size)
	rows = host.store.query(
		"SELECT day, SUM(event_count) FROM `tabError User Day` WHERE day >= %s GROUP BY day", (first,)
	)
	for day, count in rows:
		moment = as_date(day)
		if moment is not None and 0 <= (moment - first).days < size:
			totals[(moment - first).days] = int(count or 0)
	return totals


def _people(host: Host, start: date) -> list[tuple[str, str]]:
	since = datetime.combine(start, datetime.min.time())
	found = host.store.query(
		"SELECT issue, user FROM `tabError Issue User` WHERE last_seen >= %s ORDER BY last_seen DESC"
		f" LIMIT {MOST_PEOPLE}",
		(since,),
	)
	return [(row[0], row[1]) for row in found]
