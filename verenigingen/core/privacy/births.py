"""Finds birth dates: a date is one behind a word that says so, and so are those that are listed with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .tokens import TOKEN, Span
from .values import bracket_end, in_source
from .view import BREAK, View

_REACH = 48  # characters after the name within which a date is the birth date
_LIST_REACH = 4_000  # and within a bracket behind it
_STEP = 40  # characters of the longest date
_AHEAD = 160  # characters that are searched at once beyond what one name needs
_MONTH = (
	r"(?:jan|feb|fev|maa|mrt|mar|mae|apr|avr|abr|mei|may|mai|jun|juin|jul|juil|aug|aou|sep|okt|oct|nov|dec|dez)"
	r"(?:[a-z]{1,8})?\.?"
)
_DATE = re.compile(
	r"(?<![\w.-])(?:(?:18|19|20)\d\d([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/. ])\d{1,2}\2(?:\d{4}|\d\d)|(?:19|20)\d{6}"
	rf"|\d{{1,2}}(?:e|de|ste|st|nd|rd|th|\.)?[ -]{{1,2}}(?:of |van )?{_MONTH}[ ,-]{{1,2}}'?\d{{2,4}}"
	rf"|(?:the )?{_MONTH} (?:the )?\d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|(?:18|19|20)\d\d[ -]{_MONTH}[ -]\d{{1,2}}"
	r"|(?:19|20)\d\d, ?\d{1,2}, ?\d{1,2})(?![\w]|[-/]\d)",
	re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_OPENING = re.compile(
	r"[ \t]{0,3}(?:(?:not )?in|values?|any)?[ \t]{0,3}(?:datetime\.|date)?[ \t]{0,3}([\[({])", re.IGNORECASE
)
# Between two dates that are told together.
_GAP = re.compile(
	rf"[\s{BREAK}'\"\\,;/|()\[\]-]{{0,8}}(?:(?:and|en|of|or|tot|t/m|until|till|through|to|und|bis|et|&)[ ]{{1,2}})?"
	r"[\s'\"\\(]{0,6}(?:(?:datetime\.){0,2}date(?:time)?\(|(?:pd\.)?timestamp\(['\"])?",
	re.IGNORECASE,
)
_END_OF_VALUE = re.compile(r"[\n,&;}<]")
_END_OF_LINE = re.compile(r"\n|<birthdate:")
_CALLS = ("datetime.date", "date(")
_TIME = re.compile(r"[T ]\d\d:\d\d")
_MONTH_ALONE = re.compile(rf"(?<![A-Za-z]){_MONTH}(?![A-Za-z])", re.IGNORECASE)
# Taken out of a word that tells a number, in Dutch or English, nothing is left.
_NUMERALS = re.compile(
	r"twintig|honderd|duizend|hundred|thousand|eerste|derde|twaalf|eleven|twelve|second|third|first|twelfth|twelf|zeven|seven"
	r"|negen|three|eight|achtt?|eigh|twee|drie|vier|vijf|four|five|nine|acht|zes|tien|elf|der|veer|tach|een|one|two|six|ten|fif"
	r"|nin|thir|twen|for|tig|teen|tieth|ieth|ty|th|ste|de|en|and|e|-"
)
_SMALL_WORDS = frozenset(("of", "the", "van", "and", "de"))


def find_births(view: View, names: Iterable[tuple[int, int, bool]]) -> Iterator[Span]:
	"""Birth dates behind names (begin, where the value begins, whether a separator says so), in their order."""
	flat = view.flat
	done = 0  # before it all is replaced
	dates = _Dates(flat)
	for begin, value, structured in names:
		if begin < done or (flat.startswith("<", begin - 1) and TOKEN.match(flat, begin - 1)):
			continue
		opening = _OPENING.match(flat, value)
		if opening:
			close = bracket_end(flat, opening.start(1), _LIST_REACH)
			found = [date.span() for date in _DATE.finditer(flat, max(opening.end(), done), close)]
			done = max(done, close)
		else:
			stop = _stop(flat, value, _END_OF_VALUE if structured else _END_OF_LINE)
			first = dates.first(value, stop)
			found = list(_listed(flat, *first)) if first else []
			done = found[-1][1] if found else done
		if found and not in_source(flat, begin):
			yield from (Span(start, end, "birthdate", flat[start:end]) for start, end in found)


class _Dates:
	"""The dates of a text in their order; no part of it is searched twice."""

	def __init__(self, flat: str) -> None:
		self._flat = flat
		self._next: re.Match[str] | None = None
		self._month: re.Match[str] | None = None
		self._monthless = 0  # no month but the next one begins before
		self._searched = 0  # no date but the next one begins before

	def first(self, start: int, stop: int) -> tuple[int, int] | None:
		"""The first date that begins within a stretch; `start` never goes back."""
		if self._next and self._next.start() < start:
			self._next = None
		if self._next is None and self._searched < stop:
			limit = min(len(self._flat), stop + _AHEAD)
			begin = max(start, self._searched)
			self._next = (
				_DATE.search(self._flat, begin, limit) if _DIGIT.search(self._flat, begin, limit) else None
			)
			self._searched = (
				self._next.start() if self._next else limit - (_STEP if limit < len(self._flat) else 0)
			)
		if self._next and self._next.start() < stop:
			return self._next.span()
		month = self._month_from(start, stop)
		return _in_words(self._flat, start, month) if month else None

	def _month_from(self, start: int, stop: int) -> re.Match[str] | None:
		if self._month and self._month.start() < start:
			self._month = None
		if self._month is None and self._monthless < stop:
			limit = min(len(self._flat), stop + _AHEAD)
			self._month = _MONTH_ALONE.search(self._flat, max(start, self._monthless), limit)
			self._monthless = (
				self._month.start() if self._month else limit - (_STEP if limit < len(self._flat) else 0)
			)
		return self._month if self._month and self._month.end() <= stop else None


def _stop(flat: str, start: int, marks: re.Pattern[str]) -> int:
	"""Where the reach of a name ends: what ends its value ends the search, a date behind it is another one's."""
	limit = min(len(flat), start + _REACH)
	found = marks.search(flat, start, limit)
	if found is None or flat.startswith(_CALLS, start + (flat[start : start + 1] == " ")):
		return limit
	return found.start()


