"""What else is kept of events: facets by issue and day, bounded, documents only as pseudonyms."""

from __future__ import annotations

from datetime import datetime

from verenigingen.core.model import ErrorRow
from verenigingen.host import Host
from verenigingen.services.batch import Batch, gather
from verenigingen.services.collection import LOCK
from verenigingen.services.rollup import OTHER, VALUES_PER_FACET, write

WHEN = datetime(2026, 11, 3, 10)


def take(host: Host, facets: list[tuple[tuple[str, str], ...]]) -> None:
	batch = Batch()
	rows = [ErrorRow(f"r{i}", WHEN, "dues", "no traceback", None, each) for i, each in enumerate(facets)]
	gather(batch, ((row, WHEN) for row in rows), host.secrets.pseudonym)
	with host.store.transaction(LOCK):
		write(host, "Error Log", batch)


def kept(host: Host, kind: str) -> dict[str, int]:
	sql = "SELECT value, event_count FROM `tabError Issue Facet` WHERE kind = %s"
	return {value: int(count) for value, count in host.store.query(sql, (kind,))}


def test_counts_add_up_over_batches(host: Host) -> None:
	entry = ("Entry Point", "GET /api/method/club.dues.collect")
	take(host, [(entry, ("Role", "Treasurer"), ("Role", "Accounts User")), (entry,)])
	take(host, [(entry, ("Role", "Treasurer"))])
	assert kept(host, "Entry Point") == {entry[1]: 3}
	assert kept(host, "Role") == {"Treasurer": 2, "Accounts User": 1}


def test_documents_are_kept_as_pseudonyms(host: Host) -> None:
	take(host, [(("Document", "Member/Jansen"),)])
	assert kept(host, "Document") == {host.secrets.pseudonym("Member/Jansen"): 1}


def test_many_values_are_counted_together(host: Host) -> None:
	take(host, [(("DocType", f"Type {i}"),) for i in range(VALUES_PER_FACET + 5)])
	take(host, [(("DocType", f"Type {i}"),) for i in range(VALUES_PER_FACET + 5)])
	found = kept(host, "DocType")
	assert len(found) == VALUES_PER_FACET + 1
	assert sum(found.values()) == 2 * (VALUES_PER_FACET + 5)
	assert found[OTHER] == 10
