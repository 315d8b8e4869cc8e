"""Where the value behind a name begins and ends, and what of it is personal or secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .banking import LENGTHS, is_bic
from .tokens import TOKEN, Span
from .view import BREAK, View

VALUE_LIMIT = 4_000  # characters of one value; a longer one is cut there
_CONTAINER_LIMIT = 4_000
_DEPTH = 16  # backslashes before a quote that are counted
Place = tuple[int, int, bool]  # start, end, whether quotes hold it

_OPENING = re.compile(r"[ \t]{0,4}(?:[bBuUrRfF]{1,2}(?=['\"]))?(\\{0,8})([\"'`])")
_BARE = re.compile(rf"[^\s&;,'\"`()\[\]{{}}<>|{BREAK}]+")
_SKIPPED = re.compile(r"[ \t]{0,4}")
# The value of a header that is written without quotes: credentials with their scheme, or cookies.
_HEADER = re.compile(
	rf"[ \t]{{0,4}}((?:(?:Bearer|Basic|Token|Negotiate|ApiKey)[ ]{{1,3}})?[^\s;=\"'{BREAK}]{{1,4000}}(?![^\s;\"'{BREAK}])"
	rf"|(?:[^\s;=\"'{BREAK}]{{1,200}}=[^\s;\"'{BREAK}]{{0,4000}}(?:;[ ]{{0,2}}|,[ ]{{1,2}})?){{1,60}}|Digest[ ][^\n\r{BREAK}]{{1,2000}})",
	re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|Digest|Negotiate|ApiKey|Api-Key)[ ]{1,3}", re.IGNORECASE)
_STRING = re.compile(r"(\\{0,8})([\"'])")
_CLOSERS = {"(": ")", "[": "]", "{": "}"}

# No values: nothing, placeholders, what was masked already.
_NOTHING = re.compile(
	r"(?:none|null|nil|true|false|undefined|nan|empty|\*+|•+|x{3,}|\[?(?:filtered|redacted|masked|hidden|removed)\]?|%s|%\(\w+\)s"
	r"|\$?\{.*\}|:\w+|\?|<.*>|0|1)?\Z",
	re.IGNORECASE,
)
_CODE = re.compile(r"[a-z_]+(?:\.[a-z_]+)+\Z|(?:self|cls|frappe|os|settings|doc|request)\.")
_WORDS_NOT_SECRETS = frozenset(
	"required invalid missing expired incorrect wrong mandatory optional not must should is are was cannot empty field does"
	" has the a an and or for of to in on with valid unknown denied failed error changed reset ok yes no verlopen ongeldig"
	" onjuist verplicht vergeten gewijzigd niet moet string password token secret bearer basic".split()
)
_RANDOM = re.compile(r"(?=[^0-9]{0,200}[0-9])(?=[^A-Za-z]{0,200}[A-Za-z])[A-Za-z0-9+/=_.~-]{16,}\Z")
_NOT_PERSONS = frozenset(
	"administrator guest system unknown onbekend none anonymous test user customer".split()
)
_PERSON = re.compile(r"[^\d@_/\\<>{}=|#%*]{2,80}\Z")
_NAME_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_BARE_PERSON = re.compile(
	r"[ \t]{0,4}([A-Z][A-Za-z'.-]*(?:[ +](?:[A-Z][A-Za-z'.-]*|van|de|den|der|ten|ter|te|von|in|'t|la|el|al)){0,5})"
)
_DIGIT = re.compile(r"\d")
_BARE_PHONE = re.compile(r"[ \t]{0,4}([+(]{0,2}\d(?:[ .()/-]{0,2}\d){6,14})(?!\d)")
_PHONE = re.compile(r"[+(]{0,2}\d(?:[ .()/-]{0,3}\d){6,14}\Z")
_POSTCODE = re.compile(
	r"[1-9]\d{3} ?[A-Za-z]{2}(?![A-Za-z0-9])|(?:[A-Z]{1,2}-)?\d{4,5}\Z|[A-Z]{1,2}\d[A-Z0-9]? ?\d[A-Z]{2}\Z"
)
_ACCOUNT = re.compile(r"[A-Za-z]{2}[ ]?\d\d[ .A-Za-z0-9-]{8,36}\Z|\d[\d .-]{5,18}\d\Z")


def whole_value(view: View, position: int, separator: str, *, header: bool) -> Iterator[Place]:
	"""The stretches that hold the value which begins at or after a place: one, or each string of a container."""
	flat = view.flat
	if separator == ">":
		end = flat.find("<", position, position + VALUE_LIMIT)
		if end > position and flat.startswith("</", end):
			yield position, end, True
		return
	opening = _OPENING.match(flat, position)
	if opening:
		yield opening.end(), closing(flat, opening.end(), opening[1], opening[2]), True
		return
	# where what stands before the value is escaped as well, all of it is a query within a query: its ends are ends
	bounded = flat if position - 1 in view.escaped else view.solid
	if header:
		value = _HEADER.match(bounded, position)
		if value:
			yield value.start(1), value.start(1) + len(value[1].rstrip("; ,")), True
		return
	begin = _SKIPPED.match(flat, position).end()  # type: ignore[union-attr]
	if flat[begin : begin + 1] in _CLOSERS and begin < len(flat):
		yield from _strings(flat, begin)
		return
	bare = _BARE.match(bounded, begin, min(len(flat), begin + VALUE_LIMIT))
	if bare:
		yield bare.start(), bare.end(), False


def closing(flat: str, position: int, slashes: str, quote: str) -> int:
	"""Where the string that was opened before `position` ends; a string without an end ends with its line."""
	limit = min(len(flat), position + VALUE_LIMIT)
	at = flat.find(quote, position, limit)
	while at >= 0:
		before = 0
		while before < _DEPTH and at - before > position and flat[at - before - 1] == "\\":
			before += 1
		if before == len(slashes) or (not slashes and before % 2 == 0):
			return at - len(slashes)
		at = flat.find(quote, at + 1, limit)
	end = flat.find("\n", position, limit)
	return limit if end < 0 else end


def _strings(flat: str, begin: int) -> Iterator[Place]:
	"""The strings in a bracket, keys of dictionaries apart."""
	depth, position, limit = 0, begin, min(len(flat), begin + _CONTAINER_LIMIT)
	while position < limit:
		char = flat[position]
		if char in "([{":
			depth += 1
		elif char in ")]}":
			depth -= 1
			if depth == 0:
				return
		elif char in "\\\"'":
			opening = _STRING.match(flat, position)
			if opening:
				end = closing(flat, opening.end(), opening[1], opening[2])
				after = flat[end : end + 12].lstrip("\\'\" ")
				if not after.startswith(":"):
					yield opening.end(), end, True
				position = end + len(opening[1]) + 1
				continue
		position += 1


def spans_of(kind: str, flat: str, start: int, end: int, *, quoted: bool, separator: str) -> Iterator[Span]:
	"""What of a value to replace, given what its name announced."""
	value = flat[start:end]
	if _NOTHING.match(value.strip()) or TOKEN.fullmatch(value.strip()):
		return
	if kind in ("secret", "key"):
		yield from _secret(flat, start, end, bare=not quoted, strict=kind == "key", separator=separator)
	elif kind == "name":
		yield from _person(flat, start, end, quoted)
	elif kind == "phone":
		yield from _phone(flat, start, end, quoted)
	elif kind == "postcode":
		found = _POSTCODE.match(value)
		if found:
			yield Span(start, start + found.end(), "postcode", found[0])
	elif kind == "address":
		if quoted and any(map(str.isalpha, value)) and "@" not in value and len(value) < 200:
			yield Span(start, end, "address", value)
	elif kind == "iban":
		if _ACCOUNT.match(value) and (value[:2].upper() in LENGTHS or value[0].isdigit()):
			yield Span(start, end, "iban", value)
	elif kind == "bic" and is_bic(value.strip().upper()):
		yield Span(start, end, "bic", value)


def _secret(flat: str, start: int, end: int, *, bare: bool, strict: bool, separator: str) -> Iterator[Span]:
	scheme = _SCHEME.match(flat, start, end)
	if scheme:
		start = scheme.end()
	elif bare and _SCHEME.match(flat, start):
		scheme = _SCHEME.match(flat, start)
		following = _BARE.match(flat, scheme.end()) if scheme else None
		if following:
			start, end = following.span()
	value = flat[start:end]
	if strict and not _RANDOM.match(value):
		return
	if bare:
		value = value.rstrip(".:!?")
		end = start + len(value)
		if not _is_bare_secret(flat, value, start, end, separator):
			return
	if value.strip() and not TOKEN.fullmatch(value.strip()):
		yield Span(
			start, end, "jwt" if value.startswith("eyJ") and value.count(".") == 2 else "secret", value
		)


def _is_bare_secret(flat: str, value: str, start: int, end: int, separator: str) -> bool:
	if not value or value.lower() in _WORDS_NOT_SECRETS or flat[end : end + 1] == "(" or _CODE.match(value):
		return False
	tight = separator == "=" and flat[start - 1] == "="
	if tight or not value.isalpha() or not (value.islower() or value.istitle()):
		return len(value) > 1
	return len(value) >= 8 and flat[end : end + 1] in ("", "\n", "\r", ".", BREAK)


def _person(flat: str, start: int, end: int, quoted: bool) -> Iterator[Span]:
	if not quoted:
		bare = _BARE_PERSON.match(flat, start)
		if bare is None:
			return
		start, end = bare.span(1)
	value = flat[start:end]
	if _PERSON.match(value) and value.strip().lower() not in _NOT_PERSONS:
		for word in _NAME_WORD.finditer(flat, start, end):
			yield Span(word.start(), word.end(), "name", word[0])


def _phone(flat: str, start: int, end: int, quoted: bool) -> Iterator[Span]:
	if quoted:
		if _PHONE.match(flat[start:end].strip()):
			yield Span(start, end, "phone", flat[start:end])
		return
	bare = _BARE_PHONE.match(flat, start)
	if bare:
		yield Span(*bare.span(1), "phone", bare[1])
