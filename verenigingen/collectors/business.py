"""The association itself, each hour: members, mandates, dues, batches, as the site's documents stand now.

What ERPNext brings (invoices) is said to be not installed where it is not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from verenigingen.core.gauges import GaugeSource, Item, Missing, Reading
from verenigingen.core.measures import HOUR
from verenigingen.core.metrics import BUSINESS
from verenigingen.core.model import as_text
from verenigingen.host.port import Host

NAME = "Business"
RECENT = timedelta(days=30)
NO_STATUS = "(none)"
INVOICE, BATCH, BATCH_ROW = "tabSales Invoice", "tabDirect Debit Batch", "tabDirect Debit Batch Invoice"
SCHEDULE = "tabMembership Dues Schedule"

# A status that no document has is a true 0; a site may have others of its own.
STATUSES = {
	"members": "Pending Active Rejected Expired Suspended Banned Deceased Terminated".split(),
	"mandates": "Draft Active Cancelled Expired Suspended".split(),
	"dues_schedules": "Active Paused Cancelled Test".split(),
	"debit_batches": "Draft Generated Submitted Processed Failed".split(),
}
DUES = ("dues_outstanding", "dues_outstanding_amount", "dues_overdue", "dues_overdue_amount")


def read(host: Host) -> Iterable[Item]:
	"""Counts and sums of the documents now."""
	today = host.clock.now().date()
	since = today - RECENT
	yield from _statuses(host, "members", "tabMember")
	yield from _statuses(host, "mandates", "tabSEPA Mandate")
	yield from _statuses(host, "dues_schedules", SCHEDULE, "is_template = 0")
	yield from _statuses(host, "debit_batches", BATCH, "docstatus < 2 AND batch_date >= %s", since)
	yield _late_schedules(host, today)
	yield from _dues(host, today)
	yield _success(host, since)


def absent(metrics: Iterable[str], table: str) -> list[Item]:
	"""That these metrics cannot be had, because the site lacks the table."""
	return [Missing(metric, f"{table[3:]}: not installed") for metric in metrics]


def invoices(host: Host) -> str | None:
	"""The condition under which a Sales Invoice is one of dues; None where there are no invoices.

	Where the association's app marks them, those that are marked; else every submitted one that is no credit note.
	"""
	columns = host.db.columns(INVOICE)
	if not {"docstatus", "outstanding_amount", "due_date", "posting_date"} <= columns:
		return None
	marked = " AND is_membership_invoice = 1" if "is_membership_invoice" in columns else ""
	returns = " AND is_return = 0" if "is_return" in columns else ""
	return f"docstatus = 1{returns}{marked}"


def _statuses(host: Host, metric: str, table: str, condition: str = "1 = 1", *bound: date) -> Iterable[Item]:
	if not host.db.columns(table):
		return absent([metric], table)
	rows = host.db.query(f"SELECT status, COUNT(*) FROM `{table}` WHERE {condition} GROUP BY status", bound)
	counts = dict.fromkeys(STATUSES[metric], 0) | {
		as_text(status) or NO_STATUS: int(count) for status, count in rows
	}
	return [Reading(metric, count, status) for status, count in counts.items()]


def _late_schedules(host: Host, today: date) -> Item:
	metric = "dues_schedules_late"
	if not host.db.columns(SCHEDULE):
		return absent([metric], SCHEDULE)[0]
	[(late,)] = host.db.query(
		f"SELECT COUNT(*) FROM `{SCHEDULE}` WHERE is_template = 0 AND auto_generate = 1 AND status = 'Active'"
		" AND next_invoice_date < %s",
		(today,),
	)
	return Reading(metric, int(late))


def _dues(host: Host, today: date) -> Iterable[Item]:
	condition = invoices(host)
	if condition is None:
		return absent(DUES, INVOICE)
	[(count, amount, overdue, overdue_amount)] = host.db.query(
		"SELECT COUNT(*), SUM(outstanding_amount), SUM(CASE WHEN due_date < %s THEN 1 ELSE 0 END),"
		" SUM(CASE WHEN due_date < %s THEN outstanding_amount ELSE 0 END)"
		f" FROM `{INVOICE}` WHERE {condition} AND outstanding_amount > 0",
		(today, today),
	)
	values = (count, amount, overdue, overdue_amount)  # sums over no row are NULL, which here says 0
	return [Reading(metric, float(value or 0)) for metric, value in zip(DUES, values, strict=True)]


def _success(host: Host, since: date) -> Item:
	metric = "payment_success_ratio"
	if not host.db.columns(BATCH_ROW):
		return absent([metric], BATCH_ROW)[0]
	rows = host.db.query(
		f"SELECT r.status, COUNT(*) FROM `{BATCH_ROW}` r JOIN `{BATCH}` b ON b.name = r.parent"
		" WHERE b.docstatus < 2 AND b.batch_date >= %s AND r.status IN ('Successful', 'Failed') GROUP BY r.status",
		(since,),
	)
	counts = {status: int(count) for status, count in rows}
	known = sum(counts.values())
	if not known:
		return Missing(metric, "No direct debit of the last 30 days has a known outcome.")
	return Reading(metric, counts.get("Successful", 0) / known)


SOURCE = GaugeSource(NAME, HOUR, read, BUSINESS)
