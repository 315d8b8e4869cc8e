"""What of one message is surely a value, seen from that message alone: numbers, ids, addresses, paths, times.

A message is split at blanks and each word is judged by itself, so a word seen before costs one look-up. What spans
words (dates, units, lists, repeated phrases) is judged on the masked message, of which there are few different ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

VALUE = "<*>"
MESSAGE_LIMIT = 1_000  # characters of a message that take part
WORDS_REMEMBERED = 50_000
WORD_LENGTH = 64  # longer ones are rarely seen again
FORMS_REMEMBERED = 10_000
_PERIOD_LIMIT = 12  # atoms of a phrase whose repetition is a list
_BETWEEN = frozenset(",;|/&")

_END = r"[^\s\"'<>()\[\]{},;|]"
_STOP = r"[^\s\"'<>()\[\]{},;|:.!?]"
_SPECIAL = re.compile(
	r"<[a-z_]{1,16}(?::[0-9a-f]{1,16})?>"  # a mask that others left: <n>, <mail>, <iban:3f2a>
	r"|(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5,19}(?![0-9A-Fa-f])"
	r"|(?<![\w.-])[A-Za-z][\w-]*(?:\.[\w-]+)+:\d{1,5}(?![\w.])"  # host and port
	rf"|(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{{1,15}}://{_END}*{_STOP}"
	rf"|(?<![\w)])[.~]{{0,2}}/{_END}*{_STOP}"
	r"|(?<![A-Za-z])(?:[A-Za-z]:\\|\\\\)[^\s\"'<>|,;]+"
)
# A run of dots that leads to a value belongs to no chunk; one dot inside a name does.
_CHUNK = re.compile(r"<\*>|(?:[^\s=:,;()\[\]{}<>\"'|.]|\.(?!\.))+")
_DIGIT = re.compile(r"\d")
_EMPTY = frozenset(("()", "[]", "{}", '""', "''"))
_CONSTANTS = frozenset("true false null nil True False None TRUE FALSE NULL NaN".split())
_DOMAINS = frozenset(
	"com org net edu gov mil int info local internal lan localdomain example invalid".split()
)
_MARKS = ".!?"
_OPENING = " ([{<"  # at the end of a message that was cut somewhere

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_UNIT = (
	r"(?:%|(?:milliseconds?|microseconds?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|ms|us|ns|s"
	r"|[kKMGT]?i?[bB]ytes?|[kKMGT]?i?[bB])\b)"
)
_DATE = re.compile(rf"\b(?:{_DAY},? )?{_MONTH} <\*>(?: <\*>)*(?: (?:[A-Z]{{2,4}}T|UTC|GMT) <\*>)?")
_AMOUNT = re.compile(rf"[<>]?<\*> ?{_UNIT}(?! ?=)")
_JOINED = re.compile(r"<\*>(?:[:/.,@#_+-]{0,3}<\*>)+")
_AGAIN = re.compile(r"<\*> ?\(<\*>\)")  # a value, and the same in other words
_SETTING = re.compile(r"=\"[^\"]{0,200}\"")
_LIST = re.compile(r"<\*>(?:[\s,]{1,3}<\*>)+")
_ATOMS = re.compile(r"(\s?)(<\*>|\w[\w.$/*+@-]*|[^\w\s])")

Atoms = tuple[str, ...]


class Masker:
	"""Turns messages into forms: their text with `<*>` for every sure value.

	It remembers some words and forms it has seen; that never changes an answer.
	"""

	def __init__(self) -> None:
		self._words: dict[str, str] = {}
		self._forms: dict[str, str] = {}

	def form(self, message: str) -> str:
		"""The form of a message; blanks are single, only the first MESSAGE_LIMIT characters count. Never raises."""
		words = self._words
		masked = []
		if len(message) > MESSAGE_LIMIT:
			message = _shortened(message)
		for word in message.split():
			found = words.get(word)
			if found is None:
				found = mask_word(word)
				if len(word) <= WORD_LENGTH:
					if len(words) >= WORDS_REMEMBERED:
						words.clear()
					words[word] = found
			masked.append(found)
		text = " ".join(masked)
		form = self._forms.get(text)
		if form is None:
			if len(self._forms) >= FORMS_REMEMBERED:
				self._forms.clear()
			form = self._forms[text] = settle(text)
		return form


def _shortened(message: str) -> str:
	"""The beginning of a long message, without the word that is cut through."""
	begin, _, cut = message[:MESSAGE_LIMIT].rpartition(" ")
	return begin if begin and not message[MESSAGE_LIMIT].isspace() else f"{begin} {cut}"


def mask_word(word: str) -> str:
	"""A word without blanks, with `<*>` for the parts of it that are values."""
	if word.isalpha():
		return VALUE if word in _CONSTANTS else word
	core = word.rstrip(".,:;!?")
	if core.isalnum() and not core.isalpha():
		return VALUE + word[len(core) :]
	if core in _EMPTY:
		return core[0] + VALUE + core[1] + word[len(core) :]
	return _CHUNK.sub(_chunk, _SPECIAL.sub(VALUE, word))


def _chunk(found: re.Match[str]) -> str:
	chunk = found[0]
	if chunk == VALUE:
		return chunk
	core = chunk.rstrip(_MARKS)
	if not core:
		return chunk
	if found.string[found.start() - 1 : found.start()] == "=" or _is_value(core):
		return VALUE + chunk[len(core) :]
	return chunk


def _is_value(core: str) -> bool:
	if core.isalpha():
		return core in _CONSTANTS
	if _DIGIT.search(core) or "@" in core[1:] or "\\" in core:
		return True
	if "/" in core:
		return "." in core or core.count("/") > 1  # `I/O` and `text/html` are words
	labels = core.split(".")
	if len(labels) < 2 or not all(labels):
		return False
	# a host: of a well-known domain, or long enough to end with a country and all in small letters
	return labels[-1] in _DOMAINS or (len(labels) > 2 and len(labels[-1]) == 2 and core.islower())


def settle(text: str) -> str:
	"""A masked text with values that span words made one: dates, amounts with their unit, lists, repetitions."""
	text = text.rstrip(_OPENING)
	if '="' in text:
		text = _SETTING.sub("=" + VALUE, text)
	if VALUE not in text:
		return text
	text = _JOINED.sub(VALUE, text)
	text = _DATE.sub(VALUE, text)
	text = _AMOUNT.sub(VALUE, text)
	text = _AGAIN.sub(VALUE, text).replace("." + VALUE, VALUE)
	text = _LIST.sub(VALUE, text)
	if text.count(VALUE) < 2:
		return text
	blanks, atoms = split(text)
	shorter = fold(atoms)
	if len(shorter) == len(atoms):
		return text
	return render([blanks[place] for place in shorter], [atoms[place] for place in shorter])


def split(form: str) -> tuple[list[str], Atoms]:
	"""The atoms of a form (words, single signs and `<*>`) and the blank, if any, before each."""
	found = _ATOMS.findall(form)
	return [blank for blank, _ in found], tuple([atom for _, atom in found])


def render(blanks: Iterable[str], atoms: Iterable[str]) -> str:
	"""The text of atoms with the blanks before them."""
	return "".join(blank + atom for blank, atom in zip(blanks, atoms, strict=True)).strip()


def fold(atoms: Atoms) -> list[int]:
	"""The places that stay when a phrase with a value, said several times in a row, is said once.

	`x <*>, x <*>, x <*>` and `x <*>` are the same list of other lengths. Linear in the number of atoms.
	"""
	values = [place for place, atom in enumerate(atoms) if atom == VALUE]
	periods = {
		later - value for at, value in enumerate(values) for later in values[at + 1 : at + 1 + _PERIOD_LIMIT]
	}
	places = list(range(len(atoms)))
	for period in sorted(periods):
		if period <= _PERIOD_LIMIT and period * 2 - 1 <= len(places):
			places = _folded(atoms, places, period)
	return places


def _folded(atoms: Atoms, places: list[int], period: int) -> list[int]:
	kept = places[:period]
	at, end = period, len(places)
	while at < end:
		run = 0
		while at + run < end and atoms[places[at + run]] == atoms[places[at + run - period]]:
			run += 1
		said = [atoms[place] for place in places[at - period : at]]
		if not run or VALUE not in said:
			step = max(1, run)
			kept += places[at : at + step]
		elif said[-1] in _BETWEEN and (run + 1) % period == 0:
			kept.pop()  # the last of a list has no comma after it
			step = run
		else:
			step = run
			kept += places[at + run - run % period : at + run]
		at += step
	return kept
