"""Finds values of INSERT statements by the name of their column: there, name and value stand far apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .keynames import kind_of
from .tokens import Span
from .values import spans_of
from .view import View

COLUMNS = re.compile(
	r"into\s{1,4}[\w.`\"\[\]\\ ]{1,120}?\s{0,4}\(([^()]{1,4000})\)\s{0,8}(?:output [\w., ]{1,80})?values?\s{0,8}(?=\()",
	re.IGNORECASE,
)
VALUE = re.compile(
	r"\s{0,8}(?:[bnBN]?(\\{0,8})'((?:[^'\\]|''|\\(?!')|\\'(?!\s{0,4}[,)])){0,4000})\\{0,8}'|(\\{0,8})\"([^\"\\]{0,4000})\\{0,8}\""
	r"|([^,()\[\]'\"]{0,200}(?:\([^()]{0,200}\))?))\s{0,8}"
)
_DATE_CALL = re.compile(r"date\((\d{4}, ?\d{1,2}, ?\d{1,2})\)|((?:18|19|20)\d{6})\Z")
_MOST_VALUES = 5_000  # of one statement


def find_inserted(view: View) -> Iterator[Span]:
	"""Personal and secret values in the columns of INSERT and REPLACE statements."""
	position = view.low.find("into ")
	while position >= 0:
		columns = COLUMNS.match(view.flat, position)
		if columns:
			kinds = [kind_of(column.strip(" \t\n`\"'[]\\")) for column in columns[1].split(",")]
			if any(kinds):
				yield from _rows(view.flat, columns.end(), kinds)
		position = view.low.find("into ", position + 5)


def _rows(flat: str, position: int, kinds: list[str | None]) -> Iterator[Span]:
	left = _MOST_VALUES
	while flat[position : position + 1] == "(" and left > 0:
		position += 1
		for kind in kinds:
			left -= 1
			value = VALUE.match(flat, position)
			if value is None:
				return
			if kind:
				yield from spans_in_column(kind, flat, place_of(value), quoted=value[5] is None)
			position = value.end()
			if flat[position : position + 1] != ",":
				break
			position += 1
		if flat[position : position + 1] != ")":
			return
		position = next_row(flat, position + 1)


def place_of(value: re.Match[str]) -> tuple[int, int]:
	"""Where the value of a match of VALUE stands: within its quotes, or bare."""
	return value.span(next(group for group in (2, 4, 5) if value[group] is not None))


def next_row(flat: str, position: int) -> int:
	"""Where the next row in brackets begins behind a comma; the end of the text where none does."""
	rest = flat[position : position + 12].lstrip()
	return (
		flat.find("(", position) if rest.startswith(",") and rest[1:].lstrip().startswith("(") else len(flat)
	)


def spans_in_column(kind: str, flat: str, place: tuple[int, int], *, quoted: bool) -> Iterator[Span]:
	"""What to replace of a value in a column of a kind."""
	start, end = place
	if kind == "birthdate":
		if quoted and any(map(str.isdigit, flat[start:end])) and end - start < 40:
			yield Span(start, end, "birthdate", flat[start:end])
		elif not quoted and (date := _DATE_CALL.search(flat, start, end)):
			yield Span(*date.span(date.lastindex or 0), "birthdate", date[date.lastindex or 0])
		return
	yield from spans_of(kind, flat, start, end, quoted=quoted, separator="=")
