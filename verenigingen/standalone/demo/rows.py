"""Rows of the association's own documents: members, mandates, schedules, batches, invoices, payments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from .model import EUR, Batch, Change, Item, Mandate, Person, World
from .money import NOTICE_DAYS
from .people import FREQUENCIES, MEMBERSHIP_TYPES, REGISTRAR, TREASURER
from .target import add_months
from .writer import HashNames, Row, Series, Writer, child, standard

COMPANY = "Vereniging Voorbeeld"
MANDATE_KEY_LENGTH = 35
VERSION_DELAY = timedelta(milliseconds=27)  # a Version is written just after its document
_OLD = datetime(2018, 1, 3, 9, 0)


class Rows:
	"""Renders the world; remembers for every document its last change, so that `modified` and Versions agree."""

	def __init__(self, world: World, names: HashNames) -> None:
		self.world = world
		self.names = names
		self._last: dict[tuple[str, str], Change] = {}
		for change in sorted(world.changes, key=lambda change: change.when):
			self._last[change.doctype, change.name] = change
		self.unexplained: dict[tuple[str, str], Change] = {}

	def write(self, writer: Writer) -> None:
		"""All documents of the association."""
		world, people = self.world, self.world.people
		self._number_invoices()
		writer.add("Membership Type", self._types())
		writer.add("Member", (self.member(person) for person in people))
		writer.add("Member SEPA Mandate Link", self._links())
		writer.add("Membership", (self._membership(person) for person in people))
		writer.add("Membership Dues Schedule", (self._schedule(person) for person in people))
		writer.add("SEPA Mandate", (self._mandate(*pair) for pair in world.mandate_pairs()))
		writer.add("SEPA Mandate Usage", self._usages())
		writer.add("Direct Debit Batch", (self._batch(batch) for batch in world.batches))
		writer.add("Direct Debit Batch Invoice", self._batch_rows())
		writer.add("Sales Invoice", (self._invoice(person, item) for person, item in self.items()))
		writer.add("Payment Entry", self._payments())

	def items(self) -> list[tuple[Person, Item]]:
		"""Everything invoiced, in the order of invoicing."""
		found = [(person, item) for person in self.world.people for item in person.transfers]
		found += [
			(person, item)
			for person in self.world.people
			for mandate in person.mandates
			for item in mandate.items
		]
		return sorted(found, key=lambda pair: pair[1].posted)

	def _number_invoices(self) -> None:
		series = Series()
		for _person, item in self.items():
			item.invoice = series.next(f"ACC-SINV-{item.posted:%Y}-", 5)

	def _standard(
		self, doctype: str, name: str, creation: datetime, owner: str, docstatus: int = 0, idx: int = 0
	) -> Row:
		change = self.unexplained.get((doctype, name)) or self._last.get((doctype, name))
		return standard(
			name,
			creation,
			owner,
			modified=change.when if change else creation,
			modified_by=change.user if change else owner,
			docstatus=docstatus,
			idx=idx,
		)

	def _types(self) -> Iterator[Row]:
		for name, amount in MEMBERSHIP_TYPES:
			yield {
				**self._standard("Membership Type", name, _OLD, REGISTRAR),
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
			**self._standard("Member", person.name, person.joined, REGISTRAR),
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
			**self._standard("Membership", person.membership, person.joined, REGISTRAR, docstatus=1),
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
			**self._standard("Membership Dues Schedule", person.schedule, person.joined, REGISTRAR),
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
			**self._standard("SEPA Mandate", mandate.mandate_id, mandate.created, REGISTRAR),
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

	def _usages(self) -> Iterator[Row]:
		batches = {batch.name: batch for batch in self.world.batches}
		for _person, mandate in self.world.mandate_pairs():
			collected = [item for item in mandate.items if item.batch]
			for idx, item in enumerate(collected, 1):
				batch = batches[item.batch]
				yield {
					**standard(self.names(), batch.created, TREASURER, modified=_last_step(batch), idx=idx),
					**child(mandate.mandate_id, "SEPA Mandate", "usage_history"),
					"usage_date": item.due,
					"reference_doctype": "Sales Invoice",
					"reference_name": item.invoice,
					"sequence_type": item.sequence,
					"batch_reference": item.batch,
					"amount": item.amount,
					"status": item.status,
					"processing_date": batch.processed.date() if batch.processed else None,
					"failure_reason": item.reason or None,
					"retry_count": 0,
					"last_retry_date": None,
					"notes": None,
				}

	def _batch(self, batch: Batch) -> Row:
		generated = batch.generated is not None
		return {
			**self._standard(
				"Direct Debit Batch", batch.name, batch.created, TREASURER, docstatus=int(batch.submitted is not None)
			),
			"batch_date": batch.due,
			"batch_description": f"Contributie {batch.due:%m-%Y} {batch.kind}",
			"batch_type": batch.kind,
			"status": batch.status,
			"currency": EUR,
			"entry_count": len(batch.items),
			"total_amount": batch.total,
			"validation_status": "Passed" if generated else "",
			"validation_errors": None,
			"validation_warnings": None,
			"sepa_file_generated": int(generated),
			"sepa_file": f"/private/files/{batch.name}.xml" if generated else None,
			"sepa_generation_date": batch.generated,
			"sepa_message_id": f"MSG-{batch.name}" if generated else None,
			"sepa_payment_info_id": f"PMT-{batch.name}" if generated else None,
			"batch_log": None,
			"amended_from": None,
		}

	def _batch_rows(self) -> Iterator[Row]:
		status = {"Collected": "Successful", "Returned": "Failed", "Processing": "Processed", "Pending": "Pending"}
		for batch in self.world.batches:
			for idx, (person, mandate, item) in enumerate(batch.items, 1):
				item.row = self.names()
				yield {
					**standard(item.row, batch.created, TREASURER, modified=_last_step(batch), idx=idx),
					**child(batch.name, "Direct Debit Batch", "invoices"),
					"invoice": item.invoice,
					"membership": person.membership,
					"member": person.name,
					"member_name": person.full_name,
					"amount": item.amount,
					"currency": item.currency,
					"bank_account": mandate.account.bank,
					"iban": mandate.account.iban,
					"bic": mandate.account.bic,
					"mandate_reference": mandate.mandate_id,
					"status": status[item.status],
					"result_code": item.reason[:4] or None,
					"result_message": item.reason[5:] or None,
				}

	def _invoice(self, person: Person, item: Item) -> Row:
		paid = item.paid is not None
		overdue = not paid and item.due < self.world.now.date()
		return {
			**standard(item.invoice, item.posted, docstatus=1),
			"title": person.full_name,
			"customer": person.customer,
			"customer_name": person.full_name,
			"company": COMPANY,
			"posting_date": item.posted.date(),
			"due_date": item.due,
			"is_return": 0,
			"currency": EUR,
			"net_total": item.amount,
			"grand_total": item.amount,
			"base_grand_total": item.amount,
			"outstanding_amount": 0.0 if paid else item.amount,
			"status": "Paid" if paid else "Overdue" if overdue else "Unpaid",
			"contact_email": person.email,
			"remarks": None,
			"member": person.name,
			"membership": person.membership,
			"is_membership_invoice": int(item.sequence != "OOFF"),
			"custom_coverage_start_date": item.due,
			"custom_coverage_end_date": add_months(item.due, FREQUENCIES[person.frequency]) - timedelta(days=1),
		}

	def _payments(self) -> Iterator[Row]:
		paid = [(item.paid, person, item) for person, item in self.items() if item.paid and item.amount]
		paid.sort(key=lambda entry: (entry[0], entry[2].invoice))
		series = Series()
		for when, person, item in paid:
			name = series.next(f"ACC-PAY-{when:%Y}-", 5)
			yield {
				**standard(name, when, TREASURER, docstatus=1),
				"title": person.full_name,
				"payment_type": "Receive",
				"posting_date": when.date(),
				"company": COMPANY,
				"mode_of_payment": "SEPA Direct Debit" if item.batch else "Bank Transfer",
				"party_type": "Customer",
				"party": person.customer,
				"party_name": person.full_name,
				"paid_amount": item.amount,
				"received_amount": item.amount,
				"total_allocated_amount": item.amount,
				"unallocated_amount": 0.0,
				"reference_no": item.invoice,
				"reference_date": when.date(),
				"status": "Submitted",
				"remarks": f"{item.invoice} {person.full_name}",
				"custom_sepa_batch": item.batch or None,
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


def _last_step(batch: Batch) -> datetime:
	return batch.processed or batch.submitted or batch.generated or batch.created
