"""Ways to look at a form in which some of its words are alike, and what surrounds each of its places.

Two forms differ in one place alone if what surrounds it is equal in both. Forms with two names each mostly differ in two
places; where names look alike, it is one at a time.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from .mask import VALUE, Atoms

KNOWN = "known"
_NAME_WORDS = 5
_BITS = (1 << 64) - 1
_PLACES = 1 << 12  # more than a form has
_REMEMBERED = 500_000  # atoms of all views
_JUDGED = 100  # places of a form that may be found to hold a value; the rest is only compared
_PARTICLES = frozenset("de den der van von het ter ten te di da la le el al bin du dos".split())
_FAULTS = ("Exception", "Error", "Warning")


class View(NamedTuple):
	"""A form by places: the `keys` that are compared, the `texts` behind them, where in the form each `starts` (and, at
	last, its end), and which places are `open` to be a value, each with the number of its surroundings."""

	keys: Atoms
	texts: Atoms
	starts: tuple[int, ...]
	open: tuple[tuple[int, int], ...]


class _Kind(NamedTuple):
	"""How to look: where places start, which texts may be values, and the key they share (None: each its own)."""

	starts: Callable[[Atoms], tuple[int, ...]]
	may_vary: Callable[[str], bool]
	key: str | None


class Views:
	"""Views of forms, remembered; what it remembers never changes an answer."""

	def __init__(self) -> None:
		self._numbers: dict[str, int] = {}
		self._factors: list[int] = []
		self._seen: dict[tuple[str, frozenset[str], Atoms], View] = {}
		self._atoms = 0

	def of(self, kind: str, atoms: Atoms, words: frozenset[str] = frozenset()) -> View:
		"""A form seen in one of KINDS; `words` are those that a view of the kind KNOWN takes for alike."""
		view = self._seen.get((kind, words, atoms))
		if view is None:
			self._atoms += len(atoms) + 10
			if self._atoms > _REMEMBERED:
				self._atoms = 0
				self._seen.clear()
				self._numbers.clear()
			may_vary = words.__contains__ if kind == KNOWN else KINDS[kind].may_vary
			view = self._seen[kind, words, atoms] = self._made(KINDS[kind], atoms, may_vary)
		return view

	def _made(self, kind: _Kind, atoms: Atoms, may_vary: Callable[[str], bool]) -> View:
		starts = kind.starts(atoms)
		texts = atoms
		if len(starts) <= len(atoms):
			texts = tuple([" ".join(atoms[start:end]) for start, end in itertools.pairwise(starts)])
		varying = [may_vary(text) for text in texts]
		keys = texts
		if kind.key is not None:
			keys = tuple([kind.key if may else text for may, text in zip(varying, texts, strict=True)])
		places = [place for place, text in enumerate(texts[:_JUDGED]) if varying[place] or text == VALUE]
		around = self._around(keys) if places else []
		return View(keys, texts, starts, tuple([(place, around[place]) for place in places]))

	def _around(self, keys: Atoms) -> list[int]:
		"""For each place a number made of the rest of the form and the place: equal where these are equal."""
		while len(self._factors) < len(keys):
			self._factors.append(stable(f"place {len(self._factors)}") | 1)
		terms = [self._number(key) * factor & _BITS for key, factor in zip(keys, self._factors, strict=False)]
		total = sum(terms) + len(keys)
		return [(total - term & _BITS) * _PLACES + place for place, term in enumerate(terms)]

	def _number(self, key: str) -> int:
		found = self._numbers.get(key)
		if found is None:
			found = self._numbers[key] = stable(key)
		return found


def stable(text: str) -> int:
	"""A number of 64 bits for a text, the same in every process."""
	encoded = text.encode("utf-8", "surrogatepass")
	return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), "big")


def is_word(atom: str) -> bool:
	"""Whether an atom is neither a sign nor a value."""
	return atom != VALUE and (atom[0].isalnum() or atom[0] == "_")


def is_fault(word: str) -> bool:
	"""Whether a word names a class of errors, which tells one error from another."""
	return word.endswith(_FAULTS)


def is_shouted(word: str) -> bool:
	"""Whether a word is all in capitals, as states and commands are."""
	return word.isupper() and not any(char.isdigit() for char in word)


@lru_cache(maxsize=20_000)
def is_identifier(word: str) -> bool:
	"""Whether a word looks made for a machine: dotted, underscored, a path or of mixed case; names of errors do not."""
	if not word[0].isalpha() or (word.isalpha() and word[1:].islower()):
		return False
	if word == VALUE or is_fault(word) or is_shouted(word):
		return False
	core = word.rstrip(".")
	if any(char in "._$/@" for char in core):
		return True
	return any(one.islower() and other.isupper() for one, other in itertools.pairwise(core))


@lru_cache(maxsize=20_000)
def _is_capital(atom: str) -> bool:
	return atom[0].isupper() and len(atom) > 1 and not is_shouted(atom) and not is_identifier(atom)


def _is_name(text: str) -> bool:
	return any(map(_is_capital, text.split(" ")))


def _single(atoms: Atoms) -> tuple[int, ...]:
	return tuple(range(len(atoms) + 1))


def _with_names(atoms: Atoms) -> tuple[int, ...]:
	"""Runs of capitalised words, with what may stand between them, are one place: names have one word or four."""
	return _runs(atoms, 0)


def _after_first(atoms: Atoms) -> tuple[int, ...]:
	"""As `_with_names`, but the first word, which has a capital anyway, stands by itself."""
	return _runs(atoms, 1)


def _runs(atoms: Atoms, place: int) -> tuple[int, ...]:
	starts = list(range(place + 1))
	while place < len(atoms):
		place = _name_end(atoms, place)
		starts.append(place)
	return tuple(starts)


def _name_end(atoms: Atoms, place: int) -> int:
	"""Where the name ends (exclusive) that begins at a place; the next place if none does. "SEPA Mandate" is one."""
	end = at = place
	while at < len(atoms) and at - place < _NAME_WORDS:
		if _is_capital(atoms[at]):
			end = at + 1
		elif not (is_shouted(atoms[at]) if end == place else atoms[at] in _PARTICLES):
			break
		at += 1
	return max(end, place + 1)


KINDS: dict[str, _Kind] = {
	"identifiers": _Kind(_single, is_identifier, "<id>"),
	"later names": _Kind(_after_first, _is_name, VALUE),
	"names": _Kind(_with_names, _is_name, VALUE),
	"words": _Kind(_single, is_word, None),
	KNOWN: _Kind(_after_first, is_word, VALUE),  # which words may vary is said by who looks
}
