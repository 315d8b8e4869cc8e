"""How much speaks for a place being a value: what stands around it, and what the differing words look like.

Two wordings that differ in one word are as often two errors ("connection refused", "connection reset") as one with a
value ("session of cyrus", "session of root"). So a difference alone decides nothing; signs are added up. The main ones:
how many words there are in one place (verbs and outcomes come in twos and threes, names by the dozen), how much of the
message is equal otherwise, and whether the words look like outcomes (participles, "up" and "down").
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from .mask import VALUE, Atoms
from .views import is_fault, is_identifier, is_shouted, is_word

ENOUGH = 3  # the weakest signs that agree; no single one makes a value
_SHOWN = 40  # characters of a word in a reason
_COUNTS = (3, 5, 9, 17)  # each of these numbers of different words is one more sign
_WORDING = (
	2,
	3,
	5,
)  # and so is each of these numbers of words that are equal, if there are _COUNTS[0] different ones
_NOTHING_EQUAL = 10  # a template without a word would say nothing
_SHORTEST = 3  # letters of a plain word
_BRACKETS = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "<": ">", "`": "`"}
_PREPOSITIONS = frozenset(
	"for from to by on at in of with via as into through against voor van naar door op bij uit met tot".split()
)
# After these a name follows: what is named is somebody's data, or one of many things of a kind.
_NAMED = frozenset(
	"user users username account login host hostname server client node service daemon process program command job "
	"task queue worker file filename directory dir folder path class type package module plugin component driver device "
	"interface key name named called id tag topic table column field database db schema domain group role member "
	"customer supplier contact company item invoice mandate order project party gebruiker lid klant factuur".split()
)
_LABELS = (":", "(", "=")  # what stands before these is a label, a function, a setting
# Outcomes that are no participles by their form.
_OUTCOMES = frozenset(
	"up down on off in out yes no ok okay good bad begin end start stop enter exit enable disable success failure error "
	"open close read write sent lost done begun built broken found held kept met paid put run set shut taken torn won "
	"aan uit ja nee goed fout actief inactief leeg vol gereed klaar mislukt gelukt begin einde".split()
)
_PARTICIPLE_LENGTH = 6
_DUTCH_PREFIXES = ("be", "ge", "her", "mis", "ont", "ver")
_DUTCH_ENDS = ("d", "t", "en")


def weigh(keys: Atoms, place: int, texts: Collection[str], *, known: bool = False) -> tuple[int, str]:
	"""How much speaks for a place of value, and the reason to show; it names none of the words that differ.

	known: all the texts were found to be values of one place elsewhere.
	"""
	before = keys[place - 1] if place else ""
	earlier = keys[place - 2] if place > 1 else ""
	after = keys[place + 1] if place + 1 < len(keys) else ""
	words = [text for text in texts if text != VALUE]
	mixed = len(words) < len(texts)
	score = sum(len(texts) >= count for count in _COUNTS)
	score += 2 * mixed + 2 * (_BRACKETS.get(before, "-") == after)
	if len(words) == len(texts) == 2:
		score -= 1  # two wordings may always be two errors
	equal = sum(map(is_word, keys)) - is_word(keys[place])
	introduced = _introduction(before, earlier)
	score += introduced + _looks(words) + 3 * known
	if not introduced and 2 * sum(map(is_outcome, words)) > len(words):
		many = _COUNTS[1] if equal >= _WORDING[1] else _COUNTS[2]
		score -= 2 * (len(texts) < many)  # what is introduced is a state, and of outcomes there are few
	if len(texts) >= _COUNTS[0] and before != ":" and 2 * sum(map(_is_plain, words)) > len(words):
		score += sum(equal >= count for count in _WORDING)
	if not equal:
		score -= _NOTHING_EQUAL
	qualified = all(word.count(".") > 1 for word in words)  # a.b.c names one of many, wherever it stands
	if not place:
		score -= 1 if qualified else 2  # what begins a message mostly says what it is about
	if after in _LABELS and not qualified:
		score -= 2
	said = " ".join(key[:_SHOWN] for key in (earlier, before) if key) or "the beginning"
	kinds = f"{len(words)} wordings" + (" and plain values" if mixed else "")
	return score, f"what follows “{said}” varies ({kinds}{', values elsewhere as well' if known else ''})"


def _introduction(before: str, earlier: str) -> int:
	"""Signs in what stands before a place."""
	score = 0
	if before in (":", "#"):
		score, before, earlier = 1, earlier, ""
	if before.lower() in _PREPOSITIONS:
		score += 1
	if before.lower() in _NAMED:
		score += 1 + (earlier.lower() in _PREPOSITIONS)
	return score


def _looks(words: list[str]) -> int:
	"""Signs in the words themselves, for and against values."""
	made = sum(map(is_identifier, words))
	score = 2 if made == len(words) else 1 if 2 * made > len(words) else 0
	names = sum(word[0].isupper() and not is_shouted(word) for word in words)
	if names == len(words) and any(" " in word for word in words):
		score += 1
	if any(map(is_fault, words)):
		score -= 2
	if 2 * sum(map(is_shouted, words)) > len(words):
		score -= 1  # shouted words are states
	return score


def _is_plain(word: str) -> bool:
	if len(word) < _SHORTEST or not word.replace("-", "").replace(" ", "").isalpha():
		return False
	return " " in word or not (is_identifier(word) or is_shouted(word))


@lru_cache(maxsize=20_000)
def is_outcome(word: str) -> bool:
	"""Whether a word says what happened: a participle of English or Dutch, or one of few words like "up"."""
	word = word.lower().rstrip(".!")
	if word in _OUTCOMES:
		return True
	if not word.isalpha() or len(word) < _PARTICIPLE_LENGTH:
		return False
	if word.endswith(("ed", "ing")):
		return True
	return word.endswith(_DUTCH_ENDS) and (word.startswith(_DUTCH_PREFIXES) or "ge" in word[2:-3])
