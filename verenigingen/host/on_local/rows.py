"""How rows become statements, the same for every local database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from verenigingen.host.port import in_chunks

ROWS_PER_STATEMENT = 500


def statements(
	rows: Sequence[Mapping[str, object]], variables: int
) -> Iterator[tuple[list[str], int, list[object]]]:
	"""Columns, number of rows and values of each statement that writes `rows` with at most `variables` values."""
	if not rows:
		return
	now = datetime.now()
	standard = {"creation": now, "modified": now, "modified_by": "Administrator", "owner": "Administrator"}
	columns = list(standard | dict(rows[0]))
	for chunk in in_chunks(rows, max(1, min(ROWS_PER_STATEMENT, variables // len(columns)))):
		yield columns, len(chunk), [(standard | dict(row))[column] for row in chunk for column in columns]
