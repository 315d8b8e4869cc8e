"""What a report says in words: statements with their numbers, most important first, and what to do about
them.

Everything is read from the finished report, so that no sentence can say more than its figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

DOMINANT_SHARE = 0.4  # one issue makes up that much of all errors
CONCENTRATED_SHARE = 0.5  # one person meets that much of the errors that have a user
ENOUGH_EVENTS = 10  # below that, a share is a matter of one or two events
OFF_HOURS_FACTOR = 1.5
OFF_HOURS_EVENTS = 30
LISTED = 5
DAY, FORTNIGHT = timedelta(days=1), timedelta(days=14)
_GAPS = re.compile(r"<(?:value|n|id|mail|url|path)>")  # what stands for a value in a title

Report = dict[str, Any]


class Finding(NamedTuple):
	"""A statement and, where something can be done, the action; weight orders findings (higher first)."""

	weight: int
	statement: str
	evidence: dict[str, Any]
	issue: str | None = None
	action: str | None = None
	priority: str = "low"


def insights(report: Report) -> list[dict[str, Any]]:
	"""Statements of the report, most important first; if there is nothing to say, one that says so."""
	found = findings(report) or [Finding(0, *_nothing(report))]
	return [{"statement": item.statement, "evidence": item.evidence, "issue": item.issue} for item in found]


def recommendations(report: Report) -> list[dict[str, Any]]:
	"""Actions that follow from the findings, most important first; empty when nothing calls for one."""
	return [
		{"action": item.action, "reason": item.statement, "priority": item.priority, "issue": item.issue}
		for item in findings(report)
		if item.action
	]


def findings(report: Report) -> list[Finding]:
	"""Everything worth saying about the report, most important first; may be empty."""
	if not report["total_errors"]:
		# a fall to zero is still worth a word
		found = list(_growth(report)) if report["total_errors"] == 0 else []
	else:
		found = [item for source in _SOURCES for item in source(report)]
	return sorted(found, key=lambda item: (-item.weight, item.statement))


def _critical(report: Report) -> Iterator[Finding]:
	new = {row["issue"] for row in report["patterns"]["new_issues"]}
	for row in report["patterns"]["active_critical"][:LISTED]:
		since = f"since {_when(row['first_seen'])}" if row["issue"] in new else "in the period"
		yield Finding(
			100,
			f"Critical issue in the last 24 hours: {named(row)}: {_events(row['count'])} {since}{_hit(row)}.",
			{"count": row["count"], "last_seen": row["last_seen"], "severity_reason": row["severity_reason"]},
			row["issue"],
			"Look at this issue now.",
			"high",
		)


def _bursts(report: Report) -> Iterator[Finding]:
	now = datetime.fromisoformat(report["window"]["end"])
	for row in report["patterns"]["bursts"][:LISTED]:
		age = now - datetime.fromisoformat(row["until"])
		weight = 95 if age <= DAY else 82 if age <= FORTNIGHT else 62
		said = f"Burst from {_when(row['start'])} to {_until(row)}: {named(row)}: {row['reason']}."
		yield Finding(
			weight,
			said,
			{key: row[key] for key in ("start", "until", "burst_count", "expected")},
			row["issue"],
			f"See what happened on the site at {_when(row['start'])}.",
			"high" if age <= DAY else "medium",
		)


def _growing(report: Report) -> Iterator[Finding]:
	for row in report["patterns"]["growing_issues"][:LISTED]:
		yield Finding(
			92,
			f"Growing issue: {named(row)}: {row['reason']}.",
			{key: row[key] for key in ("from_per_day", "to_per_day", "days_tested", "p_value")},
			row["issue"],
			"Find what fills up or slows down before this becomes the main error.",
			"high",
		)


def _growth(report: Report) -> Iterator[Finding]:
	growth = report["patterns"]["growth_trends"]
	evidence = {key: growth[key] for key in ("current", "previous", "change_ratio", "interval_95")}
	if growth["direction"] == "growing":
		most = ", ".join(f"{_short(row)} (+{row['change']})" for row in growth["drivers"])
		said = f"All errors together grew: {growth['reason']}" + (f"; most of it {most}" if most else "")
		action = (
			"Find what changed since the previous period: a deployment, a setting, load, a remote service."
		)
		yield Finding(70, f"{said}.", evidence, None, action, "high")
	elif growth["direction"] == "shrinking":
		yield Finding(30, f"Errors became fewer: {growth['reason']}.", evidence)


def _regressed(report: Report) -> Iterator[Finding]:
	for row in report["patterns"]["recurring_issues"]:
		if str(row["status"]).lower() == "regressed":
			yield Finding(
				94,
				f"An issue that was resolved is back: {named(row)} ({row['count']} in the period).",
				{"count": row["count"], "last_seen": row["last_seen"]},
				row["issue"],
				"Reopen the repair of this issue: it did not hold.",
				"high",
			)


def _trend(report: Report) -> Iterator[Finding]:
	trend = report["patterns"]["daily_trends"]
	evidence = {key: trend[key] for key in ("slope_per_day", "p_value", "mean_per_day", "complete_days")}
	if trend["direction"] == "rising":
		action = "Look at the issues that rise before they become many."
		yield Finding(68, f"Errors rise day by day: {trend['reason']}.", evidence, None, action, "high")
	elif trend["direction"] == "falling":
		yield Finding(25, f"Errors fall day by day: {trend['reason']}.", evidence)


def _new(report: Report) -> Iterator[Finding]:
	told = {row["issue"] for row in report["patterns"]["active_critical"][:LISTED]}
	rows = [row for row in report["patterns"]["new_issues"] if row["issue"] not in told]
	if rows:
		total = sum(row["count"] for row in rows)
		worst = max(
			rows, key=lambda row: (row["severity"] in ("critical", "high"), row["count"], row["issue"])
		)
		severe = worst["severity"] in ("critical", "high")
		noun = "issue" if len(rows) == 1 else "issues"
		first = "first to look at: " if len(rows) > 1 else ""
		said = (
			f"{len(rows)} new {noun} with {_events(total)}; {first}{named(worst)},"
			f" since {_when(worst['first_seen'])}."
		)
		evidence = {"issues": len(rows), "events": total, "newest": [row["issue"] for row in rows[:LISTED]]}
		action = "Look at the new issues while what caused them is still fresh."
		yield Finding(
			85 if severe else 55, said, evidence, worst["issue"], action, "high" if severe else "medium"
		)


def _dominant(report: Report) -> Iterator[Finding]:
	for row in report["patterns"]["recurring_issues"][:1]:
		if row["share"] >= DOMINANT_SHARE and row["count"] >= ENOUGH_EVENTS:
			said = f"One issue makes up {row['share']:.0%} of all errors ({row['count']}): {named(row)}."
			priority = "high" if row["severity"] in ("critical", "high") else "medium"
			evidence = {"count": row["count"], "share": row["share"], "severity": row["severity"]}
			yield Finding(
				65, said, evidence, row["issue"], "Repair this issue first: it is the largest.", priority
			)


def _one_user(report: Report) -> Iterator[Finding]:
	several = (report["patterns"]["user_impact"]["affected_users"] or 0) > 1
	for row in report["patterns"]["recurring_issues"]:
		if several and row["users"] == 1 and row["count"] >= ENOUGH_EVENTS and row["days_active"] > 1:
			said = f"Only one user meets {named(row)}: {_events(row['count'])} on {row['days_active']} days."
			yield Finding(
				58,
				said,
				{"count": row["count"], "users": 1, "days_active": row["days_active"]},
				row["issue"],
				"Look at this user's data and rights before the code.",
				"medium",
			)


def _concentration(report: Report) -> Iterator[Finding]:
	impact = report["patterns"]["user_impact"]
	top = impact["top_users"][:1]
	several = impact["affected_users"] is not None and impact["affected_users"] > 1
	if several and top and top[0]["count"] >= ENOUGH_EVENTS and top[0]["share"] >= CONCENTRATED_SHARE:
		share = f"{top[0]['share']:.0%} of the errors that have a user"
		said = f"One of {impact['affected_users']} affected users meets {share}."
		evidence = {
			"user": top[0]["user"],
			"count": top[0]["count"],
			"affected_users": impact["affected_users"],
		}
		action = "Look at this user's data and rights before the code."
		yield Finding(60, said, evidence, None, action, "medium")


def _peak(report: Report) -> Iterator[Finding]:
	trend = report["patterns"]["daily_trends"]
	peak, median = trend["peak_day"], trend["median_per_day"]
	told = {row["start"][:10] for row in report["patterns"]["bursts"]}
	if peak and peak["unusual"] and median is not None and peak["date"] not in told:
		said = f"{peak['date']} stands out with {peak['count']} errors; the median day has {median:g}."
		yield Finding(
			60, said, {**peak, "median_per_day": median}, None, f"See what happened on {peak['date']}.", "low"
		)


def _off_hours(report: Report) -> Iterator[Finding]:
	hours = report["patterns"]["hourly_patterns"]
	off, business = hours["off_hours"], hours["business_hours"]
	if not off["rate_per_hour"] or business["rate_per_hour"] is None or off["count"] < OFF_HOURS_EVENTS:
		return
	if off["rate_per_hour"] > OFF_HOURS_FACTOR * business["rate_per_hour"]:
		said = (
			f"Errors are denser outside business hours: {off['rate_per_hour']:g} an hour against "
			f"{business['rate_per_hour']:g}, {off['share']:.0%} of all."
		)
		evidence = {
			"off_hours": off["rate_per_hour"],
			"business_hours": business["rate_per_hour"],
			"share": off["share"],
		}
		yield Finding(40, said, evidence, None, "Look at scheduled jobs and nightly imports first.", "medium")


def named(row: Mapping[str, Any]) -> str:
	"""Title and place: an exception's text alone often says little ("list index out of range")."""
	title = _GAPS.sub("…", row["title"])
	return f"{title} ({row['culprit']})" if row["culprit"] else title


