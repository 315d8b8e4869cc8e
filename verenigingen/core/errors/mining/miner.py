"""The miner: from messages without traceback to their templates, on line or in one go.

What it knows is the set of forms it has seen (`mask`); where they hold values is worked out from that set (`slots`) when
a template is asked for. So a result depends neither on the order of arrival nor on a restart in between.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from verenigingen.exceptions import BadArgument

from .mask import VALUE, Atoms, Masker, render, split
from .slots import Layer, apply, learn
from .stragglers import Stragglers
from .views import Views, is_word, stable

FORMS_LIMIT = 5_000  # different forms a miner keeps; logs of one system have some hundred
STATE_VERSION = 1
_REASONS = 2  # places explained in a reason


class Template(NamedTuple):
	"""What messages of one kind share: `text` with `<*>` for values, how many `lines` of it were seen, the `reason`."""

	text: str
	lines: int
	reason: str

	@property
	def key(self) -> str:
		"""32 lower-case hex digits that stand for the text."""
		return hashlib.blake2b(self.text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class _Solved(NamedTuple):
	"""A form with all its values found: what is left, the same as text, and why words were taken for values."""

	atoms: Atoms
	text: str
	why: tuple[str, ...]


class Miner:
	"""Groups messages that say the same with other values.

	`add` takes messages as they come; `template` answers for any message, seen or not. Of more than `limit` different
	forms only some are learned from (always the same ones, whatever the order); the others are still told apart.
	Time is linear in the text; memory is bounded by `limit` forms of MESSAGE_LIMIT characters each.
	"""

	def __init__(self, limit: int = FORMS_LIMIT) -> None:
		if limit < 1:
			raise BadArgument(f"limit must be at least 1, not {limit}.")
		self._limit = limit
		self._masker = Masker()
		self._views = Views()
		self._forms: dict[str, int] = {}
		self._order: list[
			tuple[int, str]
		] = []  # a heap; on top the form that goes first when there are too many
		self._folded = 0
		self._layers: list[Layer | Stragglers] | None = None
		self._solved: dict[str, _Solved] = {}
		self._templates: dict[Atoms, Template] | None = None

	def add(self, message: str, count: int = 1) -> str:
		"""Takes note of a message that occurred `count` times; returns its form, as `template_of_form` takes it."""
		form = self._masker.form(message)
		self._count(form, count)
		return form

	def template(self, message: str) -> Template:
		"""The template of a message; `lines` is 0 for a kind never seen. Never raises."""
		return self.template_of_form(self._masker.form(message))

	def template_of_form(self, form: str) -> Template:
		"""The template of a message whose form is known."""
		solved = self._solve(form)
		found = self._known().get(solved.atoms)
		return found if found is not None else _template([solved], 0)

	def templates(self) -> list[Template]:
		"""All templates seen, the most frequent first."""
		return sorted(self._known().values(), key=lambda found: (-found.lines, found.text))

	def state(self) -> dict[str, Any]:
		"""What it takes to go on after a restart, safe for JSON. Forms hold words that may be somebody's name."""
		return {
			"version": STATE_VERSION,
			"limit": self._limit,
			"folded": self._folded,
			"forms": dict(sorted(self._forms.items())),
		}

	@classmethod
	def from_state(cls, state: Mapping[str, Any]) -> Miner:
		"""A miner that goes on where `state()` was taken. Raises BadArgument for anything else."""
		forms = state.get("forms")
		if state.get("version") != STATE_VERSION or not isinstance(forms, dict):
			raise BadArgument(
				f"This is no state of a miner of version {STATE_VERSION}; start with an empty one."
			)
		if not all(isinstance(form, str) and _is_count(count) for form, count in forms.items()):
			raise BadArgument("The forms of a miner's state must be texts with whole numbers from 0 on.")
		limit, folded = state.get("limit", FORMS_LIMIT), state.get("folded", 0)
		if not _is_count(limit) or not _is_count(folded):
			raise BadArgument("`limit` and `folded` of a miner's state must be whole numbers from 0 on.")
		miner = cls(limit)
		for form, count in forms.items():
			miner._count(form, count)
		miner._folded += folded
		return miner

	def _count(self, form: str, count: int) -> None:
		self._templates = None
		if form in self._forms:
			self._forms[form] += count
			return
		entry = (-stable(form), form)
		if len(self._forms) < self._limit:
			heapq.heappush(self._order, entry)
		else:
			gone = heapq.heappushpop(self._order, entry)[1]
			if gone == form:
				self._folded += count
				return
			self._folded += self._forms.pop(gone)
		self._forms[form] = count
		self._layers = None

	def _solve(self, form: str) -> _Solved:
		if self._layers is None:
			self._layers = learn((split(form)[1] for form in self._forms), self._views)
			self._solved.clear()
		found = self._solved.get(form)
		if found is None:
			if len(self._solved) > 2 * self._limit:
				self._solved.clear()
			found = self._solved[form] = self._apply(form, self._layers)
		return found

	def _apply(self, form: str, layers: list[Layer | Stragglers]) -> _Solved:
		blanks, atoms = split(form)
		why: dict[str, None] = {}
		for layer in layers:
			change = apply(layer, atoms, self._views)
			if change is None:
				continue
			atoms, blanks = change.of(atoms), [blanks[place] for _, place in change.places]
			why.update(dict.fromkeys(change.why))
		return _Solved(atoms, render(blanks, atoms), tuple(why))

	def _known(self) -> dict[Atoms, Template]:
		if self._templates is None:
			groups: dict[Atoms, list[_Solved]] = defaultdict(list)
			lines: dict[Atoms, int] = defaultdict(int)
			for form, count in self._forms.items():
				solved = self._solve(form)
				groups[solved.atoms].append(solved)
				lines[solved.atoms] += count
			self._templates = {atoms: _template(group, lines[atoms]) for atoms, group in groups.items()}
		return self._templates


def mine(messages: Iterable[str]) -> list[str]:
	"""The template of each message, in the order given; equal texts are one group. Depends on the set of messages only."""
	return [template.text for template in mine_templates(messages)]


def mine_templates(messages: Iterable[str]) -> list[Template]:
	"""As `mine`, with the number of lines and the reason of each template."""
	miner = Miner()
	forms = [miner.add(message) for message in messages]
	found = {form: miner.template_of_form(form) for form in set(forms)}
	return [found[form] for form in forms]


def _is_count(value: object) -> bool:
	return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _template(group: list[_Solved], lines: int) -> Template:
	"""The template of forms that are the same but for their values; they may differ in blanks."""
	text = min(solved.text for solved in group)
	atoms = group[0].atoms
	words, values = sum(map(is_word, atoms)), atoms.count(VALUE)
	why = sorted({reason for solved in group for reason in solved.why})
	said = f"{_many(lines, 'line')} of {_many(words, 'word')}"
	if lines > 1:
		said = f"{lines} lines share {_many(words, 'word')}"
	said += (
		f"; {_many(values, 'position')} {'varies' if values == 1 else 'vary'}"
		if values
		else "; nothing varies"
	)
	if why:
		more = f" and {len(why) - _REASONS} more" if len(why) > _REASONS else ""
		said += f": {', '.join(why[:_REASONS])}{more}"
	return Template(text, lines, said)


def _many(number: int, noun: str) -> str:
	return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
