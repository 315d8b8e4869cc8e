"""Redis or MariaDB down, at the start or in the middle; workers killed: a clear message, and every row counted once."""

from __future__ import annotations

import logging
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.conftest import maria_config, write_config
from tests.host.conftest import run_program, start_program
from tests.services.test_collection import add_rows, counts, now_of
from tests.support.servers import MariaServer, RedisServer
from verenigingen.exceptions import QueueUnavailable
from verenigingen.host import Host, use_host
from verenigingen.host.on_local import open_host, redis_parts
from verenigingen.services.monitoring import collect_all, collect_now
from verenigingen.standalone.import_errors import ensure_error_log
from verenigingen.standalone.work import work_once

JOB = f"{collect_now.__module__}.{collect_now.__name__}"


def wait_until(true: Callable[[], bool], what: str, seconds: float = 60) -> None:
	"""Waits for something to become true; fails when it does not."""
	end = time.monotonic() + seconds
	while not true():
		assert time.monotonic() < end, f"waited in vain for: {what}"
		time.sleep(0.02)


def collect_without_queue(host: Host) -> int:
	"""Rows collected while Redis is down: what is read from it cannot be read, and that is said; nothing else suffers."""
	results = collect_all(host, 300)
	failed = {
		result["collector"].rpartition("collectors.")[2]: result["error"]
		for result in results
		if result["error"]
	}
	# the cache and the queues are measured once a minute, so that a second run within it finds them not due
	assert "rq_failures.collect" in failed
	assert set(failed) <= {"rq_failures.collect", "cache.SOURCE", "queues.SOURCE"}
	assert all("does not answer" in error for error in failed.values())
	return sum(result["collected"] for result in results)


def test_redis_down_at_the_start(rq_site: Path, redis_alone: RedisServer) -> None:
	redis_alone.stop()
	with use_host(open_host(rq_site)) as host:
		add_rows(host, ["a", "b"])
		assert collect_without_queue(host) == 2
		host.cache.put("analytics_x", 1, 60)
		assert host.cache.get("analytics_x") is None
		with pytest.raises(QueueUnavailable, match=r"Redis at 127\.0\.0\.1:\d+, does not answer"):
			host.queue.enqueue(JOB, job_id="x", timeout=60)
		add_rows(host, ["c"])
		code, said = run_program(rq_site, "work", "--once")
		assert (code, "does not answer" in said, "Traceback" in said) == (1, True, False)
		redis_alone.start()
		assert work_once(rq_site) == []
		assert counts(host) == (3, 3, 3)


