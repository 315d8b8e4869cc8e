"""Forms that fit a template in all its words, but with values in two places at once that nobody else has.

The places of a template were found from many forms; a rare form whose other values are rare as well differs from each of
them in more than one place, so that `slots` never compares it. It still fits the finished template.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from .mask import VALUE, Atoms
from .views import Views, is_fault, is_shouted, is_word

SEGMENTS = "later names"  # the view in which forms and templates are laid side by side
_FORMS = 5  # a template of fewer forms is no ground to go by
_WORDS = 2  # words a template must have
_REASON = "the rest fits a template of many other values"


class Found(NamedTuple):
	"""What is known of a form: the positions that were found to be values by comparison, and how many forms became it."""

	learned: frozenset[int]
	forms: int


class _Template(NamedTuple):
	texts: Atoms
	open: tuple[int, ...]
	words: int


class Stragglers:
	"""Templates that rare forms may fit; as a layer after those of `slots`."""

	kind = SEGMENTS
	words: frozenset[str] = frozenset()

	def __init__(self, found: Mapping[Atoms, Found], views: Views) -> None:
		self._by_size: dict[int, list[_Template]] = defaultdict(list)
		for atoms, (learned, forms) in found.items():
			words = sum(map(is_word, atoms))
			if learned and forms >= _FORMS and words >= _WORDS:
				view = views.of(SEGMENTS, atoms)
				places = tuple(place for place, begin in enumerate(view.starts[:-1]) if begin in learned)
				self._by_size[len(view.texts)].append(_Template(view.texts, places, words))
		for templates in self._by_size.values():
			templates.sort(key=lambda one: (-one.words, one.texts))

	def __bool__(self) -> bool:
		return bool(self._by_size)

	def places(self, atoms: Atoms, views: Views) -> dict[int, str]:
		"""Places of the form, seen as SEGMENTS, that are values of the template it fits best, and why."""
		view = views.of(SEGMENTS, atoms)
		for template in self._by_size.get(len(view.texts), ()):
			places = _differing(view.texts, template)
			if places:
				return dict.fromkeys(places, _REASON)
		return {}


def _differing(texts: Atoms, template: _Template) -> list[int]:
	"""Where the texts have words for the template's values; empty where they do not fit, or fit without any."""
	differing = []
	following = 0
	for place in template.open:
		if texts[following:place] != template.texts[following:place]:
			return []
		following = place + 1
		text = texts[place]
		if text == VALUE:
			continue
		if not is_word(text) or is_fault(text) or is_shouted(text):
			return []
		differing.append(place)
	return differing if texts[following:] == template.texts[following:] else []
