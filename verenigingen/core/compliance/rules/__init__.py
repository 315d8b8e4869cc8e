"""The catalogue: published rule sets as data. A set never changes; what is judged otherwise later is a later set."""

from __future__ import annotations

from ..model import Rule, RuleSet

RULE_SETS: tuple[RuleSet, ...] = ()


def find(number: str) -> Rule:
	"""A rule of the sets in force. Raises KeyError."""
	for rules in RULE_SETS:
		for rule in rules:
			if rule.number == number:
				return rule
	raise KeyError(number)
