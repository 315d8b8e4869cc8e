"""Claims that are collected together by SEPA Direct Debit."""

import frappe
from frappe import _
from frappe.model.document import Document

from verenigingen.verenigingen import checks, rules

BEFORE_SUBMIT = ("Draft", "Generated")


class DirectDebitBatch(Document):
	"""A collection file in the making; submitting freezes its rows and means that it goes to the bank.

	Status: Draft and Generated (a file exists) before submit, Submitted by submitting, then Processed or Failed.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from verenigingen.verenigingen.doctype.direct_debit_batch_invoice.direct_debit_batch_invoice import (
			DirectDebitBatchInvoice,
		)

		amended_from: DF.Link | None
		batch_date: DF.Date
		batch_description: DF.Data
		batch_log: DF.LongText | None
		batch_type: DF.Literal["CORE", "B2B", "FRST", "RCUR"]
		currency: DF.Link
		entry_count: DF.Int
		invoices: DF.Table[DirectDebitBatchInvoice]
		sepa_file: DF.Attach | None
		sepa_file_generated: DF.Check
		sepa_generation_date: DF.Datetime | None
		sepa_message_id: DF.Data | None
		sepa_payment_info_id: DF.Data | None
		status: DF.Literal["Draft", "Generated", "Submitted", "Processed", "Failed"]
		total_amount: DF.Currency
		validation_errors: DF.LongText | None
		validation_status: DF.Literal["", "Passed", "Warnings", "Critical Errors", "Validation Failed"]
		validation_warnings: DF.LongText | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Checks every row, counts and sums them. Runs until the batch is submitted, not afterwards."""
		self.validate_status()
		self.validate_currency()
		self.validate_rows()
		self.set_totals()
		self.set_validation_result()

	def before_submit(self) -> None:
		"""Something to collect, from now on in the hands of the bank."""
		if not self.invoices:
			frappe.throw(_("A batch without invoices cannot be submitted."), title=_("Empty batch"))
		self.status = "Submitted"

	def before_update_after_submit(self) -> None:
		"""Results may come in; the rows that were sent stay as they were."""
		before = self.get_doc_before_save()
		self.guard_transition(before.status)
		if [row.name for row in before.invoices] != [row.name for row in self.invoices]:
			frappe.throw(
				_("Rows of a submitted batch can be neither added, removed nor reordered."),
				title=_("Invoices"),
			)

	def before_cancel(self) -> None:
		"""What the bank has collected cannot be undone here."""
		if self.status == "Processed":
			frappe.throw(_("A processed batch cannot be cancelled: its money has moved."), title=_("Status"))
		self.status = "Failed"

	def validate_status(self) -> None:
		"""Before submit only the two statuses of a batch that is being prepared."""
		self.status = self.status or "Draft"
		if self.status not in BEFORE_SUBMIT:
			frappe.throw(
				_("Status {0} needs a submitted batch.").format(frappe.bold(_(self.status))),
				title=_("Status"),
			)

	def guard_transition(self, before: str) -> None:
		"""Only along BATCH_TRANSITIONS."""
		if not rules.batch_may_change(before, self.status):
			frappe.throw(
				_("A batch cannot go from {0} to {1}.").format(
					frappe.bold(_(before)), frappe.bold(_(self.status))
				),
				title=_("Status"),
			)

	def validate_currency(self) -> None:
		"""AMT-01: the scheme knows euro only."""
		if self.currency != rules.SEPA_CURRENCY:
			frappe.throw(
				_("SEPA Direct Debit is in EUR only, not in {0}.").format(self.currency), title=_("Currency")
			)
		for row in self.invoices:
			if row.currency != self.currency:
				frappe.throw(
					_("{0} must be {1}, not {2}.").format(
						checks.label(row, "currency"), self.currency, row.currency
					),
					title=_("Currency"),
				)

	def validate_rows(self) -> None:
		"""IBN-01 and an amount in every row, and no invoice twice."""
		for row in self.invoices:
			checks.check_iban(row)
			checks.check_bic(row)
			checks.check_amount(row)
		checks.check_once(
			(row.invoice for row in self.invoices if row.invoice),
			_("Invoices are listed more than once: {0}"),
		)

	def set_totals(self) -> None:
		"""Number and sum of the rows, exact in cents (FIL-02)."""
		self.entry_count = len(self.invoices)
		self.total_amount = float(rules.total(row.amount for row in self.invoices))

	def set_validation_result(self) -> None:
		"""What was merely remarkable; an error would have refused the batch."""
		warnings = [warning for row in self.invoices if (warning := checks.bic_mismatch(row))]
		self.validation_warnings = "\n".join(warnings)
		self.validation_errors = ""
		self.validation_status = "Warnings" if warnings else "Passed"
