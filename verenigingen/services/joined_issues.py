"""Stored issues that are one error written down in different ways become one.

After each collection the clues that issues keep (`core.errors.clues`) are compared as `verenigingen group` compares
those of a file: a message that was logged without traceback, a traceback from inside Frappe, a cause that Frappe 16
logged, a renamed function. Then the messages that still stand alone are compared with each other
(`services.message_issues`). Nothing is ever taken apart here; pinned issues, and so what users took apart or made by a
rule, are left alone, but they count as evidence: what may belong to them is given to nobody else.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import replace
from typing import NamedTuple

from verenigingen.core.errors import ALGORITHM, Link, Linker
from verenigingen.core.errors.clues import FRAMEWORK, MESSAGE, OWN, Clues, unpack
from verenigingen.core.model import as_text
from verenigingen.host.port import Host
from verenigingen.services.collection import CollectResult
from verenigingen.services.grouping import merge_issues
from verenigingen.services.message_issues import join_message_issues
from verenigingen.services.rollup import ISSUE

SOURCE = "Joined issues"
SEEN = "joined_issues_seen"  # cache key; not one of the reports', which are forgotten after each collection
SEEN_FOR = 86_400  # seconds
ISSUES_LIMIT = 3_000  # compared at once, those seen last
_WRITTEN = {
	MESSAGE: "the same error logged without traceback",
	FRAMEWORK: "the same error with a traceback from inside Frappe",
	OWN: "the same error from changed code, or its cause",
}
_OPEN_TO_ALL = "COALESCE(pinned, 0) = 0"


class _Issue(NamedTuple):
	name: str
	clues: Clues
	merged_into: str
	pinned: bool
	first_seen: str


def join_issues(host: Host, *, seconds: float) -> CollectResult:
	"""Merges issues of one error, for at most about `seconds`; `collected` is always 0.

	Where no issue was added since the last time, only counts are read. Raises CollectorBusy or DatabaseUnavailable;
	what was merged until then stays.
	"""
	began = time.monotonic()
	seen = _newest(host)
	fresh = host.cache.get(SEEN) != seen
	if fresh:
		if not _link(host, began + seconds):
			return CollectResult(SOURCE, 0, False, True, time.monotonic() - began)
		host.cache.put(SEEN, seen, SEEN_FOR)
	# messages of one template follow the one that has found its traceback
	found = join_message_issues(host, seconds=seconds - (time.monotonic() - began))
	return replace(found, source=SOURCE, thorough=fresh or found.thorough, seconds=time.monotonic() - began)


def _newest(host: Host) -> str:
	"""Changes when an issue with clues is added, or is pinned no more."""
	found = host.store.query(
		f"SELECT COUNT(*), MAX(creation) FROM `{ISSUE}` WHERE {_OPEN_TO_ALL} AND clues IS NOT NULL AND algorithm = %s",
		(ALGORITHM,),
	)
	return " ".join(map(str, found[0]))


def _link(host: Host, deadline: float) -> bool:
	"""Merges what the clues say; False when time ran out."""
	issues = _issues(host)
	linker = Linker()
	for name, issue in sorted(issues.items()):
		linker.add(name, issue.clues)
	links = linker.links()
	homes = _Homes(issues, links)
	for name, link in sorted(links.items()):
		pair = homes.apart(name, link.group)
		if pair is None:
			continue
		if time.monotonic() > deadline:
			return False
		target, other = pair
		reason = f"{_WRITTEN[issues[name].clues.level]}: {link.reason.removeprefix('joined with ')}"
		if merge_issues(host, target, [other], reason).merged:
			homes.move(other, target)
	return True


def _issues(host: Host) -> dict[str, _Issue]:
	"""Issues with clues, the latest ISSUES_LIMIT; merged and pinned ones too, as they tell what else would fit."""
	rows = host.store.query(
		f"SELECT name, clues, merged_into, pinned, first_seen FROM `{ISSUE}` WHERE clues IS NOT NULL AND algorithm = %s"
		f" ORDER BY last_seen DESC, name LIMIT {ISSUES_LIMIT}",
		(ALGORITHM,),
	)
	found = {}
	for name, packed, into, pinned, first in rows:
		clues = unpack(as_text(packed))
		if clues is not None:
			found[name] = _Issue(name, clues, as_text(into), bool(pinned), str(first or "9999"))
	return found


class _Homes:
	"""Where the events of each issue are counted, and which of two homes keeps them."""

	def __init__(self, issues: dict[str, _Issue], links: dict[str, Link]) -> None:
		self._issues = issues
		self._links = links
		self._home = {name: issue.merged_into or name for name, issue in issues.items()}
		self._held: dict[str, set[str]] = defaultdict(set)
		for name, home in self._home.items():
			self._held[home].add(name)

	def apart(self, name: str, group: str) -> tuple[str, str] | None:
		"""The home that keeps both and the one that goes, if `name` is to be joined with `group` and is not yet."""
		one, other = self._home[name], self._home[group]
		if one == other or self._is_pinned(one) or self._is_pinned(other):
			return None
		if not self._is_free(one, name) and not (self._issues[name].clues.level == OWN and other == group):
			return None
		ranked = sorted((one, other), key=self._rank)
		return ranked[0], ranked[1]

	def move(self, home: str, target: str) -> None:
		for name in self._held.pop(home, set()):
			self._home[name] = target
			self._held[target].add(name)

	def _is_free(self, home: str, name: str) -> bool:
		"""Whether all that the home of `name` holds may follow it. Of messages none may belong elsewhere, and a traceback
		among them was put there by people."""
		issue = self._issues.get(home)
		if issue is None or issue.clues.level != MESSAGE:
			return home == name
		held = self._held[home] | {home}
		groups = {self._links[one].group for one in held if one in self._links}
		return len(groups) == 1 and all(
			one in self._issues and self._issues[one].clues.level == MESSAGE for one in held
		)

	def _is_pinned(self, home: str) -> bool:
		return any(self._issues[name].pinned for name in self._held[home] | {home} if name in self._issues)

	def _rank(self, home: str) -> tuple[bool, bool, bool, str, str]:
		"""Own code first, then any traceback, then what holds others, then the oldest."""
		issue = self._issues.get(home)
		if issue is None:  # without clues: people or a rule of messages merged something into it
			return False, False, False, "", home
		level = issue.clues.level
		return level != OWN, level == MESSAGE, len(self._held[home]) < 2, issue.first_seen, home
