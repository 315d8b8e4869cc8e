"""All findings together: one order, one verdict, and what it means for an executive summary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from verenigingen.core.watchdog.model import LEVELS, Finding, Unknown, counted, ranked, span

PRIORITY = {"critical": "high", "high": "high", "medium": "medium", "low": "low"}
SAID = ("critical", "high")  # levels that an executive summary names

Report = dict[str, Any]


def report_of(
	findings: Sequence[Finding], unknown: Sequence[Unknown], checked: Sequence[str], now: datetime
) -> Report:
	"""{"status", "findings", "unknown", "checked", "counts", "generated_at"}.

	The status is "critical" or "attention" by the worst finding, else "ok" when everything could be looked at, else
	"unknown": silence about what was not seen would be a claim.
	"""
	levels = {finding.level for finding in findings}
	if "critical" in levels:
		status = "critical"
	elif levels & {"high", "medium"}:
		status = "attention"
	else:
		status = "unknown" if unknown else "ok"
	return {
		"generated_at": now.isoformat(timespec="seconds"),
		"status": status,
		"counts": {level: sum(finding.level == level for finding in findings) for level in LEVELS},
		"findings": [finding_row(finding, now) for finding in ranked(findings)],
		"unknown": [{"check": item.check, "reason": item.reason} for item in unknown],
		"checked": sorted(checked),
	}


def finding_row(finding: Finding, now: datetime) -> dict[str, Any]:
	"""A finding as the API gives it; `remedy_call` is None where there is nothing to carry out."""
	offer, since = finding.offer, finding.since
	local = since.astimezone(now.tzinfo) if since else None  # queues tell UTC
	return {
		"check": finding.check,
		"subject": finding.subject,
		"severity": finding.level,
		"title": finding.title,
		"since": local.isoformat(timespec="seconds") if local else None,
		"age_seconds": round(span(since, now).total_seconds()) if since else None,
		"explanation": finding.explanation,
		"evidence": dict(finding.evidence),
		"remedy": finding.remedy,
		"remedy_call": {"remedy": offer.remedy, "target": offer.target} if offer else None,
	}


def actions(report: Report) -> list[dict[str, Any]]:
	"""Priority actions, shaped like those of the error analysis."""
	return [
		{
			"action": row["remedy"],
			"reason": sentence(row),
			"priority": PRIORITY[row["severity"]],
			"issue": None,
			"check": row["check"],
			"subject": row["subject"],
			"remedy_call": row["remedy_call"],
		}
		for row in report["findings"]
		if row["severity"] != "low"
	]


def sentence(row: dict[str, Any]) -> str:
	"""A finding in one sentence with its beginning."""
	since = f" (since {row['since'][:16].replace('T', ' ')})" if row["since"] else ""
	return f"{row['title']}{since}."


def sentences(report: Report) -> list[str]:
	"""What an executive summary says of the watchdog: each serious finding, else one sentence on the whole."""
	serious = [sentence(row) for row in report["findings"] if row["severity"] in SAID]
	if serious:
		return serious
	number = len(report["findings"])
	blind = f"; {counted(len(report['unknown']), 'check')} could not be made" if report["unknown"] else ""
	what = f"{counted(number, 'minor finding')} in" if number else "Nothing is wrong with"
	return [f"{what} scheduler, jobs, mail, backups and logs{blind}."]


def with_watchdog(health: dict[str, Any], report: Report) -> dict[str, Any]:
	"""The parts of an executive summary: verdict on errors (`core.errors.health_statement`) and watchdog together.

	A critical or serious finding lifts the verdict; minor ones do not, and nothing found lowers none.
	"""
	levels = [row["severity"] for row in report["findings"]]
	watched = "critical" if "critical" in levels else "attention" if "high" in levels else None
	order = ("unknown", "healthy", "attention", "critical")
	overall = max(health["status"], watched or health["status"], key=order.index)
	serious = [f"{row['severity']}: {row['title']}" for row in report["findings"] if row["severity"] in SAID]
	return {
		"overall_health": overall,
		"basis": "errors and the watchdog",
		"reasons": [*health["reasons"], *serious],
		"sentences": [*health["sentences"], *sentences(report)],
	}


def prioritised(others: Sequence[dict[str, Any]], report: Report) -> list[dict[str, Any]]:
	"""Actions of other analyses (each with `priority`) and the watchdog's in one list: by priority, among equals first what
	the watchdog found: what stands still comes before what goes wrong."""
	order = {"critical": 0, "high": 0, "medium": 1}
	return sorted([*actions(report), *others], key=lambda action: order.get(action["priority"], 2))
