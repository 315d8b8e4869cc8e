"""Which words of a form are values, seen from all forms: the places where forms that are otherwise equal differ.

Two or three wordings that differ in one word are as often two errors ("connection refused", "connection reset") as one
with a value ("session of cyrus", "session of root"). So a difference alone decides nothing. Evidence is added up: what
stands before the place, what the differing words look like, how many there are, and whether a sure value occurs in the
same place. Nothing of it depends on how often or in which order messages came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from .mask import VALUE, Atoms, fold
from .views import KINDS, View, Views, is_fault, is_identifier, is_shouted

ENOUGH = 3  # the weakest signs that agree; no single one makes a value
ROUNDS = 3  # a value found in one place makes forms equal that differed in two
_SHOWN = 40  # characters of a word in a reason
_COUNTS = (3, 5, 9, 17)  # each of these numbers of different words is one more sign
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


class Layer(NamedTuple):
	"""What was found in one look: the kind of view, and the places of value (by their surroundings) with the reason."""

	kind: str
	places: dict[int, str]


class Change(NamedTuple):
	"""A form after a layer: for each atom left whether it is a value now, and the place it comes from; and why."""

	places: list[tuple[bool, int]]
	why: list[str]

	def of(self, atoms: Atoms) -> Atoms:
		"""The changed form."""
		return tuple([VALUE if value else atoms[place] for value, place in self.places])


def learn(forms: Iterable[Atoms], views: Views) -> list[Layer]:
	"""Where the forms hold values beside `<*>`; a function of the set of forms, whatever their order."""
	known = set(forms)
	layers: list[Layer] = []
	for _ in range(ROUNDS):
		before = len(layers)
		for kind in KINDS:
			layer = Layer(kind, _look(known, kind, views))
			if layer.places:
				layers.append(layer)
				changes = [(atoms, apply(layer, atoms, views)) for atoms in known]
				known = {change.of(atoms) if change else atoms for atoms, change in changes}
		if len(layers) == before:
			break
	return layers


def apply(layer: Layer, atoms: Atoms, views: Views) -> Change | None:
	"""What a layer changes in a form; None where it finds no value."""
	view = views.of(layer.kind, atoms)
	found = {
		place: layer.places[key]
		for place, key in view.open
		if key in layer.places and view.texts[place] != VALUE
	}
	if not found:
		return None
	places: list[tuple[bool, int]] = []
	for place in range(len(view.texts)):
		begin, end = view.starts[place], view.starts[place + 1]
		places += [(True, begin)] if place in found else [(False, at) for at in range(begin, end)]
	why = list(found.values())
	return Change([places[at] for at in fold(Change(places, why).of(atoms))], why)


def _look(forms: Collection[Atoms], kind: str, views: Views) -> dict[int, str]:
	"""The places of value among forms seen in one way, by the number of their surroundings."""
	first: dict[int, tuple[str, View, int]] = {}
	several: dict[int, set[str]] = {}
	for atoms in forms:
		view = views.of(kind, atoms)
		for place, key in view.open:
			text = view.texts[place]
			known = first.setdefault(key, (text, view, place))
			if known[0] != text:
				several.setdefault(key, {known[0]}).add(text)
	found = {}
	for key, texts in several.items():
		_, view, place = first[key]
		score, reason = weigh(view.keys, place, texts)
		if score >= ENOUGH:
			found[key] = reason
	return found


def weigh(keys: Atoms, place: int, texts: Collection[str]) -> tuple[int, str]:
	"""How much speaks for a place of value, and the reason to show; it names none of the words that differ."""
	before = keys[place - 1] if place else ""
	earlier = keys[place - 2] if place > 1 else ""
	after = keys[place + 1] if place + 1 < len(keys) else ""
	words = [text for text in texts if text != VALUE]
	score = sum(len(texts) >= count for count in _COUNTS)
	score += 2 * (len(words) < len(texts)) + 2 * (_BRACKETS.get(before, "-") == after)
	if len(words) == len(texts) == 2:
		score -= 1  # two wordings may always be two errors
	score += _introduction(before, earlier) + _looks(words)
	qualified = all(word.count(".") > 1 for word in words)  # a.b.c names one of many, wherever it stands
	if not place:
		score -= 1 if qualified else 2  # what begins a message mostly says what it is about
	if after in (":", "(") and not qualified:
		score -= 2  # a label, a function
	said = " ".join(key[:_SHOWN] for key in (earlier, before) if key) or "the beginning"
	kinds = f"{len(words)} wordings" + (" and plain values" if len(words) < len(texts) else "")
	return score, f"what follows “{said}” varies ({kinds})"


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
