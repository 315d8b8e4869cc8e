import frappe
from frappe.utils import add_days, today

from verenigingen.verenigingen.testing import (
	IBAN_BE,
	IBAN_DE,
	IBAN_NL,
	IntegrationTestCase,
	last_message,
	make_mandate,
	make_member,
	new_member,
	real_permissions,
)


class TestMemberIdentity(IntegrationTestCase):
	def test_name_and_full_name_follow_the_rules(self):
		member = make_member(first_name=" Anna ", last_name="de  Vries")
		self.assertRegex(member.name, r"^Assoc-Member-\d{4}-\d{2}-\d{4,}$")
		self.assertEqual(member.full_name, "Anna de Vries")
		self.assertEqual(member.status, "Active")

	def test_full_name_follows_a_change_of_name(self):
		member = make_member()
		member.last_name = "Jansen"
		member.save()
		self.assertEqual(frappe.db.get_value("Member", member.name, "full_name"), "Anna Jansen")

	def test_dates_in_the_future_are_refused_by_name_of_the_field(self):
		for fieldname, label in (("birth_date", "Birth Date"), ("member_since", "Member Since")):
			with (
				self.subTest(fieldname),
				self.assertRaisesRegex(frappe.ValidationError, f"{label} must not be in the future"),
			):
				make_member(**{fieldname: add_days(today(), 1)})

	def test_nobody_is_a_member_before_birth(self):
		with self.assertRaisesRegex(frappe.ValidationError, "Member Since must not be before Birth Date"):
			make_member(birth_date="2000-01-02", member_since="2000-01-01")

	def test_member_id_is_unique_and_the_message_names_the_other_member(self):
		number = frappe.generate_hash(length=8)
		first = make_member(member_id=number)
		with self.assertRaisesRegex(frappe.DuplicateEntryError, first.name):
			make_member(member_id=f" {number} ")

	def test_several_members_may_have_no_member_id(self):
		self.assertIsNone(frappe.db.get_value("Member", make_member(member_id="").name, "member_id"))
		self.assertIsNone(frappe.db.get_value("Member", make_member(member_id="").name, "member_id"))

	def test_a_malformed_mail_address_is_refused(self):
		with self.assertRaises(frappe.InvalidEmailAddressError):
			make_member(email="anna@")

	def test_changes_leave_a_version(self):
		member = make_member(iban=IBAN_NL)
		member.iban = IBAN_DE
		member.save(ignore_version=False)  # Frappe skips versions under tests
		data = frappe.get_last_doc("Version", {"ref_doctype": "Member", "docname": member.name}).get_data()
		self.assertIn(["iban", IBAN_NL, IBAN_DE], data["changed"])


class TestMemberAccount(IntegrationTestCase):
	def test_iban_and_bic_are_stored_compact(self):
		member = make_member(iban="be68 5390 0754 7034", bic="kred be bb")
		self.assertEqual((member.iban, member.bic), (IBAN_BE, "KREDBEBB"))

	def test_refusals_name_field_and_reason(self):
		cases = [
			("XX91ABNA0417164300", "no country with IBANs has the code XX"),
			("NL91ABNA041716430", "it has 17 characters, an IBAN of NL has 18"),
			("NL91ABN10417164300", "letters and digits are not where"),
			("NL92ABNA0417164300", "the check digits do not match"),
		]
		for iban, reason in cases:
			with (
				self.subTest(iban),
				self.assertRaisesRegex(frappe.ValidationError, f"IBAN is not .*{reason}"),
			):
				make_member(iban=iban)

	def test_text_of_the_user_is_escaped_in_the_message(self):
		with self.assertRaises(frappe.ValidationError) as caught:
			make_member(iban="<b>NL91ABNA0417164300")
		self.assertNotIn("<B", str(caught.exception))

	def test_a_bic_of_another_country_is_pointed_out_but_stored(self):
		frappe.clear_messages()
		member = make_member(iban=IBAN_NL, bic="DEUTDEFF")
		message = last_message()
		self.assertEqual(message["indicator"], "orange")
		self.assertIn("BIC belongs to country DE, but the IBAN to NL", message["message"])
		frappe.clear_messages()
		member.save()
		self.assertEqual(frappe.local.message_log, [], "an unchanged account is not mentioned again")


class TestMemberMandates(IntegrationTestCase):
	def test_rows_show_reference_and_status_of_the_mandate(self):
		member = make_member()
		mandate = make_mandate(member=member.name)
		member.append("sepa_mandates", {"sepa_mandate": mandate.name, "is_current": 1})
		member.save()
		row = member.sepa_mandates[0]
		self.assertEqual((row.mandate_reference, row.status), (mandate.name, "Active"))

	def test_one_current_mandate_at_most(self):
		member = make_member()
		for _index in range(2):
			mandate = make_mandate(member=member.name)
			member.append("sepa_mandates", {"sepa_mandate": mandate.name, "is_current": 1})
		with self.assertRaisesRegex(frappe.ValidationError, "Only one SEPA Mandate can be current"):
			member.save()

	def test_the_same_mandate_twice_is_refused(self):
		mandate = make_mandate()
		rows = [{"sepa_mandate": mandate.name}] * 2
		with self.assertRaisesRegex(frappe.ValidationError, f"more than once: {mandate.name}"):
			new_member(sepa_mandates=rows).insert()

	def test_the_mandate_of_somebody_else_is_refused(self):
		other = make_member()
		mandate = make_mandate(member=other.name)
		with self.assertRaisesRegex(frappe.ValidationError, f"belongs to {other.name}"):
			new_member(sepa_mandates=[{"sepa_mandate": mandate.name}]).insert()


class TestRoles(IntegrationTestCase):
	"""Who may do what with the association's own records."""

	def rights(self, role: str, doctype: str) -> set[str]:
		rows = [row for row in frappe.get_meta(doctype).permissions if row.role == role]
		rights = ("read", "write", "create", "delete", "submit", "cancel")
		return {right for row in rows for right in rights if row.get(right)}

	def test_an_administrator_of_the_association_writes_but_does_not_delete(self):
		for doctype in ("Member", "SEPA Mandate", "Membership Type", "Membership Dues Schedule"):
			with self.subTest(doctype):
				self.assertEqual(
					self.rights("Verenigingen Administrator", doctype), {"read", "write", "create"}
				)
		for doctype in ("Membership", "Direct Debit Batch"):
			with self.subTest(doctype):
				self.assertEqual(
					self.rights("Verenigingen Administrator", doctype),
					{"read", "write", "create", "submit", "cancel"},
				)

	def test_a_compliance_officer_reads_evidence_only(self):
		for doctype in ("Member", "SEPA Mandate", "Direct Debit Batch"):
			with self.subTest(doctype):
				self.assertEqual(self.rights("Compliance Officer", doctype), {"read"})
		self.assertEqual(self.rights("Compliance Officer", "Membership Dues Schedule"), set())

	def test_a_compliance_officer_really_cannot_change_a_member(self):
		user = frappe.get_doc(
			{
				"doctype": "User",
				"email": f"{frappe.generate_hash(length=10)}@example.org",
				"first_name": "Officer",
				"send_welcome_email": 0,
				"roles": [{"role": "Compliance Officer"}],
			}
		).insert()
		member = make_member()
		with real_permissions(user.name):
			found = frappe.get_doc("Member", member.name)
			found.check_permission("read")
			found.last_name = "Jansen"
			with self.assertRaises(frappe.PermissionError):
				found.save()
