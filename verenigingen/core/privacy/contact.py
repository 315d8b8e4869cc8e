"""Finds what reaches a person or a device: mail addresses, telephone numbers, postal addresses, IP addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import phonenumbers

from .digits import Candidates
from .tokens import Span
from .view import View

_DOMAIN = re.compile(
	r"@(?:[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})\.){1,8}[A-Za-z][A-Za-z0-9-]{1,24}(?![A-Za-z0-9])"
)
_LOCAL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-"
_LOCAL_LENGTH = 64
# Units of systemd are written like addresses.
_UNITS = frozenset("service socket timer target mount device slice scope path swap".split())

_NATIONAL = re.compile(r"0[1-9]\)?(?:[ .()/-]{0,2}[0-9]){8}")
_FOREIGN = re.compile(r"\+[1-9](?:[ .()/-]{0,3}[0-9]){7,14}(?![0-9])")
_DOUBLE_ZERO = re.compile(r"00[1-9](?:[ .()/-]{0,2}[0-9]){8,13}(?!\w)")
_PHONE_WORD = re.compile(
	r"tel|phone|fax|mobi|gsm|bel |bell|whatsapp|sms|contact|bereik|nummer|number|caller|call|dial|nr\.? "
)
# How a Dutch number is grouped: the area code first, then at least two digits at a time.
_GROUPING = re.compile(r"\(?0\d{1,3}\)?[ .()/-]{0,2}(?:\d{2,8}(?:[ .-]\d{2,7}){0,4})")
_DATE = re.compile(r"\d{2}([-/. ])\d{2}\1\d{4}|\d{2}([-/.])\d{2}\2\d{2} ")
_DIGITS = re.compile(r"\D+")

_POSTCODE = re.compile(r"[1-9][0-9]{3}[ +]{0,2}(?:[A-RT-Z][A-Z]|S[BCE-RT-Z])")
_UNITS_AFTER_NUMBER = frozenset(
	"KB MB GB TB PB KW MW HZ MS NS US PM AM OK ID EU IN AT IS TO OF BY ON NO OR AN".split()
)
_STREET_WORD = re.compile(r"postc|postal|zip|adres|address|straat|street|code|woon|(?:laan|weg|plein|pad) \d")
_HOUSE_NUMBER = re.compile(
	r"[ ,+]{1,3}(?:huisnummer |nr\.? ?|number )?[0-9]{1,5}(?: ?[a-zA-Z]| ?-[ ]?[0-9a-zA-Z]{1,4})?(?![\w.:])"
)
_HOUSE_NUMBER_BEFORE = re.compile(r"[a-z]{2} [0-9]{1,5}(?: ?[a-zA-Z])?(?:-[0-9a-zA-Z]{1,4})?,? {1,2}\Z")
_PLACE = re.compile(r"[ ,+]{1,3}'?[A-Z][a-z'-]{2,}")
_STREETS = tuple(
	"straat laan weg plein singel gracht kade dijk steeg dreef plantsoen hof pad baan gang wal markt burg ring erf akker"
	" veld hoek oord haven tuin park zoom meent rak str.".split()
)
_AFTER_HOUSE = re.compile(r"[0-9]{1,4}(?: ?[a-zA-Z])?(?![\w.:]\w)(?!\w)")
_STREET_START = re.compile(r"[A-Z][A-Za-z'.-]{2,40}\Z")
_NO_STREET = frozenset(
	"notepad ipad launchpad keypad touchpad trackpad scratchpad string spring during benchmark".split()
)

_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:")
_IPV6 = re.compile(r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_HEX = "0123456789abcdefABCDEF:"
_VERSION_BEFORE = re.compile(r"(?:\bv|version|versie|release|==|>=|<=)[ :=]{0,2}\Z")


def find_mails(view: View) -> Iterator[Span]:
	"""Mail addresses."""
	flat = view.flat
	for found in _DOMAIN.finditer(flat):
		at = found.start()
		before = flat[max(0, at - _LOCAL_LENGTH) : at]
		local = before[len(before.rstrip(_LOCAL)) :].lstrip(".-+%")
		end = found.end()
		if local and flat[at + 1 : end].rpartition(".")[2].lower() not in _UNITS:
			yield Span(at - len(local), end, "mail", flat[at - len(local) : end])


def find_phones(view: View, found: Candidates) -> Iterator[Span]:
	"""Telephone numbers: Dutch ones in national writing, and those of any country behind a plus sign or 00."""
	flat = view.flat
	for start, _ in found.national:
		number = _NATIONAL.match(flat, start)
		if number and _is_national(view, number):
			open_ = start > 0 and flat[start - 1] == "(" and ")" in number[0]
			yield Span(start - open_, number.end(), "phone", number[0])
	if "+" in flat:
		for number in _FOREIGN.finditer(flat):
			start = number.start()
			end = _foreign_end(number[0])
			if end and not (start and flat[start - 1].isalnum()):
				yield Span(start, start + end, "phone", number[0][:end])
	for start, _ in found.double_zero:
		number = _DOUBLE_ZERO.match(flat, start)
		digits = _DIGITS.sub("", number[0]) if number else ""
		if number and _possible("+" + digits[2:], valid=not digits.startswith("0031")):
			yield Span(start, number.end(), "phone", number[0])


def _is_national(view: View, found: re.Match[str]) -> bool:
	text = found[0]
	digits = _DIGITS.sub("", text)
	start = found.start()
	if len(digits) != 10 or _DATE.match(text) or _GROUPING.fullmatch(text) is None:
		return False
	told = _PHONE_WORD.search(view.low, max(0, start - 24), start) is not None
	before = view.flat[start - 1 : start]
	if before and before in "-/,+#:" and not told:
		return False  # the end of a document's name, of an amount, of a path
	if told or digits[1] == "6":
		return True
	after = view.flat[found.end() : found.end() + 1]
	# ten digits in a row, standing bare, are more often the number of something else
	written = text != digits or (before != "" and before in "'\"=" and after in ("'", '"', "&", ""))
	return written and _possible("+31" + digits[1:], valid=True)


def _foreign_end(text: str) -> int:
	"""How much of a candidate is the number: digits of what follows may have been taken along. 0 for none."""
	end = len(text)
	while end >= 9:
		digits = "+" + _DIGITS.sub("", text[:end])
		if _possible(digits.replace("+310", "+31", 1), valid=False):
			return end
		# give up the last group
		shorter = text[:end].rstrip("0123456789").rstrip(" .()/-")
		end = len(shorter)
	return 0


@lru_cache(maxsize=4096)
def _possible(number: str, *, valid: bool) -> bool:
	try:
		parsed = phonenumbers.parse(number, None)
	except phonenumbers.NumberParseException:
		return False
	if valid:
		return bool(phonenumbers.is_valid_number(parsed))
	return bool(phonenumbers.is_possible_number(parsed)) and len(number) >= 9


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
		if flat.endswith(_STREETS, begin, place - 1) and _AFTER_HOUSE.match(flat, place):
			street = _STREET_START.search(flat[max(0, place - 42) : place - 1])
			start = place - 1 - len(street[0]) if street else 0
			if (
				street
				and len(street[0]) > 5
				and street[0].lower() not in _NO_STREET
				and _is_value(flat, start)
			):
				yield Span(start, place - 1, "postcode", street[0])


def _is_value(flat: str, start: int) -> bool:
	"""Whether a text begins a quoted or marked-up value, or stands in a line of local variables. In prose a street is
	left: there it is no more telling than its town, and much else is written like one."""
	if start and flat[start - 1] in "'\">":
		return True
	return flat.startswith("      ", flat.rfind("\n", 0, start) + 1)


def _in_address(view: View, start: int, end: int, *, lower: bool) -> bool:
	flat = view.flat
	before, after = flat[max(0, start - 24) : start], flat[end : end + 24]
	if _STREET_WORD.search(view.low, max(0, start - 24), start):
		return True
	if lower:
		return False
	if before[-1:] in "'\"" and after[:1] == before[-1:] and before:
		return True
	if flat[start + 4 : end].strip(" +") in _UNITS_AFTER_NUMBER:
		return False
	if _HOUSE_NUMBER.match(after) or _PLACE.match(after):
		return True
	return _HOUSE_NUMBER_BEFORE.search(before) is not None


def find_ips(view: View, places: Sequence[tuple[int, int]]) -> Iterator[Span]:
	"""IP addresses of both kinds; versions of four numbers are told by the word before them."""
	flat = view.flat
	for start, end in places:
		before = view.low[max(0, start - 12) : start]
		if all(int(part) < 256 for part in flat[start:end].split(".")) and not _VERSION_BEFORE.search(before):
			yield Span(start, end, "ip", flat[start:end])
	done = 0
	for colons in _COLONS.finditer(flat):
		before = flat[max(0, colons.start() - 40) : colons.start()]
		start = colons.start() - len(before) + len(before.rstrip(_HEX))
		if start < done or (start and (flat[start - 1].isalnum() or flat[start - 1] in "_.")):
			continue
		found = _IPV6.match(flat, start)
		if found and _is_ipv6(found[0]):
			done = found.end()
			yield Span(start, done, "ip", found[0])


@lru_cache(maxsize=1024)
def _is_ipv6(text: str) -> bool:
	if len(text) < 4 or ("::" not in text and text.count(":") != 7):
		return False
	if not any(map(str.isdigit, text)):
		return False  # std::vector has letters of hexadecimal numbers, too
	try:
		ipaddress.IPv6Address(text)
	except ValueError:
		return False
	return True
