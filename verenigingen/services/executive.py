"""One verdict on the state of the site, the same in the report, on the page and through every door."""

from __future__ import annotations

from typing import Any

from verenigingen.core.errors import health_statement
from verenigingen.core.watchdog.report import prioritised, with_watchdog
from verenigingen.host.port import Host
from verenigingen.services import report_parts
from verenigingen.services.analytics import analyze_error_patterns
from verenigingen.services.watchdog import watchdog_report

NOT_MEASURED = {"compliance_status": "No compliance rules have been evaluated on this site."}


def executive_summary(
	analysis: dict[str, Any], watch: dict[str, Any], others: dict[str, report_parts.Part]
) -> dict[str, Any]:
	"""{"overall_health", "basis", "reasons", "sentences", "analysis_period", "not_measured"}.

	Args: results of `analyze_error_patterns`, of `watchdog_report` and of `report_parts.parts`. The first sentence is the
	verdict on errors; overall health is the worse of errors and watchdog.
	"""
	summary = with_watchdog(health_statement(analysis), watch)
	if analysis["total_errors"] is None:
		summary["sentences"] += analysis["notes"][:1]
	summary["sentences"] += report_parts.sentences(others)
	unknown = [{"area": area, "reason": reason} for area, reason in NOT_MEASURED.items()]
	return {
		**summary,
		"analysis_period": analysis["analysis_period"],
		"not_measured": report_parts.not_measured(others) + unknown,
	}


def generate_insights_report(host: Host) -> dict[str, Any]:
	"""The whole picture; areas that are not measured say so and are never scored."""
	errors, watch, others = analyze_error_patterns(host), watchdog_report(host), report_parts.parts(host)
	unknown = {area: {"status": "unknown", "reason": reason} for area, reason in NOT_MEASURED.items()}
	return {
		"generated_at": host.clock.now().isoformat(timespec="seconds"),
		"executive_summary": executive_summary(errors, watch, others),
		"error_analysis": errors,
		"watchdog": watch,
		**others,
		**unknown,
		"priority_actions": prioritised(report_parts.actions(others, errors["recommendations"]), watch),
	}