def _in_words(flat: str, start: int, month: re.Match[str]) -> tuple[int, int] | None:
	"""A date that is told in words alone: `zeven februari negentienvijfenzeventig`."""
	begin, end = month.span()
	numbers = 0
	for word in reversed(flat[start:begin].split(" ")[-4:-1]):
		if not _is_numeral(word):
			break
		numbers += word not in _SMALL_WORDS
		begin -= len(word) + 1
	for written in flat[end : end + 2 * _STEP].split(" ")[1:7]:
		word = written.rstrip(",.;:!?)")
		if not _is_numeral(word):
			break
		numbers += word not in _SMALL_WORDS
		end += len(word) + 1
		if word != written and not written.endswith(","):
			break
	return (begin, end) if numbers > 1 else None


def _is_numeral(word: str) -> bool:
	return word in _SMALL_WORDS or (2 < len(word) < 40 and not _NUMERALS.sub("", word.lower()))


def _listed(flat: str, start: int, end: int) -> Iterator[tuple[int, int]]:
	"""A date and those that follow it with nothing but separators and "and" between them, in the same writing."""
	first = flat[start:end]
	yield start, end
	while True:
		gap = _GAP.match(flat, end)
		following = _DATE.match(flat, gap.end()) if gap and gap.end() > end else None
		if following is None or _TIME.match(flat, following.end()):
			return
		if following[0][2:3].isdigit() != first[2:3].isdigit():
			return
		yield following.span()
		end = following.end()
