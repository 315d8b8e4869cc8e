"""Finds values by the name before them: `password='…'`, `"api_secret": "…"`, `Authorization: Bearer …`, `?token=…`,
`<voornaam>…</voornaam>`, at any depth of dicts, JSON in strings, SQL and headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .births import find_births
from .keynames import kind_of
from .tokens import TOKEN, Span
from .values import OPENERS, closing, first_of, in_source, spans_of, strings_of, whole_value
from .view import BREAK, View

_NAME_CHARS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
_NAME_LENGTH = 64
# What follows the word: the rest of the name, a quote of any depth, and what separates it from the value.
_TAIL = (
	r"(?:[0-9_-][\w-]{0,40}(?![\w-]))?((?:\\{0,8}[\"'`\]]){0,2})[ \t]{0,4}"
	r"(=>|[!<]?=|:(?:</\w{1,8}>)?|[>,/]|</(?:td|th|dt|b|strong|label|span)>:?\s{0,4}<(?:td|dd|span)\b[^<>]{0,60}>|(?<=[ \t])(?:is|was|luidt|like)(?=[ \t])|(?<=[ \t])(?=\\{0,8}['\"])"
	rf"|(?<=['\"])(?=[ \t]{{1,2}}(?:value|content|default)\b|[\r\n{BREAK}]{{2,4}}[^\s-]))"
)
_REST = re.compile(_TAIL)
_LETTERS = re.compile(r"[^\W\d_]+")
MANY = 24  # different telling words in one stretch: then one pass over all names is cheaper than one per word
_HEADERS = frozenset(
	"authorization proxy-authorization cookie set-cookie x-api-key x-auth-token x-frappe-csrf-token".split()
)
# A name alone in front of a quoted value is one only where it can be nothing else: `smtp_password 'abc def'`.
_BLANKS = (" ", "\t", "\n", "")
_PLAIN_SECRETS = ("password", "passwd", "passphrase", "wachtwoord", "secret", "pwd")
# What stands before a name that is itself a value: the bracket of a pair, or the key of a record about a field.
_PAIR_BEFORE = re.compile(r"[(\[][ \n]{0,8}[bu]?\\{0,8}[\"']\Z")
_FIELD_BEFORE = re.compile(
	r"(?:name|key|field|param|parameter|column|label|header)\\{0,8}[\"']?[ ]?[:=]>?[ ]?[bu]?\\{0,8}[\"']\Z",
	re.IGNORECASE,
)
_VALUE_KEY = re.compile(
	rf"[\s{BREAK}]{{0,8}}\\{{0,8}}[\"']?(?:value|val|content|default|new|old|data|text)\\{{0,8}}[\"']?[ ]?[:=]>?",
	re.IGNORECASE,
)
_NEXT_STRING = re.compile(rf"[\s{BREAK}]{{0,8}}[bu]?(\\{{0,8}})([\"'])")
_COMMA = re.compile(rf"\\{{0,8}}[\"'][ ]?,[\s{BREAK}]{{0,8}}")
_FIELD = re.compile(r"[a-z][a-z_]*\Z")  # the name of another field
_LINE = re.compile(rf"[\r\n{BREAK}]{{2,4}}([^\r\n{BREAK}'\"]{{1,400}})")


def find_keyed(view: View, words: Iterable[str]) -> Iterator[Span]:
	"""Personal and secret values behind a telling name; `words`: the telling words (lower case) the view contains.

	What was replaced is not searched again, and no container twice for one kind: the cost stays linear where names
	stand in values and containers in containers.
	"""
	done = 0
	contained: dict[str, int] = {}  # by kind, how far containers were searched
	births: list[tuple[int, int, bool]] = []
	for begin, end in sorted(places(view.low, sorted(words))):
		if begin < done:
			continue
		rest = _REST.match(view.low, end)
		named = _named(view, begin, rest.start(1) if rest else end)
		if named is None:
			continue
		name, kind = named
		if kind == "birthdate":
			births.append((begin, rest.end() if rest else end, bool(rest and rest[2][:1] in (":", "="))))
			continue
		if rest is None:
			continue
		for span in _behind(view, name, kind, rest, contained):
			done = max(done, span.end)
			yield span
	yield from find_births(view, births)


def _named(view: View, begin: int, end: int) -> tuple[str, str] | None:
	"""The whole name that a telling word belongs to, and the kind of value it announces."""
	before = view.flat[max(0, begin - _NAME_LENGTH) : end]
	name = before[len(before.rstrip(_NAME_CHARS)) :].strip("-.")
	kind = kind_of(name)
	return (name, kind) if kind else None


def places(low: str, words: list[str]) -> Iterator[tuple[int, int]]:
	"""Where these words (letters only) stand by themselves; linear even if they are many."""
	if len(words) > MANY:
		known = frozenset(words)
		for found in _LETTERS.finditer(low):
			if found[0] in known:
				yield found.span()
		return
	for word in words:
		size, at = len(word), low.find(word)
		while at >= 0:
			end = at + size
			if not (at and low[at - 1].isalpha()) and not low[end : end + 1].isalpha():
				yield at, end
			at = low.find(word, end)


def _behind(
	view: View, name: str, kind: str, rest: re.Match[str], contained: dict[str, int]
) -> Iterator[Span]:
	flat, (quotes, separator), position = view.flat, rest.groups(), rest.end()
	if "</" in separator:  # the label is marked up, and so may the value be
		separator = ">" if separator.startswith("<") else ":"
	if separator == ":" and flat.startswith("//", position):
		return
	header = name.lower() in _HEADERS
	if separator in (",", "") and not (separator and header and quotes):
		if quotes:
			yield from _in_record(flat, kind, rest.start(1) - len(name), rest)
			return
		if not (_precedes(flat, name, kind, rest) if separator == "" else kind == "secret"):
			return
	if (
		separator in (",", "/")
		and (kind != "secret" or flat[position : position + 1] in _BLANKS)
		and not header
	):
		return
	begin = first_of(flat, position)
	header = header and not quotes
	if flat[begin : begin + 1] in OPENERS and not header:
		if position < contained.get(kind, 0):
			return
		contained[kind], found = strings_of(flat, begin)
	else:
		found = whole_value(view, position, begin, separator, header=header, secret=kind == "secret")
	spans = [
		span
		for start, stop, quoted in found
		for span in spans_of(kind, flat, start, stop, quoted=quoted, separator=separator)
	]
	if spans and not in_source(flat, rest.start()) and not _in_token(flat, rest, name):
		yield from spans


def _in_token(flat: str, rest: re.Match[str], name: str) -> bool:
	"""Whether the name is the kind of a token: `<secret:3f2a1c>`."""
	return rest[2] == ":" and TOKEN.match(flat, max(0, rest.start() - len(name) - 1)) is not None


def _precedes(flat: str, name: str, kind: str, rest: re.Match[str]) -> bool:
	"""Whether a name with nothing but a blank behind it announces the quoted value that follows."""
	if rest[1] or kind != "secret":
		return False
	return flat.endswith(f"--{name}", 0, rest.start(1)) or name.lower().endswith(_PLAIN_SECRETS)


def _in_record(flat: str, kind: str, begin: int, rest: re.Match[str]) -> Iterator[Span]:
	"""Values that stand beside the name of their field: `("password", "x")`, `["iban", "old", "new"]`,
	`{"fieldname": "password", "value": "x"}`, `<input name="password" value="x">`, parts of a form."""
	lead = flat[max(0, begin - 32) : begin]
	if not rest[1]:
		return
	if rest[2] == "," and _PAIR_BEFORE.search(lead):
		yield from _pair(flat, kind, rest.end())
	elif _FIELD_BEFORE.search(lead):
		value = _VALUE_KEY.match(flat, rest.end())
		opening = _NEXT_STRING.match(flat, value.end()) if value else None
		line = _LINE.match(flat, rest.end())
		if opening:
			end = closing(flat, opening.end(), opening[1], opening[2])
			yield from spans_of(kind, flat, opening.end(), end, quoted=True, separator=":")
		elif line:
			yield from spans_of(kind, flat, *line.span(1), quoted=True, separator=":")


def _pair(flat: str, kind: str, position: int) -> Iterator[Span]:
	"""The one or two strings behind the name of a field, as in a change from one value to another."""
	for _ in range(2):
		opening = _NEXT_STRING.match(flat, position)
		if opening is None:
			return
		end = closing(flat, opening.end(), opening[1], opening[2])
		if not _FIELD.match(flat, opening.end(), end):
			yield from spans_of(kind, flat, opening.end(), end, quoted=True, separator=",")
		after = _COMMA.match(flat, end)
		if after is None:
			return
		position = after.end()
