"""Which words of a form are values, seen from all forms: the places where forms that are otherwise equal differ.

Each place is judged by `evidence`. What is found in one place helps in others: words that share a place of value
anywhere are of one class, and two of them in one more place are values there as well. Nothing of it depends on how
often or in which order messages came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from .evidence import ENOUGH, is_outcome, weigh
from .mask import VALUE, Atoms, fold
from .stragglers import Found, Stragglers
from .views import KINDS, KNOWN, View, Views

ROUNDS = 3  # a value found in one place makes forms equal that differed in two
_CLASS = 3  # words that make a class; two may have met by chance
_SHARED = 2  # words that two classes have in common if they are one
_NO_WORDS: frozenset[str] = frozenset()


class Layer(NamedTuple):
	"""What was found in one look: the kind of view, the words it takes for alike, and the places of value (by their
	surroundings) with the reason."""

	kind: str
	words: frozenset[str]
	found: dict[int, str]

	def places(self, atoms: Atoms, views: Views) -> dict[int, str]:
		"""Places of the form, seen in the layer's way, that are values, and why."""
		view = views.of(self.kind, atoms, self.words)
		return {
			place: self.found[key]
			for place, key in view.open
			if key in self.found and view.texts[place] != VALUE
		}


class Change(NamedTuple):
	"""A form after a layer: for each atom left whether it is a value now, and the place it comes from; and why."""

	places: list[tuple[bool, int]]
	why: list[str]

	def of(self, atoms: Atoms) -> Atoms:
		"""The changed form."""
		return tuple([VALUE if value else atoms[place] for value, place in self.places])


def learn(forms: Iterable[Atoms], views: Views) -> list[Layer | Stragglers]:
	"""Where the forms hold values beside `<*>`; a function of the set of forms, whatever their order."""
	left = dict.fromkeys(forms, Found(frozenset(), 1))
	layers: list[Layer | Stragglers] = []
	classes = _Classes()
	for _ in range(ROUNDS):
		before = len(layers)
		for kind in KINDS:
			layer = _look(left, kind, views, classes)
			if layer.found:
				layers.append(layer)
				left = _after(left, layer, views)
		if len(layers) == before:
			break
	stragglers = Stragglers(left, views)
	return [*layers, *[stragglers] * ROUNDS] if stragglers else layers


def apply(layer: Layer | Stragglers, atoms: Atoms, views: Views) -> Change | None:
	"""What a layer changes in a form; None where it finds no value."""
	found = layer.places(atoms, views)
	if not found:
		return None
	view = views.of(layer.kind, atoms, layer.words)
	places: list[tuple[bool, int]] = []
	for place in range(len(view.texts)):
		begin, end = view.starts[place], view.starts[place + 1]
		places += [(True, begin)] if place in found else [(False, at) for at in range(begin, end)]
	why = list(found.values())
	return Change([places[at] for at in fold(Change(places, why).of(atoms))], why)


def _after(left: dict[Atoms, Found], layer: Layer, views: Views) -> dict[Atoms, Found]:
	"""The forms after a layer; those that became equal are one."""
	after: dict[Atoms, Found] = {}
	for atoms, found in left.items():
		change = apply(layer, atoms, views)
		if change is not None:
			atoms = change.of(atoms)
			learned = {
				at for at, (value, begin) in enumerate(change.places) if value or begin in found.learned
			}
			found = Found(frozenset(learned), found.forms)
		other = after.get(atoms)
		after[atoms] = Found(other.learned | found.learned, other.forms + found.forms) if other else found
	return after


def _look(forms: Collection[Atoms], kind: str, views: Views, classes: _Classes) -> Layer:
	"""The places of value among forms seen in one way, by the number of their surroundings."""
	alike = classes.words() if kind == KNOWN else _NO_WORDS
	first: dict[int, tuple[str, View, int]] = {}
	several: dict[int, set[str]] = {}
	for atoms in forms:
		view = views.of(kind, atoms, alike)
		for place, key in view.open:
			text = view.texts[place]
			known = first.setdefault(key, (text, view, place))
			if known[0] != text:
				several.setdefault(key, {known[0]}).add(text)
	found, values = {}, []
	for key, texts in several.items():
		_, view, place = first[key]
		score, reason = weigh(view.keys, place, texts, known=kind == KNOWN and classes.hold(texts))
		if score >= ENOUGH:
			found[key] = reason
			values.append(texts)
	for texts in values:
		classes.add(texts)
	return Layer(kind, alike, found)


class _Classes:
	"""Words that are values of the same places."""

	def __init__(self) -> None:
		self._classes: list[set[str]] = []

	def add(self, texts: Collection[str]) -> None:
		"""The words of a place of value."""
		words = {text for text in texts if text.replace(" ", "").isalpha() and not is_outcome(text)}
		if len(words) < _CLASS:
			return
		apart = []
		for other in self._classes:
			if len(other & words) >= _SHARED:
				words |= other
			else:
				apart.append(other)
		self._classes = [*apart, words]

	def words(self) -> frozenset[str]:
		"""All words of all classes."""
		return _NO_WORDS.union(*self._classes)

	def hold(self, texts: Collection[str]) -> bool:
		"""Whether one class has most of these words (values aside), and two of them if there are two."""
		words = {text for text in texts if text != VALUE}
		return any(
			len(both := words & known) >= min(_SHARED, len(words)) and 2 * len(both) > len(words)
			for known in self._classes
		)
