"""Members of the demo app: cards, addresses, duplicates. Faults are named in the docstrings."""

from __future__ import annotations

from datetime import date
from typing import Any

from .runtime import get_doc, log_error

AGE_GROUPS = ((18, "youth"), (27, "young adult"), (67, "adult"))


def profile_card(member: str, today: date) -> dict[str, Any]:
	"""The card shown on top of a member's page."""
	doc = get_doc("Member", member)
	full_name = f"{doc.first_name} {doc.last_name}"
	return {"name": full_name, "email": doc.email, "group": age_group(doc.birth_date, today)}


def age_group(birth_date: date, today: date) -> str:
	"""Fault: old members joined without a birth date."""
	age = today.year - birth_date.year
	return next((label for limit, label in AGE_GROUPS if age < limit), "senior")


def update_address(member: str, address: dict[str, str]) -> str:
	"""Saves an address from the portal form."""
	doc = get_doc("Member", member)
	email = doc.email
	try:
		return household_label(doc.last_name, address)
	except KeyError:
		log_error("Address update failed", reference_doctype="Member", reference_name=member)
		return f"unchanged for {email}"


def household_label(last_name: str, address: dict[str, str]) -> str:
	"""Fault: foreign addresses come without `house_number`."""
	street_line = f"{address['street']} {address['house_number']}"
	return f"Family {last_name}, {street_line}, {address['town']}"


def merge_duplicates(members: list[str]) -> Any:
	"""Merges records of one person that were entered twice."""
	docs = [get_doc("Member", name) for name in members]
	emails = [doc.email for doc in docs]
	return choose_survivor(docs, emails)


def choose_survivor(docs: list[Any], emails: list[str]) -> Any:
	"""Fault: when every record has an e-mail address of its own, nothing is chosen."""
	for doc in docs:
		if emails.count(doc.email) > 1:
			survivor = doc.email
	return survivor
