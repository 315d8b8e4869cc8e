"""The sources of measurements against real servers: what they say is what the servers say, also when those fail."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psutil
import pymysql
import pytest

from tests.conftest import maria_config, write_config
from tests.support.servers import MariaServer, RedisServer
from verenigingen.collectors import (
	business,
	business_days,
	cache,
	database,
	database_statements,
	database_tables,
	mail,
	queues,
	scheduler,
	system,
)
from verenigingen.core.gauges import GaugeSource, Memory, Missing, Reading, settle
from verenigingen.exceptions import CacheUnavailable, DatabaseUnavailable, QueueUnavailable, SourceAbsent
from verenigingen.host import Host, use_host
from verenigingen.host.on_local import open_host
from verenigingen.host.on_local.schema import create_table
from verenigingen.services.gauges import collect_gauges
from verenigingen.services.monitoring import collector_states
from verenigingen.standalone.demo.schema import CORE_TABLES

Values = dict[tuple[str, str], float]
UNUSED_PID = 2**22 + 1  # beyond what Linux gives


def values(source: GaugeSource, host: Host) -> tuple[Values, dict[str, str]]:
	"""What a source says now: values by metric and label, and why others are missing."""
	items = list(source.read(host))
	settle(source, items, Memory(), host.clock.now())  # refuses what is not declared
	said = {(item.metric, item.label): float(item.value) for item in items if isinstance(item, Reading)}
	return said, {item.metric: item.reason for item in items if isinstance(item, Missing)}


@pytest.fixture
def maria_alone() -> Iterator[MariaServer]:
	"""A MariaDB for one test, to be stopped at will."""
	server = MariaServer()
	yield server
	server.close()


@pytest.fixture
def redis_alone() -> Iterator[RedisServer]:
	server = RedisServer()
	yield server
	server.close()


@pytest.fixture
def maria(mariadb: MariaServer, tmp_path: Path) -> Host:
	return open_host(write_config(tmp_path, **maria_config(mariadb, monitoring_own_site=True)))


class TestDatabase:
	def test_it_says_what_the_server_says(self, maria: Host, mariadb: MariaServer) -> None:
		before, _ = values(database.SOURCE, maria)
		others = [mariadb.connect() for _ in range(3)]
		for _ in range(20):
			maria.db.query("SELECT COUNT(*) FROM `tabCollector State`")
		after, missing = values(database.SOURCE, maria)
		for other in others:
			other.close()
		assert after["database_connections", ""] - before["database_connections", ""] >= 3
		assert 20 <= after["database_statements", ""] - before["database_statements", ""] < 100
		assert after["database_connections_limit", ""] == 151
		assert 0 < after["database_response_seconds", ""] < 5
		assert 0 < after["database_buffer_pool_used_ratio", ""] <= 1
		assert missing == {"database_replication_lag_seconds": "The server is no replica."}

	def test_waits_for_locks_are_counted_in_seconds(self, maria: Host, mariadb: MariaServer) -> None:
		maria.store.insert("tabCollector State", [{"name": "a"}])
		before, _ = values(database.SOURCE, maria)
		name = str(maria.db.query("SELECT DATABASE()")[0][0])
		with mariadb.connect(name) as one, mariadb.connect(name) as two:
			with one.cursor() as first, two.cursor() as second:
				first.execute("START TRANSACTION")
				first.execute("UPDATE `tabCollector State` SET idx = 1")
				second.execute("SET innodb_lock_wait_timeout = 1")
				with pytest.raises(pymysql.OperationalError, match="Lock wait"):
					second.execute("UPDATE `tabCollector State` SET idx = 2")
				first.execute("ROLLBACK")
		after, _ = values(database.SOURCE, maria)
		assert after["database_row_lock_waits", ""] - before["database_row_lock_waits", ""] == 1
		waited = after["database_row_lock_wait_seconds", ""] - before["database_row_lock_wait_seconds", ""]
		assert 0.5 < waited < 10

	def test_a_replica_that_stands_still_has_no_lag_but_a_reason(
		self, maria: Host, mariadb: MariaServer
	) -> None:
		mariadb.execute("CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_USER = 'nobody'")
		try:
			_, missing = values(database.SOURCE, maria)
			with mariadb.connect() as connection, connection.cursor() as cursor:
				cursor.execute("SHOW SLAVE STATUS")
				assert cursor.description[database.LAG_COLUMN][0] == "Seconds_Behind_Master"
		finally:
			mariadb.execute("RESET SLAVE ALL")
		assert missing == {database.LAG: "The server is a replica that does not replicate."}

	def test_tables_are_as_large_as_the_server_says(self, maria: Host) -> None:
		rows = [{"name": f"row {number}", "last_error": "x" * 400} for number in range(3_000)]
		maria.store.insert("tabCollector State", rows)
		maria.store.query("ANALYZE TABLE `tabCollector State`")
		said, missing = values(database_tables.SOURCE, maria)
		[(size, count)] = maria.db.query(
			"SELECT SUM(data_length + index_length), COUNT(*) FROM information_schema.tables"
			" WHERE table_schema = DATABASE()"
		)
		assert (said["database_size_bytes", ""], said["database_tables", ""]) == (float(size), float(count))
		tables = {label: value for (metric, label), value in said.items() if metric == "database_table_bytes"}
		assert max(tables, key=lambda label: tables[label]) in {"tabCollector State", "(other)"}
		assert sum(tables.values()) == float(size) and len(tables) <= 13 and not missing
		assert 2_000 < said["database_table_rows", "tabCollector State"] < 4_000

	def test_a_restart_in_between_counts_what_came_after_it(
		self, maria_alone: MariaServer, tmp_path: Path
	) -> None:
		host = open_host(write_config(tmp_path, **maria_config(maria_alone, monitoring_own_site=True)))
		for _ in range(200):
			host.db.query("SELECT 1")
		began = host.clock.now()
		_, memory = settle(database.SOURCE, list(database.SOURCE.read(host)), Memory(), began)
		maria_alone.stop()
		with pytest.raises(DatabaseUnavailable):
			list(database.SOURCE.read(host))
		maria_alone.start()
		later = began + timedelta(seconds=60)  # as the next pass would be
		points, memory = settle(database.SOURCE, list(database.SOURCE.read(host)), memory, later)
		amounts = {item.metric: item.total for item in points}
		assert 0 < amounts["database_statements"] < 100, "neither negative nor all since ever"
		for _ in range(30):
			host.db.query("SELECT 1")
		points, _ = settle(
			database.SOURCE, list(database.SOURCE.read(host)), memory, later + timedelta(seconds=5)
		)
		assert 30 <= {item.metric: item.total for item in points}["database_statements"] < 60

	def test_a_user_who_may_only_read_is_told_what_he_lacks(
		self, mariadb: MariaServer, tmp_path: Path
	) -> None:
		config = maria_config(mariadb)
		name = str(config["db_name"])
		mariadb.execute(f"CREATE USER '{name}'@localhost IDENTIFIED BY 'x'")
		mariadb.execute(f"GRANT SELECT ON {name}.* TO '{name}'@localhost")
		path = write_config(tmp_path, **{**config, "db_user": name, "db_password": "x"})
		host = open_host(path, store=tmp_path / "store.db")
		said, missing = values(database.SOURCE, host)
		assert said["database_statements", ""] > 0
		assert "SLAVE MONITOR" in missing["database_replication_lag_seconds"]
		assert values(database_tables.SOURCE, host)[0]["database_tables", ""] == 0
		with pytest.raises(SourceAbsent, match="this machine need not be"):
			list(system.SOURCE.read(host))

	def test_digests_and_userstat_where_they_are_on(self, mariadb: MariaServer, maria: Host) -> None:
		with pytest.raises(SourceAbsent, match="both off"):
			list(database_statements.SOURCE.read(maria))
		mariadb.execute("SET GLOBAL userstat = 1")
		try:
			maria.store.reset()  # statistics are kept of connections begun since
			maria.store.insert("tabCollector State", [{"name": f"s {number}"} for number in range(50)])
			maria.store.query("SELECT COUNT(*) FROM `tabCollector State` WHERE last_error IS NULL")
			maria.store.reset()
			said, missing = values(database_statements.SOURCE, maria)
		finally:
			mariadb.execute("SET GLOBAL userstat = 0")
		assert said["database_table_rows_read", "tabCollector State"] >= 50
		assert said["database_table_rows_changed", "tabCollector State"] >= 50
		assert missing["database_statement_seconds"] == "performance_schema is off."

	def test_sqlite_says_why_it_has_no_server(self, tmp_path: Path) -> None:
		config = write_config(tmp_path, db_type="sqlite", db_name="site", monitoring_own_site=True)
		host = open_host(config)
		with pytest.raises(SourceAbsent, match="sqlite"):
			list(database.SOURCE.read(host))
		said, missing = values(database_tables.SOURCE, host)
		host.store.query("PRAGMA wal_checkpoint(TRUNCATE)")
		total = said["database_size_bytes", ""] + said["database_free_bytes", ""]
		assert total == (tmp_path / "site.db").stat().st_size
		assert set(missing) == {"database_table_bytes", "database_table_rows"}


class TestRedis:
	@pytest.fixture
	def host(self, redis_alone: RedisServer, tmp_path: Path) -> Host:
		url = redis_alone.url
		values = {"db_type": "sqlite", "db_name": "site", "redis_cache": url, "redis_queue": url}
		return open_host(write_config(tmp_path, **values, monitoring_own_site=True))

	def test_the_hit_ratio_is_of_what_was_asked_since(self, host: Host) -> None:
		host.cache.put("here", 1, 60)
		memory = settle(cache.SOURCE, list(cache.SOURCE.read(host)), Memory(), host.clock.now())[1]
		for _ in range(3):
			host.cache.get("here")
		host.cache.get("nowhere")
		later = host.clock.now()
		points = settle(cache.SOURCE, list(cache.SOURCE.read(host)), memory, later)[0]
		found = {item.metric: item.last for item in points}
		assert (found["redis_hit_ratio"], found["redis_keys"]) == (0.75, 1)
		assert found["redis_memory_bytes"] > 100_000 and found["redis_commands"] >= 4

	def test_redis_down_fails_these_two_and_no_other(
		self, host: Host, redis_alone: RedisServer, caplog: pytest.LogCaptureFixture
	) -> None:
		redis_alone.stop()
		with pytest.raises(CacheUnavailable, match="does not answer"):
			list(cache.SOURCE.read(host))
		with pytest.raises(QueueUnavailable, match="does not answer"):
			list(queues.SOURCE.read(host))
		with use_host(host):
			collect_gauges(host, 5)
		states = {state["collector"]: state for state in collector_states(host)}
		assert states["Cache"]["status"] == states["Queues"]["status"] == "failed"
		assert "does not answer" in states["Cache"]["error"]
		assert states["System"]["status"] == states["Business"]["status"] == "ok"

	def test_jobs_that_wait_fail_or_were_left_are_seen(self, host: Host, redis_alone: RedisServer) -> None:
		for number in range(3):
			host.queue.enqueue(
				"verenigingen.services.monitoring.collect_now", job_id=f"j{number}", timeout=60
			)
		time.sleep(1.1)
		said, missing = values(queues.SOURCE, host)
		assert (said["queue_depth", "jobs"], said["workers", ""]) == (3, 0)
		assert 1 < said["queue_oldest_seconds", "jobs"] < 60
		assert "redis_memory_limit_bytes" in missing
		# a worker that was killed in the middle of a job leaves it among the running ones
		client = redis_alone.connect()
		[registry] = [f"rq:wip:{key.decode()[9:]}" for key in client.keys("rq:queue:*")]
		client.zadd(registry, {"left": time.time() - 100, "lives": time.time() + 100})
		said, _ = values(queues.SOURCE, host)
		assert (said["queue_running", "jobs"], said["queue_stuck", "jobs"]) == (2, 1)

	def test_a_worker_at_work_is_counted_and_how_long_its_job_runs(
		self, host: Host, redis_alone: RedisServer
	) -> None:
		host.queue.enqueue("verenigingen.services.monitoring.collect_now", job_id="long", timeout=60)
		worker = host.queue._worker(lambda: None)  # type: ignore[attr-defined]
		worker.register_birth()
		client = redis_alone.connect()
		[job_id] = client.lpop(worker.queues[0].key, 1)
		begun = datetime.now(timezone.utc) - timedelta(seconds=90)
		client.hset(f"rq:job:{job_id.decode()}", "started_at", begun.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
		worker.set_state("busy")
		worker.set_current_job_id(job_id.decode())
		said, _ = values(queues.SOURCE, host)
		assert (said["workers", ""], said["workers_busy", ""], said["queue_depth", "jobs"]) == (1, 1, 0)
		assert 90 <= said["queue_longest_run_seconds", "jobs"] < 150
		client.hset(worker.key, "pid", UNUSED_PID)
		said, _ = values(queues.SOURCE, host)
		assert (said["workers", ""], said["workers_busy", ""]) == (0, 0), (
			"killed workers stay listed for minutes"
		)

	def test_without_redis_both_say_so(self, tmp_path: Path) -> None:
		config = write_config(tmp_path, db_type="sqlite", db_name="site", monitoring_own_site=True)
		for source in (cache.SOURCE, queues.SOURCE):
			with pytest.raises(SourceAbsent):
				list(source.read(open_host(config)))


@pytest.fixture
def frappe_like(host: Host) -> Host:
	"""The open site with the tables of Frappe and ERPNext that the demo has."""
	store: Any = host.store
	for doctype, columns in CORE_TABLES.items():
		create_table(store.execute, store.columns, store.dialect, f"tab{doctype}", columns)
	return host


def insert(host: Host, doctype: str, *rows: Mapping[str, object]) -> None:
	made = [{"name": f"{doctype} {number}", **row} for number, row in enumerate(rows)]
	host.store.insert(f"tab{doctype}", made)


class TestScheduler:
	def test_which_jobs_are_late_and_what_holds_the_scheduler_back(self, frappe_like: Host) -> None:
		host = frappe_like
		now = host.clock.now().replace(tzinfo=None)

		def job(frequency: str, ago: timedelta, cron: str = "", stopped: int = 0) -> dict[str, object]:
			return {
				"frequency": frequency,
				"cron_format": cron,
				"last_execution": now - ago,
				"stopped": stopped,
				"create_log": 1,
			}

		insert(
			host,
			"Scheduled Job Type",
			job("Cron", timedelta(minutes=2), "* * * * *"),
			job("Cron", timedelta(minutes=45), "*/5 * * * *"),
			job("Daily", timedelta(days=3)),
			job("Daily", timedelta(days=3), stopped=1),
			job("Yearly", timedelta(days=3)) | {"last_execution": None, "creation": now},
			job("Cron", timedelta(days=3), "no cron entry"),
		)
		insert(
			host,
			"Scheduled Job Log",
			{"status": "Failed", "creation": now - timedelta(hours=3)},
			{"status": "Complete", "creation": now - timedelta(hours=3)},
			{"status": "Failed", "creation": now - timedelta(hours=30)},
		)
		insert(host, "Activity Log", {"creation": now - timedelta(days=5)})
		said, missing = values(scheduler.SOURCE, host)
		found = {metric: value for (metric, _), value in said.items()}
		assert (found["scheduled_jobs"], found["scheduled_jobs_stopped"], found["scheduled_jobs_late"]) == (
			5,
			1,
			2,
		)
		assert 2 * 86_400 < found["scheduled_job_longest_delay_seconds"] <= 3 * 86_400
		assert found["scheduled_job_failures_last_day"] == 1
		assert 120 <= found["scheduler_heartbeat_age_seconds"] < 180
		assert (found["scheduler_enabled"], found["scheduler_paused"], found["scheduler_dormant"]) == (
			0,
			0,
			1,
		)
		assert not missing

	def test_the_switches(self, frappe_like: Host) -> None:
		store: Any = frappe_like.store
		store.execute(
			"INSERT INTO `tabSingles` (doctype, field, value) VALUES ('System Settings', 'enable_scheduler', '1')"
		)
		frappe_like.config.site_config["pause_scheduler"] = 1  # type: ignore[attr-defined]
		insert(frappe_like, "Activity Log", {"creation": frappe_like.clock.now().replace(tzinfo=None)})
		said, missing = values(scheduler.SOURCE, frappe_like)
		assert [
			said[name, ""] for name in ("scheduler_enabled", "scheduler_paused", "scheduler_dormant")
		] == [1, 1, 0]
		assert "scheduler_heartbeat_age_seconds" in missing


class TestMail:
	def test_the_backlog_by_status_and_age(self, frappe_like: Host) -> None:
		now = frappe_like.clock.now().replace(tzinfo=None)

		def queued(status: str, minutes: float, **more: object) -> dict[str, object]:
			when = now - timedelta(minutes=minutes)
			return {"status": status, "creation": when, "modified": when, "send_after": None, **more}

		insert(
			frappe_like,
			"Email Queue",
			queued("Not Sent", 30),
			queued("Not Sent", 600, send_after=now + timedelta(hours=1)),
			queued("Not Sent", 600, send_after=now - timedelta(minutes=50)),
			queued("Sending", 90),
			queued("Error", 10),
			queued("Error", 3_000),
			queued("Sent", 9_000),
		)
		said, _ = values(mail.SOURCE, frappe_like)
		counts = {label: value for (metric, label), value in said.items() if metric == "mail_queue"}
		assert counts == {"Not Sent": 3, "Sending": 1, "Partially Sent": 0, "Error": 2}
		assert said["mail_oldest_waiting_seconds", ""] == pytest.approx(50 * 60, abs=30)
		assert said["mail_oldest_sending_seconds", ""] == pytest.approx(90 * 60, abs=30)
		assert said["mail_errors_last_day", ""] == 1


class TestSystem:
	def test_the_machine_as_it_is(self, host: Host) -> None:
		said, _ = values(system.SOURCE, host)
		assert said["memory_total_bytes", ""] == psutil.virtual_memory().total
		mounts = {label for metric, label in said if metric == "disk_used_bytes"}
		assert host.folder and system.mount_of(host.folder) in mounts
		for mount in mounts:
			used, free = said["disk_used_bytes", mount], said["disk_free_bytes", mount]
			assert said["disk_total_bytes", mount] == used + free
			assert said["disk_used_ratio", mount] == used / (used + free)
		assert 0 < said["process_open_files", ""] < said["process_open_files_limit", ""]

	def test_processors_that_work_are_busy(self, host: Host) -> None:
		began = host.clock.now()
		memory = settle(system.SOURCE, list(system.SOURCE.read(host)), Memory(), began)[1]
		end = time.monotonic() + 0.5
		while time.monotonic() < end:
			sum(range(1_000))
		later = host.clock.now()
		found = {
			p.metric: p.last for p in settle(system.SOURCE, list(system.SOURCE.read(host)), memory, later)[0]
		}
		assert 0.5 / (psutil.cpu_count() or 1) < found["cpu_ratio"] + 0.2 <= 1.2


class TestBusiness:
	def test_what_erpnext_brings_is_said_to_be_not_installed(self, host: Host) -> None:
		said, missing = values(business.SOURCE, host)
		assert said["members", "Active"] == 0
		assert {missing[name] for name in business.DUES} == {"Sales Invoice: not installed"}
		assert values(business_days.SOURCE, host)[1]["dues_collected"] == "Payment Entry: not installed"

	def test_figures_counted_by_hand(self, frappe_like: Host) -> None:
		host = frappe_like
		today = host.clock.now().date()

		def day(ago: int) -> object:
			return today - timedelta(days=ago)

		insert(
			host,
			"Member",
			*({"status": s, "member_since": day(3)} for s in ("Active", "Active", "Expired", "Own")),
		)
		schedule = {"is_template": 0, "auto_generate": 1, "status": "Active", "next_invoice_date": day(1)}
		insert(
			host,
			"Membership Dues Schedule",
			schedule,
			{**schedule, "is_template": 1},
			{**schedule, "next_invoice_date": day(0)},
			{**schedule, "status": "Paused"},
		)
		invoice = {"docstatus": 1, "is_return": 0, "is_membership_invoice": 1, "posting_date": day(4)}
		insert(
			host,
			"Sales Invoice",
			{**invoice, "due_date": day(1), "outstanding_amount": 10.5, "base_grand_total": 20},
			{**invoice, "due_date": day(0), "outstanding_amount": 4.25, "base_grand_total": 4.25},
			{**invoice, "due_date": day(9), "outstanding_amount": 0, "base_grand_total": 7},
			{**invoice, "due_date": day(9), "outstanding_amount": 99, "base_grand_total": 99, "docstatus": 2},
			{
				**invoice,
				"due_date": day(9),
				"outstanding_amount": 99,
				"base_grand_total": 99,
				"is_membership_invoice": 0,
			},
		)
		payment = {"docstatus": 1, "payment_type": "Receive", "party_type": "Customer", "paid_amount": 20}
		insert(
			host,
			"Payment Entry",
			{**payment, "posting_date": day(2)},
			{**payment, "posting_date": day(2), "paid_amount": 5},
			{**payment, "posting_date": day(2), "payment_type": "Pay"},
			{**payment, "posting_date": day(0)},
		)
		batch = {"docstatus": 1, "status": "Processed", "batch_date": day(5)}
		insert(host, "Direct Debit Batch", batch, {**batch, "docstatus": 2}, {**batch, "batch_date": day(50)})
		row = {
			"amount": 10,
			"parenttype": "Direct Debit Batch",
			"parentfield": "invoices",
			"parent": "Direct Debit Batch 0",
		}
		insert(
			host,
			"Direct Debit Batch Invoice",
			*(
				{**row, "status": status}
				for status in ("Successful", "Successful", "Successful", "Failed", "Pending")
			),
			{**row, "status": "Failed", "parent": "Direct Debit Batch 1"},
			{**row, "status": "Failed", "parent": "Direct Debit Batch 2"},
		)
		said, missing = values(business.SOURCE, host)
		assert {label: said["members", label] for label in ("Active", "Expired", "Own", "Banned")} == {
			"Active": 2,
			"Expired": 1,
			"Own": 1,
			"Banned": 0,
		}
		assert said["dues_schedules", "Active"] == 2 and said["dues_schedules_late", ""] == 1
		assert [said[name, ""] for name in business.DUES] == [2, 14.75, 1, 10.5]
		assert said["payment_success_ratio", ""] == 0.75 and said["debit_batches", "Processed"] == 1
		assert not missing

		found: dict[tuple[str, str], dict[datetime | None, float]] = defaultdict(dict)
		for item in business_days.SOURCE.read(host):
			assert isinstance(item, Reading)
			found[item.metric, item.label][item.on] = item.value
		midnight = datetime.combine(today, datetime.min.time())
		assert found["dues_invoiced_amount", ""][midnight - timedelta(days=4)] == 31.25
		assert found["dues_collected_amount", ""] == {
			midnight - timedelta(days=2): 25,
			midnight - timedelta(days=1): 0,
		}
		assert found["debits", "Successful"][midnight - timedelta(days=5)] == 3
		assert found["debits", "Failed"][midnight - timedelta(days=50)] == 1
		assert found["members_joined", ""][midnight - timedelta(days=3)] == 4
		assert all(when is not None and when < midnight for days in found.values() for when in days)

	def test_a_site_that_is_audited_is_counted_too(self, frappe_like: Host) -> None:
		assert values(business.SOURCE, replace(frappe_like, folder=None))[0]["members", "Active"] == 0
