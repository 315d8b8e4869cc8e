"""Where errors concentrate or rise: by functional area, user group, time window, component and issue.

A value of a dimension (an app, a role, a file, …) stands out for a reason that is told with its figures: it has
significantly more errors than its own days before the period lead one to expect, or a third of all errors and more fall on
it; an issue also when it is critical. Rises are tested together, so that a quiet site shows one in about a hundred reports.
The severity score is that of `severity`; for several issues its kind is the mean over their events, its users are the
distinct ones of all, its last event is the latest, and it changed when it rises or one of them came back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from .areas import area_of
from .breakdown import is_new
from .chance import bounded, p_text
from .changes import find_bursts, find_climbs, moment_of
from .changes import look as surveyed
from .hotspot_rows import Days, Dimension, Group, Look, judged, severity_fields, severity_of, top_issues
from .hotspot_text import order, statement
from .scan import Cluster, Usual, scan, usual_hours
from .severity import ACTIVE, rank_severity
from .standing import Severity
from .state import FRESH
from .window import ErrorWindow, Observed, local, observe


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
	"""What was recorded of events beside their issue, of one kind ("Role", "DocType").

	since is the first day on which the kind was recorded, None when never, with the reason; days holds the daily
	counts of the window's days by value, issues the events of the period by value and issue; totals how many events
	of each day could have had a value (for roles those with a person as user), None for all.
	"""

	since: date | None
	days: dict[str, Days] = field(default_factory=dict)
	issues: dict[str, dict[str, int]] = field(default_factory=dict)
	totals: Days | None = None
	reason: str = ""


def find_hotspots(
	window: ErrorWindow,
	period: int,
	*,
	roles: Facets,
	doctypes: Facets,
	people: Iterable[tuple[str, str]] = (),
) -> dict[str, Any]:
	"""Hotspots of the last `period` days of the window; the days before them, as far as collected, are the baseline.

	Args: a window of more days than the period; what is known of roles and DocTypes; pairs of issue and user
	(a pseudonym) of the period. Returns plain JSON values. Sections of `hotspots` are {"status" ("ok" or "unknown"),
	"statement", "total", "rows"}; a row has `value`, `count`, `share` with `share_interval_95`, `usual` (events to be
	expected from the days before) with `ratio` and `ratio_interval_95`, `stands_out` with `reasons`, and the severity
	score with its parts. `critical` lists what stands out at the level critical, `remediation_order` the issues behind
	what stands out, most severe first. What is not known is None, and its section says why.
	"""
	seen = observe(window)
	collected = bool(seen.covered[-period:].any())
	look = _look(seen, period, people)
	sections: dict[str, dict[str, Any]] = {}
	if collected:
		sections = judged(look, _dimensions(look, roles, doctypes))
		sections["time_windows"] = _time_windows(look)
	rows = [row for section in sections.values() for row in section["rows"] if row["stands_out"]]
	rows.sort(key=lambda row: (-row["severity_score"], -row["count"], row["dimension"], row["value"]))
	report: dict[str, Any] = {
		"analysis_period": f"{period} day{'' if period == 1 else 's'}",
		"window": {
			"start": local(moment_of(seen, _first_hour(look)), window),
			"end": local(window.now, window),
			"time_zone": str(window.now.tzinfo),
			"days": period,
		},
		"data_since": local(window.data_since, window),
		"baseline_days": int(seen.complete[:-period].sum()),
		"total_errors": int(seen.counts[:, -period:].sum()) if collected else None,
		"hotspots": sections,
		"critical": [row for row in rows if row["severity"] == "critical"],
		"remediation_order": order(rows, _issue_facts(look)),
	}
	return {"statement": statement(report, rows), **report}


def _first_hour(look: Look) -> int:
	return int(24 * (look.seen.counts.shape[1] - look.period))


def _look(seen: Observed, period: int, people: Iterable[tuple[str, str]]) -> Look:
	hit: dict[str, set[str]] = defaultdict(set)
	for issue, user in people:
		hit[issue].add(user)
	users = {issue: frozenset(found) for issue, found in hit.items()}
	everyone = len(frozenset[str]().union(*users.values())) if users else None
	hours = seen.counts.sum(axis=0).astype(np.float64)
	usual = usual_hours(hours, seen.exposure, seen.window.first_day.weekday(), period)
	weight = _weight(seen, usual, period)
	return Look(seen, period, usual, _severities(seen, period, everyone), users, weight, everyone)


def _weight(seen: Observed, usual: Usual | None, period: int) -> Days:
	"""How much of each day was observed: 1 for whole days, less for others, in the period by the errors usual in the
	hours observed; at noon more or less than half of an ordinary day's errors may be over."""
	weight: Days = seen.exposure.sum(axis=1) / 24
	if usual is not None:
		weight[-period:] = usual.expected.sum(axis=1) / np.maximum(usual.rate.sum(axis=1), 1e-9)
	# only a whole day serves as baseline; of a short day in spring nothing is missing
	return np.where(seen.complete, 1.0, np.minimum(weight, 0.99))


def _severities(seen: Observed, period: int, everyone: int | None) -> list[Severity]:
	now, first = seen.window.now, 24 * (seen.counts.shape[1] - period)
	if all(facts.standing is not None for facts in seen.issues):
		return [facts.standing.severity for facts in seen.issues if facts.standing is not None]
	risen = {climb.issue for climb in find_climbs(seen)}
	bursts = [burst for burst in find_bursts(seen, surveyed(seen)) if burst.end >= first]
	risen |= {burst.issue for burst in bursts if now - moment_of(seen, burst.end) <= ACTIVE}
	counts = seen.counts[:, -period:].sum(axis=(1, 2))
	return [
		rank_severity(
			facts,
			int(counts[index]),
			now=now,
			users_total=everyone,
			change="rising" if index in risen else "new" if is_new(seen, facts, now - FRESH) else "",
		)
		for index, facts in enumerate(seen.issues)
	]


