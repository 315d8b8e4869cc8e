"""Finds bank accounts, the BICs beside them, and payment cards. Candidates are cheap, checksums decide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from heapq import merge

from stdnum import bic, iban, luhn

from .tokens import Span
from .view import View

# Characters of an IBAN by country, as the registry of ISO 13616 gives them.
LENGTHS = {
	country: length
	for length, countries in {
		15: "NO",
		16: "BE",
		18: "DK FI FO GL NL",
		19: "MK SI",
		20: "AT BA EE KZ LT LU XK",
		21: "CH HR LI LV",
		22: "BG BH CR DE GB GE IE ME RS VA",
		23: "AE IL IQ TL",
		24: "AD CZ ES MD PK RO SA SE SK TN VG",
		25: "LY PT ST",
		26: "IS TR",
		27: "BI FR GR IT MC MR SM",
		28: "AL AZ BY CY DO GT HU LB NI PL SV",
		29: "BR EG PS QA UA",
		30: "JO KW MU",
		31: "MT SC",
		32: "LC",
		33: "RU",
	}.items()
	for country in countries.split()
}
_BODIES = {
	length - 4: re.compile(rf"(?:[ .+_-]{{0,2}}[A-Za-z0-9]){{{length - 4}}}")
	for length in set(LENGTHS.values())
}
_SEPARATORS = re.compile(r"[ .+_-]+")
# Where the bank stands in letters, the shape alone is beyond chance: a wrong check digit is a slip of the pen.
_LETTERED = re.compile(r"(?:NL\d\d[A-Z]{4}\d{10}|GB\d\d[A-Z]{4}\d{14}|IE\d\d[A-Z]{4}\d{14})\Z")
_ACCOUNT_WORD = re.compile(r"iban|rekening|account|bank|konto|dbtr|cdtr")
_BIC = re.compile(r"(?<![A-Za-z0-9])[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?(?![A-Za-z0-9])")
_BIC_REACH = 80  # characters between an IBAN and the BIC that belongs to it
_CARD = re.compile(r"[2-6][0-9]{3}(?:[ -]?[0-9]){9,15}(?![\w-])")
_CARD_BRANDS = re.compile(
	r"4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
	r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}"
)
_CARD_GROUPS = re.compile(r"\d+|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|3\d{3}([ -])\d{6}\2\d{4,5}")


def find_ibans(
	view: View, places: Sequence[tuple[int, int]], spaced: Sequence[tuple[int, int]] = ()
) -> Iterator[Span]:
	"""IBANs in any writing. A wrong check digit counts where the shape or a word before it leaves no doubt.

	`places`, `spaced`: check digits right behind the letters of a country, and behind one blank.
	"""
	flat = view.flat
	position = 0
	for digits, head, gap in merge(
		((start, end, 0) for start, end in places), ((start, end, 1) for start, end in spaced)
	):
		start = digits - 2 - gap
		length = LENGTHS.get(flat[start : start + 2].upper())
		if length is None or start < position:
			continue
		end = _end(flat, head, length - 4)
		if not end:
			continue
		alone = not flat[end : end + 1].isalnum() and not (start and flat[start - 1].isalnum())
		if _is_iban(view, start, end, certain=alone and not gap):
			position = end
			yield Span(start, end, "iban", flat[start:end])


def _end(flat: str, position: int, missing: int) -> int:
	"""Where an account number of so many more characters ends; 0 where the text is not as long."""
	body = _BODIES[missing].match(flat, position)
	return body.end() if body else 0


def _is_iban(view: View, start: int, end: int, *, certain: bool) -> bool:
	"""`certain`: the number stands as a word of its own, as nearly all do; else only one beyond chance counts."""
	number = _SEPARATORS.sub("", view.flat[start:end]).upper()
	lettered = _LETTERED.match(number) is not None
	if not certain:
		return (lettered or sum(map(str.isdigit, number)) >= len(number) - 8) and _checks(number)
	if lettered or _checks(number):
		return True
	# the rest of an unknown shape: digits with a country before them, and a word that says so
	return (
		sum(map(str.isdigit, number)) >= len(number) - 8
		and _ACCOUNT_WORD.search(view.low, max(0, start - 32), start) is not None
	)


@lru_cache(maxsize=4096)
def _checks(number: str) -> bool:
	# a country's own check digits are left to banks: a number that passes mod 97 is meant as an account
	return bool(iban.is_valid(number, check_country=False))


def find_bics(view: View, ibans: Sequence[Span]) -> Iterator[Span]:
	"""BICs within reach of an IBAN; elsewhere the shape fits too many ordinary words."""
	reached = 0
	for account in ibans:
		begin, end = max(reached, account.start - _BIC_REACH), account.end + _BIC_REACH
		reached = account.end
		for found in _BIC.finditer(view.flat, begin, min(end, len(view.flat))):
			inside = found.end() > account.start and found.start() < account.end
			if not inside and is_bic(found[0]) and _likely_bic(found[0], account.value):
				yield Span(found.start(), found.end(), "bic", found[0])


def is_bic(text: str) -> bool:
	"""Whether a text has the shape of a BIC of an existing country."""
	return bool(bic.is_valid(text)) and (text[4:6] in LENGTHS or text[4:6] in ("US", "JP", "CN", "IN", "CA"))


def _likely_bic(found: str, account: str) -> bool:
	return any(map(str.isdigit, found)) or found[4:6] == account[:2].upper()


def find_cards(view: View, places: Sequence[tuple[int, int]]) -> Iterator[Span]:
	"""Payment card numbers: the length of a brand, its first digits, and Luhn's check digit."""
	for start, _ in places:
		found = _CARD.match(view.flat, start)
		if found is None:
			continue
		digits = found[0].replace(" ", "").replace("-", "")
		if (
			_CARD_BRANDS.fullmatch(digits)
			and _CARD_GROUPS.fullmatch(found[0])
			and len(set(digits)) > 1
			and luhn.is_valid(digits)
		):
			yield Span(found.start(), found.end(), "card", digits)
