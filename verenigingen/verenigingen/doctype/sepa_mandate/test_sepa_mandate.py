import frappe
from frappe.utils import add_days, getdate, today

from verenigingen.verenigingen.testing import (
	IBAN_DE,
	IBAN_NL,
	IntegrationTestCase,
	make_mandate,
	make_member,
	new_mandate,
)


def versions(mandate: str) -> list[dict]:
	rows = frappe.get_all(
		"Version",
		{"ref_doctype": "SEPA Mandate", "docname": mandate},
		["data"],
		order_by="creation desc",
	)
	return [frappe.parse_json(row.data) for row in rows]


class TestMandateReference(IntegrationTestCase):
	def test_the_document_is_named_by_its_reference(self):
		reference = f"M 1/{frappe.generate_hash(length=8)}"
		mandate = make_mandate(mandate_id=f" {reference} ")
		self.assertEqual((mandate.name, mandate.mandate_id), (reference, reference))
		self.assertEqual(mandate.mandate_key, reference.replace(" ", "").upper())

	def test_malformed_references_are_refused_with_the_reason(self):
		cases = [
			("M" * 36, "must have 1 to 35 characters, not 36"),
			("MND_1", "characters that SEPA does not allow: _"),
			("/MND1", "must not start or end with a slash"),
			("MND//1", "nor hold two in a row"),
		]
		for reference, reason in cases:
			with self.subTest(reference), self.assertRaisesRegex(frappe.ValidationError, reason):
				make_mandate(mandate_id=reference)

	def test_a_number_is_taken_for_text_and_a_list_is_refused(self):
		number = int(frappe.generate_hash(length=8), 16)
		self.assertEqual(make_mandate(mandate_id=number).name, str(number))
		with self.assertRaisesRegex(frappe.ValidationError, "must be text"):
			new_mandate(mandate_id=["x"]).insert()

	def test_a_member_that_does_not_exist_is_refused(self):
		with self.assertRaises(frappe.LinkValidationError):
			make_mandate(member="nobody-like-that")

	def test_the_same_reference_twice_is_refused(self):
		mandate = make_mandate()
		with self.assertRaisesRegex(frappe.DuplicateEntryError, "a reference is never used twice"):
			make_mandate(mandate_id=mandate.name)

	def test_a_cancelled_mandate_keeps_its_reference(self):
		mandate = make_mandate(status="Cancelled")
		with self.assertRaises(frappe.DuplicateEntryError):
			make_mandate(mandate_id=mandate.name)

	def test_references_that_differ_in_case_or_spaces_only_are_refused(self):
		mandate = make_mandate(mandate_id=f"mnd-{frappe.generate_hash(length=8)}")
		for alike in (mandate.name.upper(), mandate.name.replace("-", "- ")):
			with (
				self.subTest(alike),
				self.assertRaisesRegex(frappe.DuplicateEntryError, "in case or spaces only"),
			):
				make_mandate(mandate_id=alike)

	def test_an_older_look_alike_does_not_stop_the_work_on_a_mandate(self):
		first, second = make_mandate(), make_mandate()
		frappe.db.set_value("SEPA Mandate", second.name, "mandate_key", first.mandate_key)
		first.status = "Suspended"
		first.save()
		self.assertEqual(frappe.db.get_value("SEPA Mandate", first.name, "status"), "Suspended")

	def test_a_changed_reference_is_not_dropped_silently(self):
		mandate = make_mandate()
		mandate.mandate_id = f"{mandate.name}-B"
		with self.assertRaisesRegex(frappe.ValidationError, "rename the SEPA Mandate"):
			mandate.save()

	def test_a_rename_is_an_amendment_and_leaves_a_version(self):
		mandate = make_mandate()
		renamed = f"{mandate.name}-B"
		frappe.rename_doc("SEPA Mandate", mandate.name, renamed)
		self.assertEqual(
			frappe.db.get_value("SEPA Mandate", renamed, ["mandate_id", "mandate_key"]),
			(renamed, renamed.upper()),
		)
		self.assertIn(
			[["mandate_id", mandate.name, renamed]], [data["changed"] for data in versions(renamed)]
		)

	def test_a_rename_obeys_the_same_rules(self):
		first, second = make_mandate(), make_mandate()
		with self.assertRaisesRegex(frappe.ValidationError, "slash"):
			frappe.rename_doc("SEPA Mandate", first.name, f"{first.name}/")
		with self.assertRaisesRegex(frappe.DuplicateEntryError, "in case or spaces only"):
			frappe.rename_doc("SEPA Mandate", first.name, second.name.replace("-", "- "))
		with self.assertRaisesRegex(frappe.ValidationError, "cannot be merged"):
			frappe.rename_doc("SEPA Mandate", first.name, second.name, merge=True)

	def test_a_rename_may_change_only_the_case(self):
		mandate = make_mandate()
		frappe.rename_doc("SEPA Mandate", mandate.name, mandate.name.upper())
		self.assertEqual(
			frappe.db.get_value("SEPA Mandate", mandate.name.upper(), "mandate_id"), mandate.name.upper()
		)


