"""Sizes of the site's tables, each hour: asking for them makes the server look at every table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from verenigingen.core.gauges import GaugeSource, Item, Missing, Reading
from verenigingen.core.measures import HOUR
from verenigingen.core.metrics import TABLES
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host, Row

NAME = "Database Tables"
LARGEST = 12  # tables with a series of their own
OTHER = "(other)"
STATEMENT_SECONDS = 15


def read(host: Host) -> Iterable[Item]:
	"""Sizes now. Raises SourceAbsent for a database that is neither MariaDB nor SQLite, QueryRefused."""
	if host.db.dialect == "sqlite":
		return _sqlite(host)
	if host.db.dialect == "mariadb":
		return _mariadb(host)
	raise SourceAbsent(NAME, f"The sizes of tables in {host.db.dialect} are not read.")


def _mariadb(host: Host) -> Iterable[Item]:
	rows = host.db.query(
		f"SET STATEMENT max_statement_time={STATEMENT_SECONDS} FOR"
		" SELECT table_name, COALESCE(data_length, 0) + COALESCE(index_length, 0), COALESCE(table_rows, 0),"
		" COALESCE(data_free, 0) FROM information_schema.tables"
		" WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
	)
	yield Reading("database_size_bytes", float(sum(row[1] for row in rows)))
	yield Reading("database_free_bytes", float(sum(row[3] for row in rows)))
	yield Reading("database_tables", float(len(rows)))
	by_size = sorted(rows, key=lambda row: (-row[1], row[0]))
	for name, size, count, _ in by_size[:LARGEST]:
		yield Reading("database_table_bytes", float(size), name)
		yield Reading("database_table_rows", float(count), name)
	yield from _rest(by_size[LARGEST:])


def _rest(rows: Sequence[Row]) -> Iterable[Item]:
	if rows:
		yield Reading("database_table_bytes", float(sum(row[1] for row in rows)), OTHER)


def _sqlite(host: Host) -> Iterable[Item]:
	pages, free, size = (
		int(host.db.query(f"SELECT * FROM pragma_{name}()")[0][0])
		for name in ("page_count", "freelist_count", "page_size")
	)
	[(tables,)] = host.db.query("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'")
	yield Reading("database_size_bytes", float((pages - free) * size))
	yield Reading("database_free_bytes", float(free * size))
	yield Reading("database_tables", float(tables))
	for metric in ("database_table_bytes", "database_table_rows"):
		yield Missing(metric, "SQLite does not tell the sizes of single tables.")


SOURCE = GaugeSource(NAME, HOUR, read, TABLES)
