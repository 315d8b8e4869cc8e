"""The bugs of the demo app as a list: how each is called so that it fails, who calls it, and what comes out.

Arguments vary with every call, as they would with real users; the bug itself decides what is raised.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from . import names
from .model import Person, World
from .money_rows import invoiced
from .users import office_user

Arguments = dict[str, Any]
Make = Callable[[Random, "Site", datetime], tuple[Arguments, str]]


class Site:
	"""What a call of the demo app sees: records, and the people to call it for.

	Only members from before the window are called for, so that nobody has errors before joining.
	"""

	def __init__(self, world: World) -> None:
		self.world = world
		self.people = [person for person in world.people if not person.left and person.joined < world.start]
		self.portal = [person for person in self.people if person.user]
		self.no_birth_date = [person for person in self.people if person.birth is None]
		early = world.start - timedelta(days=500)
		self.veterans = [person for person in self.people if person.joined < early]
		self.mandates = [person.mandate for person in self.people if person.mandate]
		self._batches = sorted((batch.created, batch.name) for batch in world.batches)
		self._invoices = [(item.posted, person, item.invoice) for person, item in invoiced(world)]
		self.records = {"Member": {person.name: _record(person) for person in world.people}}

	def open_batch(self, rng: Random, when: datetime) -> str:
		"""One of the latest batches at that time."""
		last = bisect_left(self._batches, (when, ""))
		return rng.choice(self._batches[max(0, last - 4) : last])[1]

	def new_invoice(self, rng: Random, when: datetime) -> tuple[Person, str]:
		"""One of the latest invoices at that time."""
		last = bisect_left(self._invoices, when, key=lambda invoice: invoice[0])
		_posted, person, invoice = rng.choice(self._invoices[max(0, last - 300) : last])
		return person, invoice


def _record(person: Person) -> dict[str, Any]:
	return {
		"first_name": person.first,
		"last_name": person.last,
		"email": person.email,
		"phone": person.phone,
		"birth_date": person.birth,
		"iban": person.account.iban,
	}


@dataclass(frozen=True)
class Bug:
	"""One bug. `entry` is request or job; `culprit` the function to repair; `make` gives arguments and user."""

	name: str
	entry: str
	method: str
	exception: str
	culprit: str
	make: Make
	shape: str = "office"
	per_day: float = 0.0


def _profile_card(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	return {"member": rng.choice(site.no_birth_date).name, "today": when.date()}, office_user(rng)


def _update_address(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	person = rng.choice(site.portal)
	address = names.address(rng)
	del address["house_number"]
	return {"member": person.name, "address": address}, person.email


def _generate_invoices(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	person = rng.choice(site.veterans)
	last = date(when.year - 1, rng.choice((1, 3, 5, 8, 10)), 31)
	values = {
		"schedule": person.schedule,
		"member": person.name,
		"last_invoice_date": last,
		"rate": person.rate,
	}
	return values, "Administrator"


def _leave_mid_period(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	person = rng.choice(site.people)
	day = when.date().replace(day=1)
	values = {
		"member": person.name,
		"schedule": person.schedule,
		"start": day,
		"end": day,
		"rate": person.rate,
	}
	return values, office_user(rng)


def _recalculate_tiers(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	chosen = rng.sample(site.people, rng.randint(2, 4))
	rows = [{"member": person.name, "income": float(rng.randrange(900, 3900, 50))} for person in chosen]
	rows[-1]["income"] = None
	return {"members": rows}, office_user(rng)


def _change_account(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	person = rng.choice(site.portal)
	surname = rng.choice([name for name in names.LAST_NAMES if name.split()[-1] != person.last.split()[-1]])
	holder = f"{rng.choice(names.FIRST_NAMES)[0]}. {surname}"
	return {"member": person.name, "iban": names.account(rng).iban, "account_holder": holder}, person.email


def _mark_first(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	mandate = rng.choice(site.mandates)
	values = {"mandate_id": mandate.mandate_id, "iban": mandate.account.iban, "usages": []}
	return {"mandates": [values]}, office_user(rng)


def _add_to_batch(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	person = rng.choice(site.people)
	values = {
		"batch": site.open_batch(rng, when),
		"member": person.name,
		"amount": person.rate,
		"attempt": rng.randint(0, 9),
	}
	return values, office_user(rng)


def _send_welcome(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	return {"member": rng.choice(site.people).name, "language": "nl"}, office_user(rng)


def _send_invoices(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	person, invoice = site.new_invoice(rng, when)
	values = {
		"member": person.name,
		"invoice": invoice,
		"host": f"mx{rng.randint(1, 3)}.mail.example",
		"port": 587,
	}
	return values, "Administrator"


def _send_newsletter(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	people = rng.sample(site.people, rng.randint(1, 3))
	recipients = [{"member": person.name, "email": person.email} for person in people]
	edition = f"Nieuwsbrief {when:%Y} week {when.isocalendar()[1]}"
	return {"edition": edition, "queued": rng.randint(1500, 4200), "recipients": recipients}, "Administrator"


def _save_preferences(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	person = rng.choice(site.portal)
	shown = person.full_name if not person.full_name.isascii() else f"{person.first} (André)"
	return {"member": person.name, "display_name": shown, "newsletter": rng.random() < 0.6}, person.email


def _upload_photo(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	person = rng.choice(site.portal)
	values = {
		"member": person.name,
		"filename": f"pasfoto_{names.ascii_letters(person.first)}_{rng.randint(1000, 9999)}.jpg",
		"size": rng.randint(5_300_000, 19_000_000),
	}
	return values, person.email


def _import_bank_file(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	person = rng.choice(site.people)
	end = "" if rng.random() < 0.5 else f";{person.member_id};contributie; met dank"
	line = f"{person.account.iban};{person.full_name};{rng.randint(500, 20000)}{end}"
	filename = f"camt_{when - timedelta(days=1):%Y%m%d}_{rng.randint(1, 3)}.csv"
	return {"filename": filename, "lines": [line]}, office_user(rng)


def _merge_duplicates(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	return {"members": [person.name for person in rng.sample(site.people, 2)]}, office_user(rng)


def _change_rate(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
	person = rng.choice(site.portal)
	# After the change of the number format the page sends amounts with a comma for the cents.
	text = f"€ {rng.choice(('', '1.'))}{rng.randint(100, 950)},{rng.choice(('00', '50', '25'))}"
	reason = rng.choice(("Studie afgerond", "Minder inkomen", "Steun aan de vereniging"))
	values = {"member": person.name, "schedule": person.schedule, "new_rate": text, "reason": reason}
	return values, person.email


def one_user(person: Person) -> Bug:
	"""The bug that only this person meets, whose preference is stored as text."""

	def make(rng: Random, site: Site, when: datetime) -> tuple[Arguments, str]:
		preferences = {"page_length": "20", "theme": rng.choice(("light", "dark"))}
		return {"member": person.name, "preferences": preferences, "page": rng.randint(1, 5)}, person.email

	return Bug(
		"one_user",
		"request",
		"portal.dashboard",
		"TypeError",
		"portal.first_row",
		make,
		"portal",
		per_day=2.4,
	)


# The background: office or portal rhythm, and a rate that stays what it is for the whole window.
NOISE = (
	Bug("no_birth_date", "request", "members.profile_card", "AttributeError", "members.age_group", _profile_card, "office", 9),
	Bug("no_house_number", "request", "members.update_address", "KeyError", "members.household_label", _update_address, "portal", 5),
	Bug("day_31", "job", "dues.generate_invoices", "ValueError", "dues.next_period_start", _generate_invoices, "office", 6),
	Bug("empty_period", "request", "dues.leave_mid_period", "ZeroDivisionError", "dues.prorate", _leave_mid_period, "office", 4),
	Bug("no_income", "job", "dues.recalculate_tiers", "TypeError", "dues.tier_rate", _recalculate_tiers, "office", 5),
	Bug("other_holder", "request", "sepa.change_account", "BankAccountError", "sepa.check_account_holder", _change_account, "portal", 7),
	Bug("unused_mandate", "job", "sepa.mark_first_collections", "IndexError", "sepa.sequence_type", _mark_first, "office", 5),
	Bug("no_partner", "job", "mailing.send_welcome", "KeyError", "mailing.render_greeting", _send_welcome, "office", 6),
	Bug("mail_refused", "job", "mailing.send_invoices", "MailServerError", "mailing.deliver", _send_invoices, "office", 9),
	Bug("accents", "request", "portal.save_preferences", "UnicodeEncodeError", "portal.preference_cookie", _save_preferences, "portal", 7),
	Bug("large_photo", "request", "portal.upload_photo", "FileTooLargeError", "portal.store_photo", _upload_photo, "portal", 6),
	Bug("bank_line", "job", "imports.import_bank_file", "ValueError", "imports.read_line", _import_bank_file, "office", 7),
)  # fmt: skip
LOCKED = Bug(
	"batch_locked",
	"request",
	"sepa.add_to_batch",
	"LockTimeoutError",
	"sepa.lock_batch",
	_add_to_batch,
	"office",
	8,
)
NUMBER_FORMAT = Bug(
	"number_format",
	"request",
	"dues.change_rate",
	"ValueError",
	"dues.parse_rate",
	_change_rate,
	"portal",
	16,
)
DUPLICATES = Bug(
	"duplicates",
	"job",
	"members.merge_duplicates",
	"UnboundLocalError",
	"members.choose_survivor",
	_merge_duplicates,
	"office",
	9,
)
QUEUE_FULL = Bug(
	"queue_full",
	"job",
	"mailing.send_newsletter",
	"QueueFullError",
	"mailing.queue_messages",
	_send_newsletter,
	"machine",
	1,
)
