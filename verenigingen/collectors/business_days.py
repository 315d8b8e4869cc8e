"""What happened on each day, from the dates on the site's documents: dues invoiced and collected, debits, new members.

The last 400 days are counted anew once a day: so there is a history from the first day on, and what is booked late
still lands on its day. Today is left out until it is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta

from verenigingen.collectors.business import BATCH, BATCH_ROW, INVOICE, absent, invoices
from verenigingen.core.gauges import GaugeSource, Item, Reading
from verenigingen.core.measures import DAY
from verenigingen.core.metrics import BUSINESS_DAYS
from verenigingen.core.model import as_date, as_text
from verenigingen.host.port import Host, Row

NAME = "Business Days"
SPAN = timedelta(days=400)
PAYMENT, MEMBER = "tabPayment Entry", "tabMember"
OUTCOMES = ("Successful", "Failed", "Processed", "Pending")


def read(host: Host) -> Iterable[Item]:
	"""Figures by day, up to yesterday."""
	today = host.clock.now().date()
	span = (today - SPAN, today)
	yield from _invoiced(host, span)
	yield from _collected(host, span)
	yield from _debits(host, span)
	yield from _joined(host, span)


Span = tuple[date, date]  # the first day, and the one after the last


def _invoiced(host: Host, span: Span) -> Iterable[Item]:
	condition = invoices(host)
	if condition is None:
		return absent(("dues_invoiced", "dues_invoiced_amount"), INVOICE)
	amount = _first_of(host, INVOICE, "base_grand_total", "grand_total")
	rows = _by_day(host, INVOICE, "posting_date", f"SUM({amount})", condition, span)
	return [*_days("dues_invoiced", rows, 1, span), *_days("dues_invoiced_amount", rows, 2, span)]


def _collected(host: Host, span: Span) -> Iterable[Item]:
	if not {"payment_type", "party_type", "paid_amount"} <= host.db.columns(PAYMENT):
		return absent(("dues_collected", "dues_collected_amount"), PAYMENT)
	amount = _first_of(host, PAYMENT, "base_paid_amount", "paid_amount")
	condition = "docstatus = 1 AND payment_type = 'Receive' AND party_type = 'Customer'"
	rows = _by_day(host, PAYMENT, "posting_date", f"SUM({amount})", condition, span)
	return [*_days("dues_collected", rows, 1, span), *_days("dues_collected_amount", rows, 2, span)]


def _joined(host: Host, span: Span) -> Iterable[Item]:
	if "member_since" not in host.db.columns(MEMBER):
		return absent(["members_joined"], MEMBER)
	return _days("members_joined", _by_day(host, MEMBER, "member_since", "0", "1 = 1", span), 1, span)


def _debits(host: Host, span: Span) -> Iterable[Item]:
	if not host.db.columns(BATCH_ROW):
		return absent(("debits", "debits_amount"), BATCH_ROW)
	rows = host.db.query(
		f"SELECT b.batch_date, COUNT(*), SUM(r.amount), r.status FROM `{BATCH_ROW}` r"
		f" JOIN `{BATCH}` b ON b.name = r.parent WHERE b.docstatus < 2 AND b.batch_date >= %s AND b.batch_date < %s"
		" GROUP BY b.batch_date, r.status",
		span,
	)
	found: list[Item] = []
	first = min((day for row in rows if (day := as_date(row[0]))), default=None)
	for outcome in OUTCOMES:
		mine = [row for row in rows if as_text(row[3]) == outcome]
		for metric, column in (("debits", 1), ("debits_amount", 2)):
			found += _days(metric, mine, column, span, outcome, first)
	return found


def _first_of(host: Host, table: str, *columns: str) -> str:
	present = host.db.columns(table)
	return next(column for column in columns if column in present)


def _by_day(host: Host, table: str, column: str, amount: str, condition: str, span: Span) -> list[Row]:
	return host.db.query(
		f"SELECT {column}, COUNT(*), {amount} FROM `{table}`"
		f" WHERE {condition} AND {column} >= %s AND {column} < %s GROUP BY {column}",
		span,
	)


def _days(
	metric: str,
	rows: Iterable[Row],
	column: int,
	span: Span,
	label: str = "",
	first: date | None = None,
) -> list[Item]:
	"""A value for every day from the first with a document on: a day without one is a true 0."""
	values: Mapping[date, float] = {
		day: float(row[column] or 0) for row in rows if (day := as_date(row[0])) is not None
	}
	start = first or min(values, default=span[1])
	days = [start + timedelta(days=number) for number in range((span[1] - start).days)]
	return [Reading(metric, values.get(day, 0.0), label, on=datetime.combine(day, time.min)) for day in days]


SOURCE = GaugeSource(NAME, DAY, read, BUSINESS_DAYS)
