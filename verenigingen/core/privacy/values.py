"""Where the value behind a name begins and ends, and what of it is personal or secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .banking import LENGTHS, is_bic
from .tokens import TOKEN, Span
from .view import BREAK, View

VALUE_LIMIT = 4_000  # characters of one value without an end; a longer one is cut there
_QUOTED_LIMIT = 16_000  # characters within which the end of a string is looked for
_CONTAINER_LIMIT = 4_000
_PLAIN_LIMIT = 200  # of a value that is no secret: names, numbers, dates
_DEPTH = 16  # backslashes before a quote that are counted
Place = tuple[int, int, bool]  # start, end, whether quotes hold it

_OPENING = re.compile(r"(?:[bBuUrRfF]{1,2}(?=['\"]))?(\\{0,8})([\"'`])")
_QUOTING = frozenset("bBuUrRfF\\\"'`")  # what it can begin with
_BARE = re.compile(rf"[^\s&;,'\"`()\[\]{{}}<>|{BREAK}]+")
# The value of a header that is written without quotes: credentials with their scheme, or cookies.
_HEADER = re.compile(
	rf"[ \t]{{0,4}}((?:(?:Bearer|Basic|Token|Negotiate|ApiKey)[ ]{{1,3}})?[^\s;=\"'{BREAK}]{{1,4000}}(?![^\s;\"'{BREAK}])"
	rf"|(?:[^\s;=\"'{BREAK}]{{1,200}}=[^\s;\"'{BREAK}]{{0,4000}}(?:;[ ]{{0,2}}|,[ ]{{1,2}})?){{1,60}}|Digest[ ][^\n\r{BREAK}]{{1,2000}})",
	re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|Digest|Negotiate|ApiKey|Api-Key)[ ]{1,3}", re.IGNORECASE)
_PIECE = re.compile(r"(\\{0,8})([\"'])|[(\[{)\]}]")
OPENERS = ("(", "[", "{")

# What of a secret stands behind a blank, where a label and no quote goes before it: `password: Zomer 2026`. Words with a
# digit or a sign belong to it, words with a capital up to the end of the line.
_WORD_OF = rf"[^\s'\",;:=()\[\]{{}}<>&|{BREAK}]"
_MORE = re.compile(
	rf"(?:[ ]{{1,2}}(?!\d{{1,4}}[-/]\d\d?[-/])(?={_WORD_OF}{{0,30}}[0-9!#$%*?^]){_WORD_OF}{{1,40}}){{1,3}}"
	rf"|(?:[ ]{{1,2}}(?=[A-Z0-9]){_WORD_OF}{{1,40}}){{1,3}}(?=[ \t]{{0,3}}(?:[\r\n,;]|\Z))"
)

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
_RANDOM = re.compile(
	r"(?![A-Za-z_-]{2,30}=[^=])(?=[^0-9]{0,200}[0-9])(?=[^A-Za-z]{0,200}[A-Za-z])[A-Za-z0-9+/=_.~-]{16,}\Z"
)
_MIXED = re.compile(r"(?=[^0-9]{0,60}[0-9])(?=[^A-Za-z]{0,60}[A-Za-z])[!-+.-~]{8,60}\Z")
_SIGNED = re.compile(
	r"(?=[^0-9]{0,60}[0-9])(?=[^A-Za-z]{0,60}[A-Za-z])(?=[^$!~#*^@]{0,60}[$!~#*^@])[!-+.-~-]{8,60}\Z"
)
_NOT_PERSONS = frozenset(
	"administrator guest system unknown onbekend none anonymous test user customer".split()
)
_PERSON = re.compile(r"[^\d@_/\\<>{}=|#%*]{2,80}\Z")
_NAME_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_BARE_PERSON = re.compile(
	r"[ \t]{0,4}([A-Z][A-Za-z'.-]*(?:[ +](?:[A-Z][A-Za-z'.-]*|van|de|den|der|ten|ter|te|von|in|'t|la|el|al)){0,5})"
)
_DIGIT = re.compile(r"\d")
_FRAME_LINE = re.compile(r"[ \t|>+]{0,24}File \"[^\"\n]{1,300}\", line \d+")
_BARE_PHONE = re.compile(r"[ \t]{0,4}([+(]{0,2}\d(?:[ .()/-]{0,2}\d){6,14})(?!\d)")
_PHONE = re.compile(r"[+(]{0,2}\d(?:[ .()/-]{0,3}\d){6,14}\Z")
_POSTCODE = re.compile(
	r"[1-9]\d{3} ?[A-Za-z]{2}(?![A-Za-z0-9])|(?:[A-Z]{1,2}-)?\d{4,5}\Z|[A-Z]{1,2}\d[A-Z0-9]? ?\d[A-Z]{2}\Z"
)
_ACCOUNT = re.compile(r"[A-Za-z]{2}[ ]?\d\d[ .A-Za-z0-9-]{8,36}\Z|\d[\d .-]{5,18}\d\Z")


def first_of(flat: str, position: int) -> int:
	"""Where the value begins whose place is after some blanks."""
	stop = position + 4
	while position < stop and flat[position : position + 1] in (" ", "\t"):
		position += 1
	return position


def whole_value(
	view: View, position: int, begin: int, separator: str, *, header: bool, secret: bool
) -> list[Place]:
	"""The stretch that holds the value behind a separator, which ends at `position`; the value begins at `begin`."""
	flat = view.flat
	if separator == ">":
		end = flat.find("<", position, position + VALUE_LIMIT)
		return [(position, end, True)] if end > position and flat.startswith("</", end) else []
	char = flat[begin : begin + 1]
	if char in _QUOTING and (opening := _OPENING.match(flat, begin)):
		return [(opening.end(), closing(flat, opening.end(), opening[1], opening[2]), True)]
	# where what stands before the value is escaped as well, all of it is a query within a query: its ends are ends
	bounded = flat if position - 1 in view.escaped else view.solid
	if header:
		value = _HEADER.match(bounded, position)
		return [(value.start(1), value.start(1) + len(value[1].rstrip("; ,")), True)] if value else []
	limit = VALUE_LIMIT if secret else _PLAIN_LIMIT
	bare = _BARE.match(bounded, begin, min(len(flat), begin + limit))
	return [(bare.start(), bare.end(), False)] if bare else []


def strings_of(flat: str, position: int) -> tuple[int, list[Place]]:
	"""Where the container that begins at a place ends, and its strings, keys of dictionaries apart."""
	end = position
	strings: list[Place] = []
	for is_string, start, stop in _pieces(flat, position, min(len(flat), position + _CONTAINER_LIMIT)):
		if is_string and not flat[stop : stop + 12].lstrip("\\'\" ").startswith(":"):
			strings.append((start, stop, True))
		end = max(end, stop)
	return end, strings


def closing(flat: str, position: int, slashes: str, quote: str) -> int:
	"""Where the string that was opened before `position` ends; a string without an end ends with its line."""
	limit = min(len(flat), position + _QUOTED_LIMIT)
	at = flat.find(quote, position, limit)
	while at >= 0:
		before = 0
		while before < _DEPTH and at - before > position and flat[at - before - 1] == "\\":
			before += 1
		if before == len(slashes) or (not slashes and before % 2 == 0):
			return at - len(slashes)
		at = flat.find(quote, at + 1, limit)
	limit = min(len(flat), position + VALUE_LIMIT)
	end = flat.find("\n", position, limit)
	return limit if end < 0 else end


def bracket_end(flat: str, begin: int, reach: int = _CONTAINER_LIMIT) -> int:
	"""Where the bracket at a place is closed, strings apart; where its reach ends if it is not."""
	end = begin
	for kind, start, stop in _pieces(flat, begin, min(len(flat), begin + reach)):
		end = stop if kind else start
	return end


def _pieces(flat: str, begin: int, limit: int) -> Iterator[tuple[bool, int, int]]:
	"""The strings in a bracket (True, begin, end), and last the place of its end (False, place, place)."""
	depth, position = 0, begin
	while position < limit:
		found = _PIECE.search(flat, position, limit)
		if found is None:
			break
		position = found.end()
		if found[2]:
			end = closing(flat, position, found[1], found[2])
			yield True, position, end
			position = end + len(found[1]) + 1
		elif found[0] in "([{":
			depth += 1
		else:
			depth -= 1
			if depth == 0:
				yield False, found.start(), found.start()
				return
	yield False, limit, limit


def in_source(flat: str, position: int) -> bool:
	"""Whether a place lies in a line of a program that a traceback shows: names before `=` are variables there."""
	begin = flat.rfind("\n", 0, position) + 1
	if flat[begin : begin + 2] != "  " or begin == 0:
		return False
	above = flat.rfind("\n", 0, begin - 1) + 1
	return _FRAME_LINE.match(flat, above, begin) is not None


def spans_of(kind: str, flat: str, start: int, end: int, *, quoted: bool, separator: str) -> Iterator[Span]:
	"""What of a value to replace, given what its name announced."""
	value = flat[start:end]
	bare_value = value.strip()
	if not bare_value or _NOTHING.match(bare_value):
		return
	if bare_value[0] == "<" and TOKEN.match(bare_value):
		return  # gone already
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
		if separator == "/":
			value = value.partition("/")[0]
			end = start + len(value)
		labelled = separator not in ("=", ",", "/") and not value.endswith(".") and not scheme
		more = _MORE.match(flat, end) if labelled else None
		value = value.rstrip(".:!?") if not more else flat[start : more.end()].rstrip(".:?")
		end = start + len(value)
		if not _is_bare_secret(flat, value, start, end, separator):
			return
	if value.strip() and not TOKEN.match(value.strip()):
		yield Span(
			start, end, "jwt" if value.startswith("eyJ") and value.count(".") == 2 else "secret", value
		)


def _is_bare_secret(flat: str, value: str, start: int, end: int, separator: str) -> bool:
	first = value[:_PLAIN_LIMIT].partition(" ")[0]
	if not value or first.lower() in _WORDS_NOT_SECRETS or flat[end : end + 1] == "(" or _CODE.match(first):
		return False
	tight = separator == "=" and flat[start - 1] == "="
	if separator in (",", "/"):  # in a row of values, in a path: only what no word is
		told = _SIGNED.match(value) or (separator == "," and _MIXED.match(value))
		return bool(told) or _RANDOM.match(value) is not None
	if tight or not value.isalpha() or not (value.islower() or value.istitle() or value.isupper()):
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
