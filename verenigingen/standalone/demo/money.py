"""Invents what members owe and pay: invoices, collections in monthly batches, returns, bank transfers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from . import rhythm
from .model import Batch, Change, Item, Mandate, Person, World
from .people import FREQUENCIES, TREASURER, first_due
from .target import add_months, next_open
from .writer import Series

HISTORY_MONTHS = 15  # long enough that an annual payer has been collected at least once
NOTICE_DAYS = 30
BATCH_LEAD = timedelta(days=6)
COLLECTION_DAY = 26
GIFTS = 25  # one-off mandates, used once
BATCH_KINDS = {"FRST": "FRST", "RCUR": "RCUR", "OOFF": "CORE"}
RETURNS = (
	("AM04 Insufficient funds", 0.011),
	("MS03 Reason not specified", 0.003),
	("MD06 Refund requested by debtor", 0.003),
	("AC04 Account closed", 0.0008),
)


def add_items(world: World) -> None:
	"""Due amounts of every member over the last months, up to the ones already invoiced for the next."""
	rng = rhythm.rng(world.seed, "money")
	for person in world.people:
		for mandate in person.mandates:
			_add_collections(rng, world, person, mandate)
		if not person.mandates:
			add_transfers(rng, world, person)
	_add_gifts(rng, world)


def _dues(world: World, day: int, anchor: int, months: int) -> Iterator[date]:
	first = add_months(world.now.date().replace(day=1), -HISTORY_MONTHS)
	for step in range(HISTORY_MONTHS + 3):
		month = add_months(first, step)
		if (month.year * 12 + month.month - anchor) % months == 0:
			yield month.replace(day=day)


def _posted(rng: Random, due: date) -> datetime:
	"""Invoices are made at night, before the day's work."""
	day = due - timedelta(days=NOTICE_DAYS)
	return datetime(
		day.year, day.month, day.day, 1, rng.randrange(5, 55), rng.randrange(60), rng.randrange(10**6)
	)


def _add_collections(rng: Random, world: World, person: Person, mandate: Mandate) -> None:
	first = first_due(person, mandate)
	mandate.first_collection = first if first <= world.now.date() else None
	end = mandate.cancelled or date.max
	anchor = first.year * 12 + first.month
	for nominal in _dues(world, COLLECTION_DAY, anchor, FREQUENCIES[person.frequency]):
		due = next_open(nominal)
		posted = _posted(rng, due)
		# Within a month of signing notice would be too short; a month before the end nothing new is collected.
		if due < first or posted.date() <= mandate.signed or due >= end or posted > world.now:
			continue
		item = Item(due=due, posted=posted, amount=person.rate, sequence="FRST" if due == first else "RCUR")
		mandate.items.append(item)
		if _maybe_return(rng, world, item) and item.reason.startswith("AC"):
			_suspend(world, mandate, item)
			break
	if mandate.first_collection and not mandate.items and mandate.cancelled and first >= mandate.cancelled:
		mandate.first_collection = None


def _maybe_return(rng: Random, world: World, item: Item) -> bool:
	"""Some collections come back, except first ones: their batches are too small for a share to mean anything."""
	draw = rng.random()
	if item.sequence != "RCUR" or item.due > world.now.date() - timedelta(days=4):
		return False
	for reason, share in RETURNS:
		if draw < share:
			item.status, item.reason = "Returned", reason
			return True
		draw -= share
	return False


def _suspend(world: World, mandate: Mandate, item: Item) -> None:
	"""A closed account ends collecting at once; a mandate that was cancelled later keeps its own story."""
	if mandate.status != "Active":
		return
	when = datetime(item.due.year, item.due.month, item.due.day, 10, 40) + timedelta(days=3)
	mandate.status, mandate.changed = "Suspended", when
	fields = (("status", "Active", "Suspended"), ("is_active", 1, 0))
	world.changes.append(Change(when, TREASURER, "SEPA Mandate", mandate.mandate_id, fields))


