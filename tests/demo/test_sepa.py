"""The SEPA rules, judged on the rows by checks of the test's own: they find what the manifest lists, and nothing else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from stdnum import iban

from verenigingen.standalone.demo.target import easter, is_open

from .conftest import Demo

Row = Mapping[str, Any]
SEPA_2024 = set(
	"AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS "
	"SE SI SK SM VA".split()
)
REFERENCE = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]+")
FINAL_RETURNS = ("AC01", "AC04", "AC06", "AG01", "MD01", "MD07")


def _usages(demo: Demo) -> dict[str, list[Row]]:
	found: dict[str, list[Row]] = defaultdict(list)
	for row in sorted(demo.rows("SEPA Mandate Usage"), key=lambda row: row["usage_date"]):
		found[row["parent"]].append(row)
	return found


def _add_months(day: date, months: int) -> date:
	years, month = divmod(day.month - 1 + months, 12)
	return date(day.year + years, month + 1, min(day.day, 28))


def _twins(mandates: list[Row]) -> set[str]:
	groups: dict[str, list[str]] = defaultdict(list)
	for row in mandates:
		groups["".join(row["mandate_id"].split()).upper()].append(row["name"])
	return {name for names in groups.values() if len(names) > 1 for name in names}


def _badly_dated(row: Row, today: date) -> bool:
	first = row["first_collection_date"]
	return row["sign_date"] > today or (first is not None and row["sign_date"] > first)


def _wrong_sequence(row: Row, uses: list[Row]) -> bool:
	return any((use["sequence_type"] == "OOFF") != (row["mandate_type"] == "OOFF") for use in uses)


def _used_after_end(row: Row, uses: list[Row]) -> bool:
	return bool(uses) and row["status"] == "Cancelled" and uses[-1]["usage_date"] > row["cancelled_date"]


def _used_after_return(uses: list[Row]) -> bool:
	final = [use["usage_date"] for use in uses if (use["failure_reason"] or "").startswith(FINAL_RETURNS)]
	return bool(final) and uses[-1]["usage_date"] > min(final)


def _mandate_breaches(demo: Demo) -> dict[str, set[str]]:
	mandates, usages, today = demo.rows("SEPA Mandate"), _usages(demo), demo.now.date()
	checks: dict[str, Callable[[Row, list[Row]], bool]] = {
		"MND-01": lambda row, _uses: not 1 <= len(row["mandate_id"]) <= 35,
		"MND-03": lambda row, _uses: not REFERENCE.fullmatch(row["mandate_id"]),
		"MND-04": lambda row, _uses: bool(re.search(r"^/|/$|//", row["mandate_id"])),
		"MND-06": lambda row, _uses: _badly_dated(row, today),
		"MND-09": lambda row, uses: (
			row["status"] == "Active" and bool(uses) and _add_months(uses[-1]["usage_date"], 36) < today
		),
		"MND-10": _used_after_end,
		"MND-11": lambda row, uses: row["mandate_type"] == "OOFF" and len(uses) > 1,
		"IBN-01": lambda row, _uses: not iban.is_valid(row["iban"]),
		"IBN-02": lambda row, _uses: row["iban"][:2] not in SEPA_2024,
		"SEQ-01": _wrong_sequence,
		"RTX-01": lambda _row, uses: _used_after_return(uses),
	}
	found = {
		rule: {row["name"] for row in mandates if broken(row, usages[row["name"]])}
		for rule, broken in checks.items()
	}
	return {**found, "MND-05": _twins(mandates)}


def _batch_breaches(demo: Demo) -> dict[str, set[str]]:
	entries: dict[str, list[Row]] = defaultdict(list)
	for row in demo.rows("Direct Debit Batch Invoice"):
		entries[row["parent"]].append(row)
	batches = demo.rows("Direct Debit Batch")
	return {
		"AMT-01": {name for name, rows in entries.items() if any(row["currency"] != "EUR" for row in rows)},
		"AMT-02": {name for name, rows in entries.items() if any(row["amount"] < 0.01 for row in rows)},
		"TIM-03": {row["name"] for row in batches if not is_open(row["batch_date"])},
		"FIL-02": {
			row["name"]
			for row in batches
			if abs(row["total_amount"] - sum(entry["amount"] for entry in entries[row["name"]])) > 0.004
			or row["entry_count"] != len(entries[row["name"]])
		},
	}


RULES = (
	"MND-01 MND-03 MND-04 MND-05 MND-06 MND-09 MND-10 MND-11 IBN-01 IBN-02 SEQ-01 RTX-01 AMT-01 AMT-02 TIM-03 FIL-02"
).split()


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_broken_by_the_planted_documents_only(demo: Demo, rule: str) -> None:
	found = {**_mandate_breaches(demo), **_batch_breaches(demo)}[rule]
	assert found == demo.planted(rule) and found


def test_the_manifest_lists_no_other_rule(demo: Demo) -> None:
	assert set(demo.manifest["sepa_breaches"]) == set(RULES)


def test_a_mandate_breaks_one_rule_at_most(demo: Demo) -> None:
	breaches = _mandate_breaches(demo)
	everything = [name for names in breaches.values() for name in names]
	assert len(everything) == len(set(everything))


def test_members_and_batch_rows_have_the_account_of_their_mandate(demo: Demo) -> None:
	accounts = {row["name"]: row["iban"] for row in demo.rows("SEPA Mandate")}
	assert all(
		row["iban"] == accounts[row["mandate_reference"]] for row in demo.rows("Direct Debit Batch Invoice")
	)
	bad = {row["name"] for row in demo.rows("Member") if not iban.is_valid(row["iban"])}
	assert bad == set(demo.facts("sepa-ibn-01")["members"])


def test_near_misses_are_close(demo: Demo) -> None:
	usages = _usages(demo)
	for name in demo.facts("sepa-near-miss")["names"]:
		last = usages[name][-1]["usage_date"]
		assert _add_months(last, 32) < demo.now.date() < _add_months(last, 36)


def test_rules_without_planted_breaches_are_kept(demo: Demo) -> None:
	"""MND-09b, SEQ-03, TIM-01 and TIM-02, PRE-01, FIL-01, and no unauthorised or own error among the returns."""
	usages = _usages(demo)
	old = demo.now.date() - timedelta(days=36 * 30)
	for row in demo.rows("SEPA Mandate"):
		assert usages[row["name"]] or row["status"] != "Active" or row["sign_date"] > old
	sequences: dict[str, set[str]] = defaultdict(set)
	for use in demo.rows("SEPA Mandate Usage"):
		sequences[use["batch_reference"]].add(use["sequence_type"])
		assert use["failure_reason"] is None or use["failure_reason"][:4] in ("AM04", "MS03", "MD06", "AC04")
	assert all(len(found) == 1 for found in sequences.values())
	identifiers: set[str] = set()
	for batch in demo.rows("Direct Debit Batch"):
		if made := batch["sepa_generation_date"]:
			lead = (batch["batch_date"] - made.date()).days
			assert 3 <= lead <= 14 and batch["sepa_message_id"] not in identifiers
			identifiers.add(batch["sepa_message_id"])
	posted = {row["name"]: row["posting_date"] for row in demo.rows("Sales Invoice")}
	for entry in demo.rows("SEPA Mandate Usage"):
		assert (entry["usage_date"] - posted[entry["reference_name"]]).days >= 14
	places = [(row["mandate_reference"], row["parent"]) for row in demo.rows("Direct Debit Batch Invoice")]
	assert len(places) == len(set(places))


def test_collections_of_the_window_were_announced(demo: Demo) -> None:
	"""PRE-01: a mail at least 14 days before the due date."""
	sent = {row["reference_name"]: row["creation"].date() for row in demo.rows("Email Queue")}
	start = demo.now.date() - timedelta(days=88)
	for use in demo.rows("SEPA Mandate Usage"):
		if use["usage_date"] > start and use["amount"] and use["sequence_type"] != "OOFF":
			assert (use["usage_date"] - sent[use["reference_name"]]).days >= 14


def test_usage_batch_row_and_invoice_agree(demo: Demo) -> None:
	entries = {(row["parent"], row["invoice"]): row for row in demo.rows("Direct Debit Batch Invoice")}
	batches = {row["name"]: row for row in demo.rows("Direct Debit Batch")}
	invoices = {row["name"]: row for row in demo.rows("Sales Invoice")}
	assert len(entries) == len(demo.rows("SEPA Mandate Usage"))
	for use in demo.rows("SEPA Mandate Usage"):
		entry = entries[use["batch_reference"], use["reference_name"]]
		assert entry["mandate_reference"] == use["parent"] and entry["amount"] == use["amount"]
		assert batches[use["batch_reference"]]["batch_date"] == use["usage_date"]
		paid = invoices[use["reference_name"]]["outstanding_amount"] == 0
		assert paid == (use["status"] == "Collected") or use["amount"] == 0


@pytest.mark.parametrize(
	("year", "month", "day"), [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)]
)
def test_easter(year: int, month: int, day: int) -> None:
	assert easter(year) == date(year, month, day)
	assert not is_open(date(year, month, day) - timedelta(days=2))
	assert not is_open(date(year, month, day) + timedelta(days=1))
	assert is_open(date(year, month, day) + timedelta(days=2))
