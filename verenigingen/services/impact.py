"""What the site's troubles cost, counted from what happened: failed collections, members and users who met errors, time
above targets, jobs and mails that failed. No factor is invented; what cannot be counted says why."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from verenigingen.core.measures import HOUR
from verenigingen.core.model import as_text
from verenigingen.host.port import Host
from verenigingen.services.measures import LINES
from verenigingen.services.series import Grid, requests
from verenigingen.services.wording import day, figure
from verenigingen.services.wording import days as so_many_days

BATCH, BATCH_ROW, MEMBER = "tabDirect Debit Batch", "tabDirect Debit Batch Invoice", "tabMember"
MAIL, JOBS, USER_DAY = "tabEmail Queue", "tabScheduled Job Log", "tabError User Day"

COLLECTION_DAYS = 62  # dues are collected monthly, and banks tell of returned debits for weeks

Part = dict[str, Any]


def business_impact(host: Host, days: int) -> dict[str, Any]:
	"""What happened within the last `days` days, today included.

	{"status", "period", "since", "collections", "members", "response_time", "jobs", "mails", "statements"}; each part has
	a status ("ok", or "unknown" with its reason), figures and a statement. Direct debits are looked at for 62 days at
	least. The whole is "unknown" when every part is.
	"""
	now = host.clock.now().replace(tzinfo=None)
	since = datetime.combine(now.date() - timedelta(days=days - 1), datetime.min.time())
	parts = {
		"collections": _collections(
			host, now.date() - timedelta(days=max(days, COLLECTION_DAYS) - 1), now.date()
		),
		"members": _members(host, since),
		"response_time": _response_time(host, now, days),
		"jobs": _jobs(host, since),
		"mails": _mails(host, since),
	}
	known = [part for part in parts.values() if part["status"] == "ok"]
	return {
		"status": "ok" if known else "unknown",
		"reason": None if known else "Nothing on this site tells what its troubles cost.",
		"period": so_many_days(days),
		"since": since.date().isoformat(),
		**parts,
		"statements": [part["statement"] for part in known if part["harm"]],
	}


def _unknown(reason: str) -> Part:
	return {"status": "unknown", "reason": reason, "statement": reason, "harm": False}


def _ok(harm: bool, statement: str, **figures: object) -> Part:
	return {"status": "ok", "reason": None, **figures, "statement": statement, "harm": harm}


def _collections(host: Host, first: date, last: date) -> Part:
	if not {"status", "amount", "currency", "member"} <= host.db.columns(BATCH_ROW) or not host.db.columns(
		BATCH
	):
		return _unknown("Direct debit batches are not installed on this site.")
	rows = host.db.query(
		f"SELECT r.status, r.currency, COUNT(*), SUM(r.amount) FROM `{BATCH_ROW}` r"
		f" JOIN `{BATCH}` b ON b.name = r.parent WHERE b.docstatus < 2 AND b.batch_date >= %s AND b.batch_date <= %s"
		" AND r.status IN ('Successful', 'Failed') GROUP BY r.status, r.currency",
		(first, last),
	)
	known = sum(int(row[2]) for row in rows)
	if not known:
		return _unknown("No direct debit of the period has a known outcome.")
	failed = [row for row in rows if row[0] == "Failed"]
	count = sum(int(row[2]) for row in failed)
	amounts = {as_text(row[1]) or "?": round(float(row[3] or 0), 2) for row in failed}
	members = _failed_members(host, first, last) if failed else 0
	money = " and ".join(f"{amount:,.2f} {currency}" for currency, amount in sorted(amounts.items()))
	said = (
		f"{count:,} of {known:,} direct debits since {day(first)} failed ({count / known:.1%}): {money} of"
		f" {members:,} member{'' if members == 1 else 's'} were not collected."
		if count
		else f"All {known:,} direct debits since {day(first)} with a known outcome were collected."
	)
	return _ok(
		count > 0,
		said,
		since=first.isoformat(),
		failed=count,
		known=known,
		failed_amounts=amounts,
		members=members,
		failure_ratio=count / known,
	)


def _failed_members(host: Host, first: date, last: date) -> int:
	rows = host.db.query(
		f"SELECT COUNT(DISTINCT r.member) FROM `{BATCH_ROW}` r JOIN `{BATCH}` b ON b.name = r.parent"
		" WHERE b.docstatus < 2 AND b.batch_date >= %s AND b.batch_date <= %s AND r.status = 'Failed'",
		(first, last),
	)
	return int(rows[0][0])


def _members(host: Host, since: datetime) -> Part:
	"""Persons who met errors; members among them by the pseudonyms of their users."""
	rows = host.store.query(f"SELECT DISTINCT user FROM `{USER_DAY}` WHERE day >= %s", (since.date(),))
	hit = {as_text(row[0]) for row in rows}
	if not hit and not host.store.query(
		"SELECT name FROM `tabCollector State` WHERE reconciled_at IS NOT NULL"
	):
		return _unknown("Errors are not collected yet.")
	members: int | None = None
	reason = "This site has no members with users."
	if "user" in host.db.columns(MEMBER):
		users = [
			as_text(row[0]) for row in host.db.query(f"SELECT user FROM `{MEMBER}` WHERE user IS NOT NULL")
		]
		users = [user for user in users if user]
		if users:
			members, reason = sum(host.secrets.pseudonym(user) in hit for user in users), ""
	said = f"{len(hit):,} user{'' if len(hit) == 1 else 's'} met at least one error"
	said += "." if members is None else f", {members:,} of them members."
	return _ok(bool(hit), said, users=len(hit), members=members, members_reason=reason or None)


def _response_time(host: Host, now: datetime, days: int) -> Part:
	"""Hours in which the mean response time was above the target, as minutes; and the requests in them."""
	grid = Grid.back(now, HOUR, days)
	measured = requests(host, grid)
	busy = np.nan_to_num(measured.requests) > 0
	if not busy.any():
		return _unknown("Response times were not measured in the period.")
	target = LINES["api_mean_ms"][0][0]
	mean = np.full(grid.count, np.nan)
	mean[busy] = measured.wall_seconds[busy] / measured.requests[busy] * 1e3
	above = mean > target
	hours, count = int(above.sum()), int(np.nansum(measured.requests[above]))
	total = int(np.nansum(measured.requests))
	share = count / total
	said = (
		f"In {hours:,} of {int(busy.sum()):,} hours with requests ({hours * 60:,} minutes) the mean response time was above"
		f" the target of {figure(target, 'ms')}; {share:.0%} of all {total:,} requests fell in them."
		if hours
		else f"The mean response time kept the target of {figure(target, 'ms')} in all {int(busy.sum()):,} hours with requests."
	)
	return _ok(
		hours > 0,
		said,
		target_ms=target,
		minutes_above_target=hours * 60,
		hours_measured=int(busy.sum()),
		requests_in_them=count,
		requests=total,
	)


def _jobs(host: Host, since: datetime) -> Part:
	if not {"status", "creation", "scheduled_job_type"} <= host.db.columns(JOBS):
		return _unknown("This site keeps no Scheduled Job Log.")
	rows = host.db.query(
		f"SELECT scheduled_job_type, COUNT(*) FROM `{JOBS}` WHERE status = 'Failed' AND creation >= %s"
		" GROUP BY scheduled_job_type",
		(since,),
	)
	failed = sorted(((as_text(name), int(count)) for name, count in rows), key=lambda row: (-row[1], row[0]))
	count = sum(number for _, number in failed)
	said = (
		f"{count:,} runs of scheduled jobs failed, most of {failed[0][0]} ({failed[0][1]:,})."
		if failed
		else "No run of a scheduled job failed, as far as Scheduled Job Log still tells."
	)
	return _ok(
		count > 0, said, failed_runs=count, by_job=[{"job": name, "failed": n} for name, n in failed[:10]]
	)


def _mails(host: Host, since: datetime) -> Part:
	if not {"status", "creation"} <= host.db.columns(MAIL):
		return _unknown("This site has no Email Queue.")
	rows = host.db.query(
		f"SELECT status, COUNT(*) FROM `{MAIL}` WHERE creation >= %s GROUP BY status", (since,)
	)
	counts = {as_text(status): int(count) for status, count in rows}
	failed, total = counts.get("Error", 0), sum(counts.values())
	said = (
		f"{failed:,} of {total:,} mails could not be sent." if failed else f"None of {total:,} mails failed."
	)
	return _ok(failed > 0, said, failed=failed, queued=total)
