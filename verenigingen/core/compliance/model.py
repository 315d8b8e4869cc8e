"""What a compliance rule is and what a check of it may answer.

A rule belongs to a dated rule set that never changes once published: a later opinion is a later set, so that a score can
be explained with the rules of its day. A check answers with one of six states; what could not be looked at is UNKNOWN
with the reason, never a pass.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Severity(Enum):
	"""How much a broken rule matters; the value is its weight (OpenSSF Scorecard: 10, 7.5, 5 and 2.5)."""

	CRITICAL = 10.0
	HIGH = 7.5
	MEDIUM = 5.0
	LOW = 2.5

	@property
	def label(self) -> str:
		"""As it is shown."""
		return self.name.lower()


class State(Enum):
	"""Answer of a check."""

	PASS = "PASS"
	FAIL = "FAIL"
	NOT_APPLICABLE = "NOT_APPLICABLE"
	UNKNOWN = "UNKNOWN"
	ERROR = "ERROR"
	EXCEPTION = "EXCEPTION"


class Certainty(Enum):
	"""How well the source of a rule was seen."""

	OFFICIAL = "official text or verified by running it"
	SECONDARY = "secondary source, such as a bank or a payment provider"
	INFERRED = "inferred or from practice; check it before quoting it as law"


@dataclass(frozen=True, slots=True)
class Rule:
	"""One requirement: what it asks, why, and what must be known to judge it.

	`number` is its id in the catalogue (MND-01), `needs` names the data without which the answer is UNKNOWN, `action`
	says what repairs a failure, `authority` who may act on one and on what ground.
	"""

	number: str
	area: str
	severity: Severity
	title: str
	source: str
	certainty: Certainty
	needs: tuple[str, ...]
	action: str
	authority: str


@dataclass(frozen=True, slots=True)
class RuleSet:
	"""Rules as they were published on a date; `version` is `name@date`."""

	name: str
	published: str
	rules: tuple[Rule, ...]

	def __post_init__(self) -> None:
		numbers = [rule.number for rule in self.rules]
		if len(set(numbers)) != len(numbers):
			raise ValueError(f"{self.version} has a rule twice: {sorted(numbers)}")

	@property
	def version(self) -> str:
		"""The set's name with its date, as scores are labelled."""
		return f"{self.name}@{self.published}"

	@property
	def digest(self) -> str:
		"""SHA-256 of all that the rules say: two sets of one version with other words are told apart."""
		said = [
			[
				r.number,
				r.area,
				r.severity.name,
				r.title,
				r.source,
				r.certainty.name,
				r.needs,
				r.action,
				r.authority,
			]
			for r in sorted(self.rules, key=lambda rule: rule.number)
		]
		return hashlib.sha256(json.dumps([self.version, said], sort_keys=True).encode()).hexdigest()

	def __iter__(self) -> Iterator[Rule]:
		return iter(self.rules)

	def rule(self, number: str) -> Rule:
		"""A rule by its number. Raises KeyError."""
		for rule in self.rules:
			if rule.number == number:
				return rule
		raise KeyError(number)


@dataclass(frozen=True, slots=True)
class Finding:
	"""One record that breaks a rule: DocType and name of its document, the name of the row of a child table where it is one,
	the field, and what is wrong with it, without the value where that is personal (an IBAN, a name)."""

	doctype: str
	name: str
	what: str
	field: str = ""
	row: str = ""


@dataclass(frozen=True, slots=True)
class Result:
	"""What a check found.

	`applicable` records (or settings) were judged and `failed` of them break the rule; `reason` says why in a sentence;
	`findings` are the first of the failures, as many as were asked for; `details` holds further figures, JSON-safe.
	"""

	number: str
	state: State
	reason: str
	applicable: int = 0
	failed: int = 0
	findings: tuple[Finding, ...] = ()
	details: dict[str, object] = field(default_factory=dict, compare=False)

	def __post_init__(self) -> None:
		if not 0 <= self.failed <= self.applicable:
			raise ValueError(f"{self.number}: {self.failed} of {self.applicable} cannot have failed")
		if (self.state is State.FAIL) != (self.failed > 0) and self.state in (State.PASS, State.FAIL):
			raise ValueError(f"{self.number}: {self.state.value} with {self.failed} failures")

	@property
	def value(self) -> float:
		"""Share of what was judged that keeps the rule; 0 where the check itself failed (as XCCDF counts errors)."""
		if self.state is State.ERROR:
			return 0.0
		return 1.0 - self.failed / self.applicable if self.applicable else 0.0


def judged(
	number: str, applicable: int, findings: Sequence[Finding], what: str, *, failed: int | None = None
) -> Result:
	"""PASS or FAIL of a population, NOT_APPLICABLE where it is empty.

	Args: number of the rule; how many records were judged; those that break it (or the first of them, with how many there
	are in `failed`; one record counts once, however many findings it has); what the records are, in the plural
	("mandates").
	"""
	if failed is None:
		failed = len({(found.doctype, found.name, found.row) for found in findings})
	if not applicable:
		return Result(number, State.NOT_APPLICABLE, f"There are no {what} to judge.")
	if not failed:
		return Result(number, State.PASS, f"All {applicable:,} {what} keep this rule.", applicable)
	reason = f"{failed:,} of {applicable:,} {what} break this rule."
	return Result(number, State.FAIL, reason, applicable, failed, tuple(findings))


def setting(number: str, kept: bool, reason: str, findings: Sequence[Finding] = ()) -> Result:
	"""PASS or FAIL of a single setting: 1 or 0 of 1."""
	return Result(
		number,
		State.PASS if kept else State.FAIL,
		reason,
		1,
		0 if kept else 1,
		() if kept else tuple(findings),
	)


def unknown(number: str, reason: str) -> Result:
	"""UNKNOWN: what is missing, and therefore nothing was judged."""
	return Result(number, State.UNKNOWN, reason)


def not_applicable(number: str, reason: str) -> Result:
	"""NOT_APPLICABLE: why the rule has nothing to say about this site."""
	return Result(number, State.NOT_APPLICABLE, reason)
