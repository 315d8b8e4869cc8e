"""Creditor identifiers, references and amounts of SEPA direct debits.

Libraries accept more than banks do: python-stdnum's `eu.at_02` takes the check digits alone, and drops punctuation and a
letter before it computes them. So structure, length and country are ours to check.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from .countries import SINCE

REFERENCE_LENGTH = 35
REFERENCE = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]+")
LEAST, MOST = Decimal("0.01"), Decimal("999999999.99")
NL_LENGTH = 19
# Lengths that are known for certain; identifiers of other countries are bounded by 35 alone.
LENGTHS: Mapping[str, int] = {"NL": NL_LENGTH, "DE": 18}

_CREDITOR = re.compile(r"([A-Z]{2})([0-9]{2})([A-Z0-9]{3})([A-Z0-9+?/\-:().,']{1,28})", re.IGNORECASE)


def reference_problem(reference: str) -> str | None:
	"""What is wrong with a reference or identifier: length (MND-01), characters (MND-03) or slashes (MND-04); or None."""
	if not 1 <= len(reference) <= REFERENCE_LENGTH:
		return f"{len(reference)} characters; 1 to {REFERENCE_LENGTH} are allowed"
	if not REFERENCE.fullmatch(reference):
		foreign = " ".join(sorted({char for char in reference if not REFERENCE.fullmatch(char)}))
		return f"characters outside the SEPA set: {foreign!r}"
	if reference.startswith("/") or reference.endswith("/") or "//" in reference:
		return "a slash at its beginning or end, or two together"
	return None


def creditor_problem(identifier: str) -> str | None:
	"""What is wrong with a creditor identifier (CID-01, CID-02), or None.

	Two letters, two check digits, a business code of three and a national part; the check digits are ISO 7064 mod 97-10
	over national part and country, the business code left out.
	"""
	found = _CREDITOR.fullmatch(identifier)
	if found is None or len(identifier) > REFERENCE_LENGTH:
		return "not of the form: country, 2 check digits, 3 characters of business code, national part; at most 35"
	country, digits, _, national = found[1].upper(), found[2], found[3], found[4].upper()
	if country not in SINCE:
		return f"{country} is no country of SEPA"
	length = LENGTHS.get(country)
	if length is not None and len(identifier) != length:
		return f"{len(identifier)} characters; those of {country} have {length}"
	if check_digits(country, national) != digits:
		return "the check digits are wrong"
	return None


def check_digits(country: str, national: str) -> str:
	"""Check digits of a creditor identifier: ISO 7064 mod 97-10, punctuation left out."""
	plain = "".join(char for char in national.upper() if char.isalnum()) + country.upper() + "00"
	number = "".join(str(int(char, 36)) for char in plain)
	return f"{98 - int(number) % 97:02d}"


def dutch_creditor_problem(identifier: str, chamber_number: str | None) -> str | None:
	"""What is wrong with a Dutch creditor identifier (CID-03): its national part is the 8 digits of the creditor's number at
	the Chamber of Commerce and 4 more; or None. `chamber_number`: the creditor's own, None where it is not known."""
	national = identifier[7:]
	if len(identifier) != NL_LENGTH or not national.isdecimal():
		return "a Dutch identifier has 19 characters: NL, 2 digits, business code, 8 digits of the KvK number and 4 more"
	if chamber_number and national[:8] != chamber_number.strip().zfill(8):
		return f"its KvK number {national[:8]} is not that of the association, {chamber_number.strip()}"
	return None


def same_creditor(one: str, other: str) -> bool:
	"""Whether two identifiers are one creditor's: the business code may change freely (CID-04)."""
	return (one[:4] + one[7:]).upper() == (other[:4] + other[7:]).upper()


def amount_problem(amount: object) -> str | None:
	"""What is wrong with an amount in euro (AMT-02): 0.01 to 999,999,999.99 with at most 2 decimals; or None."""
	try:
		value = Decimal(str(amount))
	except InvalidOperation:
		return "not a number"
	if not value.is_finite() or not LEAST <= value <= MOST:
		return f"{amount}: outside {LEAST} to {MOST:,}"
	if value != value.quantize(LEAST):
		return f"{amount}: more than 2 decimals"
	return None