def _dimensions(look: Look, roles: Facets, doctypes: Facets) -> list[Dimension]:
	days = look.seen.counts.sum(axis=2).astype(np.float64)
	totals = days.sum(axis=0)
	areas = [area_of(facts) for facts in look.seen.issues]

	def by(name: str, one: str, values: list[str | None]) -> Dimension:
		return Dimension(name, one, name, _grouped(look, days, values), totals)

	of_doctypes = _of_facets(look, "DocTypes", "DocType", doctypes, totals)
	if doctypes.since is None and any(area.doctype for area in areas):
		# where no document was recorded, the place of the code still names one
		values = [area.doctype for area in areas]
		of_doctypes = Dimension("doctypes", "DocType", "DocTypes", _grouped(look, days, values), totals)
	return [
		by("apps", "app", [area.app for area in areas]),
		by("modules", "module", [area.module for area in areas]),
		of_doctypes,
		_of_facets(look, "roles", "role", roles, totals),
		by("files", "file", [area.file for area in areas]),
		by("functions", "function", [area.function for area in areas]),
		by("issues", "issue", [facts.name for facts in look.seen.issues]),
	]


def _grouped(look: Look, days: Days, values: list[str | None]) -> list[Group]:
	members: dict[str, list[int]] = defaultdict(list)
	for index, value in enumerate(values):
		if value:
			members[value].append(index)
	counts = days[:, -look.period :].sum(axis=1)
	return [
		Group(value, days[own].sum(axis=0), {index: int(counts[index]) for index in own if counts[index]})
		for value, own in sorted(members.items())
	]


def _of_facets(look: Look, many: str, one: str, facets: Facets, totals: Days) -> Dimension:
	if facets.since is None:
		return Dimension(many.lower(), one, many, (), totals, reason=facets.reason)
	index = {facts.name: position for position, facts in enumerate(look.seen.issues)}
	groups = []
	for value, days in sorted(facets.days.items()):
		own = facets.issues.get(value, {})
		groups.append(
			Group(value, days, {index[name]: n for name, n in sorted(own.items()) if name in index})
		)
	since = max(0, (facets.since - look.seen.window.first_day).days)
	if facets.totals is None:
		return Dimension(many.lower(), one, many, groups, totals, since=since)
	return Dimension(many.lower(), one, many, groups, facets.totals, "errors with a user", since)


def _time_windows(look: Look) -> dict[str, Any]:
	seen, period = look.seen, look.period
	if look.usual is None:
		known = float(seen.exposure[:-period].sum()) / 24
		said = f"two weeks before the period are needed to know what is usual, {known:.0f} days are known"
		return {"status": "unknown", "statement": f"Not known: {said}.", "total": None, "rows": []}
	clusters, looked = scan(seen.counts[:, -period:].sum(axis=0), look.usual)
	rows = [_window_row(look, cluster, looked) for cluster in clusters]
	if rows:
		said = "; ".join(f"{row['value']}: {row['reasons'][0]}" for row in rows) + "."
	else:
		said = f"No time stands out: {looked} windows of 1 to 72 hours against what is usual at these hours."
	return {"status": "ok", "statement": said, "total": len(rows), "rows": rows}


def _window_row(look: Look, cluster: Cluster, looked: int) -> dict[str, Any]:
	seen, first = look.seen, _first_hour(look)
	hours = seen.counts[:, -look.period :].reshape(len(seen.issues), -1)[:, cluster.start : cluster.end]
	own = hours.sum(axis=1)
	events = {int(index): int(own[index]) for index in np.flatnonzero(own)}
	start, end = moment_of(seen, first + cluster.start), moment_of(seen, first + cluster.end - 1)
	until = end + timedelta(hours=1)
	total = int(seen.counts[:, -look.period :].sum())
	return {
		"dimension": "time_windows",
		"kind": "time window",
		"value": f"{start:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}",
		"start": local(start, seen.window),
		"until": local(until, seen.window),
		"hours": cluster.end - cluster.start,
		"count": cluster.events,
		"share": round(cluster.events / total, 4) if total else None,
		"usual": round(cluster.expected, 2),
		"ratio": round(cluster.events / cluster.expected, 2) if cluster.expected else None,
		"p_value": bounded(cluster.p_value),
		"windows_looked_at": looked,
		"stands_out": True,
		"reasons": [
			f"{cluster.events} errors where {cluster.expected:.1f} are usual ({p_text(cluster.p_value)} over {looked} windows)"
		],
		**severity_fields(severity_of(look, events, rising=True, ended=until)),
		**top_issues(look, events),
	}


def _issue_facts(look: Look) -> dict[str, dict[str, Any]]:
	counts = look.seen.counts[:, -look.period :].sum(axis=(1, 2))
	return {
		facts.name: {
			"issue": facts.name,
			"title": facts.title,
			"culprit": facts.culprit,
			"category": facts.category,
			"status": facts.status,
			"count": int(counts[index]),
			"users": len(look.people.get(facts.name, ())) or None,
			**severity_fields(look.severities[index]),
		}
		for index, facts in enumerate(look.seen.issues)
		if counts[index]
	}
