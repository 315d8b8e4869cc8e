"""Finds the names of known persons. Names cannot be told by their shape: a site knows its members, and only those count.

A name is found in any order ("Vermeer, Johanna van"), with initials ("J. van der Vermeer"), in any case and with or
without accents. A family name alone counts where it stands as a name: after a particle or a title, quoted, or with a
capital and not an everyday word. A given name alone counts quoted or after a greeting.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import NamedTuple

from .common_words import COMMON
from .keyed import places
from .tokens import Span
from .view import View

PARTICLES = frozenset(
	"van de den der ten ter te het in t s op aan bij von zu zum zur la le les du des di da del della do dos el al bin ben ibn"
	" y e af av onder over tot uit voor d l van't".split()
)
_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN = frozenset(" .,'_+()\\-")  # up to four of these stand between two words of a name, or one slash
_NEXT = re.compile(r"(?:[ .,'_+()\\-]{1,4}|/)([^\W\d_]{1,40})")
_TITLE = re.compile(
	r"(?:dhr|mevr|mevrouw|mw|heer|meneer|mr|mrs|ms|miss|dr|drs|ir|ing|prof|fam|familie|lid|member|beste|geachte|dear)\.?[ ]{1,2}\Z"
)
_GREETING = re.compile(
	r"(?:beste|hallo|hoi|dag|hi|hello|dear|lieve|groeten?,?|groetjes,?|regards,?)[ ]{1,2}\Z"
)
_WINDOW = 6  # words looked at on either side of a family name
_SHORTEST_ALONE = 3
_STRING_PREFIXES = frozenset(("b", "u", "r", "f", "br", "rb", "n"))  # b'Jan': no initial
_MOST_JOINED = 3  # initials written without points: "jav"
_LONGEST = 40  # letters of a word that may be part of a name
_NONE: frozenset[str] = frozenset()


class NameIndex:
	"""The known persons, by the words of their names. `names` are full names as they are written; a name of one word
	is found alone."""

	def __init__(self, names: Iterable[str] = ()) -> None:
		self._given: dict[str, set[str]] = {}  # words that stand with a family name
		self._alone: set[str] = set()
		self._initials: dict[
			str, set[str]
		] = {}  # of one person each, written together: "ja" for Johanna Alida
		self._infix: dict[str, set[str]] = {}  # the particles that stand with a word: others are prepositions
		self._near: dict[str, _Near] = {}  # made when first needed, at most one for each word above
		self.anchors: frozenset[str] = frozenset()
		for name in names:
			self._add([word[0] for word in _WORD.finditer(View(name[:200]).low)], "," in name)
		self._firsts = {word: frozenset(other[0] for other in others) for word, others in self._given.items()}
		self.anchors = frozenset(self._given) | self._alone

	def __bool__(self) -> bool:
		return bool(self.anchors)

	def _add(self, words: list[str], reversed_: bool) -> None:
		own = [word for word in words if word not in PARTICLES]
		if len(own) < len(words):
			for word in own:
				self._infix.setdefault(word, set()).update(PARTICLES.intersection(words))
		if not own:
			return
		if len(own) == 1:
			if len(own[0]) >= _SHORTEST_ALONE:
				self._alone.add(own[0])
				self._given.setdefault(own[0], set())
			return
		if reversed_:
			own = [*own[1:], own[0]]
		# where given names end and family names begin is not known: any later word may be the family name
		for place in range(1, len(own)):
			if len(own[place]) > 1:
				others = {word for index, word in enumerate(own) if index != place}
				self._given.setdefault(own[place], set()).update(others)
				joined = "".join(word[0] for word in own[: min(place, _MOST_JOINED)])
				together = {joined[:count] for count in range(2, len(joined) + 1)} - COMMON
				if together:
					self._initials.setdefault(own[place], set()).update(together)
		if len(own[0]) > 1:
			self._given.setdefault(own[0], set())

	def find(self, view: View, hits: Iterable[str], taken: Sequence[Span] = ()) -> Iterator[Span]:
		"""The words of known names in a view; `hits`: those of `anchors` that the view contains; `taken`: mail addresses,
		whose words are no names of their own."""
		done = 0
		begins = [span.start for span in taken]
		for start, end in sorted(places(view.low, sorted(hits))):
			if start < done:
				continue
			first, last = self._person(view, start, end)
			if last and not _inside(taken, begins, start) and not _in_program(view.flat, start):
				done = last
				for word in _WORD.finditer(view.flat, first, last):
					yield Span(word.start(), word.end(), "name", word[0])

	def _person(self, view: View, start: int, end: int) -> tuple[int, int]:
		"""The stretch of the name that the word at a place belongs to; (0, 0) where it is no name."""
		word = view.low[start:end]
		near = self._near.get(word)
		if near is None:
			near = self._near[word] = _Near(
				self._given.get(word, _NONE),
				self._firsts.get(word, _NONE),
				self._initials.get(word, _NONE),
				self._infix.get(word, _NONE),
			)
		first, particles, found_left = _to_left(view.low, start, near)
		last, found_right = _to_right(view.low, end, near)
		if found_left or found_right:
			return (first if found_left else particles), (last if found_right else end)
		if self._stands_alone(view, start, end, particles):
			return particles, end
		return 0, 0

	def _stands_alone(self, view: View, start: int, end: int, particles: int) -> bool:
		flat, word = view.flat, view.low[start:end]
		written = flat[start:end]
		if len(word) < _SHORTEST_ALONE:
			return False
		before, after = flat[max(0, start - 1) : start], flat[end : end + 1]
		quoted = before in ("'", '"', ">") and after in ("'", '"', "<") and bool(before) and bool(after)
		if quoted or (written[0].isupper() and particles < start):
			return word not in COMMON or particles < start
		if not written[0].isupper():
			return False
		family = bool(self._given.get(word)) or word in self._alone
		low_before = view.low[max(0, start - 12) : start]
		if _GREETING.search(low_before) or (family and _TITLE.search(low_before)):
			return True
		if not family or word in COMMON or len(word) < 4:
			return False
		# part of an identifier, a path or a camelCase name: then it is not written as a name
		return (
			written[1:].islower()
			and not (before and before in "_/.\\-@#:=")
			and not (after and after in "_/\\@(=[-")
		)


class _Near(NamedTuple):
	"""What may stand beside a family name: given names, their first letters alone or together, particles."""

	given: Set[str]
	firsts: Set[str]
	initials: Set[str]
	infix: Set[str]

	def fits(self, word: str) -> bool:
		"""Whether a word is a given name, or a person's initials: `j`, or `ja` for Johanna Alida.

		Not the initials of several persons: of a family with many members any short word would be made, such as "of".
		"""
		return word in self.given or word in (self.firsts if len(word) == 1 else self.initials)


def _inside(taken: Sequence[Span], begins: Sequence[int], place: int) -> bool:
	"""Whether a place lies in one of the spans, which begin at `begins`."""
	before = bisect_right(begins, place) - 1
	return before >= 0 and place < taken[before].end


def _to_left(low: str, start: int, near: _Near) -> tuple[int, int, bool]:
	"""(where the name begins, where its particles begin, whether a given name or initial stands before them)."""
	first = particles = edge = start
	found = False
	for _ in range(_WINDOW):
		begin, end = _before(low, edge)
		word = low[begin:end]
		if not word:
			break
		if not found and first == particles and word in near.infix and len(word) > 1:
			first = particles = begin
		elif near.fits(word):
			first, found = begin, True
		elif word in near.infix and first == particles:
			first = particles = begin
		else:
			break
		edge = begin
	return first, particles, found


def _before(low: str, edge: int) -> tuple[int, int]:
	"""The word that belongs together with the one at a place, before it; an empty stretch where none does."""
	end = edge
	while end > 0 and edge - end < 5 and low[end - 1] in _BETWEEN:
		end -= 1
	if end == edge and low[edge - 1 : edge] == "/":
		end -= 1
	if not 0 < edge - end < 5:
		return 0, 0
	begin = end
	while begin > 0 and end - begin < _LONGEST and low[begin - 1].isalpha():
		begin -= 1
	if low[end:edge] == "'" and low[begin:end] in _STRING_PREFIXES:
		return 0, 0
	return begin, end


def _to_right(low: str, end: int, near: _Near) -> tuple[int, bool]:
	last, found = end, False
	for _ in range(_WINDOW):
		following = _NEXT.match(low, end)
		if following is None:
			break
		end = following.end()
		if near.fits(following[1]):
			last, found = end, True
		elif following[1] in near.infix:
			if found:
				last = end
		else:
			break
	return last, found


def _in_program(flat: str, position: int) -> bool:
	"""Whether a place lies in a frame line of a traceback or in the line of a program below it."""
	begin = flat.rfind("\n", 0, position) + 1
	if flat[begin : begin + 2] != "  ":
		return False
	if flat.startswith('  File "', begin):
		return True
	return flat.startswith("    ", begin) and flat.startswith(
		'  File "', flat.rfind("\n", 0, max(0, begin - 1)) + 1
	)
