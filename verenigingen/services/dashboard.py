"""What the dashboard page shows: parts of the error analyses, each able to fail alone and to say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from verenigingen.core.watchdog.model import LEVELS
from verenigingen.exceptions import MonitoringError
from verenigingen.host.port import Host
from verenigingen.services import analytics, executive, forecasts, report_parts
from verenigingen.services.backfill import backfill_status
from verenigingen.services.monitoring import collector_states
from verenigingen.services.watchdog import watchdog_report
from verenigingen.settings import resolve

TOP_ISSUES = 25
NOT_COLLECTED = "Errors are not collected yet: the collector has not completed a run on this site."

Analysis = dict[str, Any]
Section = dict[str, Any]


def error_summary(host: Host, days: int) -> dict[str, Any]:
	"""How many errors, of which kind and severity, and which come back, in `days` site-local days."""
	return _error_summary(analytics.analyze_error_patterns(host, days))


def analytics_summary(host: Host, days: int) -> dict[str, Any]:
	"""How errors spread over days and hours, what stands out, and what to do about it."""
	return _analytics_summary(analytics.analyze_error_patterns(host, days))


def executive_summary(host: Host, days: int | None = None) -> dict[str, Any]:
	"""One word on the state of the site with its reasons; `days` defaults to the setting `default_days`."""
	period = int(resolve("default_days", host.config.get)) if days is None else days
	analysis = analytics.analyze_error_patterns(host, period)
	return executive.executive_summary(analysis, watchdog_report(host), report_parts.parts(host))


def active_alerts(host: Host) -> dict[str, Any]:
	"""What is wrong at this moment: {"generated_at", "alerts", "unknown"}. Alerts are the watchdog's findings and the critical
	issues of the last 24 hours, worst first, each with `source`, `severity`, `title`, `since`, `explanation`, `remedy`."""
	analysis, failure = _analysis(host, int(resolve("default_days", host.config.get)))
	return _active_alerts(host, watchdog_report(host), analysis, failure)


def _active_alerts(host: Host, watch: Section, analysis: Analysis | None, failure: str) -> dict[str, Any]:
	alerts = [{"source": "watchdog", "issue": None, **row} for row in watch["findings"]]
	alerts += _critical_issues(analysis) if analysis and analysis["total_errors"] is not None else []
	unknown = list(watch["unknown"])
	if analysis is None or analysis["total_errors"] is None:
		unknown.append({"check": "errors", "reason": failure or NOT_COLLECTED})
	alerts.sort(key=lambda alert: LEVELS.index(alert["severity"]))
	return {"generated_at": _now(host), "alerts": alerts, "unknown": unknown}


def _critical_issues(analysis: Analysis) -> list[dict[str, Any]]:
	return [
		{
			"source": "errors",
			"check": "critical_issue",
			"subject": row["issue"],
			"severity": "critical",
			"title": row["title"],
			"since": row["first_seen"],
			"age_seconds": None,
			"explanation": row["severity_reason"],
			"evidence": {"count": row["count"], "users": row["users"], "last_seen": row["last_seen"]},
			"remedy": "Look at this issue now.",
			"remedy_call": None,
			"issue": row["issue"],
			"link": row["link"],
		}
		for row in analysis["patterns"]["active_critical"]
	]


def detailed_report(host: Host, days: int) -> dict[str, Any]:
	"""Everything at once: the whole error analysis, what follows from it, and how collection stands."""
	analysis, others = analytics.analyze_error_patterns(host, days), report_parts.parts(host)
	return {
		"generated_at": _now(host),
		"executive_summary": executive.executive_summary(analysis, watchdog_report(host), others),
		"error_analysis": analysis,
		"collection": _collection(host),
	}


def refresh(host: Host, days: int) -> dict[str, Any]:
	"""All sections of the page in one answer: {"generated_at", "days", "sections"}.

	A section is {"status": "ok", "data"}, {"status": "failed", "reason"} or {"status": "unknown", "reason"}.
	One that fails leaves the others alone. Only errors raised on purpose make a failed section; a bug raises.
	"""
	analysis, failure = _analysis(host, days)

	def of_errors(part: Callable[[Analysis], dict[str, Any]]) -> Section:
		if analysis is None:
			return {"status": "failed", "reason": failure}
		if analysis["total_errors"] is None:
			return {"status": "unknown", "reason": NOT_COLLECTED}
		return {"status": "ok", "data": part(analysis)}

	unknown = {name: {"status": "unknown", "reason": why} for name, why in executive.NOT_MEASURED.items()}
	others = report_parts.parts(host)
	watched = _section(lambda: watchdog_report(host))

	def of_both(part: Callable[[Analysis], dict[str, Any]]) -> Section:
		return of_errors(part) if watched["status"] == "ok" else watched

	return {
		"generated_at": _now(host),
		"days": days,
		"sections": {
			"executive_summary": of_both(
				lambda found: executive.executive_summary(found, watched["data"], others)
			),
			"error_summary": of_errors(_error_summary),
			"analytics_summary": of_errors(_analytics_summary),
			"collection": _section(lambda: _collection(host)),
			"active_alerts": watched
			if watched["status"] != "ok"
			else {"status": "ok", "data": _active_alerts(host, watched["data"], analysis, failure)},
			**{name: _as_section(part) for name, part in others.items()},
			**unknown,
		},
	}


def trend_forecasts(host: Host, days_back: int | None, forecast_days: int | None) -> dict[str, Any]:
	"""What the page draws of forecasts: of each series that has one its curve, trend and confidence; the others by name
	with what they lack; alerts and capacity."""
	made = forecasts.forecast_performance_trends(host, days_back, forecast_days)
	rows = [
		{"section": name, **row} for name, section in made["forecasts"].items() for row in section.values()
	]
	return {
		**{key: value for key, value in made.items() if key != "forecasts"},
		"series": [row for row in rows if row["status"] == "ok"],
		"missing": [
			{key: row[key] for key in ("section", "metric", "title", "status", "reason")}
			for row in rows
			if row["status"] != "ok"
		],
	}


def _as_section(part: dict[str, Any]) -> Section:
	if part["status"] == "ok":
		return {"status": "ok", "data": part}
	return {"status": part["status"], "reason": part["reason"]}


def _analysis(host: Host, days: int) -> tuple[Analysis | None, str]:
	"""The analysis three sections share, or None and why there is none."""
	try:
		return analytics.analyze_error_patterns(host, days), ""
	except MonitoringError as error:
		return None, _reason(error)


def _section(work: Callable[[], dict[str, Any]]) -> Section:
	try:
		return {"status": "ok", "data": work()}
	except MonitoringError as error:
		return {"status": "failed", "reason": _reason(error)}


def _reason(error: MonitoringError) -> str:
	return str(error) or type(error).__name__


def _now(host: Host) -> str:
	return host.clock.now().isoformat(timespec="seconds")


def _error_summary(analysis: Analysis) -> dict[str, Any]:
	patterns = analysis["patterns"]
	impact = patterns["user_impact"]
	return {
		"total_errors": analysis["total_errors"],
		"total_issues": analysis["total_issues"],
		"analysis_period": analysis["analysis_period"],
		"window": analysis["window"],
		"data_since": analysis["data_since"],
		"notes": analysis["notes"],
		"affected_users": impact["affected_users"],
		"affected_users_reason": impact["reason"],
		"growth": patterns["growth_trends"],
		"severity": patterns["severity_distribution"],
		"categories": patterns["error_types"]["categories"],
		"recurring_issues": patterns["recurring_issues"][:TOP_ISSUES],
		"recurring_total": patterns["recurring_total"],
		"new_issues": len(patterns["new_issues"]),
		"active_critical": len(patterns["active_critical"]),
	}


def _analytics_summary(analysis: Analysis) -> dict[str, Any]:
	patterns = analysis["patterns"]
	return {
		"analysis_period": analysis["analysis_period"],
		"window": analysis["window"],
		"daily_trends": patterns["daily_trends"],
		"hourly_patterns": patterns["hourly_patterns"],
		"growth_trends": patterns["growth_trends"],
		"insights": analysis["insights"],
		"recommendations": analysis["recommendations"],
	}


def _collection(host: Host) -> dict[str, Any]:
	zone = host.clock.now().tzinfo
	return {
		"backfill": backfill_status(host),
		"collectors": [
			{
				**state,
				**{
					key: state[key].replace(tzinfo=zone) if state[key] else None
					for key in ("last_run", "data_since")
				},
			}
			for state in collector_states(host)
		],
	}
