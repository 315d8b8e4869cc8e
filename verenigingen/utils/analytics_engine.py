"""Public analyses. Thin: each function is a door to `services`."""

# no `from __future__ import annotations` here: the door checks real types

from typing import Any

from verenigingen.host import current_host
from verenigingen.host.endpoint import endpoint
from verenigingen.services import analytics, backfill, hotspots, monitoring, watchdog
from verenigingen.settings import ANALYTICS_CONFIG, MAX_DAYS

__all__ = [
	"ANALYTICS_CONFIG",
	"analyze_error_patterns",
	"backfill_status",
	"generate_insights_report",
	"get_watchdog_findings",
	"identify_error_hotspots",
	"test_components",
]


@endpoint(cache="analytics_", ranges={"days": (1, MAX_DAYS, "days")})
def analyze_error_patterns(days: int = 30) -> dict[str, Any]:
	"""Patterns in the site's errors of the last `days` site-local days, today included (1 to 3650).

	Result: `total_errors`, `analysis_period`, `patterns` {`daily_trends`, `hourly_patterns`, `error_types`,
	`user_impact`, `recurring_issues`, `severity_distribution`, `growth_trends`}, `insights`, `recommendations`,
	`data_since`, `notes`. Beside these `patterns` names `new_issues`, `active_critical`, `bursts` (hours in which an
	issue stuck out) and `growing_issues`, each with its reason. What was not observed is null with a reason, never 0. Raises a validation error
	(HTTP 417) for a period outside the range, a permission error (403) without the role System Manager.
	"""
	return analytics.analyze_error_patterns(current_host(), days)


@endpoint(cache="analytics_")
def generate_insights_report() -> dict[str, Any]:
	"""The whole picture in one report.

	Result: `executive_summary`, `error_analysis` (as `analyze_error_patterns`), `performance_forecast`,
	`compliance_status`, `business_impact`, `priority_actions`. An area that is not measured has the status
	"unknown" and a reason.
	"""
	return analytics.generate_insights_report(current_host())


@endpoint()
def get_watchdog_findings() -> dict[str, Any]:
	"""What is silent on the site: scheduler, jobs, workers, queues, mail, backups, log tables, our own collection; as of now.

	Result: {"generated_at", "status", "counts", "findings", "unknown", "checked"}. The status is "critical" or "attention" by
	the worst finding, "ok" when nothing is wrong and everything could be looked at, else "unknown". A finding has `check`,
	`subject`, `severity`, `title`, `since`, `age_seconds`, `explanation`, `evidence`, `remedy` and `remedy_call` (arguments
	of `verenigingen.utils.watchdog.apply_remedy`, null where a person must act). `unknown` names each check that could not be
	made with its reason.
	"""
	return watchdog.watchdog_report(current_host())


@endpoint(cache="analytics_", ranges={"days": (1, MAX_DAYS, "days")})
def identify_error_hotspots(days: int = 7) -> dict[str, Any]:
	"""Where errors of the last `days` site-local days concentrate or rise, today included (1 to 3650).

	Result: `statement`, `hotspots` {`apps`, `modules`, `doctypes` (functional areas), `roles` (user groups),
	`time_windows`, `files`, `functions` (components), `issues`}, `critical`, `remediation_order`, `total_errors`,
	`analysis_period`, `data_since`, `baseline_days`. Each section says in its `statement` what stands out, that
	nothing does, or (status "unknown") why it cannot be known. A value stands out when it has significantly more errors
	than its own days before lead one to expect (all values tested together, 1 %), or when a third of all errors or
	more fall on it by the lower end of the 95 % interval; a time window by a scan statistic over windows of 1 to 72
	hours; an issue also when it is critical. Score, 0 to 100: kind (60, 38, 20 or 4 points for critical to low, the
	mean over the events) + reach (up to 15, by distinct users or documents hit) + recency (20 within 24 hours, 17
	within 7 days) + change (15 came back, 12 rises, 10 new); critical from 80, high from 55, medium from 35.
	"""
	return hotspots.identify_error_hotspots(current_host(), days)


@endpoint()
def backfill_status() -> dict[str, Any]:
	"""How far the first collection is: {"done", "total", "finished", "since", "statement"}.

	`done` of `total` rows of Error Log are counted; `since` is since when errors are known, null until `finished`.
	"""
	return backfill.backfill_status(current_host())


@endpoint()
def test_components() -> dict[str, Any]:
	"""Tries every part the analyses need, really: {"ok", "components": {name: {"ok", "detail"}}}."""
	return monitoring.check_components(current_host())


test_components.__test__ = False  # a public name of this API, not a test