def add_transfers(rng: Random, world: World, person: Person) -> None:
	"""Invoices that a member pays by bank transfer, some of them late, a few never."""
	end = person.left.date() if person.left else date.max
	anchor = person.joined.year * 12 + person.joined.month + 1
	for due in _dues(world, person.billing_day, anchor, FREQUENCIES[person.frequency]):
		posted = _posted(rng, due)
		if posted <= person.joined or posted.date() >= end or posted > world.now:
			continue
		item = Item(due=due, posted=posted, amount=person.rate)
		if rng.random() < 0.95:
			item.paid = _payment_moment(rng, posted, world.now)
		person.transfers.append(item)


def _payment_moment(rng: Random, posted: datetime, now: datetime) -> datetime | None:
	day = rhythm.working_day(posted + timedelta(days=min(70.0, rng.lognormvariate(2.7, 0.6)) + 2))
	paid = day.replace(hour=rng.choice((9, 10, 10, 11, 13, 14)), minute=rng.randrange(60))
	return paid if paid <= now else None


def _add_gifts(rng: Random, world: World) -> None:
	"""One-off mandates of members who otherwise pay by transfer; one of them is collected a second time later on."""
	numbers = Series()
	givers = [person for person in world.people if not person.mandates and not person.left]
	givers = [person for person in givers if (world.now - person.joined).days > 200]
	for person in rng.sample(givers, min(GIFTS, len(givers))):
		due = next_open(add_months(world.now.date().replace(day=12), -rng.randint(1, 5)))
		signed = (
			datetime.combine(due, datetime.min.time()) - timedelta(days=NOTICE_DAYS + 3) + timedelta(hours=11)
		)
		mandate = Mandate(
			mandate_id=numbers.next(f"GIFT-{signed:%Y}-", 4),
			account=person.account,
			holder=person.full_name,
			signed=signed.date(),
			created=signed,
			kind="OOFF",
			first_collection=due,
		)
		amount = float(rng.choice((10, 15, 25, 40)))
		mandate.items.append(Item(due=due, posted=_posted(rng, due), amount=amount, sequence="OOFF"))
		person.mandate = mandate


def add_batches(world: World) -> None:
	"""Groups collections by day and sequence type, names them, and lets each batch go as far as time allows."""
	rng = rhythm.rng(world.seed, "batches")
	groups: dict[tuple[date, str], list[tuple[Person, Mandate, Item]]] = defaultdict(list)
	for person, mandate in world.mandate_pairs():
		for item in mandate.items:
			groups[item.due, item.sequence].append((person, mandate, item))
	series = Series()
	for (due, sequence), items in sorted(groups.items(), key=lambda group: group[0]):
		created = _creation(rng, due)
		if created > world.now:
			continue
		name = series.next(f"BATCH-{created:%y-%m}-")
		batch = Batch(name, due, BATCH_KINDS[sequence], created, items)
		_advance(world, batch)
		world.batches.append(batch)


def _creation(rng: Random, due: date) -> datetime:
	day = datetime(due.year, due.month, due.day, 10, rng.randrange(60), rng.randrange(60)) - BATCH_LEAD
	return rhythm.working_day(day)


def _advance(world: World, batch: Batch) -> None:
	"""Draft, Generated, Submitted, Processed: every step that lies before now, each with its Version."""
	due = datetime(batch.due.year, batch.due.month, batch.due.day, 9, 30)
	steps = (
		("Generated", batch.created + timedelta(minutes=25)),
		("Submitted", batch.created + timedelta(minutes=70)),
		("Processed", due + timedelta(days=3)),
	)
	for status, when in steps:
		if when > world.now:
			break
		fields: list[tuple[str, object, object]] = [("status", batch.status, status)]
		if status == "Submitted":
			fields.append(("docstatus", 0, 1))
		world.changes.append(Change(when, TREASURER, "Direct Debit Batch", batch.name, tuple(fields)))
		batch.status = status
		setattr(batch, status.lower(), when)
	for _person, _mandate, item in batch.items:
		item.batch = batch.name
		if batch.status != "Processed":
			item.status, item.reason = "Pending" if batch.status != "Submitted" else "Processing", ""
		elif item.status == "Collected":
			item.paid = batch.processed
