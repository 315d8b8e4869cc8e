"""The dashboard page and the doors it reads through. The page carries no data: its script asks for it."""

# no `from __future__ import annotations` here: the door checks real types

from typing import Any

from verenigingen.exceptions import NotPermitted
from verenigingen.host import current_host, in_frappe, page_token, raise_to_caller
from verenigingen.host.endpoint import endpoint
from verenigingen.services import dashboard, performance, system
from verenigingen.settings import MAX_DAYS

# Frappe keeps rendered pages by path, not by user: a kept page would skip the role check below.
no_cache = 1
sitemap = 0

ROLE = "System Manager"
LOGIN = "/login?redirect-to=/monitoring_dashboard"
DAYS = {"days": (1, MAX_DAYS, "days")}


def get_context(context: Any) -> Any:
	"""Prepares the page: guests go to the login page, users without the role get HTTP 403."""
	context.csrf_token = page_token(LOGIN)
	user = current_host().access.user()
	if ROLE not in user.roles:
		raise_to_caller(NotPermitted(f"The monitoring dashboard needs the role {ROLE}."))
	context.no_cache = 1
	context.title = "Monitoring"
	context.full_width = True
	context.no_breadcrumbs = True
	context.issues_address = "/app/error-issue/" if in_frappe() else ""  # the desk exists in a bench only
	return context


@endpoint(cache="analytics_", ranges=DAYS)
def get_error_summary(days: int = 30) -> dict[str, Any]:
	"""Counts of the last `days` site-local days: errors, issues, users, growth, severity, categories,
	recurring issues."""
	return dashboard.error_summary(current_host(), days)


@endpoint(cache="analytics_", ranges=DAYS)
def get_analytics_summary(days: int = 30) -> dict[str, Any]:
	"""Daily trend, hourly pattern, growth, insights and recommendations of `days` site-local days."""
	return dashboard.analytics_summary(current_host(), days)


@endpoint()
def get_active_alerts() -> dict[str, Any]:
	"""What is wrong at this moment: {"generated_at", "alerts", "unknown"}. Alerts are the watchdog's findings and critical
	issues of the last 24 hours, worst first; `unknown` names what could not be looked at, and why."""
	return dashboard.active_alerts(current_host())


@endpoint(cache="analytics_", ranges={"hours": (1, 24 * 730, "hours")})
def get_performance_metrics(hours: int = 24) -> dict[str, Any]:
	"""What requests, background jobs and SQL statements of the last `hours` cost: totals and quantiles with a series, the
	heaviest endpoints and jobs, slow statements, and statements that one line repeats within a request. Times in seconds;
	what was not measured is null with a reason."""
	return performance.performance_metrics(current_host(), hours)


@endpoint(cache="analytics_", ranges={"days_back": (14, 730, "days"), "forecast_days": (1, 365, "days")})
def get_trend_forecasts(days_back: int = 30, forecast_days: int = 7) -> dict[str, Any]:
	"""What `forecast_performance_trends` says, as a page draws it: `series` (those that could be forecast, each with
	`section`, `history`, `forecast`, `trend`, `confidence`), `missing` (the others, with what they lack), `trend_alerts`,
	`capacity_planning`, `confidence_score`, `statements`."""
	return dashboard.trend_forecasts(current_host(), days_back, forecast_days)


@endpoint(cache="analytics_")
def get_executive_summary() -> dict[str, Any]:
	"""Overall health with reasons and sentences, over the period set by `default_days`; names what is not
	measured."""
	return dashboard.executive_summary(current_host())


@endpoint(cache="analytics_", ranges=DAYS)
def get_detailed_analytics_report(days: int = 30) -> dict[str, Any]:
	"""The whole error analysis of `days` days, the executive summary, and the state of collection."""
	return dashboard.detailed_report(current_host(), days)


@endpoint()
def get_system_metrics() -> dict[str, Any]:
	"""How machine, database, cache, queues, scheduler, mail and association stand now: {"generated_at", "areas"}.

	An area is {"source", "status" ("ok", "failed", "absent" or "never"), "reason", "last_run", "metrics"}; a metric is
	{"status" ("ok", "stale" or "unknown"), "reason", "unit", "kind", "interval", "help", "values"}, a value {"label", "value", "at",
	"age_seconds"}, of a counter the amount of its interval, with "per_second". What is not known has a reason, never a 0.
	"""
	return system.system_metrics(current_host())


@endpoint(cache="analytics_", ranges=DAYS)
def refresh_dashboard_data(days: int = 30) -> dict[str, Any]:
	"""All sections of the page in one answer: {"generated_at", "days", "sections"}.

	Each section is {"status": "ok", "data"} or {"status", "reason"} with the status "failed" or "unknown".
	"""
	return dashboard.refresh(current_host(), days)
