"""Everything that is known of one issue: how it came to be where it is, whom and what it hits, and what may cause it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from verenigingen.core.errors import suspects
from verenigingen.core.errors.state import History, Judgement, judge
from verenigingen.core.errors.window import observed_hours
from verenigingen.core.model import FACETS, as_date, as_datetime, as_text
from verenigingen.exceptions import NotFound
from verenigingen.host.port import Host
from verenigingen.services import coverage, site_changes
from verenigingen.services.analytics import known_since
from verenigingen.services.issues import HEAD, HEAD_COLUMNS, LIFE, aware, head, judged_as, standing, state_of
from verenigingen.services.rollup import ISSUE, ISSUE_DAY, ISSUE_FACET, ISSUE_USER, OTHER, parse_hours

DAYS = 90  # daily counts: as long as the rollups are kept
HOURLY_DAYS = 14
TOP = 20
WHAT_NAMES = {
	"Entry Point": "entry_points",
	"App Version": "app_versions",
	"DocType": "doctypes",
	"Document": "documents",
	"Role": "roles",
	"Source": "sources",
	"Frappe Fingerprint": "frappe_fingerprints",
}
assert set(WHAT_NAMES) == set(FACETS)


def get_issue(host: Host, name: str) -> dict[str, Any]:
	"""One issue for its page. Raises NotFound.

	Beside what `list_issues` gives: `state` (what it does now, with reason and evidence), `grouping`, `sample`, `counts` by day and hour (null where nobody
	looked), `users`, what its events told (entry_points, app_versions, doctypes, documents, roles, sources: each
	{"values", "reason"}), `assigned_to`, and `suspects` (see `core.errors.suspects`).
	"""
	found = host.store.query(
		f"SELECT {HEAD}, {LIFE}, i.category_reason, i.reason, i.algorithm, i.fingerprint, i.sample"
		f" FROM `{ISSUE}` i WHERE i.name = %s",
		(name,),
	)
	if not found:
		raise NotFound(f"There is no Error Issue {name[:60]!r}.")
	row = found[0]
	issue = {**head(host, row[:HEAD_COLUMNS]), **standing(host, row[HEAD_COLUMNS:-5])}
	why, reason, algorithm, fingerprint, sample = map(as_text, row[-5:])
	told = _told(host, name)
	hours, since = _hours(host, name), _since(host)
	judged = judged_as(row[:HEAD_COLUMNS])
	now = state_of(host, issue, judged) if judged else _state(host, issue, hours, since)
	state = {"state": now.state, "reason": now.reason, "evidence": now.evidence}
	return {
		**issue,
		"category_reason": why,
		"grouping": {"reason": reason, "algorithm": algorithm, "fingerprint": fingerprint},
		"sample": sample,
		"state": state,
		"counts": _counts(host, hours, since),
		"users": _users(host, name),
		**told,
		"assigned_to": _assigned(host, name),
		"suspects": _suspects(host, issue, state, sample, told),
	}


def _first(host: Host) -> date:
	return host.clock.now().date() - timedelta(days=DAYS - 1)


def _hours(host: Host, name: str) -> dict[date, list[int]]:
	"""Events by hour of the days that have any."""
	hours: dict[date, list[int]] = {}
	for day, stored in host.store.query(
		f"SELECT day, hours FROM `{ISSUE_DAY}` WHERE issue = %s AND day >= %s", (name, _first(host))
	):
		when = as_date(day)
		if when is not None:
			before = hours.get(when, [0] * 24)
			hours[when] = [a + b for a, b in zip(before, parse_hours(stored), strict=True)]
	return hours


def _state(
	host: Host, issue: dict[str, Any], hours: dict[date, list[int]], since: datetime | None
) -> Judgement:
	"""What an issue does that was not judged with all others yet; see `core.errors.state.judge`."""
	days = [_first(host) + timedelta(days=offset) for offset in range(DAYS)]
	history = History(
		name=issue["name"],
		counts=np.array([hours.get(day, [0] * 24) for day in days], dtype=np.int64),
		first_seen=issue["first_seen"],
		last_seen=issue["last_seen"],
		status=issue["status"],
		resolved_at=issue["resolved_at"],
	)
	(found,) = judge(
		[history], now=host.clock.now(), data_since=aware(host, since), gaps=coverage.known_gaps(host)
	)
	return found


def _counts(host: Host, hours: dict[date, list[int]], since: datetime | None) -> dict[str, Any]:
	"""Events by day of the last DAYS days and by hour of the last HOURLY_DAYS; null where nobody looked."""
	days = [_first(host) + timedelta(days=offset) for offset in range(DAYS)]
	known = _known_days(host, days, since)
	hourly = known[-HOURLY_DAYS:]
	return {
		"data_since": aware(host, since),
		"daily": [
			{"day": day, "events": sum(hours[day]) if day in hours else 0 if day in known else None}
			for day in days
		],
		"hourly": [{"day": day, "events": hours.get(day, [0] * 24)} for day in hourly],
		"reason": None if since else "The collector has not completed a run on this site.",
	}


def _known_days(host: Host, days: list[date], since: datetime | None) -> list[date]:
	"""Those of the days of which any time was looked at."""
	now = host.clock.now()
	seen, _ = observed_hours(days[0], len(days), aware(host, since), now, coverage.known_gaps(host))
	return [day for day, hours in zip(days, seen, strict=True) if hours.any()]


def _since(host: Host) -> datetime | None:
	since = known_since(host)
	return since.replace(tzinfo=None) if since else None


def _users(host: Host, name: str) -> dict[str, Any]:
	rows = host.store.query(
		"SELECT `user`, SUM(event_count), MIN(first_seen), MAX(last_seen)"
		f" FROM `{ISSUE_USER}` WHERE issue = %s GROUP BY `user`",
		(name,),
	)
	ranked = sorted(rows, key=lambda row: (-int(row[1]), row[0]))
	return {
		"count": len(rows) or None,
		"reason": None if rows else "no event of this issue told who was affected",
		"top": [
			{
				"user": user,
				"events": int(count),
				"first_seen": aware(host, as_datetime(first)),
				"last_seen": aware(host, as_datetime(last)),
			}
			for user, count, first, last in ranked[:TOP]
		],
	}


def _told(host: Host, name: str) -> dict[str, Any]:
	"""By kind of facet, what the events had in common: values with their events, days, and first and last day."""
	found: dict[str, list[dict[str, Any]]] = defaultdict(list)
	for kind, value, count, first, last in host.store.query(
		"SELECT kind, value, SUM(event_count), MIN(day), MAX(day)"
		f" FROM `{ISSUE_FACET}` WHERE issue = %s GROUP BY kind, value",
		(name,),
	):
		days = {"first_day": as_date(first), "last_day": as_date(last)}
		found[kind].append({"value": as_text(value), "events": int(count), **days})
	told = {}
	for kind, key in WHAT_NAMES.items():
		values = sorted(
			found[kind], key=lambda item: (item["value"] == OTHER, -item["events"], item["value"])
		)
		told[key] = {
			"values": values[:TOP],
			"more": max(0, len(values) - TOP),
			"reason": None if values else f"no event of this issue told its {kind.lower()}",
		}
	return told


def _assigned(host: Host, name: str) -> list[str]:
	"""To whom people have assigned it by Frappe's own means; stand-alone there are none."""
	if "_assign" not in host.store.columns(ISSUE):
		return []
	rows = host.store.query(
		"SELECT allocated_to FROM `tabToDo` WHERE reference_type = %s AND reference_name = %s AND status = %s",
		("Error Issue", name, "Open"),
	)
	return sorted({as_text(row[0]) for row in rows if row[0]})


