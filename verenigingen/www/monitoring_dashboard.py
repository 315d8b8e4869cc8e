"""The dashboard page and the doors it reads through. The page carries no data: its script asks for it."""

# no `from __future__ import annotations` here: the door checks real types

from typing import Any

from verenigingen.exceptions import ConfigurationError
from verenigingen.host import current_host, in_frappe
from verenigingen.host.endpoint import endpoint
from verenigingen.services import dashboard
from verenigingen.settings import MAX_DAYS

# Frappe keeps rendered pages by path, not by user: a kept page would skip the role check below.
no_cache = 1
sitemap = 0

ROLE = "System Manager"
LOGIN = "/login?redirect-to=/monitoring_dashboard"
DAYS = {"days": (1, MAX_DAYS, "days")}


def get_context(context: Any) -> Any:
	"""Prepares the page for Frappe: guests go to the login page, users without the role get HTTP 403."""
	if not in_frappe():
		raise ConfigurationError("This page is rendered by Frappe; there is no Frappe site here.")
	import frappe

	if frappe.session.user == "Guest":
		frappe.local.flags.redirect_location = LOGIN
		raise frappe.Redirect(302)  # the default, 301, is kept by browsers beyond the login
	if ROLE not in frappe.get_roles():
		raise frappe.PermissionError(f"The monitoring dashboard needs the role {ROLE}.")
	context.no_cache = 1
	context.title = "Monitoring"
	context.full_width = True
	context.no_breadcrumbs = True
	context.csrf_token = frappe.sessions.get_csrf_token()
	frappe.db.commit()  # nosemgrep: frappe-manual-commit - a GET rolls back a token just made
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


@endpoint(cache="analytics_")
def get_executive_summary() -> dict[str, Any]:
	"""Overall health with reasons and sentences, over the period set by `default_days`; names what is not
	measured."""
	return dashboard.executive_summary(current_host())


@endpoint(cache="analytics_", ranges=DAYS)
def get_detailed_analytics_report(days: int = 30) -> dict[str, Any]:
	"""The whole error analysis of `days` days, the executive summary, and the state of collection."""
	return dashboard.detailed_report(current_host(), days)


@endpoint(cache="analytics_", ranges=DAYS)
def refresh_dashboard_data(days: int = 30) -> dict[str, Any]:
	"""All sections of the page in one answer: {"generated_at", "days", "sections"}.

	Each section is {"status": "ok", "data"} or {"status", "reason"} with the status "failed" or "unknown".
	"""
	return dashboard.refresh(current_host(), days)
