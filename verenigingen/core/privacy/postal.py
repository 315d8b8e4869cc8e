"""Finds postal addresses: Dutch postcodes that stand in one, and streets before a house number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .digits import Candidates
from .labels import labelled
from .tokens import Span
from .view import View

_POSTCODE = re.compile(r"[1-9][0-9]{3}[ +]{0,2}(?:[A-RT-Z][A-Z]|S[BCE-RT-Z])")
_UNITS_AFTER_NUMBER = frozenset(
	"KB MB GB TB PB KW MW HZ MS NS US PM AM OK ID EU IN AT IS TO OF BY ON NO OR AN".split()
)
_STREET_WORD = re.compile(
	r"postc|postal|zip|adres|address|straat|street|code|woon|huisn|bezorg|deliver|(?:laan|weg|plein|pad) \d"
)
# What stands behind the digits of a house number: 12b, 12-3, 222bis, 101 hs, 7/II, 14 huis, 3 III, 9 a-1.
_ADDITION = (
	r"(?:[ /-]{0,2}(?:bis|hs|huis|rood|rd|zw|[a-z]{0,2}hoog|ong|app?\.?|[IVX]{1,4})(?: ?[A-Za-z0-9]{1,3})?"
	r"| ?[a-zA-Z](?:[ -]?[0-9]{1,4})?| ?[-/] ?[0-9]{0,4}[a-zA-Z]{0,2}[0-9]{0,3})?"
)
_END = r"(?![\w]|[.:]\w)"
_HOUSE_NUMBER = re.compile(rf"[ ,+]{{1,3}}(?:huisnummer |nr\.? ?|number )?[0-9]{{1,5}}{_ADDITION}{_END}")
_GLUED_NUMBER = re.compile(rf"[0-9]{{1,5}}{_ADDITION}{_END}")
_HOUSE_NUMBER_BEFORE = re.compile(rf"[a-z.] [0-9]{{1,5}}{_ADDITION},? {{1,2}}\Z")
_PLACE = re.compile(r"[ ,+]{1,3}'?[A-Z][a-z'-]{2,}")
_STREETS = tuple(
	"straat laan weg plein singel gracht kade dijk steeg dreef plantsoen hof pad baan gang wal markt burg ring erf akker"
	" veld hoek oord haven tuin park zoom meent rak str.".split()
)
_AFTER_STREET = re.compile(rf"[0-9]{{1,5}}{_ADDITION}(?![\w.:]\w)(?!\w)")
_STREET_START = re.compile(r"[A-Z][A-Za-z'.-]{2,40}\Z")
_OPENS = ("'", '"', "=", ">", ",", ";", "\t")
_CLOSES = dict.fromkeys(_OPENS, ",;\t\r\n") | {"'": "'", '"': '"', "=": "&;,<)]} \r\n", ">": "<"}
_NO_STREET = frozenset(
	"notepad ipad launchpad keypad touchpad trackpad scratchpad string spring during benchmark".split()
)


def find_addresses(view: View, candidates: Candidates) -> Iterator[Span]:
	"""Dutch postcodes that stand in an address, and streets before a house number."""
	flat = view.flat
	for place, _ in candidates.postcodes:
		found = _POSTCODE.match(flat, place) or _POSTCODE.match(flat[place : place + 8].upper())
		if found:
			end = place + len(found[0])
			written = flat[place:end]
			if _in_address(view, place, end, lower=written != found[0]):
				yield Span(place, end, "postcode", written)
	for place, _ in candidates.houses:
		begin = flat.rfind(" ", max(0, place - 42), place - 1) + 1
		if flat.endswith(_STREETS, begin, place - 1) and _AFTER_STREET.match(flat, place):
			street = _STREET_START.search(flat[max(0, place - 42) : place - 1])
			start = place - 1 - len(street[0]) if street else 0
			if (
				street
				and len(street[0]) > 5
				and street[0].lower() not in _NO_STREET
				and _is_value(flat, start)
			):
				yield Span(start, place - 1, "address", street[0])


def _is_value(flat: str, start: int) -> bool:
	"""Whether a text begins a quoted or marked-up value, or stands in a line of local variables. In prose a street is
	left: there it is no more telling than its town, and much else is written like one."""
	if start and flat[start - 1] in "'\">":
		return True
	return flat.startswith("      ", flat.rfind("\n", 0, start) + 1)


def _in_address(view: View, start: int, end: int, *, lower: bool) -> bool:
	flat = view.flat
	before, after = flat[max(0, start - 24) : start], flat[end : end + 24]
	glued = after[:1].isalnum()
	if glued and not _GLUED_NUMBER.match(after):
		return False  # a word of its own that only begins like a postcode
	if _STREET_WORD.search(view.low, max(0, start - 24), start):
		return True
	if lower:
		return False
	# a whole value: quoted, marked up, a field between separators, or behind an equals sign
	unit = flat[start + 4 : end].strip(" +") in _UNITS_AFTER_NUMBER
	if (
		before[-1:] in _OPENS
		and (before[-1:] in "'\"" or not unit)
		and (glued or after.lstrip("\\")[:1] in _CLOSES[before[-1:]])
	):
		return not labelled(view.low, start)
	if unit:
		return False
	if glued:
		return _PLACE.match(after.lstrip("0123456789")) is not None
	if _HOUSE_NUMBER_BEFORE.search(before):
		return True
	return not labelled(view.low, start) and bool(_HOUSE_NUMBER.match(after) or _PLACE.match(after))