def _suspects(
	host: Host, issue: dict[str, Any], state: dict[str, Any], sample: str, told: dict[str, Any]
) -> dict[str, Any]:
	onset, why = _onset(issue, state)
	if onset is None:
		return {"onset": None, "statement": "Unknown: no event of this issue has a time.", "suspects": []}
	record = site_changes.load(host, onset - suspects.BASELINE, onset)
	doctypes = frozenset(item["value"] for item in told["doctypes"]["values"] if item["value"] != OTHER)
	culprit = issue["culprit"]
	text = "\n".join(filter(None, (issue["title"], culprit["function"], culprit["file"], sample)))
	error = suspects.Error(onset, culprit["app"], issue["category"], text, doctypes)
	recorded = onset - record.since if record.since else timedelta(0)
	ranked = suspects.rank(error, record.changes, recorded=recorded)
	return {
		"onset": aware(host, onset),
		"onset_reason": why,
		"window_hours": int(suspects.WINDOW / timedelta(hours=1)),
		"recorded_since": aware(host, record.since),
		"not_on_record": record.unread,
		"statement": suspects.statement(ranked, onset, record.since, record.unread),
		"suspects": [_shown(host, found) for found in ranked],
	}


def _onset(issue: dict[str, Any], state: dict[str, Any]) -> tuple[datetime | None, str]:
	"""When what is to be explained began, naive."""
	if issue["status"] == "Regressed" and issue["regressed_at"]:
		return issue["regressed_at"].replace(tzinfo=None), "it came back then"
	if state["state"] == "spiking" and state["evidence"].get("since"):
		return as_datetime(state["evidence"]["since"]), "it spikes since then"
	first = issue["first_seen"]
	return (first.replace(tzinfo=None) if first else None), "it was seen for the first time then"


def _shown(host: Host, found: suspects.Suspect) -> dict[str, Any]:
	change = found.change
	return {
		"change": suspects.said_change(change),
		"kind": change.kind,
		"subject": change.subject,
		"action": change.action,
		"doctype": change.doctype,
		"app": change.app,
		"fields": list(change.fields),
		"actor": change.actor,
		"when": aware(host, change.when),
		"not_before": aware(host, change.earliest),
		"before": change.before,
		"after": change.after,
		"score": found.score,
		"evidence": list(found.evidence),
	}
