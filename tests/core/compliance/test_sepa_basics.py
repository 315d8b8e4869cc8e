"""Calendar, countries, identifiers and amounts of SEPA."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verenigingen.core.compliance.countries import SINCE, outside_eea, reachable
from verenigingen.core.compliance.identifiers import (
	amount_problem,
	check_digits,
	creditor_problem,
	dutch_creditor_problem,
	reference_problem,
	same_creditor,
)
from verenigingen.core.compliance.target import is_target_day, next_target_day, target_days_before


@pytest.mark.parametrize(
	("day", "open_"),
	[
		(date(2026, 1, 1), False),
		(date(2026, 4, 3), False),  # Good Friday
		(date(2026, 4, 6), False),  # Easter Monday
		(date(2026, 4, 27), True),  # King's Day
		(date(2026, 5, 1), False),
		(date(2026, 5, 5), True),  # Liberation Day
		(date(2026, 5, 14), True),  # Ascension
		(date(2026, 12, 24), True),
		(date(2026, 12, 25), False),
		(date(2026, 12, 26), False),  # and a Saturday
		(date(2025, 12, 26), False),
		(date(2026, 12, 31), True),
		(date(2026, 11, 28), False),
	],
)
def test_target_days(day: date, open_: bool) -> None:
	assert is_target_day(day) is open_


def test_settlement_days_are_counted_over_easter() -> None:
	assert target_days_before(date(2026, 4, 7), 1) == date(2026, 4, 2)
	assert next_target_day(date(2026, 4, 3)) == date(2026, 4, 7)
	assert target_days_before(date(2026, 4, 7), 0) == date(2026, 4, 7)
	with pytest.raises(ValueError, match="2002"):
		is_target_day(date(1999, 6, 1))
	with pytest.raises(ValueError, match="0 or more"):
		target_days_before(date(2026, 4, 7), -1)


@given(st.dates(date(2003, 1, 1), date(2100, 1, 1)), st.integers(1, 20))
def test_between_a_day_and_its_lead_time_lie_as_many_settlement_days(day: date, count: int) -> None:
	before = target_days_before(day, count)
	between = [before + timedelta(days=step) for step in range((day - before).days)]
	assert sum(map(is_target_day, between)) == count and is_target_day(before)


def test_an_account_is_judged_by_the_due_date() -> None:
	assert len(SINCE) == 41
	assert reachable("NL91ABNA0417164300", date(2026, 1, 1))
	assert not reachable("RS35260005601001611379", date(2026, 4, 30))
	assert reachable("RS35260005601001611379", date(2026, 5, 1))
	assert not reachable("AL47212110090000000235698741", date(2025, 10, 4))
	assert not reachable("TR330006100519786457841326", date(2026, 11, 1))
	assert outside_eea("CH9300762011623852957") and not outside_eea("NO9386011117947")
	assert not outside_eea("TR330006100519786457841326")


@pytest.mark.parametrize("wrong", ["", "M" * 36, "M_1", "M#1", "é", "/M1", "M1/", "M//1", "M\n1"])
def test_references_that_banks_refuse(wrong: str) -> None:
	assert reference_problem(wrong)


@pytest.mark.parametrize("right", ["M", "M-2024/001", "A" * 35, "a b", "(1).,'+?:"])
def test_references_that_banks_take(right: str) -> None:
	assert reference_problem(right) is None


@pytest.mark.parametrize(
	"wrong",
	[
		"XX63ZZZ1",  # no such country
		"NL92ZZZ1",  # 8 characters
		"ZZ43___123",
		"NL00ZZZ999999990000",
		"NL79ZZZ99999999000",
		"NL79ZZZ9999999900001",
		"NL79ZZZ99999999000m",
		"DE98ZZZ0999999999",
		"DE98ZZZ09999999998",
		"NL79 ZZZ 999999990000",
		"",
	],
)
def test_creditor_identifiers_that_a_checksum_alone_lets_pass_are_refused(wrong: str) -> None:
	assert creditor_problem(wrong)


@pytest.mark.parametrize(
	"right", ["NL79ZZZ999999990000", "DE98ZZZ09999999999", "HU74111A12345676", "NL79001999999990000"]
)
def test_valid_creditor_identifiers(right: str) -> None:
	assert creditor_problem(right) is None


@given(st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True), st.integers(0, 19), st.sampled_from("0123456789"))
def test_a_changed_digit_is_noticed(national: str, place: int, digit: str) -> None:
	right = f"IT{check_digits('IT', national)}ZZZ{national}"
	assert creditor_problem(right) is None
	place %= len(national)
	if national[place].isdecimal() and national[place] != digit:
		changed = national[:place] + digit + national[place + 1 :]
		assert creditor_problem(f"IT{check_digits('IT', national)}ZZZ{changed}")


def test_dutch_identifiers_hold_the_number_of_the_chamber_of_commerce() -> None:
	assert dutch_creditor_problem("NL79ZZZ999999990000", "99999999") is None
	assert dutch_creditor_problem("NL79ZZZ999999990000", None) is None
	assert "12345678" in str(dutch_creditor_problem("NL79ZZZ999999990000", "12345678"))
	assert dutch_creditor_problem("NL79ZZZ99999999000", "99999999")
	assert same_creditor("NL79ZZZ999999990000", "NL79001999999990000")
	assert not same_creditor("NL79ZZZ999999990000", "NL79ZZZ999999990001")


@pytest.mark.parametrize("wrong", [0, -5, "1000000000", "12.345", "abc", "NaN", "Infinity", None])
def test_amounts_that_are_refused(wrong: object) -> None:
	assert amount_problem(wrong)


@pytest.mark.parametrize("right", ["0.01", 12.5, "999999999.99", "7.500"])
def test_amounts_that_are_taken(right: object) -> None:
	assert amount_problem(right) is None
