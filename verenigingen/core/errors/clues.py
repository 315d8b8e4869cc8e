"""What an event tells beside its fingerprint: enough to see that two groups are one error written down in two ways.

A message that was logged without traceback, or a traceback that begins inside Frappe, does not say where the site's
own code failed; other events of the same error do. Clues are what both kinds of events have in common: the message,
the functions named, the words of titles, statements and addresses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from .fingerprint import Facts, deciding_places, statement_key, subject
from .frames import Stack, locate
from .normalise import MESSAGE_LIMIT, key_of, normalise
from .traceback import Frame

OWN, FRAMEWORK, MESSAGE = "own", "framework", "message"  # whose frames an event has
QUOTED = "'<*>'"  # all that a KeyError says
_IS_QUOTED = re.compile(r"'[^'\n]{1,200}'\Z")
_CUT_AT = 138  # a title of at least so many characters was cut by Frappe
_HEADS = 4  # parts before a colon that may stand before the message proper
PACKED_LIMIT = 8_000  # characters of clues written down
_PACKED_FRAMES = 40
_STEM = 5  # letters by which "renewal" and "renew_quietly" are the same word
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")
_DIGIT = re.compile(r"\d")
_MARKUP = re.compile(r"<[^<>]{0,200}>")
_ADDRESS_WORD = re.compile(r"/([A-Za-z_]{4,40})(?=[/?#\s]|\Z)")
_SAYS_NOTHING = frozenset(
	"error errors failed failure exception could created while when with from this that return self kwargs args none "
	"quietly frappe call value name values".split()
)


class Clues(NamedTuple):
	"""`kind` and `message` as in the fingerprint; `said` are the readings of a message without traceback, the longest
	first, or the message of an exception as it would be read without its frames, and the title. `cut`: the end of a
	message is missing. `place` is (module, function, statement, statement's key) of the
	failing own code, `caller` the own function before it, `path` the frames below it (all where there is no own
	code). `words` are stems of what names the place."""

	level: str
	kind: str
	message: str
	said: tuple[str, ...]
	cut: bool
	place: tuple[str, str, str, str] | None
	caller: str
	path: tuple[str, ...]
	words: frozenset[str]


def of_message(title: str, text: str) -> Clues:
	"""Clues of a message without traceback: both columns are looked at, in either order."""
	readings: set[str] = set()
	for rest in (title, text):
		for _ in range(_HEADS):
			readings.add(_quoted(rest) if _IS_QUOTED.match(rest) else key_of(normalise(rest)))
			_, colon, rest = rest.partition(": ")
			if not colon:
				break
	said = tuple(sorted((reading for reading in readings if reading), key=lambda one: (-len(one), one)))
	cut = len(title) >= _CUT_AT or len(text) == 140
	return Clues(
		MESSAGE, "", "", said, cut, None, "", (), _named_by((title[:MESSAGE_LIMIT], text[:MESSAGE_LIMIT]))
	)


def of_traceback(facts: Facts, frames: tuple[Frame, ...], title: str, raw: str) -> Clues:
	"""Clues of an event with frames; `title` as logged, `raw` the exception's message as it was."""
	kind, message = subject(facts)
	stack = facts.stack
	own = stack.in_app[-1] if stack.in_app else None
	place = next(iter(deciding_places(facts)), None)
	plain = _quoted(raw) if kind == "KeyError" else _reading(raw[:MESSAGE_LIMIT])
	heading = _reading(title[:MESSAGE_LIMIT])
	words = _words_of(stack, facts.query) | stems(_ADDRESS_WORD.findall(raw))
	if heading not in (plain, message):
		words |= _named_by((title[:MESSAGE_LIMIT],))
	return Clues(
		OWN if own else FRAMEWORK,
		kind,
		message,
		(plain, heading),
		False,
		(place.module, place.function, place.statement, statement_key(place.statement)) if place else None,
		_caller(stack),
		_path(frames, own.module if own else ""),
		words,
	)


def without_values(clues: Clues, texts: Iterable[str]) -> Clues:
	"""The clues without words that the normal forms of the `texts` (heading, message) have no more: what may be a name,
	and the parts of addresses. Everything else of clues is a normal form or code."""
	cut = tuple(text[:MESSAGE_LIMIT] for text in texts)
	return clues._replace(words=clues.words - (_named_by(cut) - stems(map(normalise, cut))))


def pack(clues: Clues) -> str:
	"""Clues as JSON; "" where even without frames they are longer than PACKED_LIMIT characters."""
	# a traceback from inside Frappe counts whole or not at all, of frames below own code the innermost do
	path = clues.path[-_PACKED_FRAMES:] if clues.level == OWN or len(clues.path) <= _PACKED_FRAMES else ()
	for frames in (path, ()):
		kept = clues._replace(path=frames, words=frozenset())
		packed = json.dumps([*kept[:-1], sorted(clues.words)], separators=(",", ":"))
		if len(packed) <= PACKED_LIMIT:
			return packed
	return ""


def unpack(packed: str) -> Clues | None:
	"""The clues that `pack` wrote down; None for anything else."""
	try:
		level, kind, message, said, cut, place, caller, path, words = json.loads(packed)
		where = None if place is None else (str(place[0]), str(place[1]), str(place[2]), str(place[3]))
		return Clues(
			level, kind, message, tuple(said), bool(cut), where, caller, tuple(path), frozenset(words)
		)
	except (ValueError, TypeError, LookupError, RecursionError):
		return None


def _quoted(key: str) -> str:
	"""All that a KeyError says; a key that is the program's tells one from another."""
	normal = normalise(key)
	return normal if normal == key else QUOTED


@lru_cache(maxsize=1024)
def _reading(text: str) -> str:
	return key_of(normalise(text))


@lru_cache(maxsize=1024)
def _named_by(texts: tuple[str, ...]) -> frozenset[str]:
	"""Stems of what is said outside of markup and addresses, and of the addresses' own words."""
	said = " ".join(texts)
	words = (word for word in _MARKUP.sub(" ", said).split() if "/" not in word and not _DIGIT.search(word))
	return stems(words) | stems(_ADDRESS_WORD.findall(said))


def stems(texts: Iterable[str]) -> frozenset[str]:
	"""The telling words of texts and identifiers, cut to their first letters."""
	return frozenset(
		word.lower().removesuffix("s")[:_STEM]
		for text in texts
		for word in _WORD.findall(text[:1_000])
		if word.lower() not in _SAYS_NOTHING
	)


def _caller(stack: Stack) -> str:
	"""The own function that called the failing one; what a decorator puts between is not counted."""
	for place in reversed(stack.in_app[:-1]):
		if "(*args, **kwargs)" not in place.statement:
			return place.function
	return ""


@lru_cache(maxsize=2048)
def _words_of(stack: Stack, query: str) -> frozenset[str]:
	places = [part for place in stack.in_app for part in (place.function, _base(place.module))]
	return stems((*places, stack.in_app[-1].statement if stack.in_app else query))


@lru_cache(maxsize=2048)
def _path(frames: tuple[Frame, ...], own: str) -> tuple[str, ...]:
	"""Module and function of the frames after the last one in the module `own`, outermost first."""
	found: list[str] = []
	for frame in reversed(frames):
		module = locate(frame.path)[0]
		if own and module == own:
			break
		found.append(f"{module}:{frame.function}")
	return tuple(reversed(found))


def _base(module: str) -> str:
	return module.rpartition("/")[2].partition(".")[0]
