"""Rows of members and what hangs on them: mandates, memberships, dues schedules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from .model import EUR, Mandate, Person, World
from .money import NOTICE_DAYS
from .people import FREQUENCIES, MEMBERSHIP_TYPES, REGISTRAR
from .stamps import Stamps
from .target import add_months
from .writer import HashNames, Row, Writer, child, standard

MANDATE_KEY_LENGTH = 35
_OLD = datetime(2018, 1, 3, 9, 0)


class MemberRows:
	"""Renders members and what hangs on them."""

	def __init__(self, world: World, names: HashNames, stamps: Stamps) -> None:
		self.world = world
		self.names = names
		self.stamp = stamps.standard

	def write(self, writer: Writer) -> None:
		"""Writes these tables."""
		people = self.world.people
		writer.add("Membership Type", self._types())
		writer.add("Member", (self.member(person) for person in people))
		writer.add("Member SEPA Mandate Link", self._links())
		writer.add("Membership", (self._membership(person) for person in people))
		writer.add("Membership Dues Schedule", (self._schedule(person) for person in people))
		writer.add("SEPA Mandate", (self._mandate(*pair) for pair in self.world.mandate_pairs()))

	def _types(self) -> Iterator[Row]:
		for name, amount in MEMBERSHIP_TYPES:
			yield {
				**self.stamp("Membership Type", name, _OLD, REGISTRAR),
				"membership_type_name": name,
				"is_active": 1,
				"billing_period": "Annual",
				"minimum_amount": amount,
				"dues_schedule_template": None,
			}

	def member(self, person: Person) -> Row:
		"""The row of a member."""
		ended = person.left is not None
		return {
			**self.stamp("Member", person.name, person.joined, REGISTRAR),
			"member_id": person.member_id,
			"first_name": person.first,
			"last_name": person.last,
			"full_name": person.full_name,
			"status": person.status,
			"member_since": person.joined.date(),
			"birth_date": person.birth,
			"user": person.user,
			"customer": person.customer,
			"email": person.email,
			"contact_number": person.phone,
			"application_status": "Approved",
			"application_date": person.joined - timedelta(days=2, hours=3),
			"payment_method": person.method,
			"bank_account_name": person.full_name,
			"iban": person.account.iban,
			"bic": person.account.bic,
			"current_membership_details": None if ended else person.membership,
			"membership_status": "Cancelled" if ended else "Active",
			"current_dues_schedule": None if ended else person.schedule,
			"dues_schedule": person.schedule,
			"dues_rate": person.rate,
			"next_invoice_date": None if ended else self._next_invoice(person),
		}

	def _next_invoice(self, person: Person) -> date:
		items = [item for mandate in person.mandates for item in mandate.items] + person.transfers
		today = self.world.now.date()
		if not items:
			return today + timedelta(days=1)
		last = max(item.posted for item in items).date()
		return max(add_months(last, FREQUENCIES[person.frequency]), today + timedelta(days=1))

	def _links(self) -> Iterator[Row]:
		for person in self.world.people:
			for idx, mandate in enumerate(person.mandates, 1):
				yield {
					**standard(self.names(), mandate.created, REGISTRAR, idx=idx),
					**child(person.name, "Member", "sepa_mandates"),
					"sepa_mandate": mandate.mandate_id,
					"mandate_reference": mandate.mandate_id,
					"status": mandate.status,
					"is_current": int(mandate is person.mandate and mandate.status == "Active"),
					"valid_from": mandate.signed,
					"valid_until": mandate.cancelled,
				}

	def _membership(self, person: Person) -> Row:
		kind = _membership_type(person)
		return {
			**self.stamp("Membership", person.membership, person.joined, REGISTRAR, docstatus=1),
			"member": person.name,
			"member_name": person.full_name,
			"membership_type": kind,
			"status": "Cancelled" if person.left else "Active",
			"start_date": person.joined.date(),
			"renewal_date": _renewal(person.joined.date(), self.world.now.date()),
			"grace_period_status": "",
			"grace_period_expiry_date": None,
			"cancellation_date": person.left.date() if person.left else None,
			"cancellation_type": "Immediate" if person.left else "",
			"amended_from": None,
		}

	def _schedule(self, person: Person) -> Row:
		items = [item for mandate in person.mandates for item in mandate.items] + person.transfers
		last = max(items, key=lambda item: item.posted) if items else None
		following = self._next_invoice(person)
		months = FREQUENCIES[person.frequency]
		return {
			**self.stamp("Membership Dues Schedule", person.schedule, person.joined, REGISTRAR),
			"schedule_name": person.schedule,
			"is_template": 0,
			"member": person.name,
			"membership": person.membership,
			"status": "Cancelled" if person.left else "Active",
			"membership_type": _membership_type(person),
			"template_reference": None,
			"contribution_mode": "Tier",
			"dues_rate": person.rate,
			"currency": EUR,
			"minimum_amount": round(min(15.0, person.rate), 2),
			"suggested_amount": person.rate,
			"billing_frequency": person.frequency,
			"custom_frequency_number": 0,
			"custom_frequency_unit": "",
			"billing_day": person.billing_day,
			"auto_generate": int(not person.left),
			"test_mode": 0,
			"invoice_days_before": NOTICE_DAYS,
			"next_invoice_date": None if person.left else following,
			"next_billing_period_start_date": following,
			"next_billing_period_end_date": add_months(following, months) - timedelta(days=1),
			"end_date": person.left.date() if person.left else None,
			"last_invoice_date": last.posted.date() if last else None,
			"last_generated_invoice": last.invoice if last else None,
			"last_invoice_coverage_start": last.due if last else None,
			"last_invoice_coverage_end": add_months(last.due, months) - timedelta(days=1) if last else None,
		}

	def _mandate(self, person: Person, mandate: Mandate) -> Row:
		frequency = "Variable" if mandate.kind == "OOFF" else person.frequency
		return {
			**self.stamp("SEPA Mandate", mandate.mandate_id, mandate.created, REGISTRAR),
			"mandate_id": mandate.mandate_id,
			"mandate_key": "".join(mandate.mandate_id.split()).upper()[:MANDATE_KEY_LENGTH],
			"member": person.name,
			"member_name": person.full_name,
			"status": mandate.status,
			"is_active": int(mandate.status == "Active"),
			"mandate_type": mandate.kind,
			"scheme": "SEPA",
			"account_holder_name": mandate.holder,
			"iban": mandate.account.iban,
			"bic": mandate.account.bic,
			"bank_name": mandate.account.bank,
			"sign_date": mandate.signed,
			"first_collection_date": mandate.first_collection,
			"expiry_date": None,
			"cancelled_date": mandate.cancelled,
			"cancellation_reason": mandate.reason or None,
			"frequency": frequency,
			"maximum_amount": 250.0,
			"used_for_memberships": int(mandate.kind != "OOFF"),
			"used_for_donations": int(mandate.kind == "OOFF"),
			"used_for_other": 0,
			"notes": None,
		}


def _membership_type(person: Person) -> str:
	"""The dearest type that the yearly rate covers."""
	yearly = person.rate * 12 / FREQUENCIES[person.frequency]
	fitting = [(amount, name) for name, amount in MEMBERSHIP_TYPES if amount <= yearly + 0.01]
	return max(fitting)[1] if fitting else MEMBERSHIP_TYPES[-1][0]


def _renewal(start: date, today: date) -> date:
	"""The first anniversary after today."""
	anniversary = add_months(start, 12 * (today.year - start.year))
	return anniversary if anniversary > today else add_months(start, 12 * (today.year - start.year + 1))
