"""A text as a reader sees it: escapes decoded, accents taken off, and where each character came from.

Personal data hides in `jan%40example.org`, `Bj\\u00f6rn`, `M&uuml;ller` and `NL91%20ABNA`. All detectors look at the
view only; what they find is replaced in the text itself, so that everything else stays as it was.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from urllib.parse import unquote_to_bytes

BREAK = "\x1f"  # stands for an escaped line break: no real one, as lines carry meaning, but an end of values

ODD = "\x7f"  # stands for a byte that is no letter of any encoding: part of a value, but of no word

# One character class first: the regular expression engine then skips ordinary text at full speed. What was escaped
# again and again (`%2520`, `&amp;nbsp;`, `\\\\u00f6`) is read at once.
_SPECIAL = re.compile(
	r"[%\\&=\x80-\U0010ffff](?:"
	r"(?<=%)(?:25){0,3}(?:[0-7][0-9A-Fa-f]|[89A-Fa-f][0-9A-Fa-f](?:%(?:25){0,3}[89ABab][0-9A-Fa-f]){0,3})"
	r"|(?<=%)u[0-9A-Fa-f]{4}"
	r"|(?<=\\)\\{0,7}(?:u[0-9A-Fa-f]{4}|x[0-7][0-9A-Fa-f]|x[89A-Fa-f][0-9A-Fa-f](?:\\{1,8}x[89ABab][0-9A-Fa-f]){0,3}"
	r"|[nrt/]|U000[0-9A-Fa-f]{5}"
	r"|3[0-7]{2}(?:\\{1,8}2[0-7]{2}){1,3})"
	r"|(?<=&)(?:amp;){0,3}(?:#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5}|[A-Za-z]{2,8});"
	r"|(?<==)(?:C[2-9A-F]|D[0-9A-F])=[89AB][0-9A-F]"  # a letter in a mail that is quoted-printable
	r"|(?<=[\x80-\U0010ffff])[\x80-\U0010ffff]{0,400})"
)
_AGAIN = re.compile(r"%(?:25){1,3}(?=[0-9A-Fa-f]{2})")
_RAW = re.compile("[\udc80-\udcff]")  # bytes that were not UTF-8, as Python carries them along
_PRINTED_BYTES = "ÂÃÄÅÆÇÐ"  # what UTF-8 begins with where it was read as Latin-1
_PLUS = re.compile(r"\+(?<=[A-Za-z0-9),.-]\+)(?=[A-Za-z0-9(%'-])")
_QUERY_LENGTH = 200
_HEX = re.compile(r"x([0-9A-Fa-f]{2})")
_OCTAL = re.compile(r"[23][0-7]{2}")
_SHARP = {
	"ß": "ss",
	"æ": "ae",
	"Æ": "AE",
	"ø": "o",
	"Ø": "O",
	"đ": "d",
	"Đ": "D",
	"ł": "l",
	"Ł": "L",
	"ı": "i",
}


class View:
	"""`flat` is what to look at; `origin()` gives back the place in the text; `escaped` holds the places of `flat` that a
	query escapes, `solid` is `flat` with "_" there: an escaped blank, quote or ampersand is part of a value, not its end."""

	__slots__ = ("_ends", "_flat_at", "_text_at", "escaped", "flat", "low", "solid")

	def __init__(self, text: str) -> None:
		self._flat_at: list[int] = [0]  # where a piece begins in the view …
		self._text_at: list[int] = [0]  # … and in the text; from there on they run in parallel
		self._ends: list[int] = [len(text)]  # the first place in the text after the decoded piece
		self.escaped: set[int] = set()
		blanks: list[int] = []
		if "+" in text and "=" in text:
			raw, text = text, _PLUS.sub(_blank, text)
			blanks = (
				[]
				if raw == text
				else [found.start() for found in _PLUS.finditer(raw) if text[found.start()] == " "]
			)
		plain = text.isascii() and not any(mark in text for mark in ("%", "\\", "&", "=C", "=D"))
		self.flat = text if plain else self._decoded(text)
		self.escaped.update(blanks if plain else map(self._shown_at, blanks))
		self.solid = self._solid() if self.escaped else self.flat
		low = self.flat.lower()
		self.low = low if len(low) == len(self.flat) else "".join(map(_lower, self.flat))

	def _decoded(self, text: str) -> str:
		pieces: list[str] = []
		length = position = 0
		for found in _SPECIAL.finditer(text):
			begin, end = found.span()
			shown = _shown(found[0])
			if shown is None:
				continue
			if shown == ODD:
				shown = _bytes(text, begin, end)
			pieces += (text[position:begin], shown)
			length += begin - position
			if found[0][0] == "%":
				self.escaped.update(range(length, length + len(shown)))
			if len(shown) != end - begin:
				self._note(length, begin, end)
				length += len(shown)
				self._note(length, end, end)
			else:
				length += len(shown)
			position = end
		pieces.append(text[position:])
		return "".join(pieces)

	def _note(self, flat: int, text: int, end: int) -> None:
		self._flat_at.append(flat)
		self._text_at.append(text)
		self._ends.append(end)

	def _solid(self) -> str:
		shown = list(self.flat)
		for at in self.escaped:
			shown[at] = "_"
		return "".join(shown)

	def _shown_at(self, place: int) -> int:
		"""Where the view shows a place of the text that is no escape itself."""
		piece = bisect_right(self._text_at, place) - 1
		return self._flat_at[piece] + place - self._text_at[piece]

	def origin(self, start: int, end: int) -> tuple[int, int]:
		"""The stretch of the text that a stretch of the view shows; whole escapes where it cuts one."""
		return self._place(start, False), self._place(end, True)

	def _place(self, flat: int, is_end: bool) -> int:
		if len(self._flat_at) == 1:
			return flat
		piece = bisect_right(self._flat_at, flat) - 1
		begin, stop = self._text_at[piece], self._ends[piece]
		offset = flat - self._flat_at[piece]
		if piece == 0 or begin == stop:
			return begin + offset
		if offset == 0:
			return begin
		return stop if is_end else begin


def _blank(plus: re.Match[str]) -> str:
	"""A plus sign as it is read: a blank in the value of a query, where it is no part of a mail address."""
	text, at = plus.string, plus.start()
	before = _last_word(text[max(0, at - _QUERY_LENGTH) : at])
	if "=" not in before:
		return "+"
	after = text[at : at + 64]
	stop = min((place for place in map(after.find, " \n&'\"") if place >= 0), default=len(after))
	return "+" if "@" in after[:stop] or "%40" in after[:stop] else " "


def _last_word(text: str) -> str:
	return text[max(map(text.rfind, " \n&?'\"")) + 1 :]


@lru_cache(maxsize=4096)
def _shown(found: str) -> str | None:
	"""What an escape or a run of non-ASCII characters shows; None where it is no escape after all, ODD where that
	depends on what stands around it."""
	first = found[0]
	if first == "%":
		if found[1] == "u":
			return _folded(chr(int(found[2:], 16)))
		return _readable(unquote_to_bytes(_AGAIN.sub("%", found)))
	if first == "&":
		entity = "&" + found.rpartition("amp;")[2] if found.count(";") > 1 else found
		shown = html.unescape(entity)
		return _folded(shown) if shown != entity and (shown.isprintable() or shown.isspace()) else None
	if first == "\\":
		return _backslash(found)
	if first == "=":
		return _readable(bytes.fromhex(found.replace("=", "")))
	if _RAW.search(found):
		return ODD
	return _folded(_reread(found) if first in _PRINTED_BYTES else found)


def _reread(found: str) -> str:
	"""`Ã¶` as the letter that it was before it was read in the wrong encoding."""
	for encoding in ("cp1252", "latin-1"):
		try:
			return found.encode(encoding).decode("utf-8")
		except UnicodeError:
			continue
	return found


def _bytes(text: str, begin: int, end: int) -> str:
	"""Bytes that are not UTF-8: letters of Latin-1 where they stand in a word, else ends of words."""
	made: list[str] = []
	for at in range(begin, end):
		char = text[at]
		if _RAW.match(char):
			in_word = text[at - 1 : at].isalpha() if at else False
			in_word = in_word or bool(made and made[-1].isalpha()) or text[at + 1 : at + 2].islower()
			letter = chr(ord(char) - 0xDC00)
			made.append(_fold(letter) if in_word and letter.isalpha() else ODD)
		else:
			made.append(_fold(char))
	return "".join(made)


def _backslash(found: str) -> str | None:
	body = found.lstrip("\\")
	if body[0] in "nr":
		return BREAK
	if body[0] in "t/":
		return " " if body == "t" else "/"
	if body[0] in "uU":
		code = int(body[1:], 16)
		return _folded(chr(code)) if code < 0x110000 else None
	if body[0] == "3":
		return _readable(bytes(int(part, 8) for part in _OCTAL.findall(body)))
	return _readable(bytes(int(pair, 16) for pair in _HEX.findall(body)))


def _readable(raw: bytes) -> str | None:
	"""Escaped bytes as text: UTF-8, and Latin-1 where it is not. None where they hold control characters."""
	made: list[str] = []
	for char in raw.decode("utf-8", "surrogateescape"):
		if char in "\t\n\v\f\r":
			made.append(BREAK)
		elif char.isprintable() or _RAW.match(char) or char.isspace():
			made.append(_fold(char))
		elif unicodedata.category(char) != "Cf":
			return None
	return "".join(made)


def _folded(text: str) -> str:
	return text if text.isascii() else "".join(map(_fold, text))


@lru_cache(maxsize=4096)
def _fold(char: str) -> str:
	if char < "\x80":
		return char
	code = ord(char)
	if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8: most likely Latin-1
		char = chr(code - 0xDC00)
	if char in _SHARP:
		return _SHARP[char]
	if unicodedata.combining(char) or unicodedata.category(char) == "Cf":
		return ""
	if char.isspace():
		return " "
	base = unicodedata.normalize("NFKD", char)[0]
	if base < "\x80":
		return base
	return "'" if char in "’‘ʼ" else "-" if char in "‐‑–—" else char


def _lower(char: str) -> str:
	low = char.lower()
	return low if len(low) == 1 else char
