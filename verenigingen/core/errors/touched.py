"""How many of an issue's past events a grouping rule matches, from what is still known of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .rules import Rule, Subject


class Past(NamedTuple):
	"""A stored issue. facets: events by kind and value, as far as is known; of some events none may be."""

	subject: Subject
	events: int
	severity: str
	reason: str
	pinned: bool
	facets: Mapping[str, Mapping[str, int]]


class Match(NamedTuple):
	"""`events` match at least; `exact`: no others. `whole`: all events of the issue do."""

	events: int
	exact: bool
	whole: bool


def matching(rule: Rule, past: Past) -> Match:
	"""How many events of a past issue the rule matches.

	An issue that shows what the rule asks matches with all events, or with those that came the way it asks. Two
	conditions on the way are known to hold together only when one of them holds for all events or for none.
	"""
	if not rule.fits(past.subject):
		return Match(0, True, False)
	least, exact, partly = past.events, True, 0
	for kind, pattern in rule.on_way:
		counts = past.facets.get(kind, {})
		fit = min(past.events, sum(count for value, count in counts.items() if pattern.fits(value)))
		exact = exact and (fit == past.events or sum(counts.values()) >= past.events)
		least = max(0, least + fit - past.events)  # of two parts of one whole at least so many are in both
		partly += 0 < fit < past.events
	return Match(least, exact and partly < 2, past.events > 0 and least == past.events)
