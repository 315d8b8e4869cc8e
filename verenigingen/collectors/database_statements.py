"""What MariaDB counts of statements and tables where its performance_schema or userstat is switched on, each hour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from verenigingen.collectors.database import need_mariadb
from verenigingen.core.gauges import Age, GaugeSource, Item, Missing, Reading
from verenigingen.core.measures import HOUR
from verenigingen.core.metrics import STATEMENTS
from verenigingen.exceptions import QueryRefused, SourceAbsent
from verenigingen.host.port import Host

NAME = "Database Statements"
MOST_READ = 10  # tables
STATEMENT_SECONDS = 10
LIMITED = f"SET STATEMENT max_statement_time={STATEMENT_SECONDS} FOR "
PICOSECONDS = 1e-12
# Column of the digests: metric, and one of its units in ours.
DIGESTS = {
	"database_statement_seconds": ("SUM_TIMER_WAIT", PICOSECONDS),
	"database_statements_timed": ("COUNT_STAR", 1),
	"database_rows_examined": ("SUM_ROWS_EXAMINED", 1),
	"database_statements_without_index": ("SUM_NO_INDEX_USED", 1),
}
TABLE_METRICS = ("database_table_rows_read", "database_table_rows_changed")


def read(host: Host) -> Iterable[Item]:
	"""What the server has counted. Raises SourceAbsent when both are switched off."""
	need_mariadb(host, NAME)
	digests, tables = host.db.query("SELECT @@performance_schema, @@userstat")[0]
	if not digests and not tables:
		raise SourceAbsent(
			NAME,
			"performance_schema and userstat are both off; either is switched on in the server's options.",
		)
	[(_, uptime)] = host.db.query("SHOW GLOBAL STATUS WHERE Variable_name = 'Uptime'")
	yield Age(float(uptime))
	yield from _digests(host) if digests else _off(DIGESTS, "performance_schema is off.")
	yield from _tables(host) if tables else _off(TABLE_METRICS, "userstat is off.")


def _off(metrics: Iterable[str], reason: str) -> Iterable[Item]:
	return [Missing(metric, reason) for metric in metrics]


def _digests(host: Host) -> Iterable[Item]:
	sums = ", ".join(f"SUM({column})" for column, _ in DIGESTS.values())
	try:
		[row] = host.db.query(
			f"{LIMITED}SELECT {sums} FROM performance_schema.events_statements_summary_by_digest"
			" WHERE SCHEMA_NAME = DATABASE()"
		)
	except QueryRefused as refused:
		return _off(DIGESTS, f"The database user may not read performance_schema: {refused}")
	return [
		Reading(metric, float(value) * unit)
		for (metric, (_, unit)), value in zip(DIGESTS.items(), row, strict=True)
		if value is not None
	]


def _tables(host: Host) -> Sequence[Item]:
	try:
		rows = host.db.query(
			f"{LIMITED}SELECT TABLE_NAME, ROWS_READ, ROWS_CHANGED FROM information_schema.TABLE_STATISTICS"
			f" WHERE TABLE_SCHEMA = DATABASE() ORDER BY ROWS_READ DESC, TABLE_NAME LIMIT {MOST_READ}"
		)
	except QueryRefused as refused:
		return list(_off(TABLE_METRICS, f"The database user may not read the statistics: {refused}"))
	return [
		Reading(metric, float(value), row[0])
		for row in rows
		for metric, value in zip(TABLE_METRICS, row[1:], strict=True)
	]


SOURCE = GaugeSource(NAME, HOUR, read, STATEMENTS)
