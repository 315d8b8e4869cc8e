"""Rows of what is owed and paid: invoices, collections, batches, payments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from .model import EUR, Batch, Item, Person, World
from .people import FREQUENCIES, TREASURER
from .stamps import Stamps
from .target import add_months
from .writer import HashNames, Row, Series, Writer, child, standard

COMPANY = "Vereniging Voorbeeld"


def invoiced(world: World) -> list[tuple[Person, Item]]:
	"""Everything invoiced, in the order of invoicing."""
	found = [(person, item) for person in world.people for item in person.transfers]
	found += [(person, item) for person, mandate in world.mandate_pairs() for item in mandate.items]
	return sorted(found, key=lambda pair: pair[1].posted)


def number_invoices(world: World) -> None:
	"""Gives every invoice its name; other rows refer to it."""
	series = Series()
	for _person, item in invoiced(world):
		item.invoice = series.next(f"ACC-SINV-{item.posted:%Y}-", 5)


class MoneyRows:
	"""Renders invoices, batches and payments."""

	def __init__(self, world: World, names: HashNames, stamps: Stamps) -> None:
		self.world = world
		self.names = names
		self.stamp = stamps.standard

	def write(self, writer: Writer) -> None:
		"""Writes these tables."""
		writer.add("SEPA Mandate Usage", self._usages())
		writer.add("Direct Debit Batch", (self._batch(batch) for batch in self.world.batches))
		writer.add("Direct Debit Batch Invoice", self._batch_rows())
		writer.add("Sales Invoice", (self._invoice(*pair) for pair in invoiced(self.world)))
		writer.add("Payment Entry", self._payments())

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
			**self.stamp(
				"Direct Debit Batch",
				batch.name,
				batch.created,
				TREASURER,
				docstatus=int(batch.submitted is not None),
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
		status = {
			"Collected": "Successful",
			"Returned": "Failed",
			"Processing": "Processed",
			"Pending": "Pending",
		}
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
			"custom_coverage_end_date": add_months(item.due, FREQUENCIES[person.frequency])
			- timedelta(days=1),
		}

	def _payments(self) -> Iterator[Row]:
		paid = [
			(item.paid, person, item) for person, item in invoiced(self.world) if item.paid and item.amount
		]
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


def _last_step(batch: Batch) -> datetime:
	return batch.processed or batch.submitted or batch.generated or batch.created
