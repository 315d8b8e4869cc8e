"""The ledger of counted rows: a set of names that survives, per source."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pytest

from verenigingen.host import Host
from verenigingen.services import collection, ledger
from verenigingen.services.ledger import LEDGER


def test_a_key_is_the_beginning_of_the_documented_hash() -> None:
	[key] = ledger.row_keys("Error Log", ["é\ud800"])
	digest = blake2b("Error Log\0é\ud800".encode("utf-8", "surrogatepass"), digest_size=12)
	assert int(key) == int.from_bytes(digest.digest()[:8], "big")


def test_names_are_unseen_until_entered_and_sources_do_not_mix(host: Host) -> None:
	names = [f"row {i}" for i in range(3_000)]
	with host.store.transaction("t"):
		ledger.enter(host.store, "A", names[:2_000])
		ledger.enter(host.store, "A", names[1_999:2_000])
	assert ledger.unseen(host.store, "A", [*names, *names]) == names[2_000:]
	assert ledger.unseen(host.store, "B", names[:3]) == names[:3]
	assert ledger.size(host.store, "A") == 2_000
	assert host.store.query(f"SELECT COUNT(*) FROM `{LEDGER}`")[0][0] <= ledger.PAGES


def test_forgetting_takes_just_the_given_keys(host: Host) -> None:
	names = [f"row {i}" for i in range(1_000)]
	with host.store.transaction("t"):
		ledger.enter(host.store, "A", names)
		ledger.forget(host.store, "A", ledger.row_keys("A", names[:400]))
	assert ledger.unseen(host.store, "A", names) == names[:400]
	assert np.array_equal(np.sort(ledger.held(host.store, "A")), np.sort(ledger.row_keys("A", names[400:])))


def test_keys_of_rows_that_left_are_dropped_once_they_are_most_of_the_ledger(
	host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
	class Source:
		name = "S"
		names = [f"n{i:03d}" for i in range(100)]

		def count(self) -> int:
			return len(self.names)

		def names_since(self, moment: object) -> list[str]:
			return []

		def all_names(self) -> list[list[str]]:
			return [self.names[:60], self.names[60:]]

		def rows(self, names: list[str], *, adjoining: bool = False) -> list[object]:
			from verenigingen.core.model import ErrorRow

			return [ErrorRow(name, None, "t", "x", None) for name in names]

	source = Source()
	monkeypatch.setattr(collection, "LEDGER_SLACK", 10)
	assert collection.collect_source(host, source, seconds=60).collected == 100  # type: ignore[arg-type]
	source.names = source.names[70:]
	again = collection.collect_source(host, source, seconds=60)  # type: ignore[arg-type]
	assert (again.collected, again.thorough) == (0, True)
	assert ledger.size(host.store, "S") == 30
	issues = host.store.query("SELECT SUM(event_count) FROM `tabError Issue`")[0][0]
	assert int(issues) == 100