class TestMandateAccount(IntegrationTestCase):
	def test_iban_is_stored_compact_and_its_change_leaves_a_version(self):
		mandate = make_mandate(iban="nl91 abna 0417 1643 00")
		self.assertEqual(mandate.iban, IBAN_NL)
		mandate.iban = IBAN_DE
		mandate.save(ignore_version=False)  # Frappe skips versions under tests
		self.assertIn(["iban", IBAN_NL, IBAN_DE], versions(mandate.name)[0]["changed"])

	def test_an_invalid_iban_is_refused(self):
		with self.assertRaisesRegex(frappe.ValidationError, "check digits do not match"):
			make_mandate(iban="NL92ABNA0417164300")

	def test_an_invalid_bic_is_refused(self):
		with self.assertRaisesRegex(frappe.ValidationError, "BIC is not a BIC: it has 7 characters"):
			make_mandate(bic="ABNANL2")

	def test_the_name_of_the_member_is_fetched(self):
		self.assertEqual(make_mandate(member=make_member().name).member_name, "Anna de Vries")

	def test_mandatory_fields_are_those_of_the_contract(self):
		with self.assertRaises(frappe.MandatoryError) as caught:
			new_mandate(account_holder_name="", iban="", sign_date=None).insert()
		for fieldname in ("account_holder_name", "iban", "sign_date"):
			self.assertIn(fieldname, str(caught.exception))


class TestMandateLife(IntegrationTestCase):
	def test_wrong_dates_are_refused_by_name(self):
		cases = [
			({"sign_date": add_days(today(), 1)}, "Sign Date must not be in the future"),
			(
				{"first_collection_date": add_days(today(), -61)},
				"First Collection Date must not be before Sign",
			),
			({"expiry_date": add_days(today(), -60)}, "Expiry Date must be after Sign Date"),
			({"cancelled_date": add_days(today(), -61)}, "Cancelled Date must not be before Sign Date"),
		]
		for fields, reason in cases:
			with self.subTest(reason), self.assertRaisesRegex(frappe.ValidationError, reason):
				make_mandate(**fields)

	def test_a_mandate_signed_today_may_be_collected_today(self):
		self.assertTrue(make_mandate(sign_date=today(), first_collection_date=today()).name)

	def test_activity_follows_the_status(self):
		for status in ("Draft", "Active", "Cancelled", "Expired", "Suspended"):
			with self.subTest(status):
				mandate = make_mandate(status=status, is_active=0)
				self.assertEqual(mandate.is_active, int(status == "Active"))

	def test_cancelling_sets_the_day_unless_it_is_given(self):
		mandate = make_mandate()
		self.assertIsNone(mandate.cancelled_date)
		mandate.status = "Cancelled"
		mandate.save()
		self.assertEqual(getdate(mandate.cancelled_date), getdate(today()))
		given = add_days(today(), -3)
		self.assertEqual(make_mandate(status="Cancelled", cancelled_date=given).cancelled_date, given)


class TestMandateUsage(IntegrationTestCase):
	def usage(self, **fields) -> dict:
		return {
			"usage_date": today(),
			"reference_doctype": "Other",
			"sequence_type": "RCUR",
			"amount": 25,
			"status": "Collected",
			**fields,
		}

	def test_usage_is_stored(self):
		mandate = make_mandate(usage_history=[self.usage()])
		self.assertEqual(mandate.reload().usage_history[0].amount, 25)

	def test_a_collection_has_an_amount(self):
		for amount in (0, -1):
			with (
				self.subTest(amount),
				self.assertRaisesRegex(frappe.ValidationError, "Row 1, Amount must be above zero"),
			):
				make_mandate(usage_history=[self.usage(amount=amount)])

	def test_nothing_is_collected_before_the_signature(self):
		with self.assertRaisesRegex(frappe.ValidationError, "Row 1, Usage Date must not be before Sign Date"):
			make_mandate(usage_history=[self.usage(usage_date=add_days(today(), -61))])