def test_redis_down_in_the_middle_loses_jobs_and_cache_but_no_rows(
	rq_host: Host, rq_site: Path, redis_alone: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
	monkeypatch.setattr(redis_parts, "REST_SECONDS", 0)
	add_rows(rq_host, ["a", "b"])
	rq_host.cache.put("analytics_x", 1, 60)
	rq_host.queue.enqueue(JOB, job_id="x", timeout=60)
	redis_alone.stop()
	assert rq_host.cache.get("analytics_x") is None
	assert collect_without_queue(rq_host) == 2
	redis_alone.start()
	add_rows(rq_host, ["c"])
	assert work_once(rq_site) == []
	assert counts(rq_host) == (3, 3, 3)
	rq_host.cache.put("analytics_x", 2, 60)
	assert rq_host.cache.get("analytics_x") == 2


@pytest.mark.parametrize("outage", ["stopped", "frozen"])
def test_an_outage_of_the_cache_is_logged_once_and_so_is_its_end(
	rq_host: Host,
	redis_alone: RedisServer,
	caplog: pytest.LogCaptureFixture,
	monkeypatch: pytest.MonkeyPatch,
	outage: str,
) -> None:
	caplog.set_level(logging.INFO, "verenigingen")
	monkeypatch.setattr(redis_parts, "REST_SECONDS", 0)
	process = redis_alone.process
	assert process is not None
	if outage == "stopped":
		redis_alone.stop()
	else:
		process.send_signal(signal.SIGSTOP)
	for _ in range(3):
		rq_host.cache.put("analytics_x", 1, 60)
		assert rq_host.cache.get("analytics_x") is None
		rq_host.cache.clear("analytics_")
	assert [record.levelname for record in caplog.records] == ["WARNING"]
	if outage == "stopped":
		redis_alone.start()
	else:
		process.send_signal(signal.SIGCONT)
	for _ in range(3):
		rq_host.cache.put("analytics_x", 1, 60)
	assert rq_host.cache.get("analytics_x") == 1
	assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_dead_cache_is_left_alone_for_a_while(
	rq_host: Host, redis_alone: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
	monkeypatch.setattr(redis_parts, "REST_SECONDS", 3600)
	redis_alone.stop()
	assert rq_host.cache.get("analytics_x") is None
	redis_alone.start()
	before = redis_alone.connect().info("stats")["total_connections_received"]
	assert rq_host.cache.get("analytics_x") is None
	# only our own look at the figure connected
	assert redis_alone.connect().info("stats")["total_connections_received"] == before + 1


def kill_with_children(pid: int) -> None:
	"""`kill -9` of a process and all it started: an RQ worker runs its job in a child."""
	victims = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
	for victim in victims:
		try:
			victim.kill()
		except psutil.NoSuchProcess:
			continue


def test_workers_killed_in_a_job_lose_and_double_nothing(rq_site: Path, rq_host: Host) -> None:
	rows, rng = 10_000, random.Random(11)
	past = now_of(rq_host)
	for start in range(0, rows, 2_000):
		add_rows(rq_host, [f"k{start + i}" for i in range(2_000)], past)
	killed = 0
	for _ in range(8):
		process = start_program(rq_site, "work", "--once")
		time.sleep(rng.uniform(0.8, 2.2))
		if process.poll() is None:
			kill_with_children(process.pid)
			killed += 1
		process.communicate()
	assert killed
	assert work_once(rq_site) == []
	assert counts(rq_host) == (rows, rows, rows)


def waiting(mariadb: MariaServer, database: str) -> bool:
	"""Does a statement on this database wait for a lock?"""
	with mariadb.connect() as connection, connection.cursor() as cursor:
		cursor.execute(
			"SELECT COUNT(*) FROM information_schema.processlist WHERE db = %s AND state LIKE %s",
			(database, "Waiting for table%"),
		)
		return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("queue", ["inline", "rq"])
def test_mariadb_going_down_in_the_middle_of_a_batch(
	mariadb: MariaServer, redis_alone: RedisServer, tmp_path: Path, queue: str
) -> None:
	values = maria_config(mariadb, monitoring_own_site=True)
	if queue == "rq":
		values["redis_queue"] = redis_alone.url
	path = write_config(tmp_path, **values)
	host = open_host(path)
	ensure_error_log(host)
	add_rows(host, ["a", "b", "c"])
	# the collector is held up inside its transaction, with the ledger written and the issues not
	holder = mariadb.connect(str(values["db_name"]))
	holder.query("LOCK TABLES `tabError Issue` READ")
	process = start_program(path, "work", "--once")
	wait_until(lambda: waiting(mariadb, str(values["db_name"])), "the collector waits to write")
	mariadb.stop()
	try:
		_, said = process.communicate(timeout=60)
		assert process.returncode == 1
		assert "MariaDB at 127.0.0.1" in said
		assert "the next run tries again" in said
	finally:
		mariadb.start()
	assert work_once(path) == []
	assert counts(host) == (3, 3, 3)


def test_work_waits_for_what_is_down_and_stops_when_asked(
	mariadb: MariaServer, redis_alone: RedisServer, rq_site: Path
) -> None:
	redis_alone.stop()
	without_redis = start_program(rq_site, "work")
	assert "does not answer" in _line_with(without_redis.stderr, "ERROR")
	os.kill(without_redis.pid, signal.SIGTERM)
	assert without_redis.wait(60) == 0
	mariadb.stop()
	try:
		without_database = start_program(rq_site, "work")
		assert "The next try is in a minute." in _line_with(without_database.stderr, "ERROR")
		os.kill(without_database.pid, signal.SIGINT)
		assert without_database.wait(60) == 0
	finally:
		mariadb.start()


def _line_with(stream: object, word: str) -> str:
	for line in stream:  # type: ignore[attr-defined]
		if word in line:
			return str(line)
	raise AssertionError(f"no line with {word}")
