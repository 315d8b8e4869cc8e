"""Finds values of INSERT statements by the name of their column: there, name and value stand far apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .keynames import kind_of
from .tokens import Span
from .values import spans_of
from .view import View

_COLUMNS = re.compile(
	r"into\s{1,4}[\w.`\"\[\]\\ ]{1,120}?\s{0,4}\(([^()]{1,4000})\)\s{0,4}values?\s{0,4}(?=\()", re.IGNORECASE
)
_VALUE = re.compile(
	r"\s{0,8}(?:[bnBN]?(\\{0,8})'((?:[^'\\]|''|\\(?!')|\\'(?!\s{0,4}[,)])){0,4000})\\{0,8}'|(\\{0,8})\"([^\"\\]{0,4000})\\{0,8}\""
	r"|([^,()'\"]{0,200}(?:\([^()]{0,200}\))?))\s{0,8}"
)
_MOST_VALUES = 5_000  # of one statement


def find_inserted(view: View) -> Iterator[Span]:
	"""Personal and secret values in the columns of INSERT and REPLACE statements."""
	position = view.low.find("into ")
	while position >= 0:
		columns = _COLUMNS.match(view.flat, position)
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
			value = _VALUE.match(flat, position)
			if value is None:
				return
			place = (
				value.span(2)
				if value[2] is not None
				else value.span(4)
				if value[4] is not None
				else value.span(5)
			)
			if kind:
				yield from _spans(kind, flat, place, quoted=value[5] is None)
			position = value.end()
			if flat[position : position + 1] != ",":
				break
			position += 1
		if flat[position : position + 1] != ")":
			return
		position = _next_row(flat, position + 1)


def _next_row(flat: str, position: int) -> int:
	rest = flat[position : position + 12].lstrip()
	return (
		flat.find("(", position) if rest.startswith(",") and rest[1:].lstrip().startswith("(") else len(flat)
	)


def _spans(kind: str, flat: str, place: tuple[int, int], *, quoted: bool) -> Iterator[Span]:
	start, end = place
	if kind == "birthdate":
		if quoted and any(map(str.isdigit, flat[start:end])) and end - start < 40:
			yield Span(start, end, "birthdate", flat[start:end])
		return
	yield from spans_of(kind, flat, start, end, quoted=quoted, separator="=")
