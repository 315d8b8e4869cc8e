"""Which errors without traceback are one, although the first look at each alone could not tell.

One event alone shows which of its words are numbers or ids, not which are names. Together they do: what is the same but
for such words is one error. Unions only join what was apart; nothing here takes a group apart.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from .mask import MESSAGE_LIMIT
from .miner import Miner

# What normalising leaves in quotes are columns, attributes and keys: the program's, which tell two errors apart.
_NAMED = re.compile(r"'([A-Za-z]\w{0,80})'")
CUT = "…"  # ends a title that did not fit


class Union(NamedTuple):
	"""Fingerprints (two or more, sorted) whose messages share the `template`, for the `reason`."""

	fingerprints: tuple[str, ...]
	template: str
	reason: str


def unions(messages: Mapping[str, str]) -> list[Union]:
	"""Which fingerprints belong together, given the message of each; sorted by their first fingerprint.

	A function of the messages, whatever their order. What is alone in its template is not listed; empty messages never
	are.
	"""
	miner = Miner()
	forms = {fingerprint: miner.add(message) for fingerprint, message in messages.items() if message.strip()}
	groups: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
	for fingerprint, form in forms.items():
		named = tuple(_NAMED.findall(messages[fingerprint][:MESSAGE_LIMIT]))
		groups[miner.template_of_form(form).text, named].append(fingerprint)
	found = []
	for members in groups.values():
		if len(members) > 1:
			template = miner.template_of_form(forms[members[0]])
			found.append(Union(tuple(sorted(members)), template.text, template.reason))
	return sorted(found)


def message_of(title: str, sample: str) -> str:
	"""The message of an error without traceback, from its title and sample; a title that was cut is completed."""
	if not title.endswith(CUT):
		return title
	parts = sorted(set(sample.splitlines()[:2]), key=lambda part: (len(part), part))
	return ": ".join(parts) or title
