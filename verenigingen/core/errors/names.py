"""Finds the names of people and places in a message by how they are written.

No list of names could be complete, and the site's own is not at hand here; but a word with a capital in mid-sentence
that belongs to no common vocabulary is a name, and so are two of them at the beginning.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .lexicon import COMMON_WORDS

NAME = "<name>"
STAND_IN = "Xxname"  # for a name that a redactor has taken out: it is one wherever it stands
# Small words inside a name: "Jan van der Berg".
_PARTICLES = frozenset(
	"de den der van von ten ter te het 't la le di da do dos du del el al bin ibn y zu zur op in".split()
)
_SENTENCE_END = (".", "!", "?", ":", "(", ",")
_CAPITALISED = re.compile(r"[^\W\d_a-z]+(?:['’-]?[^\W\d_]+)*\Z")
_EDGES = "()[]{}'\"“”,.:;!?*"


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
		if kinds[index] != _IS_NAME or (alone and _begins_sentence(words, index)):
			found.append(words[index])
			index += 1
			continue
		head, tail = words[index], words[end - 1]
		opening = head[: len(head) - len(head.lstrip(_EDGES))]
		closing = tail[len(tail.rstrip(_EDGES)) :]
		found.append(f"{opening}{NAME}{closing}")
		index = end
	return " ".join(found)


_IS_NAME, _IS_PARTICLE = 1, 2


def _end(kinds: list[int], words: list[str], start: int) -> int:
	"""Where the name ends (exclusive) that begins at `start`."""
	end = start + 1
	while end < len(kinds) and words[end - 1][-1:] not in _SENTENCE_END:
		following = end
		while following < len(kinds) and kinds[following] == _IS_PARTICLE and following - end < 3:
			following += 1
		if following == len(kinds) or kinds[following] != _IS_NAME:
			break
		end = following + 1
	return end


def _begins_sentence(words: list[str], index: int) -> bool:
	if index == 0 or words[index][:1] == "(":
		return True
	before = words[index - 1]
	return before[-1:] in ".!?:" or (before[:1] == "(" and before[-1:] == ",")  # (1205, Lock wait …


@lru_cache(maxsize=8192)
def _kind(word: str) -> int:
	core = word.strip(_EDGES)
	if core in _PARTICLES:
		return _IS_PARTICLE
	if len(core) < 2 or not core[0].isupper() or core.isupper() or core.casefold() in COMMON_WORDS:
		return 0
	parts = re.split(r"['’-]", core)
	# "PostcodeService" is the program's
	usual = all(part.isalpha() and (part[1:].islower() or len(part) < 2) for part in parts)
	return _IS_NAME if usual else 0
