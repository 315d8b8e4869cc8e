"""Pure rules of the association's own records: no Frappe, no clock, no I/O.

A rule answers None when the value is fine, else a `Problem`: a stable code and the values its sentence needs. The
sentence itself is made by `checks.py`, where it can be translated. Numbers such as MND-01 are the rules of the
compliance catalogue, so that what is refused here and what is scored there is the same thing.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from stdnum import bic as stdnum_bic
from stdnum import iban as stdnum_iban
from stdnum import numdb
from stdnum.exceptions import InvalidComponent, InvalidLength, ValidationError

MANDATE_ID_LENGTH = 35  # ISO 20022 Max35Text
CENT = Decimal("0.01")
SEPA_CURRENCY = "EUR"

_MANDATE_ID = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]+")
_IBAN_PART = re.compile(r"([1-9][0-9]*)!([nac])")
_IBAN_CHARACTERS = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}

# Territories whose banks use the IBAN country of another state but a BIC of their own (IBAN registry, "includes").
_BIC_TERRITORIES = {
	"FI": frozenset({"AX"}),
	"FR": frozenset({"BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"}),
	"GB": frozenset({"GG", "IM", "JE"}),
}

BATCH_TRANSITIONS: Mapping[str, frozenset[str]] = {
	"Draft": frozenset({"Generated", "Submitted"}),
	"Generated": frozenset({"Draft", "Submitted"}),
	"Submitted": frozenset({"Processed", "Failed"}),
	"Processed": frozenset(),
	"Failed": frozenset(),
}


@dataclass(frozen=True)
class Problem:
	"""Why a value is refused: `code` is stable and not for reading, `values` fill the sentence."""

	code: str
	values: Mapping[str, object] = field(default_factory=dict)


def compact_iban(text: str | None) -> str:
	"""The form an IBAN is stored in: upper case, without spaces, dots and dashes (IBN-01)."""
	return stdnum_iban.compact("".join((text or "").split()))


def compact_bic(text: str | None) -> str:
	"""The form a BIC is stored in: upper case, without spaces."""
	return stdnum_bic.compact("".join((text or "").split()))


def iban_problem(number: str) -> Problem | None:
	"""IBN-01 for a compact IBAN: known country, that country's length and structure, ISO 7064 mod 97-10.

	The check digits are computed and compared, because 00, 01 and 99 also leave the remainder 1 without ever
	being issued.
	"""
	country = number[:2]
	structure = _bban_structure(country)
	if structure is None:
		return Problem("iban_country", {"country": country})
	parts = _IBAN_PART.findall(structure)
	length = 4 + sum(int(count) for count, _kind in parts)
	if len(number) != length:
		return Problem("iban_length", {"country": country, "expected": length, "actual": len(number)})
	pattern = "".join(f"{_IBAN_CHARACTERS[kind]}{{{count}}}" for count, kind in parts)
	if not re.fullmatch(rf"[A-Z]{{2}}[0-9]{{2}}{pattern}", number):
		return Problem("iban_structure", {"country": country})
	if stdnum_iban.calc_check_digits(number) != number[2:4]:
		return Problem("iban_checksum")
	return None


def _bban_structure(country: str) -> str | None:
	if not re.fullmatch(r"[A-Z]{2}", country):
		return None
	return numdb.get("iban").info(country)[0][1].get("bban")


def bic_problem(number: str) -> Problem | None:
	"""ISO 9362 for a compact BIC: 8 or 11 characters, four letters, an existing country."""
	try:
		stdnum_bic.validate(number)
	except InvalidLength:
		return Problem("bic_length", {"actual": len(number)})
	except InvalidComponent:
		return Problem("bic_country", {"country": number[4:6]})
	except ValidationError:
		return Problem("bic_structure")
	return None


def bic_fits_iban(bic: str, iban: str) -> bool:
	"""Whether bank code and account name the same country, or a territory that shares its IBAN country."""
	return bic[4:6] == iban[:2] or bic[4:6] in _BIC_TERRITORIES.get(iban[:2], ())


def mandate_id_problem(mandate_id: str) -> Problem | None:
	"""MND-01, MND-03 and MND-04: 1 to 35 characters of the SEPA set, slashes only single and inside."""
	if not 1 <= len(mandate_id) <= MANDATE_ID_LENGTH:
		return Problem("mandate_id_length", {"actual": len(mandate_id), "limit": MANDATE_ID_LENGTH})
	if not _MANDATE_ID.fullmatch(mandate_id):
		return Problem("mandate_id_characters", {"characters": _foreign_characters(mandate_id)})
	if mandate_id.startswith("/") or mandate_id.endswith("/") or "//" in mandate_id:
		return Problem("mandate_id_slash")
	return None


def _foreign_characters(text: str) -> str:
	return " ".join(dict.fromkeys(char for char in text if not _MANDATE_ID.fullmatch(char)))


def mandate_key(mandate_id: str | None) -> str:
	"""What banks may compare references by: no spaces, no case (MND-05)."""
	return "".join((mandate_id or "").split()).upper()


def wrong_order(earlier: date | None, later: date | None, *, allow_same: bool = True) -> bool:
	"""Whether two dates stand in the wrong order; an absent date is never wrong."""
	if not earlier or not later:
		return False
	return later < earlier or (later == earlier and not allow_same)


def full_name(*parts: str | None) -> str:
	"""Name parts as one name, single spaces between."""
	return " ".join(" ".join(part for part in parts if part).split())


def total(amounts: Iterable[object]) -> Decimal:
	"""Exact sum in cents of amounts as the database hands them out (float, str or Decimal)."""
	cents = (Decimal(str(amount or 0)).quantize(CENT, ROUND_HALF_UP) for amount in amounts)
	return sum(cents, Decimal(0)).quantize(CENT)


def repeated(values: Iterable[str]) -> list[str]:
	"""Values that occur more than once, in order of their first repetition."""
	seen: set[str] = set()
	again: dict[str, None] = {}
	for value in values:
		if value in seen:
			again[value] = None
		seen.add(value)
	return list(again)


def batch_may_change(before: str, after: str) -> bool:
	"""Whether a Direct Debit Batch may go from one status to another; staying is always allowed."""
	return before == after or after in BATCH_TRANSITIONS.get(before, ())
