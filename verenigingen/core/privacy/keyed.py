"""Finds values by the name before them: `password='…'`, `"api_secret": "…"`, `Authorization: Bearer …`, `?token=…`,
`<voornaam>…</voornaam>`, at any depth of dicts, JSON in strings, SQL and headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .keynames import kind_of
from .tokens import TOKEN, Span
from .values import spans_of, whole_value
from .view import View

_NAME_CHARS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
_NAME_LENGTH = 64
# What follows the word: the rest of the name, a quote of any depth, and what separates it from the value.
_TAIL = (
	r"(?:[0-9_-][\w-]{0,40})?((?:\\{0,8}[\"'`\]]){0,2})[ \t]{0,4}"
	r"(=>|[!<]?=|[:>,]|(?<=[ \t])(?:is|was|luidt|like)(?=[ \t])|(?<=[ \t])(?=\\{0,8}['\"]))"
)
_REST = re.compile(_TAIL)
_LETTERS = re.compile(r"[^\W\d_]+")
MANY = 24  # different telling words in one stretch: then one pass over all names is cheaper than one per word
_HEADERS = frozenset(
	"authorization proxy-authorization cookie set-cookie x-api-key x-auth-token x-frappe-csrf-token".split()
)
_BIRTH_REACH = 48  # characters after the name within which a date is the birth date
_FRAME_LINE = re.compile(r"[ \t|>+]{0,24}File \"[^\"\n]{1,300}\", line \d+")
_MONTH = re.compile(r"[A-Za-z]{3}")
_NUMBER = re.compile(r"\d+(?:e|st|nd|rd|th)?")
_DATE = re.compile(
	r"(?<![\w.-])(?:(?:18|19|20)\d\d([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/. ])\d{1,2}\2(?:\d{4}|\d\d)|(?:19|20)\d{6}"
	r"|\d{1,2}(?:e|st|nd|rd|th)?[ -]{1,2}[A-Za-z]{3,10}\.?[ ,-]{1,2}\d{2,4}|[A-Za-z]{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}"
	r"|(?:19|20)\d\d, \d{1,2}, \d{1,2})(?![\w]|[-/]\d)"
)


def find_keyed(view: View, words: Iterable[str]) -> Iterator[Span]:
	"""Personal and secret values behind a telling name; `words`: the telling words (lower case) the view contains."""
	telling = sorted(words)
	seen: set[int] = set()
	for begin, end in places(view.low, telling):
		rest = _REST.match(view.low, end)
		if rest and rest.start(2) not in seen:
			seen.add(rest.start(2))
			yield from _behind(view, begin, rest)
	for word in telling:
		if kind_of(word) == "birthdate":
			yield from _births(view, word)


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


def _behind(view: View, begin: int, rest: re.Match[str]) -> Iterator[Span]:
	flat, (quotes, separator) = view.flat, rest.groups()
	before = flat[max(0, begin - _NAME_LENGTH) : rest.start(1)]
	name = before[len(before.rstrip(_NAME_CHARS)) :].strip("-.")
	kind = kind_of(name)
	if (
		kind is None or kind == "birthdate"
	):  # a date may stand some words behind its name: it has its own search
		return
	if separator == ":" and (
		flat.startswith("://", rest.end() - 1) or TOKEN.match(flat, rest.start() - len(name) - 1)
	):
		return
	header = name.lower() in _HEADERS
	if separator == "," and not (header and quotes):
		return
	if separator == "" and (quotes or not before.endswith(f"--{name}")):
		return
	if _in_source(flat, begin):
		return
	for start, end, quoted in whole_value(view, rest.end(), separator, header=header and not quotes):
		yield from spans_of(kind, flat, start, end, quoted=quoted, separator=separator)


def _births(view: View, word: str) -> Iterator[Span]:
	flat = view.flat
	for begin, end in places(view.low, [word]):
		if flat.startswith("<", begin - 1) and TOKEN.match(flat, begin - 1):
			continue
		limit = min(len(flat), end + _BIRTH_REACH)
		structured = _REST.match(view.low, end)
		stops = "\n" if structured is None or structured[2] not in (":", "=") else "\n,&;}<"
		# what ends the value of this name ends the search; a date behind it is another one's
		if structured:
			end = structured.end()
		stop = min((at for mark in stops if (at := flat.find(mark, end, limit)) >= 0), default=limit)
		token = flat.find("<birthdate:", end, stop)
		found = _DATE.search(flat, end, stop if token < 0 else token)
		if found is None and flat.startswith("datetime.date", end + 1 if flat[end : end + 1] == " " else end):
			found = _DATE.search(flat, end, limit)
		if found and not _in_source(flat, begin):
			yield from _parts_of(found)


def _parts_of(found: re.Match[str]) -> Iterator[Span]:
	"""The date; where its month is written out, day and year without it: a month tells of nobody, and the words around
	a value must not change with the way it is written."""
	month = _MONTH.search(found[0])
	if month is None:
		yield Span(found.start(), found.end(), "birthdate", found[0])
		return
	for part in _NUMBER.finditer(found.string, found.start(), found.end()):
		yield Span(part.start(), part.end(), "birthdate", f"{part[0]} of {found[0]}")


def _in_source(flat: str, position: int) -> bool:
	"""Whether a place lies in a line of a program that a traceback shows: names before `=` are variables there."""
	begin = flat.rfind("\n", 0, position) + 1
	if flat[begin : begin + 2] != "  " or begin == 0:
		return False
	above = flat.rfind("\n", 0, begin - 1) + 1
	return _FRAME_LINE.match(flat, above, begin) is not None
