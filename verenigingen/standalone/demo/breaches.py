"""Plants breaches of named SEPA rules in otherwise clean mandates and collections.

Two steps, because batches are made of collections: `plant` before the batches exist, `plant_in_batches` after. Every
mandate is used for one rule only, and the manifest lists all names a rule must find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from . import names, rhythm
from .manifest import breach, incident
from .model import EUR, USD, Batch, Change, Item, Mandate, Person, World
from .money import add_transfers
from .people import REGISTRAR
from .target import add_months, next_open

Pair = tuple[Person, Mandate]
DORMANT_MONTHS = (37, 40, 40, 52)
ALMOST_DORMANT_MONTHS = (33, 34)  # not a breach: there to catch a clock that is some weeks off


class _Victims:
	"""Hands out steady payers, each once."""

	def __init__(self, world: World) -> None:
		self._rng = rhythm.rng(world.seed, "breaches")
		old = world.now - timedelta(days=900)
		steady = [
			(person, mandate)
			for person, mandate in world.mandate_pairs()
			if mandate is person.mandate
			and not person.old_mandates
			and mandate.status == "Active"
			and mandate.created < old
			and person.frequency != "Annual"
			and len(mandate.items) >= 4
			and all(item.status == "Collected" for item in mandate.items)
		]
		self._rng.shuffle(steady)
		self._steady = iter(steady)

	def take(self, count: int, fits: Callable[[Pair], bool] = lambda _pair: True) -> list[Pair]:
		found: list[Pair] = []
		for pair in self._steady:
			if fits(pair):
				found.append(pair)
				if len(found) == count:
					return found
		raise ValueError("the demo association is too small to plant every breach: use at least 600 members")


def plant(world: World) -> None:
	"""Breaks the rules about mandates and about single collections."""
	victims = _Victims(world)
	_dormant(world, victims)
	_references(world, victims)
	_dates(world, victims)
	_cancelled(world, victims)
	_accounts(world, victims)
	_sequences(world, victims)
	_amounts(world, victims)
	_after_return(world, victims)
	_christmas(world, victims)


def plant_in_batches(world: World) -> None:
	"""Breaks the rule about totals, and completes the facts about the Christmas batch."""
	rng = rhythm.rng(world.seed, "batch breaches")
	large = [
		batch
		for batch in world.batches
		if batch.processed
		and len(batch.items) >= 10
		and (batch.due.month, batch.due.day) != (12, 25)
		and all(item.amount and item.currency == EUR for _person, _mandate, item in batch.items)
	]
	chosen = rng.choice(large[len(large) // 2 :])
	chosen.total_error = 12.5
	breach(
		world,
		"FIL-02",
		"Direct Debit Batch",
		[chosen.name],
		"the stated total is 12.50 higher than the sum of the rows",
		difference=12.5,
	)
	holiday = [batch.name for batch in world.batches if (batch.due.month, batch.due.day) == (12, 25)]
	breach(
		world,
		"TIM-03",
		"Direct Debit Batch",
		holiday,
		"the collection date is Christmas Day, TARGET is closed",
	)
	for rule in ("AMT-01", "AMT-02"):
		_name_rows(world, rule, world.batches)


def _name_rows(world: World, rule: str, batches: list[Batch]) -> None:
	"""Amount breaches sit in batch rows, whose batch is known only now."""

	def breaks(item: Item) -> bool:
		return item.currency == USD if rule == "AMT-01" else item.amount == 0

	found = [(batch, mandate) for batch in batches for _person, mandate, item in batch.items if breaks(item)]
	expect = "a collection in another currency than EUR" if rule == "AMT-01" else "a collection of 0.00"
	breach(
		world,
		rule,
		"Direct Debit Batch",
		{batch.name for batch, _ in found},
		expect,
		mandates=sorted(mandate.mandate_id for _, mandate in found),
	)


def _ids(pairs: list[Pair]) -> list[str]:
	return [mandate.mandate_id for _person, mandate in pairs]


def _rename(pair: Pair, mandate_id: str) -> str:
	pair[1].mandate_id = mandate_id
	return mandate_id


def _references(world: World, victims: _Victims) -> None:
	"""MND-01 length, MND-03 characters, MND-04 slashes, MND-05 two references that banks may take for one."""
	long = [_rename(pair, f"{pair[1].mandate_id}-{pair[0].name.upper()}-INCASSO") for pair in victims.take(2)]
	breach(world, "MND-01", "SEPA Mandate", long, "the reference has more than 35 characters")
	signs = [
		_rename(pair, pair[1].mandate_id.replace("-", sign))
		for pair, sign in zip(victims.take(3), "_#&", strict=True)
	]
	breach(world, "MND-03", "SEPA Mandate", signs, "the reference has characters that SEPA does not know")
	first, second = victims.take(2)
	slashes = [
		_rename(first, f"/{first[1].mandate_id}"),
		_rename(second, second[1].mandate_id.replace("-", "//")),
	]
	breach(world, "MND-04", "SEPA Mandate", slashes, "a slash at the beginning, or two in a row")
	pair, twin = victims.take(2)
	# The space keeps the two apart as names in a database that compares without case.
	head, tail = pair[1].mandate_id.lower().rsplit("-", 1)
	same = [pair[1].mandate_id, _rename(twin, f"{head}- {tail}")]
	breach(world, "MND-05", "SEPA Mandate", same, "two references that differ only in case and spaces")


def _dates(world: World, victims: _Victims) -> None:
	"""MND-06: signed in the future, and signed after the first collection."""
	late = victims.take(1)[0]
	first = late[1].first_collection
	assert first is not None
	late[1].signed = first + timedelta(days=10)
	unused = next(
		pair
		for pair in reversed(world.mandate_pairs())
		if pair[1].status == "Active" and not pair[1].items and pair[1].first_collection is None
	)
	unused[1].signed = world.now.date() + timedelta(days=21)
	breach(
		world,
		"MND-06",
		"SEPA Mandate",
		_ids([late, unused]),
		"signed in the future, or after the first collection",
		future=[unused[1].mandate_id],
		after_first_collection=[late[1].mandate_id],
	)


def _dormant(world: World, victims: _Victims) -> None:
	"""MND-09: last collected more than 36 months ago and still active; the members pay by transfer since."""

	rng = rhythm.rng(world.seed, "dormant")

	def long_enough(pair: Pair) -> bool:
		return pair[1].created < world.now - timedelta(days=30 * (max(DORMANT_MONTHS) + 4))

	def rest(pair: Pair, months: int) -> str:
		person, mandate = pair
		due = next_open(add_months(world.now.date().replace(day=26), -months))
		posted = datetime(due.year, due.month, due.day, 1, 20) - timedelta(days=30)
		mandate.items = [Item(due=due, posted=posted, amount=person.rate, sequence="RCUR")]
		person.method = "Bank Transfer"
		add_transfers(rng, world, person)
		return mandate.mandate_id

	dormant = victims.take(len(DORMANT_MONTHS), long_enough)
	ids = [rest(pair, months) for pair, months in zip(dormant, DORMANT_MONTHS, strict=True)]
	breach(world, "MND-09", "SEPA Mandate", ids, "active, and not collected for more than 36 months")
	almost = victims.take(len(ALMOST_DORMANT_MONTHS), long_enough)
	close = [rest(pair, months) for pair, months in zip(almost, ALMOST_DORMANT_MONTHS, strict=True)]
	incident(
		world,
		"sepa-near-miss",
		"clean",
		world.now,
		"mandates that were last collected 33 and 34 months ago are not dormant yet",
		{"rule": "MND-09", "doctype": "SEPA Mandate", "names": sorted(close)},
	)


def _cancelled(world: World, victims: _Victims) -> None:
	"""MND-10: cancelled, and collected once more afterwards."""
	pairs = victims.take(
		2, lambda pair: _past(world, pair[1])[-1].due > world.now.date() - timedelta(days=100)
	)
	for _person, mandate in pairs:
		*_, before, last = _past(world, mandate)
		when = datetime(before.due.year, before.due.month, before.due.day, 14, 5) + timedelta(days=2)
		mandate.status, mandate.cancelled, mandate.changed = "Cancelled", when.date(), when
		mandate.reason = "Op verzoek van lid"
		mandate.items = [item for item in mandate.items if item.due <= last.due]
		fields = (
			("status", "Active", "Cancelled"),
			("is_active", 1, 0),
			("cancelled_date", None, f"{when:%d-%m-%Y}"),
			("cancellation_reason", None, mandate.reason),
		)
		world.changes.append(Change(when, REGISTRAR, "SEPA Mandate", mandate.mandate_id, fields))
	breach(world, "MND-10", "SEPA Mandate", _ids(pairs), "collected after the day it was cancelled")


def _past(world: World, mandate: Mandate) -> list[Item]:
	"""Collections that are through."""
	return [item for item in mandate.items if item.due < world.now.date() - timedelta(days=5)]


def _accounts(world: World, victims: _Victims) -> None:
	"""IBN-01 check digits, IBN-02 a country outside SEPA."""
	wrong = victims.take(2)
	for person, mandate in wrong:
		iban = mandate.account.iban
		bad = names.Account(
			f"{iban[:-1]}{(int(iban[-1]) + 3) % 10}", mandate.account.bic, mandate.account.bank
		)
		person.account = mandate.account = bad
	members = sorted(person.name for person, _ in wrong)
	breach(world, "IBN-01", "SEPA Mandate", _ids(wrong), "the check digits are wrong", members=members)
	abroad = victims.take(2)
	accounts = (
		names.Account(names.make_iban("TR", "0009900123456789012345"), "DEMOTRIS", "Demo Bankası"),
		names.Account(names.make_iban("AE", "0991234567890123456"), "DEMOAEAD", "Demo Bank Abroad"),
	)
	for (person, mandate), account in zip(abroad, accounts, strict=True):
		person.account = mandate.account = account
	members = sorted(person.name for person, _ in abroad)
	breach(
		world,
		"IBN-02",
		"SEPA Mandate",
		_ids(abroad),
		"an account in a country outside SEPA",
		members=members,
		may_also_break=["MND-13"],
	)


def _sequences(world: World, victims: _Victims) -> None:
	"""SEQ-01 a recurrent mandate collected as one-off, MND-11 a one-off mandate collected twice."""
	wrong = victims.take(2)
	for _person, mandate in wrong:
		_past(world, mandate)[-1].sequence = "OOFF"
	breach(world, "SEQ-01", "SEPA Mandate", _ids(wrong), "a recurrent mandate was collected with OOFF")
	gifts = (pair for pair in world.mandate_pairs() if pair[1].kind == "OOFF")
	pair = min(gifts, key=lambda gift: gift[1].items[0].due)
	first = pair[1].items[0]
	due = next_open(add_months(first.due.replace(day=26), 0 if first.due.day < 20 else 1))
	again = Item(due=due, posted=first.posted, amount=first.amount, sequence="OOFF")
	pair[1].items.append(again)
	breach(world, "MND-11", "SEPA Mandate", _ids([pair]), "a one-off mandate was collected twice")


def _amounts(world: World, victims: _Victims) -> None:
	"""AMT-01 and AMT-02, listed once the batches have names."""
	for _person, mandate in victims.take(2):
		_past(world, mandate)[-1].currency = USD
	for _person, mandate in victims.take(2):
		_past(world, mandate)[-2].amount = 0.0


def _after_return(world: World, victims: _Victims) -> None:
	"""RTX-01: collected again although the account was closed."""
	pairs = victims.take(2)
	for _person, mandate in pairs:
		item = _past(world, mandate)[-2]
		item.status, item.reason = "Returned", "AC04 Account closed"
	breach(world, "RTX-01", "SEPA Mandate", _ids(pairs), "collected again after a return with AC04")


def _christmas(world: World, victims: _Victims) -> None:
	"""TIM-03: one run of December was asked for on Christmas Day, its batch is named later."""
	year = world.now.year if world.now.date() > date(world.now.year, 12, 30) else world.now.year - 1
	holiday = date(year, 12, 25)

	def december(mandate: Mandate) -> Iterator[Item]:
		return (item for item in mandate.items if (item.due.year, item.due.month) == (year, 12))

	for _person, mandate in victims.take(6, lambda pair: any(december(pair[1]))):
		next(december(mandate)).due = holiday
