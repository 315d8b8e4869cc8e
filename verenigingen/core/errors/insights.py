"""What a report says in words: statements with their numbers, most important first, and what to do about
them.

Everything is read from the finished report, so that no sentence can say more than its figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

DOMINANT_SHARE = 0.4  # one issue makes up that much of all errors
CONCENTRATED_SHARE = 0.5  # one person meets that much of the errors that have a user
ENOUGH_EVENTS = 10  # below that, a share is a matter of one or two events
PEAK_FACTOR = 3.0  # a day with three times the median is not everyday variation
OFF_HOURS_FACTOR = 1.5
OFF_HOURS_EVENTS = 30
LISTED = 5

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
	for row in report["patterns"]["active_critical"][:LISTED]:
		yield Finding(
			100,
			f"Critical issue in the last 24 hours: {row['title']} ({row['count']} in the period).",
			{"count": row["count"], "last_seen": row["last_seen"], "severity_reason": row["severity_reason"]},
			row["issue"],
			"Look at this issue now.",
			"high",
		)


def _growth(report: Report) -> Iterator[Finding]:
	growth = report["patterns"]["growth_trends"]
	evidence = {key: growth[key] for key in ("current", "previous", "change_ratio", "interval_95")}
	if growth["direction"] == "growing":
		action = (
			"Find what changed since the previous period: a deployment, a setting, load, a remote service."
		)
		yield Finding(90, f"Errors grew: {growth['reason']}.", evidence, None, action, "high")
	elif growth["direction"] == "shrinking":
		yield Finding(30, f"Errors became fewer: {growth['reason']}.", evidence)


def _regressed(report: Report) -> Iterator[Finding]:
	for row in report["patterns"]["recurring_issues"]:
		if str(row["status"]).lower() == "regressed":
			yield Finding(
				85,
				f"An issue that was resolved is back: {row['title']} ({row['count']} in the period).",
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
		yield Finding(80, f"Errors rise day by day: {trend['reason']}.", evidence, None, action, "high")
	elif trend["direction"] == "falling":
		yield Finding(25, f"Errors fall day by day: {trend['reason']}.", evidence)


def _new(report: Report) -> Iterator[Finding]:
	rows = report["patterns"]["new_issues"]
	if rows:
		total = sum(row["count"] for row in rows)
		worst = max(
			rows, key=lambda row: (row["severity"] in ("critical", "high"), row["count"], row["issue"])
		)
		severe = worst["severity"] in ("critical", "high")
		noun = "issue" if len(rows) == 1 else "issues"
		said = f"{len(rows)} new {noun} with {total} events; first to look at: {worst['title']}."
		evidence = {"issues": len(rows), "events": total, "newest": [row["issue"] for row in rows[:LISTED]]}
		action = "Look at the new issues while what caused them is still fresh."
		yield Finding(
			75 if severe else 55, said, evidence, worst["issue"], action, "high" if severe else "medium"
		)


def _dominant(report: Report) -> Iterator[Finding]:
	for row in report["patterns"]["recurring_issues"][:1]:
		if row["share"] >= DOMINANT_SHARE and row["count"] >= ENOUGH_EVENTS:
			said = f"One issue makes up {row['share']:.0%} of all errors ({row['count']}): {row['title']}."
			priority = "high" if row["severity"] in ("critical", "high") else "medium"
			evidence = {"count": row["count"], "share": row["share"], "severity": row["severity"]}
			yield Finding(
				70, said, evidence, row["issue"], "Repair this issue first: it is the largest.", priority
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
	if peak and median is not None and peak["count"] >= max(ENOUGH_EVENTS, PEAK_FACTOR * max(median, 1.0)):
		said = f"{peak['date']} stands out with {peak['count']} errors; the median day has {median:g}."
		yield Finding(
			50, said, {**peak, "median_per_day": median}, None, f"See what happened on {peak['date']}.", "low"
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


def _nothing(report: Report) -> tuple[str, dict[str, Any]]:
	total = report["total_errors"]
	evidence = {"total_errors": total, "data_since": report["data_since"]}
	if total is None:
		return "Errors are not collected yet: nothing can be said.", evidence
	if total == 0:
		return f"No errors were recorded in {report['analysis_period']}.", evidence
	said = f"{total} errors in {report['analysis_period']}; none of the patterns looked for stands out."
	return said, evidence


_SOURCES: tuple[Callable[[Report], Iterator[Finding]], ...] = (
	_critical,
	_growth,
	_regressed,
	_trend,
	_new,
	_dominant,
	_concentration,
	_peak,
	_off_hours,
)
