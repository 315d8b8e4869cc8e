"""Public analyses. Thin: each function is a door to `services`."""

# no `from __future__ import annotations` here: the door checks real types

from typing import Any

from verenigingen.host import current_host
from verenigingen.host.endpoint import endpoint
from verenigingen.services import (
	advice,
	analytics,
	anomaly_report,
	backfill,
	executive,
	forecasts,
	hotspots,
	monitoring,
	watchdog,
)
from verenigingen.settings import ANALYTICS_CONFIG, MAX_DAYS

MAX_BACK, MAX_AHEAD = 730, 365  # days are kept for two years

__all__ = [
	"ANALYTICS_CONFIG",
	"analyze_error_patterns",
	"backfill_status",
	"forecast_performance_trends",
	"generate_insights_report",
	"get_performance_recommendations",
	"get_watchdog_findings",
	"identify_anomalies",
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
	`compliance_status`, `business_impact`, `performance_recommendations`, `priority_actions`. An area that is not
	measured has the status "unknown" and a reason, one whose analysis failed the status "failed" and the reason.
	business_impact counts what happened in `historical_days` days: failed direct debits with their amounts and members
	(62 days), users and members who met errors, minutes above the target for response times, failed jobs and mails.
	"""
	return executive.generate_insights_report(current_host())


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


@endpoint(
	cache="analytics_", ranges={"days_back": (14, MAX_BACK, "days"), "forecast_days": (1, MAX_AHEAD, "days")}
)
def forecast_performance_trends(days_back: int = 30, forecast_days: int = 7) -> dict[str, Any]:
	"""Where response times, database, load and business go in the next `forecast_days` (1 to 365), from the last
	`days_back` days (14 to 730).

	Result: `forecasts` {`api_performance`, `database_performance`, `system_load`, `business_metrics`}, `trend_alerts`,
	`withheld_alerts`, `capacity_planning`, `confidence_score`, `confidence`, `statements`. Each series has a `status`
	("ok", "insufficient" or "unknown", the last two with what is missing in `reason`), its `history`, the `forecast`
	with its mean and the bounds of the 80 and 95 % intervals, `method`, `skill`, `coverage_80`, `coverage_95`, and its
	`trend`. By the hour up to 14 days ahead, else (and for business) by the day; 14 days of measurements are needed.

	confidence_score, 0 to 1, is the mean over the series of accuracy × calibration, both on data held back from the
	forecast at up to 14 earlier origins. Accuracy is 1 less half the error relative to the seasonal naive forecast (½: no
	better than it); calibration is 1 less what the intervals' coverage lacks of 80 and 95 %, and less half of what it has
	too much. null, with a reason, where nothing could be held back or nothing moved.

	capacity_planning gives dates as ranges that hold the true one with 80 %, from many possible courses of the daily
	values of up to a year, at most 180 days and three times the history ahead, against the limits the site has (disks,
	max_connections, maxmemory, targets). trend_alerts are series that grow in their bad direction (tested together, at
	most 5 % of them false; 5 % within the history at least) and limits that come near.
	"""
	return forecasts.forecast_performance_trends(current_host(), days_back, forecast_days)


@endpoint(cache="analytics_")
def get_performance_recommendations() -> dict[str, Any]:
	"""What would make the site faster or keep it running, from the last `historical_days` days.

	Result: `status`, `period`, `statement`, `recommendations` (each with `area`, `priority`, `action`, `reason` with its
	figures, `evidence`, `where` to look) and `looked_at`. From endpoints over their target, statements that one line
	repeats (N+1), statements that read every row, trends, limits that come near and the cache's hit ratio. Where
	nothing is outside its target, the list is empty and `statement` says so.
	"""
	return advice.performance_recommendations(current_host())


@endpoint(cache="analytics_", ranges={"days": (1, MAX_BACK, "days")})
def identify_anomalies(days: int = 7) -> dict[str, Any]:
	"""What was unusual in the site's own measurements of the last `days` site-local days, today included (1 to 730).

	Result: `statement`, `anomalies` (newest first, each with `metric`, `label`, `title`, `kind`, `direction`, `at`, `began`,
	`ended`, `score`, `decades`, `value`, `expected`, `low`, `high`, `unit`, `explanation`), `incidents` (those that began
	within an hour of each other: `began`, `ended`, `score`, `statement`, names of the `anomalies`), `judged_until`,
	`analysis_period`, `reason`. kind: spike, drop, level shift, trend break, variance change or missing data. `ended` is
	null while it goes on. score: 0.5 at the threshold, 0.75 at twice the evidence, towards 1; `decades`: the evidence as
	powers of ten. Every hour is judged once, by what the series did before it, and told within the hour after; kept for
	90 days. `judged_until` is null, with a `reason`, before the first.
	"""
	return anomaly_report.identify_anomalies(current_host(), days)


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