def _short(row: dict[str, Any]) -> str:
	kind = _GAPS.sub("…", row["title"]).partition(": ")[0]
	return f"{kind} in {row['culprit'].partition(' in ')[0]}" if row["culprit"] else kind


def _events(count: int) -> str:
	return f"{count} event{'' if count == 1 else 's'}"


def _hit(row: dict[str, Any]) -> str:
	return f", {row['users']} user{'' if row['users'] == 1 else 's'} hit" if row["users"] else ""


def _when(moment: str) -> str:
	"""An ISO moment as people write it, to the minute, in the site's time."""
	return moment[:16].replace("T", " ")


def _until(row: Mapping[str, Any]) -> str:
	"""When a burst ended: the hour, with its date where that is another one."""
	until = _when(row["until"])
	return until[-5:] if until[:10] == row["start"][:10] else until


def known_period(report: Report) -> str:
	"""The period in words; where only a part of it was observed, since when: a young site has no 30 days without errors."""
	period, since = str(report["analysis_period"]), report["data_since"]
	if since is None or datetime.fromisoformat(since) <= datetime.fromisoformat(report["window"]["start"]):
		return period
	return f"{period} (observed since {_when(since)})"


def _nothing(report: Report) -> tuple[str, dict[str, Any]]:
	total = report["total_errors"]
	evidence = {"total_errors": total, "data_since": report["data_since"]}
	if total is None:
		return "Errors are not collected yet: nothing can be said.", evidence
	if total == 0:
		return f"No errors were recorded in {known_period(report)}.", evidence
	said = f"{total} error{'' if total == 1 else 's'} in {known_period(report)}; none of the patterns looked for stands out."
	return said, evidence


_SOURCES: tuple[Callable[[Report], Iterator[Finding]], ...] = (
	_critical,
	_bursts,
	_regressed,
	_growing,
	_new,
	_growth,
	_trend,
	_dominant,
	_one_user,
	_concentration,
	_peak,
	_off_hours,
)
