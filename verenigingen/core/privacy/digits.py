"""One walk over all digits of a text, which says where a number could be an account, a card, a telephone number, a
postcode, a house number or an IP address. The detectors look at these places only.

Every alternative begins with a digit, so that the engine skips ordinary text with a table of 128 entries; what must stand
before the digit is asked afterwards. Only few characters are taken: a candidate that turns out to be nothing cannot hide
the next one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .view import View

_CANDIDATE = re.compile(
	r"[0-9](?<![0-9]{2})(?:"  # the first one of a number
	# NL91…: two digits behind two letters
	r"(?:(?<=(?<![A-Za-z0-9])[A-Za-z]{2}[0-9])|(?<=[A-Z]{2}[0-9])|(?<=[a-z]{2}[0-9])(?=[0-9][ .+_-]{0,2}[a-z]{4}[ .+_-]{0,2}[0-9]))"
	r"[0-9](?=[ .+_-]{0,2}[A-Za-z0-9])()"
	# 10.0.0.1
	r"|(?<![\w.][0-9])[0-9]{0,2}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?!\w|\.[0-9])()"
	# 020…
	r"|(?<=0)(?<![\w.]0)[1-9](?=\)?(?:[ .()/-]{0,3}[0-9]){8}(?!\w|[.,][0-9]))()"
	# 0044…
	r"|(?<=0)(?<![\w.]0)(?<![0-9][,:/-]0)0(?=[ .-]?[1-9](?:[ .()/-]{0,3}[0-9]){8,13}(?!\w))()"
	# four digits of a word of their own: 1234 AB, 1234AB22, 4111 1111…
	r"|(?<![\w.-][0-9])[0-9]{3}(?:(?<=[1-9]...)[ +]{0,2}[A-Za-z]{2}(?![A-Za-z])()|(?=(?:[ -]?[0-9]){9,15}(?![\w-]))())"
	# a number behind a word
	r"|(?<=[a-z.][ +][1-9])()"
	# NL 91…: last, as much else stands behind two capitals
	r"|(?<=[A-Z]{2}[ .+_-][0-9])[0-9](?=[ .+_-]{0,2}[A-Z0-9])()"
	r")"
)


class Candidates(NamedTuple):
	"""Places (start, end) by what could stand there; for an account its check digits, in `spaced` with a blank before them."""

	accounts: list[tuple[int, int]]
	addresses: list[tuple[int, int]]
	national: list[tuple[int, int]]
	double_zero: list[tuple[int, int]]
	postcodes: list[tuple[int, int]]
	cards: list[tuple[int, int]]
	houses: list[tuple[int, int]]
	spaced: list[tuple[int, int]]


def candidates(view: View) -> Candidates:
	"""Where the numbers of a view could be personal."""
	found = Candidates([], [], [], [], [], [], [], [])
	for match in _CANDIDATE.finditer(view.flat):
		found[match.lastindex - 1].append(match.span())  # type: ignore[operator]
	return found
