"""What grouping rules would do to past issues, and doing it. New events follow the rules by themselves (`rollup`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from verenigingen.core.errors.rules import RULES, SET, SPLITS, Rule, Rules, Subject, read_rule
from verenigingen.core.errors.touched import Past, matching
from verenigingen.core.model import as_datetime, as_text
from verenigingen.exceptions import BadArgument, ConfigurationError
from verenigingen.host.port import Host, in_chunks, marks
from verenigingen.services.batch import issue_name
from verenigingen.services.collection import LOCK
from verenigingen.services.grouping import merge_inside
from verenigingen.services.grouping_settings import load_rules
from verenigingen.services.rollup import IDS_PER_QUERY, ISSUE, ISSUE_FACET, OTHER

MOST_SHOWN = 100
MERGES, PINS, NEW_ONLY, NOTHING = "merge", "pin", "new events only", "nothing"
COPIED = (
	"exception, culprit, app, category, category_reason, severity, base_severity, severity_fixed, severity_reason,"
	" sample, status, resolved_at, resolved_by"
)


def preview_rule(host: Host, row: Mapping[str, Any]) -> dict[str, Any]:
	"""Which past issues a rule touches and what would happen to each, without changing anything.

	`row` has the keys of `core.errors.rules.FIELDS`. Result: "rule", "action", "touches" (issues), "events" (of them,
	matching), "issues" (with those left alone; the MOST_SHOWN with most matching events: "issue", "title", "event_count", "matching_events",
	"exact", "effect", "explanation", "parts"), "notes". Raises BadArgument for a rule that cannot be used.
	"""
	try:
		rule = read_rule({**row, "rule_name": row.get("rule_name") or "new rule"})
	except ConfigurationError as error:
		raise BadArgument(str(error)) from error
	earlier = _earlier(host, rule)
	touched = []
	for past in _pasts(host, [rule, *earlier]):
		found = matching(rule, past)
		if found.events or past.reason.endswith(rule.mark):
			touched.append(_entry(rule, past, earlier))
	touched.sort(key=lambda entry: (-entry["matching_events"], entry["issue"]))
	changed = [entry for entry in touched if entry["effect"] != NOTHING]
	return {
		"rule": rule.name,
		"action": rule.action,
		"touches": len(changed),
		"events": sum(entry["matching_events"] for entry in changed),
		"issues": touched[:MOST_SHOWN],
		"notes": _notes(rule, touched),
	}


def apply_rules(host: Host) -> dict[str, Any]:
	"""Applies the saved rules to past issues: merges and pins them; past events are never split.

	Result: "merged" (per rule: "rule", "issue", "title", "issues"), "pinned" (names), "left" ("issue", "title", "why").
	Running it again changes nothing. Raises CollectorBusy when the lock is not to be had.
	"""
	rules = Rules(load_rules(host)).rules
	merges: dict[Rule, list[str]] = defaultdict(list)
	pins: dict[str, Rule] = {}
	left = []
	with host.store.transaction(LOCK):
		for past in _pasts(host, rules):
			rule = next((rule for rule in rules if _decides(rule, past)), None)
			if rule is None:
				continue
			effect, why = _effect(rule, past)
			if effect == MERGES:
				merges[rule].append(past.subject.issue)
			elif effect == PINS:
				pins[past.subject.issue] = rule
			elif effect == NEW_ONLY:
				left.append({"issue": past.subject.issue, "title": past.subject.title, "why": why})
		merged = [_merge(host, rule, names) for rule, names in merges.items()]
		_pin(host, pins)
		_retitle(host, rules)
	host.cache.clear("analytics_")
	return {"merged": merged, "pinned": sorted(pins), "left": left}


def _earlier(host: Host, rule: Rule) -> list[Rule]:
	"""The saved rules that are tried before this one; all of them for a rule that is not saved."""
	before = []
	for saved in load_rules(host):
		if saved.name.lower() == rule.name.lower():
			break
		if saved.enabled:
			before.append(saved)
	return before


def _pasts(host: Host, rules: Collection[Rule]) -> Iterable[Past]:
	"""The issues that fulfil what one of the rules asks of an issue, or were decided on by one, with what is known of
	the ways in of their events."""
	found = []
	for name, title, exception, culprit, app, category, severity, reason, count, pinned in host.store.query(
		"SELECT name, title, exception, culprit, app, category, COALESCE(base_severity, severity), reason, event_count,"
		" pinned"
		f" FROM `{ISSUE}` WHERE COALESCE(merged_into, '') = '' ORDER BY name"
	):
		texts = [as_text(value) for value in (title, exception, culprit, app, category)]
		past = Past(
			Subject(name, *texts), int(count or 0), as_text(severity), as_text(reason), bool(pinned), {}
		)
		if any(rule.fits(past.subject) or past.reason.endswith(rule.mark) for rule in rules):
			found.append(past)
	facets = _facets(host, [past.subject.issue for past in found], rules)
	return [past._replace(facets=facets[past.subject.issue]) for past in found]


def _facets(
	host: Host, names: Sequence[str], rules: Collection[Rule]
) -> dict[str, dict[str, dict[str, int]]]:
	kinds = {kind for rule in rules for kind, _ in rule.on_way}
	kinds |= {kind for rule in rules if rule.split_by and (kind := SPLITS[rule.split_by])}
	found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
	for chunk in in_chunks(names, IDS_PER_QUERY) if kinds else ():
		for issue, kind, value, count in host.store.query(
			f"SELECT issue, kind, value, SUM(event_count) FROM `{ISSUE_FACET}` WHERE issue IN ({marks(len(chunk))})"
			f" AND kind IN ({marks(len(kinds))}) GROUP BY issue, kind, value",
			[*chunk, *sorted(kinds)],
		):
			if value != OTHER:  # which values those were is not known
				found[issue][kind][value] = int(count or 0)
	return found


def _decides(rule: Rule, past: Past) -> bool:
	return bool(matching(rule, past).events) or past.reason.endswith(rule.mark)


def _entry(rule: Rule, past: Past, earlier: Iterable[Rule]) -> dict[str, Any]:
	found = matching(rule, past)
	first = next((other for other in earlier if matching(other, past).whole), None)
	effect, why = (NOTHING, f"Rule '{first.name}' comes before it.") if first else _effect(rule, past)
	return {
		"issue": past.subject.issue,
		"title": past.subject.title,
		"event_count": past.events,
		"matching_events": found.events,
		"exact": found.exact,
		"effect": effect,
		"explanation": why,
		"parts": _parts(rule, past) if effect == NEW_ONLY and rule.action == "split" else {},
	}


def _effect(rule: Rule, past: Past) -> tuple[str, str]:
	found = matching(rule, past)
	if rule.action == "pin":
		return PINS, f"Stays as it is; {_changes(rule, past) or 'no algorithm merges it'}."
	if past.reason.endswith(rule.mark):
		return NOTHING, "This rule made it."
	if rule.action == "split":
		return NEW_ONLY, f"Past events stay together; new ones are kept apart by {rule.split_by}."
	if past.pinned:
		return NEW_ONLY, f"It is pinned, so its past events stay; new ones go to '{rule.title}'."
	if not found.whole:
		known = f"{'' if found.exact else 'at least '}{found.events} of its {past.events} events match"
		return NEW_ONLY, f"Past events stay together, as only {known}; new ones go to '{rule.title}'."
	return MERGES, f"Becomes part of '{rule.title}'."


def _changes(rule: Rule, past: Past) -> str:
	pairs = (
		("title", past.subject.title, rule.title),
		("severity", past.severity, rule.severity),
		("category", past.subject.category, rule.category),
	)
	return ", ".join(f"{what} becomes '{new}'" for what, old, new in pairs if new and new != old)


def _parts(rule: Rule, past: Past) -> dict[str, int]:
	"""How many of the past events each new issue would have had, as far as is known."""
	kind = SPLITS[rule.split_by]
	if kind is None:
		part = rule.part(past.subject.culprit, {})
		return {part: past.events} if part else {}
	return dict(past.facets.get(kind, {}))


def _notes(rule: Rule, touched: Sequence[Mapping[str, Any]]) -> list[str]:
	notes = []
	if not rule.enabled:
		notes.append("The rule is not enabled: it does nothing now.")
	if rule.hint:
		notes.append(rule.hint)
	if rule.on_way:
		kinds = " and ".join(kind for kind, _ in rule.on_way)
		notes.append(f"{kinds} of an event may be unknown; such events match no pattern for it.")
	if rule.action == "split":
		notes.append("Past events are not split; the rule acts on new ones.")
	if len(touched) > MOST_SHOWN:
		notes.append(f"Only the {MOST_SHOWN} issues with most matching events are listed.")
	return notes


def _merge(host: Host, rule: Rule, names: Sequence[str]) -> dict[str, Any]:
	target = issue_name(rule.fingerprint)
	if not host.store.query(f"SELECT name FROM `{ISSUE}` WHERE name = %s", (target,)):
		_make(host, rule, target, names)
	result = merge_inside(host, target, names, f"merged {rule.mark}", by_user=True)
	return {"rule": rule.name, "issue": result.issue, "title": rule.title, "issues": list(result.merged)}


def _make(host: Host, rule: Rule, name: str, names: Sequence[str]) -> None:
	"""The issue of a merge, without events yet: it looks like the one with most of them."""
	best: tuple[int, tuple[object, ...]] | None = None
	for chunk in in_chunks(names, IDS_PER_QUERY):
		for count, *values in host.store.query(
			f"SELECT event_count, {COPIED} FROM `{ISSUE}` WHERE name IN ({marks(len(chunk))}) ORDER BY name",
			chunk,
		):
			if best is None or int(count or 0) > best[0]:
				best = int(count or 0), tuple(values)
	assert best is not None  # a rule without matching issues makes none
	row = dict(zip(COPIED.split(", "), best[1], strict=True))
	row["resolved_at"] = as_datetime(row["resolved_at"])
	row |= {
		"name": name,
		"title": rule.title,
		"fingerprint": rule.fingerprint,
		"algorithm": RULES,
		"reason": f"merged {rule.mark}",
		"pinned": 1,
		"event_count": 0,
		"sources": "{}",
	}
	host.store.insert(ISSUE, [row])


def _pin(host: Host, pins: Mapping[str, Rule]) -> None:
	for name, rule in pins.items():
		found = host.store.query(f"SELECT reason FROM `{ISSUE}` WHERE name = %s", (name,))
		reason = as_text(found[0][0])
		if not reason.endswith(rule.mark):
			reason = f"{reason}; pinned {rule.mark}"
		host.store.upsert(ISSUE, [{"name": name, "reason": reason, "pinned": 1} | _fixed(rule)])


def _retitle(host: Host, rules: Iterable[Rule]) -> None:
	"""Issues that merges made before bear what their rule says today."""
	for rule in rules:
		if rule.action != "merge":
			continue
		name = issue_name(rule.fingerprint)
		if host.store.query(f"SELECT name FROM `{ISSUE}` WHERE name = %s", (name,)):
			host.store.upsert(ISSUE, [{"name": name} | _fixed(rule)])


def _fixed(rule: Rule) -> dict[str, object]:
	fixed: dict[str, object] = {"title": rule.title} if rule.title else {}
	if rule.severity:
		fixed |= {"severity": rule.severity, "base_severity": rule.severity, "severity_fixed": 1}
		fixed["severity_reason"] = f"{SET} {rule.mark}"
	if rule.category:
		fixed |= {"category": rule.category, "category_reason": f"set {rule.mark}"}
	return fixed
