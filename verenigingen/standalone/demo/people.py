"""Invents the members: who joined when, pays how, left when, and what an office changed about them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from . import names, rhythm
from .model import Change, Mandate, Person, World
from .target import add_months, next_open
from .writer import Series

ROLES = ("System Manager", "Verenigingen Administrator", "Compliance Officer")
OFFICE_USERS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
	("hylke.beheer@vereniging.example", "Hylke", "Stavast", ROLES[:2]),
	("saar.systeem@vereniging.example", "Saar", "Klaverdijk", ROLES[:1]),
	("noor.ledenadministratie@vereniging.example", "Noor", "Heidinga", ROLES[1:2]),
	("gijs.penningmeester@vereniging.example", "Gijs", "van Lankveld", ROLES[1:2]),
	("imane.toezicht@vereniging.example", "Imane", "Roozenbeek", ROLES[2:]),
	("okke.incasso@vereniging.example", "Okke", "Zwartveen", (*ROLES[1:2], ROLES[2])),
)
REGISTRAR = OFFICE_USERS[2][0]
TREASURER = OFFICE_USERS[3][0]
MEMBERSHIP_TYPES = (("Jeugdlid", 25.0), ("Gewoon lid", 50.0), ("Gezinslid", 80.0), ("Steunlid", 15.0))
FREQUENCIES = {"Monthly": 1, "Quarterly": 3, "Annual": 12}
DELETED = 6  # records that were members once; the last of them was deleted permanently
GROWTH = 0.2  # share of today's members who joined in the window, so that growth shows in 30 days
LEAVERS = 0.055
PORTAL_SHARE = 0.13
NO_BIRTH_DATE = 0.05
_WEEK = timedelta(days=7)


def add_members(world: World, count: int) -> None:
	"""Fills the world with members, in the order in which they joined, and the ones that were deleted since."""
	rng = rhythm.rng(world.seed, "people")
	series, mandate_numbers = Series(), Series()
	joined = _joining_moments(rng, world, count + DELETED)
	# Deleted in the middle of old months, so that a gap in the names is to be seen.
	gone = set(rng.sample(range(int(count * 0.2), int(count * 0.6)), DELETED))
	for number, moment in enumerate(joined):
		person = _person(rng, world, number, moment, series)
		if number in gone:
			world.deleted.append(person)
			continue
		_add_mandates(rng, world, person, mandate_numbers)
		_add_end(rng, world, person)
		world.people.append(person)
	_add_portal_users(rng, world)


def _joining_moments(rng: Random, world: World, count: int) -> list[datetime]:
	recent = round(count * GROWTH)
	days = (world.now - world.start).days
	moments = [world.start + timedelta(days=rng.uniform(0, days - 0.01)) for _ in range(recent)]
	moments += [world.start - timedelta(days=rng.uniform(0.5, 365 * 7)) for _ in range(count - recent)]
	return sorted(_office_moment(rng, moment, world.now) for moment in moments)


def _office_moment(rng: Random, moment: datetime, now: datetime) -> datetime:
	"""A moment of the same day in office hours, mostly on a working day; never after now."""
	if rng.random() < 0.8:
		moment = rhythm.working_day(moment)
	hour = rng.choice((9, 9, 10, 10, 11, 13, 14, 14, 15, 16))
	found = moment.replace(hour=hour, minute=rng.randrange(60), second=rng.randrange(60))
	return found if found < now else found - _WEEK


def _person(rng: Random, world: World, number: int, joined: datetime, series: Series) -> Person:
	first, last = rng.choice(names.FIRST_NAMES), rng.choice(names.LAST_NAMES)
	_kind, rate = MEMBERSHIP_TYPES[min(3, int(rng.expovariate(1.3)))] if number else MEMBERSHIP_TYPES[1]
	frequency = rng.choices(tuple(FREQUENCIES), (20, 55, 25))[0]
	months = FREQUENCIES[frequency]
	birth = date(rng.randint(1938, 2012), 1, 1) + timedelta(days=rng.randrange(365))
	return Person(
		name=series.next(f"Assoc-Member-{joined:%Y-%m}-"),
		member_id=f"LID-{10_000 + number}",
		first=first,
		last=last,
		email=names.email(rng, first, last, number),
		phone=names.phone(rng),
		birth=None if rng.random() < NO_BIRTH_DATE else birth,
		address=names.address(rng),
		joined=joined,
		account=names.account(rng),
		method=rng.choices(("SEPA Direct Debit", "Bank Transfer", "Mollie"), (74, 22, 4))[0],
		frequency=frequency,
		rate=round(rate * months / 12 + rng.choice((0, 0, 0, 2.5, 5)), 2),
		billing_day=rng.randint(1, 28),
		customer=f"{first} {last} ({10_000 + number})",
		membership=series.next(f"MEMB-{joined:%y-%m}-"),
		schedule=f"{joined:%Y} {10_000 + number} {frequency}",
	)


def _add_mandates(rng: Random, world: World, person: Person, numbers: Series) -> None:
	"""The mandate of who pays by direct debit; some changed their bank and have an old, cancelled one as well."""
	if person.method != "SEPA Direct Debit":
		return
	signed = person.joined
	years = (world.now - person.joined).days / 365
	if years > 2 and rng.random() < 0.12:
		changed = person.joined + timedelta(days=rng.uniform(200, years * 365 - 120))
		changed = _office_moment(rng, changed, world.now)
		old = _mandate(numbers, person, names.account(rng), signed)
		_cancel(world, old, changed, "Andere bankrekening")
		person.old_mandates.append(old)
		signed = changed + timedelta(minutes=10)
	person.mandate = _mandate(numbers, person, person.account, signed)


def _mandate(numbers: Series, person: Person, account: names.Account, signed: datetime) -> Mandate:
	return Mandate(
		mandate_id=numbers.next(f"MNDT-{signed:%Y}-", 5),
		account=account,
		holder=person.full_name,
		signed=signed.date(),
		created=signed + timedelta(minutes=3),
	)


def _cancel(world: World, mandate: Mandate, when: datetime, reason: str) -> None:
	"""Cancels a mandate, with the Version that a save leaves."""
	mandate.status, mandate.cancelled, mandate.reason, mandate.changed = (
		"Cancelled",
		when.date(),
		reason,
		when,
	)
	fields = (
		("status", "Active", "Cancelled"),
		("is_active", 1, 0),
		("cancelled_date", None, f"{when:%d-%m-%Y}"),
		("cancellation_reason", None, reason),
	)
	world.changes.append(Change(when, REGISTRAR, "SEPA Mandate", mandate.mandate_id, fields))


def _add_end(rng: Random, world: World, person: Person) -> None:
	"""Some members left: the member, the membership, the schedule and the mandate end together."""
	days = (world.now - person.joined).days
	if days < 150 or rng.random() > LEAVERS:
		return
	left = _office_moment(rng, person.joined + timedelta(days=rng.uniform(120, days - 2)), world.now)
	if person.mandate and left <= person.mandate.created + timedelta(days=60):
		return
	person.status = rng.choices(("Terminated", "Deceased", "Expired"), (80, 14, 6))[0]
	person.left = left
	if person.mandate:
		_cancel(world, person.mandate, left, "Lidmaatschap beëindigd")
	step = timedelta(seconds=4)
	end = f"{left:%d-%m-%Y}"
	world.changes += [
		Change(left + step, REGISTRAR, "Member", person.name, (("status", "Active", person.status),)),
		Change(
			left + 2 * step,
			REGISTRAR,
			"Membership",
			person.membership,
			(("status", "Active", "Cancelled"), ("cancellation_date", None, end)),
		),
		Change(
			left + 3 * step,
			REGISTRAR,
			"Membership Dues Schedule",
			person.schedule,
			(("status", "Active", "Cancelled"), ("end_date", None, end)),
		),
	]


def _add_portal_users(rng: Random, world: World) -> None:
	"""Gives a share of the members a login."""
	present = [person for person in world.people if not person.left]
	for person in rng.sample(present, round(len(present) * PORTAL_SHARE)):
		person.user = person.email


def first_due(person: Person, mandate: Mandate) -> date:
	"""The first collection of a mandate: more than a month after signing, so that notice can be given."""
	return next_open(add_months(mandate.signed.replace(day=26), 1 if mandate.signed.day <= 20 else 2))
