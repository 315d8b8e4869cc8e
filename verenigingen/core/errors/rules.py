"""Grouping by rules of the users: errors that match are merged into one issue, split by a part, or pinned.

A rule matches what an issue shows (exception, culprit, title, category) and where the event entered. Titles hold no
values, so a rule can be tried on past issues with the same result as on new events, and no value of an event can
become part of an issue's identity. Patterns know one sign, `*`, and are looked for piece by piece from the left:
there is no text or pattern that takes long.

Rules are tried in order; the first that matches decides and is named in the issue's reason.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from verenigingen.exceptions import ConfigurationError

from .classify import CATEGORIES, SEVERITIES
from .identity import Identity
from .normalise import normalise, title_line

RULES = "rules@2026-11-24"
ACTIONS = ("merge", "split", "pin")
LONGEST = 140  # characters of a pattern or name
MOST_RULES = 200
SET = "set"  # how the reason of a severity begins that a rule gave

# what a pattern is compared with: fields of an issue first, then what an event tells of its way in
_OF_ISSUE = ("exception", "app", "module", "function", "message", "category", "issue")
_FACETS = {"entry_point": "Entry Point", "document_type": "DocType"}
CONDITIONS = (*_OF_ISSUE, *_FACETS)
SPLITS = {
	"function": None,
	"entry point": "Entry Point",
	"app version": "App Version",
	"DocType": "DocType",
}
OUTCOMES = ("title", "severity", "set_category", "split_by")
FIELDS = ("rule_name", "enabled", "description", "action", *CONDITIONS, *OUTCOMES)

Facets = Mapping[str, str]
_PLACEHOLDER = re.compile(r"<[a-z]{1,8}>")


class Pattern:
	"""Text in which each `*` stands for anything; upper and lower case are the same.

	It must fit the whole text, or with `anywhere` only some of it. Linear in the text for each of its pieces.
	"""

	def __init__(self, pattern: str, *, anywhere: bool = False) -> None:
		self.pieces = f"*{pattern}*".lower().split("*") if anywhere else pattern.lower().split("*")

	def fits(self, text: str) -> bool:
		"""Whether the text is like the pattern."""
		text = text.lower()
		first, *middle = self.pieces
		if not middle:
			return text == first
		last = middle.pop()
		if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
			return False
		place, end = len(first), len(text) - len(last)
		for piece in middle:
			place = text.find(piece, place, end)
			if place < 0:
				return False
			place += len(piece)
		return True


class Subject(NamedTuple):
	"""What rules see of an issue, or of an event by its identity."""

	issue: str
	title: str
	exception: str
	culprit: str
	app: str
	category: str


@dataclass(frozen=True, slots=True)
class Rule:
	"""One rule. `where` and `on_way` are its conditions by name, on the issue and on the event's way in; all must hold.

	title, severity and category are what merged and pinned issues get; "" leaves them. split_by: a key of SPLITS.
	"""

	name: str
	enabled: bool
	action: str
	where: tuple[tuple[str, Pattern], ...]
	on_way: tuple[tuple[str, Pattern], ...]
	title: str
	severity: str
	category: str
	split_by: str
	hint: str = ""

	@property
	def fingerprint(self) -> str:
		"""Of the issue that a merge makes; the rule's name alone decides."""
		return _digest(("merge", self.name))

	@property
	def mark(self) -> str:
		"""How the reason of an issue ends that this rule decided on."""
		return f"by rule '{self.name}'"

	def fits(self, subject: Subject) -> bool:
		"""Whether the issue fulfils the conditions on issues."""
		return all(_fits(name, pattern, subject) for name, pattern in self.where)

	def fits_way(self, facets: Facets) -> bool:
		"""Whether the event's way in fulfils the conditions on it; what is not known of an event fits nothing."""
		return all(kind in facets and pattern.fits(facets[kind]) for kind, pattern in self.on_way)

	def part(self, culprit: str | None, facets: Facets) -> str | None:
		"""The part of an event by which a split keys it, or None where it is not known."""
		kind = SPLITS[self.split_by]
		if kind is None:
			return (culprit or "").partition(" in ")[0] or None
		return facets.get(kind) or None


