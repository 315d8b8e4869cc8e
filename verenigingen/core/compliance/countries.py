"""Countries whose accounts SEPA direct debits reach, by date.

36 since March 2019; Albania and Montenegro were admitted in November 2024, Moldova and North Macedonia in March 2025
(both with operational readiness from 5 October 2025), Serbia in May 2025 (readiness from May 2026 on). A debit is judged
by its due date: an account that is reachable today was not always.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

_EEA = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SK SI ES SE".split()
_OTHERS = "AD CH GB MC SM VA".split()
EEA = frozenset(_EEA)
SINCE: Mapping[str, date] = {
	**dict.fromkeys((*_EEA, *_OTHERS), date(2019, 3, 1)),
	"AL": date(2025, 10, 5),
	"ME": date(2025, 10, 5),
	"MD": date(2025, 10, 5),
	"MK": date(2025, 10, 5),
	"RS": date(2026, 5, 1),
}


def reachable(iban: str, due: date) -> bool:
	"""Whether an account's country (the first two letters of a compact IBAN) is in SEPA on a debit's due date."""
	since = SINCE.get(iban[:2])
	return since is not None and due >= since


def outside_eea(iban: str) -> bool:
	"""Whether the debtor's bank is in SEPA but outside the European Economic Area, where the address is asked (MND-13)."""
	return iban[:2] in SINCE and iban[:2] not in EEA
