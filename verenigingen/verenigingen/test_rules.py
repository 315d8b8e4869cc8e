"""The pure rules, row by row; runs with and without a bench."""

import unittest
from datetime import date
from decimal import Decimal

from verenigingen.verenigingen import rules

IBANS = [
	("Dutch", "NL91ABNA0417164300", None),
	("German", "DE89370400440532013000", None),
	("Belgian", "BE68539007547034", None),
	("letters in the account part", "GB29NWBK60161331926819", None),
	("spaces, dots, dashes and small letters", " nl91 abna-0417.1643 00\t", None),
	("empty", "", "iban_country"),
	("account number of old", "417164300", "iban_country"),
	("country without IBAN", "XX91ABNA0417164300", "iban_country"),
	("one character short", "NL91ABNA041716430", "iban_length"),
	("one character long", "NL91ABNA04171643000", "iban_length"),
	("digit in the bank code", "NL91ABN10417164300", "iban_structure"),
	("letter O for zero", "NL91ABNAO417164300", "iban_structure"),
	("letters for check digits", "NLXXABNA0417164300", "iban_structure"),
	("digit that is no ASCII digit", "NL91ABNA041716430٠", "iban_structure"),
	("two digits swapped", "NL91ABNA0417163400", "iban_checksum"),
	("wrong check digits", "NL92ABNA0417164300", "iban_checksum"),
]

BICS = [
	("eight", "ABNANL2A", None),
	("eleven", "abnanl2axxx", None),
	("nine", "ABNANL2AX", "bic_length"),
	("no such country", "ABNAQQ2A", "bic_country"),
	("digit in the institution", "4BNANL2A", "bic_structure"),
]

MANDATE_IDS = [
	("plain", "MND-2026-0001", None),
	("every special character", "a/-?:().,'+ b", None),
	("35 characters", "M" * 35, None),
	("empty", "", "mandate_id_length"),
	("36 characters", "M" * 36, "mandate_id_length"),
	("underscore", "MND_1", "mandate_id_characters"),
	("accent", "MÉ1", "mandate_id_characters"),
	("line break", "MND\n1", "mandate_id_characters"),
	("line break at the end", "MND1\n", "mandate_id_characters"),
	("slash in front", "/MND1", "mandate_id_slash"),
	("slash at the end", "MND1/", "mandate_id_slash"),
	("two slashes", "MND//1", "mandate_id_slash"),
]


def code(problem: rules.Problem | None) -> str | None:
	return problem.code if problem else None


class TestAccounts(unittest.TestCase):
	def test_iban_table(self):
		for name, text, expected in IBANS:
			with self.subTest(name):
				self.assertEqual(code(rules.iban_problem(rules.compact_iban(text))), expected)

	def test_check_digits_that_are_never_issued_are_refused_although_they_leave_the_remainder_one(self):
		valid = next(
			f"NL97ABNA{account:010d}"
			for account in range(1000)
			if rules.iban_problem(f"NL97ABNA{account:010d}") is None
		)
		never_issued = f"NL00{valid[4:]}"
		self.assertEqual(code(rules.iban_problem(never_issued)), "iban_checksum")

	def test_a_wrong_length_is_explained_with_both_lengths(self):
		problem = rules.iban_problem("NL91ABNA041716430")
		self.assertEqual(problem.values, {"country": "NL", "expected": 18, "actual": 17})

	def test_bic_table(self):
		for name, text, expected in BICS:
			with self.subTest(name):
				self.assertEqual(code(rules.bic_problem(rules.compact_bic(text))), expected)

	def test_a_territory_with_its_own_bic_country_fits_the_iban_of_its_state(self):
		self.assertTrue(rules.bic_fits_iban("ABNANL2A", "NL91ABNA0417164300"))
		self.assertTrue(rules.bic_fits_iban("BNPARERX", "FR1420041010050500013M02606"))
		self.assertFalse(rules.bic_fits_iban("DEUTDEFF", "NL91ABNA0417164300"))


class TestMandateReference(unittest.TestCase):
	def test_table(self):
		for name, text, expected in MANDATE_IDS:
			with self.subTest(name):
				self.assertEqual(code(rules.mandate_id_problem(text)), expected)

	def test_foreign_characters_are_named_once_each(self):
		self.assertEqual(rules.mandate_id_problem("a_b#c_").values, {"characters": "_ #"})

	def test_key_ignores_case_and_spaces(self):
		self.assertEqual(rules.mandate_key(" mnd 1"), rules.mandate_key("MND1"))


class TestDates(unittest.TestCase):
	def test_order(self):
		first, second = date(2026, 1, 1), date(2026, 1, 2)
		self.assertFalse(rules.wrong_order(first, second))
		self.assertTrue(rules.wrong_order(second, first))
		self.assertFalse(rules.wrong_order(first, first))
		self.assertTrue(rules.wrong_order(first, first, allow_same=False))
		self.assertFalse(rules.wrong_order(None, first))


class TestBatch(unittest.TestCase):
	def test_sum_is_exact_where_floats_are_not(self):
		self.assertEqual(rules.total([0.1, 0.2]), Decimal("0.30"))
		self.assertEqual(rules.total([0.01] * 100_000), Decimal("1000.00"))
		self.assertEqual(rules.total([]), Decimal("0.00"))

	def test_transitions(self):
		self.assertTrue(rules.batch_may_change("Submitted", "Processed"))
		self.assertTrue(rules.batch_may_change("Processed", "Processed"))
		self.assertFalse(rules.batch_may_change("Processed", "Submitted"))
		self.assertFalse(rules.batch_may_change("Draft", "Processed"))

	def test_every_target_of_a_transition_is_a_status(self):
		for targets in rules.BATCH_TRANSITIONS.values():
			self.assertLessEqual(targets, set(rules.BATCH_TRANSITIONS))

	def test_repeated_values_are_listed_once(self):
		self.assertEqual(rules.repeated(["a", "b", "a", "a", "b"]), ["a", "b"])


class TestFullName(unittest.TestCase):
	def test_spaces_are_single(self):
		self.assertEqual(rules.full_name(" Anna ", None, "de  Vries"), "Anna de Vries")
