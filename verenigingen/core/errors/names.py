"""Finds the names of people and places in a message by how they are written.

No list of names could be complete, and the site's own is not at hand here; but a word with a capital in mid-sentence
that belongs to no common vocabulary is a name, and so are two of them at the beginning. What is written around it belongs
to the name as well, so that every way to write one leaves the same text: initials ("S. Ypma", "S. YPMA", "Ypma, S."),
forms of address ("Mevr. Ypma"), and small words inside it ("Jan van der Berg").
"""

from __future__ import annotations

import re
from functools import lru_cache

from .lexicon import COMMON_WORDS

NAME = "<name>"
STAND_IN = "Xxname"  # for a name that a redactor has taken out: it is one wherever it stands
# Small words inside a name: "Jan van der Berg".
_PARTICLES = frozenset(
	"de den der van von ten ter te het 't ’t la le di da do dos du del el al bin ibn y zu zur op in".split()
)
# Those that a name may begin with; as prepositions they stand before every name alike, so that nothing is told apart by them.
_LEADING = frozenset("van de den der von ten ter".split())
_ADDRESSES = frozenset(
	"dhr mevr mw mej fam dr drs ir ing mr mrs ms prof ds jhr jkvr heer mevrouw meneer familie herr frau".split()
)
_SENTENCE_END = (".", "!", "?", ":", "(", ",")
_INITIALS = re.compile(r"(?:[^\W\d_a-z][a-z]?\.){1,5}\Z")  # "S.", "J.P.", "Th."
_ELIDED = re.compile(r"[a-z]{1,2}['’](?=[^\W\d_a-z])")  # d'Ancona
_SCOTTISH = re.compile(r"Ma?c(?=[A-Z])")
_EDGES = "()[]{}'\"“”,.:;!?*"

_BETWEEN = 5  # small words between two parts of a name

_WORD, _NAME, _PARTICLE, _INITIAL, _ADDRESS, _SHOUTED = range(6)


def without_names(text: str) -> str:
	"""The text with each name replaced by `<name>`; `text` has single blanks between words. Linear."""
	words = text.split(" ")
	kinds = [_kind(word) for word in words]
	if not any(kinds):
		return text
	found: list[str] = []
	index, count = 0, len(words)
	while index < count:
		end = _end(kinds, words, index)
		alone = end == index + 1 and STAND_IN not in words[index]
		if end == index or (alone and _begins_sentence(words, index)):
			found.append(words[index])
			index += 1
			continue
		head, tail = words[index], words[end - 1]
		opening = head[: len(head) - len(head.lstrip(_EDGES))]
		closing = tail[len(tail.rstrip(_EDGES)) :]
		if kinds[end - 1] == _INITIAL and closing[:1] == ".":
			closing = closing[1:]  # it belongs to the initial
		found.append(f"{opening}{NAME}{closing}")
		index = end
	return " ".join(found)


def _end(kinds: list[int], words: list[str], start: int) -> int:
	"""Where the name ends (exclusive) that begins at `start`; `start` itself if none does."""
	begin = start
	while begin < len(kinds) and begin - start < _BETWEEN and words[begin] in _LEADING:
		begin += 1
	if begin == len(kinds) or kinds[begin] not in (_NAME, _INITIAL, _ADDRESS):
		return start
	at, end, initials = begin, begin, False
	while at < len(kinds) and at - end < _BETWEEN:
		kind = kinds[at]
		# after initials all capitals are no abbreviation: "S. VAN DE VELDE"
		if kind == _NAME or (
			kind == _SHOUTED and initials and words[at].strip(_EDGES).lower() not in COMMON_WORDS
		):
			end = at + 1
		elif kind == _INITIAL:
			initials = True
			end = at + 1 if end == at and at > begin else end
		elif kind not in (_PARTICLE, _ADDRESS) and not (kind == _SHOUTED and initials):
			break
		at += 1
		if _is_closed(kinds, words, at):
			break
	return end if end > begin else start


def _is_closed(kinds: list[int], words: list[str], at: int) -> bool:
	"""Whether the word before `at` ends a part of the sentence, so that what follows is no more of the name."""
	before = words[at - 1]
	if before[-1:] not in _SENTENCE_END or (before[-1] == "." and kinds[at - 1] in (_INITIAL, _ADDRESS)):
		return False
	return not (before[-1] == "," and at < len(kinds) and kinds[at] == _INITIAL)  # "Ypma, S."


def _begins_sentence(words: list[str], index: int) -> bool:
	if index == 0 or words[index][:1] == "(":
		return True
	before = words[index - 1]
	return before[-1:] in ".!?:" or (before[:1] == "(" and before[-1:] == ",")  # (1205, Lock wait …


@lru_cache(maxsize=8192)
def _kind(word: str) -> int:
	core = word.strip(_EDGES)
	if core in _PARTICLES or word in _PARTICLES:
		return _PARTICLE
	if core.lower() in _ADDRESSES:
		return _ADDRESS
	if _INITIALS.match(word.strip('()[]{}"“”,:;!?*')):
		return _INITIAL
	core = _SCOTTISH.sub("", _ELIDED.sub("", core))
	if len(core) < 2 or not core[0].isupper():
		return _WORD
	if core.isupper():
		return _SHOUTED if core.isalpha() else _WORD
	if core.casefold() in COMMON_WORDS:
		return _WORD
	parts = re.split(r"['’-]", core)
	# "PostcodeService" is the program's
	usual = all(part.isalpha() and (part[1:].islower() or len(part) < 2) for part in parts)
	return _NAME if usual else _WORD
