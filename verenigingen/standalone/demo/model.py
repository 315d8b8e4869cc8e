"""What the association consists of while it is being invented; rows are made from this at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from .names import Account

USD = "USD"
EUR = "EUR"


@dataclass
class Item:
	"""One due amount of a member: an invoice, and where there is a mandate a collection of it."""

	due: date
	posted: datetime
	amount: float
	sequence: str = ""  # FRST, RCUR, OOFF; "" for a bank transfer
	status: str = "Collected"  # as in SEPA Mandate Usage
	reason: str = ""  # "AM04 …" when returned
	currency: str = EUR
	invoice: str = ""
	batch: str = ""
	row: str = ""  # name of the batch row
	paid: datetime | None = None


@dataclass
class Mandate:
	"""A SEPA mandate with its collections."""

	mandate_id: str
	account: Account
	holder: str
	signed: date
	created: datetime
	kind: str = "RCUR"
	status: str = "Active"
	first_collection: date | None = None
	cancelled: date | None = None
	reason: str = ""
	changed: datetime | None = None  # when the status was changed
	items: list[Item] = field(default_factory=list)


@dataclass
class Person:
	"""A member."""

	name: str
	member_id: str
	first: str
	last: str
	email: str
	phone: str
	birth: date | None
	address: dict[str, str]
	joined: datetime
	account: Account
	method: str
	frequency: str
	rate: float
	billing_day: int
	status: str = "Active"
	left: datetime | None = None
	user: str | None = None
	customer: str = ""
	membership: str = ""
	schedule: str = ""
	mandate: Mandate | None = None
	old_mandates: list[Mandate] = field(default_factory=list)
	transfers: list[Item] = field(default_factory=list)

	@property
	def full_name(self) -> str:
		"""First and last name."""
		return f"{self.first} {self.last}"

	@property
	def mandates(self) -> list[Mandate]:
		"""All mandates, the oldest first."""
		return [*self.old_mandates, *([self.mandate] if self.mandate else [])]


@dataclass(frozen=True)
class Change:
	"""One saved change of a tracked document: what becomes a Version row."""

	when: datetime
	user: str
	doctype: str
	name: str
	fields: tuple[tuple[str, object, object], ...]


@dataclass
class Batch:
	"""A direct debit batch: all collections of one day and one sequence type."""

	name: str
	due: date
	kind: str
	created: datetime
	items: list[tuple[Person, Mandate, Item]]
	status: str = "Draft"
	generated: datetime | None = None
	submitted: datetime | None = None
	processed: datetime | None = None
	total_error: float = 0.0

	@property
	def total(self) -> float:
		"""The total as the batch states it."""
		return round(sum(item.amount for _, _, item in self.items) + self.total_error, 2)


@dataclass
class World:
	"""Everything invented so far. Moments are naive and local; `start` is the first moment of the window."""

	seed: int
	now: datetime
	start: datetime
	people: list[Person] = field(default_factory=list)
	deleted: list[Person] = field(default_factory=list)  # once members: named, but without a row
	batches: list[Batch] = field(default_factory=list)
	changes: list[Change] = field(default_factory=list)
	incidents: list[dict[str, object]] = field(default_factory=list)

	def mandate_pairs(self) -> list[tuple[Person, Mandate]]:
		"""Every mandate with its member."""
		return [(person, mandate) for person in self.people for mandate in person.mandates]
