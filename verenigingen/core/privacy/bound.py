"""Finds values bound to a statement: `("UPDATE t SET iban=%s, password=%s", ("NL…", "x"))`. The column stands in the
statement, the value in the arguments behind it, and only their order joins the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .keynames import kind_of
from .sql import COLUMNS, VALUE, next_row, place_of, spans_in_column
from .tokens import Span
from .view import BREAK, View

_MARK = re.compile(
	rf"[%?:$](?:(?<=%)s|(?<=[\s=(,<>{BREAK}]\?)(?=[\s,);'\"\\{BREAK}]|\Z)|(?<=[\s=(,<>][:$])\d{{1,2}}\b)"
)
# Between a column and its value, read backwards after blanks and a quote were taken off.
_OPERATOR = re.compile(
	r"(?:[!<>]{0,2}=|[<>]{1,2}|\(|(?:not )?(?:like|between)|(?:not )?in\s{0,4}\()\Z", re.IGNORECASE
)
_NAME_CHARS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."
_SAME = re.compile(r"[\s,]{1,6}\Z|\s{1,4}and\s{1,4}\Z", re.IGNORECASE)  # between two values of one column
# What stands between the end of a statement and its arguments.
_ARGUMENTS = re.compile(rf"[\"'\])][\s{BREAK},:\w=.\[\\\"%]{{0,80}}?(?=[(\[])")
_BRACKET = re.compile(r"(?=[(\[])")
_BEFORE = 100  # characters before a placeholder in which its column stands
_AFTER = 600  # characters behind the last placeholder in which the arguments begin
_TRIES = 4  # brackets behind a statement that may be its arguments
_MOST = 2_000  # values of one statement


def find_bound(view: View) -> Iterator[Span]:
	"""Personal and secret values among the arguments of statements with placeholders."""
	flat = view.flat
	inserted = _inserted(view)
	kinds: list[str | None] = []
	last = 0
	marks = [(found.start(), found.end()) for found in _MARK.finditer(flat)]
	for index, (start, end) in enumerate(marks):
		if kinds and start - last > _AFTER:
			kinds = []
		kind = inserted.get(start)
		if kind is None:
			column = _column(flat[max(0, start - _BEFORE) : start])
			if column:
				kind = kind_of(column)
			elif kinds and _SAME.fullmatch(flat, last, start):
				kind = kinds[-1] if start not in inserted else None
		kinds.append(kind)
		last = end
		following = marks[index + 1][0] if index + 1 < len(marks) else len(flat)
		if any(kinds) and (rows := _arguments(flat, end, min(following, end + _AFTER), kinds)):
			yield from rows
			kinds = []


def _column(before: str) -> str:
	"""The column that a text ends with, an operator behind it; empty where it ends otherwise."""
	before = before.rstrip(f" \t\r\n'%{BREAK}")
	operator = _OPERATOR.search(before, max(0, len(before) - 16))
	if operator is None:
		return ""
	named = before[: operator.start()].rstrip(f' \t\r\n`"])\\{BREAK}')
	return named[len(named.rstrip(_NAME_CHARS)) :]


def _inserted(view: View) -> dict[int, str | None]:
	"""The kinds of placeholders in the VALUES of INSERT statements, by their places."""
	found: dict[int, str | None] = {}
	position = view.low.find("into ")
	while position >= 0:
		columns = COLUMNS.match(view.flat, position)
		if columns:
			place = columns.end() + 1
			for column in columns[1].split(","):
				value = VALUE.match(view.flat, place)
				if value is None:
					break
				start = place_of(value)[0]
				found[start] = kind_of(column.strip(" \t\n`\"'[]\\"))
				place = value.end() + 1
		position = view.low.find("into ", position + 5)
	return found


def _arguments(flat: str, begin: int, limit: int, kinds: list[str | None]) -> list[Span]:
	"""What to replace in the bracket that holds exactly one value for each placeholder; nothing where none does."""
	between = _ARGUMENTS
	for _ in range(_TRIES):
		found = between.search(flat, begin, limit)
		if found is None:
			return []
		begin = position = found.end()
		between = _BRACKET  # the next one, which may stand within this one
		spans: list[Span] = []
		rows = 0
		while flat[position : position + 1] in ("(", "["):
			end, places = _values(flat, position, len(kinds))
			if len(places) != len(kinds):
				break
			rows += len(places)
			for kind, (start, stop, quoted) in zip(kinds, places, strict=True):
				if kind:
					spans += spans_in_column(kind, flat, (start, stop), quoted=quoted)
			position = next_row(flat, end) if rows < _MOST else len(flat)
		if rows:
			return spans or [Span(begin, begin, "secret", "")]
		begin += 1
	return []


def _values(flat: str, opening: int, most: int) -> tuple[int, list[tuple[int, int, bool]]]:
	"""The end of a bracket and its values; no values where it holds more than `most`, or other brackets."""
	position = opening + 1
	places: list[tuple[int, int, bool]] = []
	while len(places) <= most:
		value = VALUE.match(flat, position)
		if value is None:
			return position, []
		start, end = place_of(value)
		if flat[start : start + 1] in ("(", "["):
			return position, []
		position = value.end()
		after = flat[position : position + 1]
		if end > start or value[5] is None or after == ",":
			places.append((start, end, value[5] is None))
		if after in (")", "]"):
			return position + 1, places
		if after != ",":
			return position, []
		position += 1
	return position, []
