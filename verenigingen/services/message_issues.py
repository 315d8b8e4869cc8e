"""Issues of messages without traceback become one when only together they show what in them is a value.

A message alone tells numbers and ids, not names; so at first every name makes an issue of its own. After each collection
the messages of such issues are compared (`core.errors.mining`), and those of one template are merged. Nothing is ever
taken apart here; pinned issues, and so what users took apart or made by a rule, are left alone.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from verenigingen.core.errors.mining import FORMS_LIMIT, Union, message_of, unions
from verenigingen.core.model import as_text
from verenigingen.host.port import Host
from verenigingen.services.collection import CollectResult
from verenigingen.services.grouping import merge_issues
from verenigingen.services.rollup import ISSUE

SOURCE = "Messages"
SEEN = "message_issues_seen"  # cache key; not one of the reports', which are forgotten after each collection
SEEN_FOR = 86_400  # seconds
_WITHOUT_TRACEBACK = "COALESCE(exception, '') = '' AND COALESCE(culprit, '') = ''"


class _Issue(NamedTuple):
	name: str
	message: str
	merged_into: str
	first_seen: str

	@property
	def home(self) -> str:
		return self.merged_into or self.name


def join_message_issues(host: Host, *, seconds: float) -> CollectResult:
	"""Merges issues whose messages share a template, for at most about `seconds`; `collected` is always 0.

	Nothing is read but a count where no such issue was added since the last time. Raises CollectorBusy or
	DatabaseUnavailable; what was merged until then stays.
	"""
	began = time.monotonic()
	seen = _newest(host)
	if host.cache.get(SEEN) == seen:
		return CollectResult(SOURCE, 0, True, False, time.monotonic() - began)
	issues = _issues(host)
	for union in unions({name: issue.message for name, issue in issues.items()}):
		if time.monotonic() - began > seconds:
			return CollectResult(SOURCE, 0, False, True, time.monotonic() - began)
		_merge(host, union, issues)
	host.cache.put(SEEN, seen, SEEN_FOR)
	return CollectResult(SOURCE, 0, True, True, time.monotonic() - began)


def _newest(host: Host) -> str:
	"""Changes when an issue without traceback is added, or is pinned no more."""
	found = host.store.query(
		f"SELECT COUNT(*), MAX(creation) FROM `{ISSUE}` WHERE COALESCE(pinned, 0) = 0 AND {_WITHOUT_TRACEBACK}"
	)
	return " ".join(map(str, found[0]))


def _issues(host: Host) -> dict[str, _Issue]:
	"""Issues of messages that no user decided on, the latest FORMS_LIMIT; merged ones too, as they tell what varies."""
	rows = host.store.query(
		f"SELECT name, title, sample, merged_into, first_seen FROM `{ISSUE}` WHERE COALESCE(pinned, 0) = 0 AND {_WITHOUT_TRACEBACK}"
		f" ORDER BY last_seen DESC, name LIMIT {FORMS_LIMIT}"
	)
	return {
		name: _Issue(name, message_of(as_text(title), as_text(sample)), as_text(into), str(first or "9999"))
		for name, title, sample, into, first in rows
	}


def _merge(host: Host, union: Union, issues: dict[str, _Issue]) -> None:
	"""Merges what a union says. An issue with traceback that some of them were merged into before holds all of them; are
	there several, it is not known whose the others are, and only those become one."""
	members = [issues[name] for name in union.fingerprints]
	told = {issue.home for issue in members if issue.home not in issues}
	if len(told) > 1:
		members = [issue for issue in members if issue.home in issues]
	homes = {issue.home for issue in members}
	if len(homes) > 1:
		# what holds others already stays, so that people find it where they left it; else the oldest
		target = min(
			members,
			key=lambda one: (one.home in issues, not one.merged_into, one.first_seen, one.name),
		)
		merge_issues(host, target.home, sorted(homes), f"same message but for its values: {union.reason}")
