"""Every metric of the site itself, declared once: from it follow the checks of what collectors bring, docs/metrics.md and
what exporters say of a metric."""

from __future__ import annotations

from dataclasses import dataclass

from verenigingen.core.measures import DAY, HOUR, MINUTE

GAUGE, COUNTER = "gauge", "counter"


@dataclass(frozen=True, slots=True)
class Metric:
	"""One metric. A counter's values are what was added in a bucket. `label` says what its label names; "" without.

	`every` is the resolution in which it is first written. unit: "" for a plain number.
	"""

	name: str
	kind: str
	unit: str
	source: str
	every: str
	label: str
	help: str


def _of(source: str, every: str, *lines: str) -> tuple[Metric, ...]:
	made = []
	for line in lines:
		name, kind, unit, label, said = (part.strip() for part in line.split("|", 4))
		made.append(Metric(name, kind, unit, source, every, label, said))
	return tuple(made)


# name | kind | unit | label | help
DATABASE = _of(
	"Database",
	MINUTE,
	"database_connections|gauge|||Connections to the server, of all its databases.",
	"database_connections_limit|gauge|||Connections the server admits (max_connections).",
	"database_threads_running|gauge|||Statements the server is working on.",
	"database_response_seconds|gauge|seconds||Time of one statement that does nothing: way there, and back.",
	"database_buffer_pool_hit_ratio|gauge|ratio||Page reads that the buffer pool answered, of all since the last look.",
	"database_buffer_pool_used_ratio|gauge|ratio||Pages of the buffer pool that hold something.",
	"database_row_locks_waiting|gauge|||Transactions that wait for a row lock now.",
	"database_statements|counter|||Statements from clients.",
	"database_slow_statements|counter|||Statements slower than the server's long_query_time.",
	"database_row_lock_waits|counter|||Waits for row locks.",
	"database_row_lock_wait_seconds|counter|seconds||Time waited for row locks.",
	"database_deadlocks|counter|||Deadlocks.",
	"database_aborted_clients|counter|||Connections that ended without a farewell.",
	"database_refused_connections|counter|||Connections refused because max_connections was reached.",
	"database_temporary_disk_tables|counter|||Temporary tables that did not fit into memory.",
	"database_full_scans|counter|||Statements that read a whole table.",
	"database_received_bytes|counter|bytes||Bytes received from clients.",
	"database_sent_bytes|counter|bytes||Bytes sent to clients.",
	"database_read_bytes|counter|bytes||Bytes InnoDB read from disk.",
	"database_written_bytes|counter|bytes||Bytes InnoDB wrote to disk.",
	"database_replication_lag_seconds|gauge|seconds||How far this server, a replica, is behind its primary.",
)
TABLES = _of(
	"Database Tables",
	HOUR,
	"database_size_bytes|gauge|bytes||Data and indexes of the site's database.",
	"database_free_bytes|gauge|bytes||Space within the files of tables that holds nothing.",
	"database_tables|gauge|||Tables of the site's database.",
	"database_table_bytes|gauge|bytes|table|Data and indexes of the largest tables; the others together as (other).",
	"database_table_rows|gauge||table|Rows of the largest tables, as the server estimates them.",
)
STATEMENTS = _of(
	"Database Statements",
	HOUR,
	"database_statement_seconds|counter|seconds||Time the server spent on the site's statements (performance_schema).",
	"database_statements_timed|counter|||Statements this time was spent on (performance_schema).",
	"database_rows_examined|counter|||Rows read for these statements (performance_schema).",
	"database_statements_without_index|counter|||Of them, those that used no index (performance_schema).",
	"database_table_rows_read|counter||table|Rows read from a table; the ten most read (userstat).",
	"database_table_rows_changed|counter||table|Rows changed in a table; of the same tables (userstat).",
)
CACHE = _of(
	"Cache",
	MINUTE,
	"redis_memory_bytes|gauge|bytes|server|Memory in use by the Redis of the cache, or of the queue.",
	"redis_memory_limit_bytes|gauge|bytes|server|Its maxmemory.",
	"redis_hit_ratio|gauge|ratio|server|Keys asked for that were there, of all since the last look.",
	"redis_keys|gauge||server|Keys held.",
	"redis_clients|gauge||server|Clients connected.",
	"redis_commands|counter||server|Commands processed.",
	"redis_evicted_keys|counter||server|Keys dropped for want of memory.",
	"redis_expired_keys|counter||server|Keys whose time was over.",
	"redis_refused_connections|counter||server|Connections refused because maxclients was reached.",
)
QUEUES = _of(
	"Queues",
	MINUTE,
	"queue_depth|gauge||queue|Jobs waiting, of every site that shares the queue.",
	"queue_oldest_seconds|gauge|seconds|queue|For how long the oldest of them has waited; 0 when none waits.",
	"queue_running|gauge||queue|Jobs being worked on.",
	"queue_longest_run_seconds|gauge|seconds|queue|For how long the longest of them has run; 0 when none runs.",
	"queue_stuck|gauge||queue|Jobs marked as running whose worker has given no sign of life in time.",
	"queue_failed|gauge||queue|Failed jobs of this site that are remembered.",
	"workers|gauge|||Workers alive.",
	"workers_busy|gauge|||Workers at work on a job.",
)
SCHEDULER = _of(
	"Scheduler",
	MINUTE,
	"scheduler_enabled|gauge|1 or 0||Whether the scheduler of the site is switched on.",
	"scheduler_paused|gauge|1 or 0||Whether pause_scheduler or maintenance_mode holds it back.",
	"scheduler_dormant|gauge|1 or 0||Whether Frappe runs the site's jobs less often because nobody was active.",
	"scheduler_heartbeat_age_seconds|gauge|seconds||Time since a scheduled job was last begun.",
	"scheduled_jobs|gauge|||Scheduled jobs that are not stopped.",
	"scheduled_jobs_stopped|gauge|||Scheduled jobs that are stopped.",
	"scheduled_jobs_late|gauge|||Scheduled jobs that should have begun more than ten minutes ago.",
	"scheduled_job_longest_delay_seconds|gauge|seconds||How late the latest of them is; 0 when none is due.",
	"scheduled_job_failures_last_day|gauge|||Failed runs of scheduled jobs within 24 hours.",
)
MAIL = _of(
	"Mail",
	MINUTE,
	"mail_queue|gauge||status|Mails by status, of those not sent.",
	"mail_oldest_waiting_seconds|gauge|seconds||How long the oldest mail that may be sent has waited; 0 when none waits.",
	"mail_oldest_sending_seconds|gauge|seconds||How long the oldest mail has been in Sending; 0 when none is.",
	"mail_errors_last_day|gauge|||Mails created within 24 hours that could not be sent.",
)
SYSTEM = _of(
	"System",
	MINUTE,
	"cpu_ratio|gauge|ratio||Time the processors were busy, since the last look.",
	"cpu_waiting_ratio|gauge|ratio||Time they waited for a disk.",
	"cpu_stolen_ratio|gauge|ratio||Time another virtual machine had them.",
	"cpu_count|gauge|||Processors.",
	"load_average|gauge|||Processes running or waiting, mean of one minute.",
	"memory_ratio|gauge|ratio||Memory that is not available to programs.",
	"memory_used_bytes|gauge|bytes||The same in bytes.",
	"memory_total_bytes|gauge|bytes||Memory of the machine.",
	"swap_used_bytes|gauge|bytes||Swap in use.",
	"swap_total_bytes|gauge|bytes||Swap of the machine.",
	"disk_used_bytes|gauge|bytes|mount|Used on the disks of the site's files and of its database.",
	"disk_free_bytes|gauge|bytes|mount|Free there for programs.",
	"disk_total_bytes|gauge|bytes|mount|Used and free together.",
	"disk_used_ratio|gauge|ratio|mount|Used, of used and free.",
	"disk_read_bytes|counter|bytes||Read from all disks of the machine.",
	"disk_written_bytes|counter|bytes||Written to them.",
	"network_received_bytes|counter|bytes||Received from other machines.",
	"network_sent_bytes|counter|bytes||Sent to other machines.",
	"process_open_files|gauge|||Files and connections open in the process that collects, a worker.",
	"process_open_files_limit|gauge|||How many it may open.",
)
BUSINESS = _of(
	"Business",
	HOUR,
	"members|gauge||status|Members by status.",
	"mandates|gauge||status|SEPA mandates by status.",
	"dues_schedules|gauge||status|Dues schedules by status, templates not counted.",
	"dues_schedules_late|gauge|||Active schedules whose next invoice should have been made before today.",
	"dues_outstanding|gauge|||Invoices not paid in full.",
	"dues_outstanding_amount|gauge|company currency||What is not paid of them.",
	"dues_overdue|gauge|||Of them, invoices due before today.",
	"dues_overdue_amount|gauge|company currency||What is not paid of these.",
	"debit_batches|gauge||status|Direct debit batches of the last 30 days by status.",
	"payment_success_ratio|gauge|ratio||Successful of all direct debits of the last 30 days whose outcome is known.",
)
BUSINESS_DAYS = _of(
	"Business Days",
	DAY,
	"dues_invoiced|gauge|||Invoices of the day.",
	"dues_invoiced_amount|gauge|company currency||Their sum.",
	"dues_collected|gauge|||Payments received on the day.",
	"dues_collected_amount|gauge|company currency||Their sum.",
	"debits|gauge||status|Direct debits in batches of the day by outcome.",
	"debits_amount|gauge|currency of the batch|status|Their sum.",
	"members_joined|gauge|||Members since that day.",
)
COLLECTORS = _of(
	"Collectors",
	MINUTE,
	"collector_up|gauge|1 or 0|collector|Whether the collector's last run worked; nothing where its source is absent.",
)

METRICS: tuple[Metric, ...] = (
	*DATABASE,
	*TABLES,
	*STATEMENTS,
	*CACHE,
	*QUEUES,
	*SCHEDULER,
	*MAIL,
	*SYSTEM,
	*BUSINESS,
	*BUSINESS_DAYS,
	*COLLECTORS,
)
BY_NAME: dict[str, Metric] = {metric.name: metric for metric in METRICS}
