"""The database server, each minute: MariaDB's own counters, connections against their limit, locks, replication."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from verenigingen.core.gauges import Age, GaugeSource, Item, Missing, Reading, Share
from verenigingen.core.measures import MINUTE
from verenigingen.core.metrics import DATABASE
from verenigingen.exceptions import QueryRefused, SourceAbsent
from verenigingen.host.port import Host, marks

NAME = "Database"
LAG = "database_replication_lag_seconds"
LAG_COLUMN = 32  # Seconds_Behind_Master; SHOW SLAVE STATUS only ever grew at its end

# metric: variable of SHOW GLOBAL STATUS, and what one of its units is in ours
VALUES = {
	"database_connections": ("Threads_connected", 1),
	"database_threads_running": ("Threads_running", 1),
	"database_row_locks_waiting": ("Innodb_row_lock_current_waits", 1),
	"database_statements": ("Questions", 1),
	"database_slow_statements": ("Slow_queries", 1),
	"database_row_lock_waits": ("Innodb_row_lock_waits", 1),
	"database_row_lock_wait_seconds": ("Innodb_row_lock_time", 0.001),
	"database_deadlocks": ("Innodb_deadlocks", 1),
	"database_aborted_clients": ("Aborted_clients", 1),
	"database_refused_connections": ("Connection_errors_max_connections", 1),
	"database_temporary_disk_tables": ("Created_tmp_disk_tables", 1),
	"database_full_scans": ("Select_scan", 1),
	"database_received_bytes": ("Bytes_received", 1),
	"database_sent_bytes": ("Bytes_sent", 1),
	"database_read_bytes": ("Innodb_data_read", 1),
	"database_written_bytes": ("Innodb_data_written", 1),
}
OTHERS = (
	"Uptime_since_flush_status",
	"Innodb_buffer_pool_reads",
	"Innodb_buffer_pool_read_requests",
	"Innodb_buffer_pool_pages_total",
	"Innodb_buffer_pool_pages_free",
)


def need_mariadb(host: Host, source: str) -> None:
	"""Raises SourceAbsent where the site's database is another one."""
	if host.db.dialect != "mariadb":
		raise SourceAbsent(source, f"The site's database is {host.db.dialect}; only MariaDB tells this.")


def read(host: Host) -> Iterable[Item]:
	"""What the server says of itself now. Raises SourceAbsent, DatabaseUnavailable."""
	need_mariadb(host, NAME)
	began = time.perf_counter()
	host.db.query("SELECT 1")
	yield Reading("database_response_seconds", time.perf_counter() - began)
	status = _status(host)
	yield Age(status["Uptime_since_flush_status"])
	for metric, (variable, unit) in VALUES.items():
		if variable in status:
			yield Reading(metric, status[variable] * unit)
		else:
			yield Missing(metric, f"This version of the server has no {variable}.")
	yield from _buffer_pool(status)
	yield Reading("database_connections_limit", float(host.db.query("SELECT @@max_connections")[0][0]))
	yield _lag(host)


def _status(host: Host) -> dict[str, float]:
	wanted = [*OTHERS, *(variable for variable, _ in VALUES.values())]
	rows = host.db.query(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({marks(len(wanted))})", wanted)
	return {name: float(value) for name, value in rows}


def _buffer_pool(status: Mapping[str, float]) -> Iterable[Item]:
	asked = status["Innodb_buffer_pool_read_requests"]
	yield Share("database_buffer_pool_hit_ratio", asked - status["Innodb_buffer_pool_reads"], asked)
	pages = status["Innodb_buffer_pool_pages_total"]
	if pages:
		used = pages - status["Innodb_buffer_pool_pages_free"]
		yield Reading("database_buffer_pool_used_ratio", used / pages)


def _lag(host: Host) -> Item:
	try:
		rows = host.db.query("SHOW SLAVE STATUS")
	except QueryRefused:
		return Missing(LAG, "The database user may not ask for it (it needs the privilege SLAVE MONITOR).")
	if not rows:
		return Missing(LAG, "The server is no replica.")
	lag = rows[0][LAG_COLUMN]
	return (
		Missing(LAG, "The server is a replica that does not replicate.")
		if lag is None
		else Reading(LAG, float(lag))
	)


SOURCE = GaugeSource(NAME, MINUTE, read, DATABASE)
