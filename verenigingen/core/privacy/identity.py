"""Finds citizen service numbers (BSN): only near a word that says so, as nine digits in ten pass for one by chance."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum.nl import bsn

from .tokens import Span
from .view import View

_CONTEXT = ("bsn", "burgerservice", "sofinummer", "sofi-nummer", "citizen service", "persoonsnummer")
_NUMBER = re.compile(r"(?<![\w-])(?<!\d\.)\d(?:[ .]?\d){7,8}(?!\w|[.-]\d)")
_AFTER, _BEFORE, _LONGEST = 80, 32, 20  # characters


def find_bsns(view: View) -> Iterator[Span]:
	"""BSNs that pass the 11-test within reach of a word for them."""
	low = view.low
	done = 0  # what stands before is near an earlier word, and was searched
	for at, after in sorted(_words(low)):
		begin, end = max(0, at - _BEFORE, done), min(len(low), after + _AFTER)
		for found in _NUMBER.finditer(low, begin, end):
			digits = re.sub(r"\D", "", found[0]).zfill(9)
			if bsn.is_valid(digits):
				yield Span(found.start(), found.end(), "bsn", digits)
		done = max(done, end - _LONGEST)


def _words(low: str) -> Iterator[tuple[int, int]]:
	for word in _CONTEXT:
		at = low.find(word)
		while at >= 0:
			yield at, at + len(word)
			at = low.find(word, at + len(word))
