"""Which errors are one issue, as people want it: merging by hand, and rules. Thin doors to `services.grouping`."""

# no `from __future__ import annotations` here: the door checks real types

import json
from typing import Any

from verenigingen.exceptions import BadArgument
from verenigingen.host import current_host
from verenigingen.host.endpoint import WRITE, endpoint
from verenigingen.services import grouping, grouping_rules

__all__ = [
	"apply_grouping_rules",
	"merge_issues",
	"pin_issue",
	"preview_grouping_rule",
	"unmerge_issue",
]


@endpoint(methods=WRITE)
def merge_issues(names: str, into: str | None = None) -> dict[str, Any]:
	"""Makes several issues one: its counts, users and facets become the sums, and later events are counted there.

	`names`: a JSON list of issue names. `into`: the one that stays; without it the oldest of them. Result: `issue`,
	`merged` (names), `left` ({name: why}). `unmerge_issue` takes it back exactly.
	"""
	host = current_host()
	listed = _names(names)
	target = into or grouping.default_target(host, listed)
	reason = f"merged by {host.access.user().name}"
	result = grouping.merge_issues(host, target, listed, reason, by_user=True)
	return {"issue": result.issue, "merged": list(result.merged), "left": result.left}


@endpoint(methods=WRITE)
def unmerge_issue(name: str) -> dict[str, Any]:
	"""Makes a merged issue stand alone again, with its own events from before and since the merge.

	It is pinned then, so that no algorithm merges it again. Result: `issue`, `left` (the issue it was part of). A rule
	that matches its new events still applies to them.
	"""
	return {"issue": name, "left": grouping.unmerge_issue(current_host(), name)}


@endpoint(methods=WRITE)
def pin_issue(name: str, pinned: bool = True) -> dict[str, Any]:
	"""Says whether only people may merge an issue, no algorithm. Result: `issue`, `pinned`."""
	grouping.pin_issue(current_host(), name, pinned)
	return {"issue": name, "pinned": pinned}


@endpoint()
def preview_grouping_rule(rule: str) -> dict[str, Any]:
	"""Which past issues a grouping rule would touch, and what would happen to each; nothing is changed.

	`rule`: a JSON object with the keys of a row of Error Grouping Rule, saved or not. Result: `rule`, `action`,
	`touches`, `events`, `issues` (each with `issue`, `title`, `event_count`, `matching_events`, `exact`, `effect`,
	`explanation`, `parts`), `notes`.
	"""
	return grouping_rules.preview_rule(current_host(), _object(rule))


@endpoint(methods=WRITE)
def apply_grouping_rules() -> dict[str, Any]:
	"""Applies the saved grouping rules to past issues: merges and pins them. Past events are never split.

	Result: `merged` (each with `rule`, `issue`, `title`, `issues`), `pinned` (names), `left` (each with `issue`,
	`title`, `why`). New events follow the rules without this.
	"""
	return grouping_rules.apply_rules(current_host())


def _names(text: str) -> list[str]:
	names = _json(text)
	if not isinstance(names, list) or len(names) < 2 or not all(isinstance(name, str) for name in names):
		raise BadArgument('names must be a JSON list of two or more issue names, such as ["a1", "b2"].')
	return names


def _object(text: str) -> dict[str, Any]:
	value = _json(text)
	if not isinstance(value, dict):
		raise BadArgument('rule must be a JSON object, such as {"action": "pin", "exception": "KeyError"}.')
	return value


def _json(text: str) -> Any:
	try:
		return json.loads(text)
	except (ValueError, RecursionError):
		return None