class Rules:
	"""The enabled rules of a site, in order."""

	def __init__(self, rules: Iterable[Rule] = ()) -> None:
		self.rules = tuple(rule for rule in rules if rule.enabled)
		kinds = {kind for rule in self.rules for kind, _ in rule.on_way}
		kinds |= {kind for rule in self.rules if rule.split_by and (kind := SPLITS[rule.split_by])}
		self._kinds = frozenset(kinds)
		self._cached = lru_cache(maxsize=4096)(self._decided)

	def apply(self, identity: Identity, facets: Sequence[tuple[str, str]]) -> Identity:
		"""The identity as the first rule that matches makes it. `facets`: what is known of the event, as in ErrorRow."""
		if not self.rules:
			return identity
		used = [pair for pair in reversed(facets) if pair[0] in self._kinds]  # of a kind, the first counts
		return self._cached(identity, tuple(sorted(dict(used).items())))

	def _decided(self, identity: Identity, facets: tuple[tuple[str, str], ...]) -> Identity:
		known, subject = dict(facets), subject_of(identity)
		for rule in self.rules:
			if rule.fits(subject) and rule.fits_way(known):
				return _ruled(rule, identity, known)
		return identity


def subject_of(identity: Identity) -> Subject:
	"""What rules see of an event."""
	return Subject(
		identity.fingerprint[:16],
		identity.title,
		identity.exception or "",
		identity.culprit or "",
		identity.app or "",
		identity.category,
	)


def _fits(name: str, pattern: Pattern, subject: Subject) -> bool:
	if name == "message":
		return pattern.fits(subject.title)
	if name == "exception":
		return pattern.fits(subject.exception) or pattern.fits(subject.exception.rpartition(".")[2])
	function, _, module = subject.culprit.partition(" in ")
	if name in ("function", "module"):
		return pattern.fits(function if name == "function" else module)
	return pattern.fits(str(getattr(subject, name)))


def _ruled(rule: Rule, identity: Identity, facets: Facets) -> Identity:
	if rule.action == "split":
		part = rule.part(identity.culprit, facets)
		if part is None:
			return identity
		return replace(
			identity,
			fingerprint=_digest(("split", identity.fingerprint, rule.split_by, part)),
			title=title_line(f"{identity.title} [{part}]"),
			reason=f"{identity.reason}; split by {rule.split_by} {rule.mark}",
			pinned=True,
		)
	changed = replace(identity, pinned=True, title=rule.title or identity.title)
	if rule.severity:
		changed = replace(changed, severity=rule.severity, severity_reason=f"{SET} {rule.mark}")
	if rule.category:
		changed = replace(changed, category=rule.category, category_reason=f"set {rule.mark}")
	if rule.action == "merge":
		return replace(changed, fingerprint=rule.fingerprint, algorithm=RULES, reason=f"merged {rule.mark}")
	return replace(changed, reason=f"{identity.reason}; pinned {rule.mark}")


def _digest(key: tuple[str, ...]) -> str:
	text = "\x1f".join((RULES, *key))
	return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def read_rules(rows: object) -> list[Rule]:
	"""The rules of a list of dictionaries with the keys of FIELDS; empty ones may be left out, `enabled` is true then.

	Raises ConfigurationError that names the rule and what to do.
	"""
	if not isinstance(rows, list | tuple):
		raise ConfigurationError(f"Grouping rules must be a list of objects, not {type(rows).__name__}.")
	if len(rows) > MOST_RULES:
		raise ConfigurationError(f"At most {MOST_RULES} grouping rules can be tried on every error.")
	rules: list[Rule] = []
	for place, row in enumerate(rows, 1):
		if not isinstance(row, Mapping):
			raise ConfigurationError(f"Grouping rule {place} must be an object with keys, not {row!r:.60}.")
		rule = read_rule(row, place)
		if any(rule.name.lower() == other.name.lower() for other in rules):
			raise ConfigurationError(f"Two grouping rules are named '{rule.name}': give each its own name.")
		rules.append(rule)
	return rules


