"""Joins groups that are one error written down in different ways.

A fingerprint is made from one event alone. Some events do not hold enough: `log_error(title, str(e))` leaves no frames,
Frappe logs some tracebacks from within itself, a refactoring renames the function of a statement that could stand
anywhere. Where other events supply what is missing, and only one group fits, the groups are joined. The answer depends
on the set of events alone, not on their order; when in doubt, groups stay apart.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from .clues import FRAMEWORK, MESSAGE, OWN, QUOTED, Clues, stems
from .fingerprint import SCHEMA_EXCEPTIONS

RARE_SHARE = 0.2  # a word that more of the groups use does not point at one of them
RARE_COUNT = 3  # but in few groups any word may
KEPT = 64  # readings, paths and words kept of a group: the first ones in order, whenever they came
TOLD_WORDS = 3  # a message of the site's own code with so many words is not used twice
COMPARED = 200  # groups of one exception and message that are compared with each other
PATH_FRAMES = 2  # frames that must agree below the site's own code
PREFIX_WORDS = 4  # words of a message whose end is missing
# Raised by Python, the network or the database: their messages are the same for many errors.
_COMMON_KINDS = frozenset(
	"TypeError AttributeError KeyError IndexError NameError UnboundLocalError ValueError ZeroDivisionError "
	"StopIteration RecursionError AssertionError RuntimeError ImportError ModuleNotFoundError NotImplementedError "
	"JSONDecodeError UnicodeDecodeError UnicodeEncodeError OSError FileNotFoundError PermissionError TimeoutError "
	"ConnectionError ConnectTimeout ReadTimeout Timeout HTTPError SSLError ConnectionRefusedError "
	"ConnectionResetError BrokenPipeError gaierror MemoryError Exception".split()
)


_T = TypeVar("_T", str, tuple[str, ...])


class Link(NamedTuple):
	"""Which group a group belongs to, and the sentence that says why."""

	group: str
	reason: str


@dataclass(slots=True)
class _Group:
	"""What all events of one fingerprint tell."""

	level: str
	kind: str
	message: str
	place: tuple[str, str, str, str] | None
	places: set[str] = field(default_factory=set)
	said: set[str] = field(default_factory=set)
	cut: bool = False
	callers: set[str] = field(default_factory=set)
	paths: set[tuple[str, ...]] = field(default_factory=set)
	words: set[str] = field(default_factory=set)
	titles: set[str] = field(default_factory=set)

	def add(self, clues: Clues) -> None:
		if clues.level == MESSAGE:
			_keep(self.said, clues.said)
		else:
			_keep(self.said, clues.said[:1])
			_keep(self.titles, clues.said[1:])
		if clues.place is not None:
			# by the file's own name, as folders come and go
			_keep(self.places, (f"{clues.place[0].rpartition('/')[2]}:{clues.place[1]}",))
		_keep(self.paths, (clues.path,))
		_keep(self.callers, (clues.caller,) if clues.caller else ())
		_keep(self.words, clues.words)
		self.cut |= clues.cut

	def take(self, other: _Group) -> None:
		_keep(self.said, other.said)
		_keep(self.paths, other.paths)
		_keep(self.callers, other.callers)
		_keep(self.words, other.words)


class Linker:
	"""Collects clues of events by fingerprint, and says which fingerprints belong together."""

	def __init__(self) -> None:
		self._groups: dict[str, _Group] = {}

	def add(self, fingerprint: str, clues: Clues) -> None:
		"""One event more. Of a group only a bounded number of clues is kept."""
		group = self._groups.get(fingerprint)
		if group is None:
			group = _Group(clues.level, clues.kind, clues.message, clues.place)
			self._groups[fingerprint] = group
		elif clues.place is not None and (group.place is None or clues.place < group.place):
			group.place = clues.place  # of several places with one key the first in order, not in time
		group.add(clues)

	def links(self) -> dict[str, Link]:
		"""For every group that belongs to another one, which and why. Groups not named stand for themselves."""
		found = self._renamed()
		whole: dict[str, _Group] = {}
		for name in sorted(self._groups):
			group = self._groups[name]
			if group.level == OWN:
				target = found[name].group if name in found else name
				if target not in whole:
					whole[target] = _Group(group.level, group.kind, group.message, group.place)
				whole[target].take(group)
		rare = _rare(whole.values())
		alike: dict[tuple[str, str], list[str]] = defaultdict(list)
		for name, group in whole.items():
			alike[group.kind, group.message].append(name)
		for name, group in sorted(self._groups.items()):
			if group.level == FRAMEWORK:
				link = _inner(group, alike.get((group.kind, group.message), []), whole, rare)
				if link:
					found[name] = link
		found |= _causes({n: g for n, g in self._groups.items() if g.level != MESSAGE}, found)
		standing = {n: g for n, g in self._groups.items() if g.level == FRAMEWORK and n not in found}
		index = _Index(whole | standing)
		for name, group in sorted(self._groups.items()):
			if group.level == MESSAGE:
				link = _told(group, index, rare)
				if link:
					found[name] = link
		return found

	def _renamed(self) -> dict[str, Link]:
		"""Groups of one statement whose function or module was renamed, or of which other lines are shown."""
		alike: dict[tuple[str, str], list[str]] = defaultdict(list)
		for name, group in sorted(self._groups.items()):
			if group.place is not None:
				alike[group.kind, group.message].append(name)
		found: dict[str, Link] = {}
		for names in alike.values():
			for position, name in enumerate(names[:COMPARED]):
				for earlier in names[:position]:
					reason = _same_place(self._groups[earlier], self._groups[name])
					if reason:
						_unite(found, names, earlier, name, f"joined with a group of {reason}")
		return found


def _unite(found: dict[str, Link], names: list[str], earlier: str, later: str, reason: str) -> None:
	"""Puts two groups, and those already with them, under the first of all."""
	first, second = (found[name].group if name in found else name for name in (earlier, later))
	if first == second:
		return
	head, rest = min(first, second), max(first, second)
	for name in names:
		if name in found and found[name].group == rest:
			found[name] = Link(head, found[name].reason)
	found[rest] = Link(head, reason)


def _same_place(one: _Group, other: _Group) -> str:
	"""How two groups with the same exception and message are the same code; "" if they are not."""
	assert one.place is not None and other.place is not None
	if one.place == other.place:
		return "the same call of a remote service, whose helper was moved or renamed"
	(module, function, statement, key), (module_2, function_2, statement_2, key_2) = one.place, other.place
	if module == module_2 and function == function_2:
		# one statement over several lines, of which versions of Python show different ones
		shown = statement_2 if key else statement
		return "the same function, another line of the statement" if _continues(shown) else ""
	if key != key_2 or statement != statement_2 or not one.callers & other.callers:
		return ""
	if key and function == function_2:
		return "the same statement, function and caller, the module was moved"
	if key and not (_is_own_key(one.message) or _raises_own_words(one)):
		return ""
	if module == module_2 or _is_telling(one):
		return "the same statement and caller, the function was renamed"
	# `validate` and `run` are in every module
	named = any("_" in name.strip("_") for name in (function, *(one.callers & other.callers)))
	moved = function == function_2 and named
	return "the same function and caller, the module was moved" if moved else ""


def _continues(statement: str) -> bool:
	return statement.startswith((")", "]", "}", "."))


def _causes(groups: dict[str, _Group], joined: dict[str, Link]) -> dict[str, Link]:
	"""Frappe 16 logs the cause of an exception raised `from` another one, under the message of the exception itself."""
	by_message: dict[str, set[str]] = defaultdict(set)
	for name, group in groups.items():
		if _is_telling(group):
			for message in {group.message, *group.said}:
				by_message[message].add(joined[name].group if name in joined else name)
	found: dict[str, Link] = {}
	for name, group in sorted(groups.items()):
		if name in joined:
			continue
		raised = {
			other for title in group.titles if _is_sentence(title) for other in by_message.get(title, ())
		}
		fitting = [
			other
			for other in sorted(raised - {name})
			if groups[other].kind != group.kind and _may_cause(group, groups[other])
		]
		if len(fitting) == 1:
			found[name] = Link(fitting[0], "joined with the group of the exception that this one caused")
	return found


def _may_cause(cause: _Group, raised: _Group) -> bool:
	return cause.place is None or not cause.places.isdisjoint(raised.places)


def _inner(group: _Group, fitting: list[str], whole: dict[str, _Group], rare: frozenset[str]) -> Link | None:
	"""A traceback without own frames belongs to the one whose innermost frames it repeats, or whose words."""
	within = [name for name in fitting if _is_within(group.paths, whole[name].paths)]
	if len(within) == 1:
		return Link(
			within[0], "joined with the group of the same exception and message that ends in these frames"
		)
	best = _best(group.words, within or fitting, whole, rare)
	if best is None:
		return None
	name, shared = best
	return Link(name, f"joined with the group of the same exception and message that also names {shared}")


def _is_within(inner: set[tuple[str, ...]], outer: set[tuple[str, ...]]) -> bool:
	return any(
		len(path) >= PATH_FRAMES and longer[-len(path) :] == path
		for path in sorted(inner)
		for longer in outer
	)


class _Index:
	"""Groups with a traceback, by message."""

	def __init__(self, groups: dict[str, _Group]) -> None:
		self.groups = groups
		self.by_message: dict[str, list[str]] = defaultdict(list)
		for name, group in sorted(groups.items()):
			for message in sorted({group.message, *group.said}):
				if message[:1] == "'" or len(message.split()) > 1:
					self.by_message[message].append(name)
		self.messages = sorted(self.by_message)

	def starting(self, beginning: str) -> list[str]:
		"""Groups whose message starts so."""
		found: list[str] = []
		if len(beginning.split()) < PREFIX_WORDS:
			return found
		for position in range(bisect_left(self.messages, beginning), len(self.messages)):
			if not self.messages[position].startswith(beginning):
				break
			found += self.by_message[self.messages[position]]
		return found


def _told(group: _Group, index: _Index, rare: frozenset[str]) -> Link | None:
	"""A message without traceback belongs to the only group that raised it, or to the one that shares a rare word."""
	fitting, reading = list[str](), ""
	for reading in sorted(group.said, key=lambda one: (-len(one), one)):
		fitting = index.by_message.get(reading, [])
		if not fitting and group.cut:
			fitting = index.starting(reading) or index.starting(reading.rpartition(" ")[0])
		if fitting:
			break
	best = _best(group.words, fitting, index.groups, rare)
	if best is not None:
		name, shared = best
		return Link(
			name, f"joined with the group that has a traceback, the same message, and also names {shared}"
		)
	if len(fitting) == 1 and (_is_telling(index.groups[fitting[0]]) or _is_own_key(reading)):
		return Link(fitting[0], "joined with the only group that has a traceback and the same message")
	return None


def _is_own_key(reading: str) -> bool:
	"""Whether all that was said is a key of the program."""
	return reading[:1] == "'" and reading != QUOTED and " " not in reading


def _is_telling(group: _Group) -> bool:
	"""Whether a message is the site's own and long enough to be used in one place."""
	known = group.kind in _COMMON_KINDS or group.kind.startswith(("database error", "no exception"))
	known = known and not _raises_own_words(group)
	telling = group.kind in SCHEMA_EXCEPTIONS or (not known and _is_sentence(group.message))
	return group.level == OWN and telling


