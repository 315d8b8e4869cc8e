"""Finds what reaches a person or a device: mail addresses, telephone numbers, IP addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence, Set
from functools import lru_cache

import phonenumbers

from .digits import Candidates
from .keyed import places
from .labels import labelled
from .tokens import Span
from .view import View

_DOMAIN = re.compile(
	r"@(?:[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})\.){1,8}[A-Za-z][A-Za-z0-9-]{1,24}(?![A-Za-z0-9])"
)
_LOCAL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-"
_LOCAL_LENGTH = 64
# Units of systemd are written like addresses.
_UNITS = frozenset("service socket timer target mount device slice scope path swap".split())

_NATIONAL = re.compile(r"0[1-9]\)?(?:[ .()/-]{0,3}[0-9]){8}")
_FOREIGN = re.compile(r"\+[1-9](?:[ .()/-]{0,3}[0-9]){7,14}(?![0-9])")
_DOUBLE_ZERO = re.compile(r"00[ .-]?[1-9](?:[ .()/-]{0,3}[0-9]){8,13}(?!\w)")
# Words that announce a telephone number, and whole words that do in front of one.
_PHONE_WORD = re.compile(r"tel|phone|fax|mobi|gsm|bel |bell|whatsapp|sms|contact|bereik|caller|call|dial")
_PHONE_WORDS = frozenset(
	"tel telefoon telefoonnummer phone telephone fax mobile mobiel mobielnummer gsm whatsapp sms cell cellphone"
	" phonenumber".split()
)
_TOLD = re.compile(
	r"(?:[_ -]{0,2}(?:nr|no|number|nummer|num)\b)?[\"'\])>]{0,2}[ \t]{0,2}(?:[:=,]|is|to|naar|op)?[ \t]{0,2}[\"'(]{0,2}"
	r"([1-9](?:[ .()/-]{0,3}[0-9]){8,12})(?![\w-]|[.,:][0-9])"
)
# How a Dutch number is grouped: the area code first, then at least two digits at a time.
_GROUPING = re.compile(r"\(?0\d{1,3}\)?[ .()/-]{0,3}(?:\d{2,8}(?:[ .-]\d{2,7}){0,4})")
_DATE = re.compile(r"\d{2}([-/. ])\d{2}\1\d{4}|\d{2}([-/.])\d{2}\2\d{2} ")
_DIGITS = re.compile(r"\D+")

_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:")
_IPV6 = re.compile(r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_COLON_RUN = re.compile(r"[0-9A-Fa-f:]*")
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


def find_phones(view: View, found: Candidates, words: Set[str]) -> Iterator[Span]:
	"""Telephone numbers: Dutch ones in national writing, those of any country behind a plus sign or 00, and behind a
	word for a telephone (`words`: those of the view) also without either."""
	flat = view.flat
	for start, _ in found.national:
		number = _NATIONAL.match(flat, start)
		if number and _is_national(view, number):
			open_ = start > 0 and flat[start - 1] == "(" and ")" in number[0]
			yield Span(start - open_, number.end(), "phone", number[0])
	if "+" in flat:
		last = 0  # a number may follow another without a blank
		for number in _FOREIGN.finditer(flat):
			start = number.start()
			end = _foreign_end(number[0])
			if end and (start == last or not flat[start - 1].isalnum()):
				last = start + end
				yield Span(start, start + end, "phone", number[0][:end])
	for start, _ in found.double_zero:
		number = _DOUBLE_ZERO.match(flat, start)
		digits = _DIGITS.sub("", number[0]) if number else ""
		if number and _possible(
			"+" + digits[2:].replace("310", "31", 1), valid=not digits.startswith("0031")
		):
			yield Span(start, number.end(), "phone", number[0])
	for _, end in places(view.low, sorted(words & _PHONE_WORDS)):
		number = _TOLD.match(view.low, end)
		if number and _is_told(_DIGITS.sub("", number[1])):
			yield Span(*number.span(1), "phone", number[1])


def _is_told(digits: str) -> bool:
	"""Whether digits without a zero in front are a number: with the country's, or a Dutch one without its zero."""
	if len(digits) == 9:
		return _possible("+31" + digits, valid=True)
	return _possible("+" + digits, valid=len(digits) < 11 or digits[0] not in "34")


def _is_national(view: View, found: re.Match[str]) -> bool:
	text = found[0]
	digits = _DIGITS.sub("", text)
	start = found.start()
	if len(digits) != 10 or _DATE.match(text) or _GROUPING.fullmatch(text) is None:
		return False
	if _PHONE_WORD.search(view.low, max(0, start - 24), start):
		return True
	before, after = view.flat[max(0, start - 2) : start], view.flat[found.end() : found.end() + 1]
	mark = before[-1:]
	if mark and mark in "-/,+#:" and not (mark == "," and after in (",", "\n", "\r", "")):
		return False  # the end of a document's name, of an amount, of a path; but a field between commas
	if labelled(view.low, start):
		return False
	if digits[1] == "6":
		return True
	# ten digits in a row, standing bare, are more often the number of something else
	written = text != digits or (mark != "" and mark in "'\"=,>" and after in ("'", '"', "&", ",", "<", ""))
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
		done = _COLON_RUN.match(flat, start).end()  # type: ignore[union-attr]
		if found and _is_ipv6(found[0]):
			yield Span(start, found.end(), "ip", found[0])


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