def read_rule(row: Mapping[str, Any], place: int = 1) -> Rule:
	"""One rule; see `read_rules`."""
	name = _text(row, "rule_name", f"Grouping rule {place}")
	label = f"Grouping rule '{name}'" if name else f"Grouping rule {place}"
	values = {field: _text(row, field, label) for field in FIELDS if field != "enabled"}
	unknown = [str(key) for key in row if key not in FIELDS]
	if unknown:
		raise ConfigurationError(f"{label}: {unknown[0]!r:.60} is not known. Known: {', '.join(FIELDS)}.")
	if not name:
		raise ConfigurationError(f"{label} needs a name (rule_name).")
	_check(values, label)
	given = [(field, values[field]) for field in CONDITIONS if values[field]]
	return Rule(
		name=name,
		enabled=_enabled(row, label),
		action=values["action"],
		where=tuple(
			(field, Pattern(text, anywhere=field == "message")) for field, text in given if field in _OF_ISSUE
		),
		on_way=tuple((_FACETS[field], Pattern(text)) for field, text in given if field in _FACETS),
		title=title_line(values["title"]) if values["action"] != "split" else "",
		severity=values["severity"],
		category=values["set_category"],
		split_by=values["split_by"] if values["action"] == "split" else "",
		hint=_hint(values["message"]),
	)


def _text(row: Mapping[str, Any], field: str, label: str) -> str:
	value = row.get(field)
	if value is None:
		return ""
	if not isinstance(value, str):
		raise ConfigurationError(f"{label}: {field} must be a text, not {value!r:.60}.")
	value = value.strip()
	if len(value) > LONGEST and field != "description":
		raise ConfigurationError(f"{label}: {field} may have {LONGEST} characters, not {len(value)}.")
	return value


def _enabled(row: Mapping[str, Any], label: str) -> bool:
	value = row.get("enabled")
	if value is None:
		return True
	if value not in (True, False):
		raise ConfigurationError(f"{label}: enabled must be true or false, not {value!r:.60}.")
	return bool(value)


def _check(values: Mapping[str, str], label: str) -> None:
	action, category = values["action"], values["category"]
	for field, allowed in (
		("action", ACTIONS),
		("severity", ("", *SEVERITIES)),
		("category", ("", *CATEGORIES)),
		("set_category", ("", *CATEGORIES)),
		("split_by", ("", *SPLITS)),
	):
		if values[field] not in allowed:
			listed = ", ".join(value for value in allowed if value)
			raise ConfigurationError(f"{label}: {field} must be one of {listed}, not {values[field]!r}.")
	if not category and not any(values[field].strip("* ") for field in CONDITIONS):
		raise ConfigurationError(
			f"{label} would match every error: fill at least one of {', '.join(CONDITIONS)}."
		)
	if action == "merge" and not values["title"]:
		raise ConfigurationError(f"{label}: the one issue it makes needs a title.")
	if action == "split" and not values["split_by"]:
		raise ConfigurationError(f"{label}: split_by must say by what: {', '.join(SPLITS)}.")


def _hint(message: str) -> str:
	"""What is odd about a message pattern: values stand in no title, so a pattern with one matches nothing."""
	kept = iter(_PLACEHOLDER.findall(message))
	plain = _PLACEHOLDER.sub("…", message)
	pieces = [" ".join(piece.split()) for piece in plain.split("*")]
	shown = "*".join(normalise(piece) for piece in pieces)
	if shown == "*".join(pieces):
		return ""
	shown = "".join(next(kept, char) if char == "…" else char for char in shown)
	return f"Titles hold no values; '{message}' reads there as '{shown}'."