def _raises_own_words(group: _Group) -> bool:
	"""Whether the statement that failed raises an exception with a wording of its own, whatever its class."""
	return group.place is not None and group.place[2].startswith("raise ") and _is_sentence(group.message)


def _is_sentence(message: str) -> bool:
	return sum(word.strip(".,:;()[]").isalpha() for word in message.split(" ")) >= TOLD_WORDS


def _best(
	words: set[str], names: list[str], groups: dict[str, _Group], rare: frozenset[str]
) -> tuple[str, str] | None:
	"""The group that shares more rare words than every other, and those words; None if there is no such one.

	What the message itself says is no evidence: it is the same in all of them.
	"""
	telling = words & rare  # first, as there may be many groups
	sharing = ((telling & groups[name].words, name) for name in names) if telling else ()
	ranked = sorted(
		((found - stems((groups[name].message,)), name) for found, name in sharing if found),
		key=lambda one: (-len(one[0]), one[1]),
	)
	if not ranked or not ranked[0][0] or (len(ranked) > 1 and len(ranked[1][0]) == len(ranked[0][0])):
		return None
	shared, name = ranked[0]
	return name, ", ".join(f"“{word}…”" for word in sorted(shared)[:3])


def _rare(groups: Iterable[_Group]) -> frozenset[str]:
	counts: Counter[str] = Counter()
	total = 0
	for group in groups:
		counts.update(group.words)
		total += 1
	most = max(RARE_COUNT, RARE_SHARE * total)
	return frozenset(word for word, count in counts.items() if count <= most)


def _keep(kept: set[_T], more: Iterable[_T]) -> None:
	"""Adds, and forgets the last in order beyond KEPT, so that the outcome does not depend on when things came."""
	kept.update(more)
	if len(kept) > KEPT:
		for one in sorted(kept)[KEPT:]:
			kept.discard(one)
