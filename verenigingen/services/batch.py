"""What a number of events add to the rollups, gathered without the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import NamedTuple

from verenigingen.core.errors import Identity, Rules, examine, identify, lasting_clues, sample
from verenigingen.core.errors.clues import pack
from verenigingen.core.errors.life import Event, app_version
from verenigingen.core.model import ErrorRow
from verenigingen.core.privacy import Redactor
from verenigingen.services.redaction import NAMELESS

NO_RULES = Rules()
VALUE_LENGTH = TITLE_LENGTH = 140
Timed = Iterable[tuple[ErrorRow, datetime]]
Facets = tuple[tuple[str, str], ...]
Facts = Callable[[ErrorRow, Identity, datetime], Facets]


class Counted(NamedTuple):
	"""What one event adds to the rollups: its issue, naive site time, pseudonym of its user, facets as they are kept."""

	issue: str
	when: datetime
	user: str | None
	facets: Facets


class Described(NamedTuple):
	"""What an issue will show, all of it made of redacted texts; `clues` as `core.errors.clues.pack` writes them."""

	identity: Identity
	sample: str
	clues: str


@dataclass(slots=True)
class Span:
	"""How many events, the first and the last of them."""

	count: int = 0
	first: datetime = datetime.max
	last: datetime = datetime.min

	def add(self, when: datetime) -> None:
		"""Counts one event."""
		self.count += 1
		if when < self.first:
			self.first = when
		if when > self.last:
			self.last = when

	def join(self, other: Span) -> None:
		"""Counts the other's events as well."""
		self.count += other.count
		self.first, self.last = min(self.first, other.first), max(self.last, other.last)


@dataclass(slots=True)
class Batch:
	"""What a number of events add, by the names of the rows they will meet; `count` source rows, the first at `oldest`.

	A row of an event that was counted before adds nothing but itself (`joined`); one that knows the event's time
	better takes the old count away (`withdrawn`, with the last moment the issue was seen without it).
	`redactor`: what every text that is kept goes through; the site's own knows names, the default none.
	"""

	count: int = 0
	joined: int = 0
	oldest: datetime = datetime.max
	identities: dict[str, Described] = field(default_factory=dict)
	spans: dict[str, Span] = field(default_factory=lambda: defaultdict(Span))
	events: dict[str, Counter[Event]] = field(default_factory=lambda: defaultdict(Counter))
	hours: dict[tuple[str, date], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * 24))
	users: dict[tuple[str, str], Span] = field(default_factory=lambda: defaultdict(Span))
	user_days: Counter[tuple[date, str]] = field(default_factory=Counter)
	facets: dict[tuple[str, date, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
	seen: Counter[str] = field(default_factory=Counter)
	withdrawn: dict[str, tuple[datetime, datetime | None]] = field(default_factory=dict)
	redactor: Redactor = NAMELESS
	shown: dict[str, str] = field(default_factory=dict)  # values of facets as they are kept, by how they came

	def add(self, event: Counted) -> None:
		"""Counts one event."""
		issue, when, user, facets = event
		self.spans[issue].add(when)
		self.events[issue][when, app_version(facets, self._app(issue))] += 1
		day = when.date()
		self.hours[issue, day][when.hour] += 1
		if user:
			self.users[issue, user].add(when)
			self.user_days[day, user] += 1
		for kind, value in facets:
			self.facets[issue, day, kind][value] += 1

	def _app(self, issue: str) -> str | None:
		return self.identities[issue].identity.app if issue in self.identities else None

	def add_facets(self, event: Counted, facets: Facets) -> None:
		"""Counts more facets of an event that was counted before."""
		for kind, value in facets:
			self.facets[event.issue, event.when.date(), kind][value] += 1

	def withdraw(self, event: Counted, last: datetime | None) -> None:
		"""Takes back an event counted before; `last`: when its issue was last seen without it, as far as is known."""
		issue, when, user, facets = event
		self.spans[issue].count -= 1
		self.events[issue][when, app_version(facets, self._app(issue))] -= 1
		day = when.date()
		self.hours[issue, day][when.hour] -= 1
		if user:
			self.users[issue, user].count -= 1
			self.user_days[day, user] -= 1
		for kind, value in facets:
			self.facets[issue, day, kind][value] -= 1
		self.withdrawn[issue] = (when, last)


def issue_name(fingerprint: str) -> str:
	"""Name of the Error Issue of a fingerprint: its first 16 digits."""
	return fingerprint[:16]


def gather(
	batch: Batch,
	rows: Timed,
	pseudonym: Callable[[str], str],
	rules: Rules = NO_RULES,
	facts: Facts | None = None,
	*,
	apps: Collection[str] = (),
) -> None:
	"""Counts events, each with the naive site time it counts at, in `batch`. `rules`: the users' own for grouping;
	`facts`: further facets of an event; `apps`: whose frames are the site's own code (empty: every app's except Frappe's).
	"""
	for row, when in rows:
		batch.count += 1
		event = counted(batch, row, when, pseudonym, rules, facts, apps)
		batch.add(event)
		batch.seen[event.issue] += 1


def counted(
	batch: Batch,
	row: ErrorRow,
	when: datetime,
	pseudonym: Callable[[str], str],
	rules: Rules,
	facts: Facts | None,
	apps: Collection[str],
) -> Counted:
	"""What a row adds; its issue is described in `batch`, but nothing is counted yet."""
	# what is redacted before it is written, today or after a setting changed, must stay the same error
	identity = identify(row.title, row.text, apps=apps, redact=batch.redactor.redact_known)
	facets = row.facets + facts(row, identity, when) if facts else row.facets
	identity = rules.apply(identity, facets)
	issue = issue_name(identity.fingerprint)
	if issue not in batch.identities:
		batch.identities[issue] = _described(identity, row, facets, batch.redactor, rules, apps)
	if when < batch.oldest:
		batch.oldest = when
	return Counted(
		issue,
		when,
		pseudonym(row.user) if row.user else None,
		tuple(
			(kind, pseudonym(value) if kind == "Document" else _kept(batch, value)) for kind, value in facets
		),
	)


def _described(
	identity: Identity,
	row: ErrorRow,
	facets: Facets,
	redactor: Redactor,
	rules: Rules,
	apps: Collection[str],
) -> Described:
	"""The identity with the title that people see, sample and clues. All are made of the redacted text: what is left of a
	text in a title says less about what is personal in it."""
	title, text = redactor.redact(row.title), redactor.redact(row.text)
	told = rules.apply(identify(title, text, apps=apps), facets)
	# redacted texts have other lengths
	cut = examine(row.title, row.text, apps=apps)[1].cut
	return Described(
		replace(identity, title=redactor.redact(told.title)[:TITLE_LENGTH]),
		sample(title, text),
		pack(lasting_clues(title, text, apps=apps)._replace(cut=cut)),
	)


def _kept(batch: Batch, value: str) -> str:
	if value not in batch.shown:
		batch.shown[value] = batch.redactor.redact(value)[:VALUE_LENGTH]
	return batch.shown[value]
