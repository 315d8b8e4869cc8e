"""The manifest: what was planted, so that an analysis can be compared with the truth. JSON-safe throughout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from . import rhythm
from .model import World


def json_safe(value: object) -> object:
	"""The value with moments and days as text; sequences become lists."""
	if isinstance(value, datetime):
		return rhythm.iso(value)
	if isinstance(value, date):
		return value.isoformat()
	if isinstance(value, Mapping):
		return {str(key): json_safe(inner) for key, inner in value.items()}
	if isinstance(value, (list, tuple, set, frozenset)):
		return [json_safe(inner) for inner in value]
	return value


def incident(
	world: World, identifier: str, kind: str, when: datetime, expect: str, facts: Mapping[str, object]
) -> None:
	"""Records a planted incident. `expect` says what a correct analysis finds."""
	world.incidents.append(
		{"id": identifier, "kind": kind, "when": json_safe(when), "expect": expect, "facts": json_safe(facts)}
	)


def breach(world: World, rule: str, doctype: str, names: Iterable[str], expect: str, **facts: object) -> None:
	"""Records documents that break a SEPA rule; `names` is complete for that rule and DocType."""
	found = sorted(names)
	incident(
		world,
		f"sepa-{rule.lower()}",
		"sepa_breach",
		world.now,
		expect,
		{"rule": rule, "doctype": doctype, "names": found, "count": len(found), **facts},
	)


def breaches(world: World) -> dict[str, dict[str, object]]:
	"""The planted breaches by rule: DocType and names."""
	facts = [entry["facts"] for entry in world.incidents if entry["kind"] == "sepa_breach"]
	return {str(fact["rule"]): {"doctype": fact["doctype"], "names": fact["names"]} for fact in facts}  # type: ignore[index]
