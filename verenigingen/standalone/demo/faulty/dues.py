"""Dues of the demo app: periods, prorating, tiers, rates. Faults are named in the docstrings."""

from __future__ import annotations

from datetime import date
from typing import Any

from .runtime import get_doc, log_error

TIERS = ((1500.0, 5.0), (2500.0, 8.5), (4000.0, 12.5))


def generate_invoices(schedule: str, member: str, last_invoice_date: date, rate: float) -> dict[str, Any]:
	"""Makes the next invoice of a schedule."""
	doc = get_doc("Member", member)
	customer = f"{doc.first_name} {doc.last_name} <{doc.email}>"
	next_date = next_period_start(last_invoice_date, 1)
	return {"schedule": schedule, "customer": customer, "date": next_date, "amount": rate}


def next_period_start(last_date: date, months: int) -> date:
	"""Fault: the 31st does not exist in every month."""
	years, month = divmod(last_date.month - 1 + months, 12)
	return last_date.replace(year=last_date.year + years, month=month + 1)


def leave_mid_period(member: str, schedule: str, start: date, end: date, rate: float) -> float:
	"""What a leaving member gets back."""
	doc = get_doc("Member", member)
	iban = doc.iban
	try:
		return prorate(rate, start, end)
	except ZeroDivisionError:
		log_error(
			f"Refund for {iban[-4:]} not calculated",
			reference_doctype="Membership Dues Schedule",
			reference_name=schedule,
		)
		return 0.0


def prorate(rate: float, start: date, end: date) -> float:
	"""Fault: who leaves on the first day of a period has a period of no days."""
	period_days = (end - start).days
	per_day = rate / period_days
	return round(per_day * period_days / 2, 2)


def recalculate_tiers(members: list[dict[str, Any]]) -> dict[str, float]:
	"""Puts members into the tier of their income."""
	rates: dict[str, float] = {}
	for row in members:
		rates[row["member"]] = tier_rate(row["income"])
	return rates


def tier_rate(income: float) -> float:
	"""Fault: a member may refuse to state an income."""
	for limit, rate in TIERS:
		if income <= limit:
			return rate
	return 20.0


def change_rate(member: str, schedule: str, new_rate: str, reason: str) -> float:
	"""A member chooses another fee on the portal."""
	doc = get_doc("Member", member)
	bank_account = f"{doc.iban} ({doc.first_name} {doc.last_name})"
	try:
		return parse_rate(new_rate)
	except ValueError:
		log_error("Fee change failed", reference_doctype="Membership Dues Schedule", reference_name=schedule)
		return float(len(bank_account) and 0)


def parse_rate(text: str) -> float:
	"""Fault: understands only numbers as the System Settings format them by default."""
	cleaned = text.replace("€", "").strip()
	return float(cleaned)
