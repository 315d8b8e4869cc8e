"""Public doors of error issues: lists, one issue, and what people decide about it."""

# no `from __future__ import annotations` here: the door checks real types

from typing import Any

from verenigingen.core.errors.life import MOST_EVENTS
from verenigingen.host import current_host, in_frappe
from verenigingen.host.endpoint import WRITE, endpoint
from verenigingen.services import issue_page, issues
from verenigingen.settings import MAX_DAYS

__all__ = ["get_issue", "ignore_issue", "list_issues", "reopen_issue", "resolve_issue"]

PAGE = {"days": (1, MAX_DAYS, "days"), "limit": (1, 500, "issues"), "start": (0, 1_000_000, "issues")}


@endpoint(ranges=PAGE)
def list_issues(
	status: str | None = None,
	search: str | None = None,
	days: int = 30,
	sort: str = "last_seen",
	limit: int = 50,
	start: int = 0,
) -> dict[str, Any]:
	"""Error issues seen in the last `days` site-local days, a page at a time.

	status: Open, Resolved, Resolved in Version, Ignored, Regressed, or Unresolved (Open and Regressed); all without it.
	search: text in title, exception, culprit or app. sort: last_seen, first_seen, events, users or severity.
	Result: {"issues", "total", "limit", "start", "days"}; an issue has name, title, culprit {function, file, app},
	exception, category, severity and state with their reasons (as of the last 30 days, whatever `days` is: the same as
	in reports and hotspots), status with its reason, first and last time, `events`, `daily` counts and distinct `users` of
	the period, `events_total` and `users_total` (null: no event told who was hit). Raises a validation error (417) for
	anything else.
	"""
	return issues.list_issues(
		current_host(), status=status, search=search, days=days, sort=sort, limit=limit, start=start
	)


@endpoint()
def get_issue(name: str) -> dict[str, Any]:
	"""All that is known of one error issue.

	Result: what `list_issues` tells of it (without the period), `state` (new, regressed, spiking, fading,
	ongoing, resolved or unknown) with reason and evidence, `grouping` with its reason, `sample` (redacted),
	`counts` by day (90) and hour (14 days), `users` (pseudonyms), `documents` (pseudonyms), `doctypes`,
	`entry_points`, `app_versions`, `roles`, `sources` and `frappe_fingerprints` (Frappe's own, where it has any) of its events, `assigned_to`, and `suspects`: what changed on
	the site in the 48 hours before it began, the likeliest first, each with its evidence. What is not known is null
	with a reason. Raises 404 for a name that does not exist.
	"""
	found = issue_page.get_issue(current_host(), name)
	return {**found, "links": {"desk": f"/app/error-issue/{name}" if in_frappe() else None}}


@endpoint(methods=WRITE)
def resolve_issue(name: str, in_version: str | None = None) -> dict[str, Any]:
	"""Marks an issue as solved; an event later than now makes it Regressed.

	in_version: the version of the issue's app that solves it. Events known to be of that version or of an older one are
	then no regression, whenever they happen. Result: {"name", "status", "status_reason", …}. Raises 404 for an
	unknown name, 417 when it is solved so already.
	"""
	return issues.resolve_issue(current_host(), name, in_version)


@endpoint(methods=WRITE, ranges={"until_count": (1, MOST_EVENTS, "events")})
def ignore_issue(name: str, until_count: int | None = None, until_date: str | None = None) -> dict[str, Any]:
	"""Leaves an issue out of sight: for `until_count` more events, until `until_date` (ISO date or time, site time),
	whichever comes first, or for ever. It counts on meanwhile. Result and errors as those of `resolve_issue`."""
	return issues.ignore_issue(current_host(), name, until_count, until_date)


@endpoint(methods=WRITE)
def reopen_issue(name: str) -> dict[str, Any]:
	"""Takes a decision about an issue back. Result and errors as those of `resolve_issue`."""
	return issues.reopen_issue(current_host(), name)
