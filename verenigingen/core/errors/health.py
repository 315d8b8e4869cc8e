"""One word on the state of errors for an executive summary, with the facts behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from .insights import known_period

DOUBLED = 1.0  # change ratio of twice as many
RECENT = timedelta(days=7)
SAID = 6  # findings in a summary
_VERDICTS = {
	"critical": "Errors need action now",
	"attention": "Errors need attention",
	"healthy": "Errors give no cause for concern",
}


def health_statement(patterns_result: dict[str, Any]) -> dict[str, Any]:
	"""Status ("healthy", "attention", "critical", "unknown"), the reasons that decided, sentences for people.

	Args: a result of `analyse_patterns`; nothing but errors is looked at. The verdict comes first, then the most
	important findings, then the totals. Critical: a critical issue was active in the last 24
	hours, or errors at least doubled and that is no chance. Attention: other significant growth or rise, of
	all errors or of one issue, a burst or a new issue in the last 7 days, or a resolved one that came back.
	Unknown: errors are not collected.
	"""
	total = patterns_result["total_errors"]
	if total is None:
		reason = "errors are not collected yet"
		return {
			"status": "unknown",
			"reasons": [reason],
			"sentences": ["Nothing is known yet: " + reason + "."],
		}
	critical, attention = _critical(patterns_result), _attention(patterns_result)
	if critical:
		status, reasons = "critical", critical + attention
	elif attention:
		status, reasons = "attention", attention
	else:
		status, reasons = "healthy", [_healthy(patterns_result)]
	return {
		"status": status,
		"reasons": reasons,
		"sentences": _sentences(patterns_result, status, reasons),
	}


def _critical(result: dict[str, Any]) -> list[str]:
	rows = result["patterns"]["active_critical"]
	growth = result["patterns"]["growth_trends"]
	reasons = [f"critical issue active in the last 24 hours: {row['title']}" for row in rows[:3]]
	if len(rows) > 3:
		reasons.append(f"{len(rows) - 3} more critical issues active in the last 24 hours")
	if growth["direction"] == "growing" and (growth["change_ratio"] or 0) >= DOUBLED:
		reasons.append(f"errors at least doubled: {growth['reason']}")
	return reasons


def _attention(result: dict[str, Any]) -> list[str]:
	patterns = result["patterns"]
	growth, trend = patterns["growth_trends"], patterns["daily_trends"]
	reasons = []
	if growth["direction"] == "growing" and (growth["change_ratio"] or 0) < DOUBLED:
		reasons.append(f"errors grew: {growth['reason']}")
	if trend["direction"] == "rising":
		reasons.append(f"errors rise: {trend['reason']}")
	back = [row for row in patterns["recurring_issues"] if str(row["status"]).lower() == "regressed"]
	if back:
		reasons.append(f"{_counted(len(back), 'resolved issue')} came back")
	since = datetime.fromisoformat(result["window"]["end"]) - RECENT
	for name, key, moment in (("burst", "bursts", "until"), ("new issue", "new_issues", "first_seen")):
		recent = [row for row in patterns[key] if datetime.fromisoformat(row[moment]) >= since]
		if recent:
			reasons.append(f"{_counted(len(recent), name)} in the last {RECENT.days} days")
	if patterns["growing_issues"]:
		reasons.append(f"{_counted(len(patterns['growing_issues']), 'growing issue')}")
	return reasons


def _healthy(result: dict[str, Any]) -> str:
	if result["total_errors"] == 0:
		return f"no errors were recorded in {known_period(result)}"
	said = "no critical issue in the last 24 hours, no new issue and no burst in 7 days, no significant rise"
	unknown = [
		name
		for name, key in (("growth", "growth_trends"), ("trend", "daily_trends"))
		if result["patterns"][key]["direction"] == "unknown"
	]
	return f"{said} ({' and '.join(unknown)} not known yet)" if unknown else said


def _sentences(result: dict[str, Any], status: str, reasons: list[str]) -> list[str]:
	"""Verdict, findings by importance, totals. Only errors were judged, and the verdict must not say more."""
	trend, impact = result["patterns"]["daily_trends"], result["patterns"]["user_impact"]
	verdict = _VERDICTS[status] + (f": {reasons[0]}." if status == "healthy" else ".")
	total = _counted(result["total_errors"], "error")
	said = f"{total} in {known_period(result)}, from {_counted(result['total_issues'], 'issue')}"
	if trend["mean_per_day"] is not None:
		said += f"; {trend['mean_per_day']:.1f} a day on complete days"
	if impact["affected_users"] is not None:
		said += f"; {_counted(impact['affected_users'], 'user')} met at least one"
	findings = [
		item["statement"] for item in result["insights"][:SAID] if status != "healthy" or item["issue"]
	]
	return [verdict, *findings, said + "."]


def _counted(count: int, noun: str) -> str:
	return f"{count} {noun}{'' if count == 1 else 's'}"
