import frappe
from frappe.utils import flt

from verenigingen.verenigingen.testing import (
	IBAN_DE,
	IntegrationTestCase,
	batch_row,
	make_batch,
	new_batch,
)


def submitted(*rows: dict) -> "frappe.model.document.Document":
	batch = make_batch(*rows)
	batch.submit()
	return batch


class TestBatchRows(IntegrationTestCase):
	def test_rows_are_counted_and_summed_whatever_was_sent(self):
		batch = make_batch(batch_row(amount=0.1), batch_row(amount=0.2), entry_count=9, total_amount=9)
		self.assertRegex(batch.name, r"^BATCH-\d{2}-\d{2}-\d{4}$")
		stored = frappe.db.get_value("Direct Debit Batch", batch.name, ["entry_count", "total_amount"])
		self.assertEqual((stored[0], flt(stored[1], 9)), (2, 0.3))

	def test_removing_a_row_changes_the_totals(self):
		batch = make_batch(batch_row(amount=10), batch_row(amount=5))
		batch.remove(batch.invoices[0])
		batch.save()
		self.assertEqual((batch.entry_count, batch.total_amount), (1, 5))

	def test_wrong_rows_are_refused_with_row_field_and_reason(self):
		cases = [
			({"iban": "NL92ABNA0417164300"}, "Row 2, IBAN is not a valid IBAN: the check digits"),
			({"bic": "ABN"}, "Row 2, BIC is not a BIC: it has 3 characters"),
			({"amount": 0}, "Row 2, Amount must be above zero"),
			({"amount": -5}, "Row 2, Amount must be above zero"),
			({"currency": "USD"}, "Row 2, Currency must be EUR, not USD"),
		]
		for fields, reason in cases:
			with self.subTest(reason), self.assertRaisesRegex(frappe.ValidationError, reason):
				make_batch(batch_row(), batch_row(**fields))

	def test_an_invoice_is_collected_once(self):
		with self.assertRaisesRegex(frappe.ValidationError, "more than once: INV-A"):
			make_batch(batch_row(invoice="INV-A"), batch_row(invoice="INV-B"), batch_row(invoice="INV-A"))

	def test_euro_only(self):
		with self.assertRaisesRegex(frappe.ValidationError, "in EUR only, not in USD"):
			make_batch(currency="USD")

	def test_ibans_are_stored_compact(self):
		batch = make_batch(batch_row(iban="de89 3704 0044 0532 0130 00"))
		self.assertEqual(batch.invoices[0].iban, IBAN_DE)

	def test_what_is_remarkable_becomes_a_warning(self):
		batch = make_batch(batch_row(bic="ABNANL2A"), batch_row(bic="DEUTDEFF"))
		self.assertEqual(batch.validation_status, "Warnings")
		self.assertEqual(batch.validation_warnings, "Row 2, BIC belongs to country DE, but the IBAN to NL.")
		batch.invoices[1].bic = "ABNANL2A"
		batch.save()
		self.assertEqual((batch.validation_status, batch.validation_warnings), ("Passed", ""))


class TestBatchLife(IntegrationTestCase):
	def test_an_empty_batch_is_a_draft_and_no_more(self):
		batch = new_batch(batch_row(), invoices=[]).insert()
		self.assertEqual((batch.status, batch.entry_count, batch.total_amount), ("Draft", 0, 0))
		with self.assertRaisesRegex(frappe.ValidationError, "without invoices cannot be submitted"):
			batch.submit()

	def test_submitting_hands_it_to_the_bank(self):
		self.assertEqual(frappe.db.get_value("Direct Debit Batch", submitted().name, "status"), "Submitted")

	def test_a_draft_is_neither_submitted_nor_processed(self):
		for status in ("Submitted", "Processed", "Failed"):
			with (
				self.subTest(status),
				self.assertRaisesRegex(frappe.ValidationError, "needs a submitted batch"),
			):
				make_batch(status=status)

	def test_generated_may_go_back_to_draft(self):
		batch = make_batch(status="Generated")
		batch.status = "Draft"
		batch.save()
		self.assertEqual(batch.status, "Draft")

	def test_after_submit_it_is_processed_or_failed_and_stays_so(self):
		for status in ("Processed", "Failed"):
			with self.subTest(status):
				batch = submitted()
				batch.status = status
				batch.save()
				batch.status = "Submitted"
				with self.assertRaisesRegex(
					frappe.ValidationError, f"cannot go from .*{status}.* to .*Submitted"
				):
					batch.save()

	def test_results_may_come_in_but_amounts_and_rows_stay(self):
		batch = submitted()
		batch.invoices[0].update({"status": "Failed", "result_code": "AM04"})
		batch.save()
		self.assertEqual(batch.reload().invoices[0].result_code, "AM04")
		batch.invoices[0].amount = 1
		with self.assertRaises(frappe.UpdateAfterSubmitError):
			batch.save()
		batch.reload()
		batch.append("invoices", batch_row())
		with self.assertRaisesRegex(frappe.ValidationError, "neither added, removed nor reordered"):
			batch.save()
		batch.reload()
		batch.set("invoices", [])
		with self.assertRaisesRegex(frappe.ValidationError, "neither added, removed nor reordered"):
			batch.save()

	def test_cancelling_fails_the_batch_unless_its_money_has_moved(self):
		batch = submitted()
		batch.cancel()
		self.assertEqual(frappe.db.get_value("Direct Debit Batch", batch.name, "status"), "Failed")
		processed = submitted()
		processed.status = "Processed"
		processed.save()
		with self.assertRaisesRegex(frappe.ValidationError, "its money has moved"):
			processed.cancel()
