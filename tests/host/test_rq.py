"""Jobs through RQ, end to end: JSON in Redis, run by a worker that opens the site itself, and by nothing else's leave."""

from __future__ import annotations

import json
import pickle
import signal
import threading
import zlib
from pathlib import Path

import pytest
from rq import Queue
from rq.serializers import DefaultSerializer, JSONSerializer

from tests.conftest import maria_config, write_config
from tests.host.conftest import start_program
from tests.host.test_faults import JOB, wait_until
from tests.services.test_collection import add_rows, counts
from tests.support.servers import MariaServer, RedisServer
from verenigingen.exceptions import BadArgument
from verenigingen.host import Host
from verenigingen.host.on_local import open_host
from verenigingen.host.on_local.parts import InlineQueue, MemoryCache
from verenigingen.host.on_local.redis_parts import RqQueue
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.work import Agenda, run_due


def rq(host: Host) -> RqQueue:
	assert isinstance(host.queue, RqQueue)
	return host.queue


def test_a_queued_collection_is_run_by_a_worker_and_is_json_all_the_way(
	rq_host: Host, rq_site: Path, redis_alone: RedisServer
) -> None:
	add_rows(rq_host, ["a", "b", "c"])
	rq_host.queue.enqueue(JOB, job_id="collect.now!", timeout=60)
	(key,) = redis_alone.connect().keys("rq:job:*")
	data = zlib.decompress(redis_alone.connect().hget(key, "data"))
	job = {"site": str(rq_site), "method": JOB, "kwargs": {}}
	assert json.loads(data) == ["verenigingen.standalone.work.run_job", None, [], job]
	rq(rq_host).work(burst=True)
	assert rq(rq_host).state("collect.now!") == "finished"
	assert counts(rq_host) == (3, 3, 3)


def test_a_job_that_fails_is_kept_with_its_reason(rq_host: Host, redis_alone: RedisServer) -> None:
	rq_host.queue.enqueue("verenigingen.settings.resolve", job_id="bad", timeout=60, name="no such", get=None)
	rq(rq_host).work(burst=True)
	assert rq(rq_host).state("bad") == "failed"
	assert "failed: 1" in rq(rq_host).describe()
	(key,) = redis_alone.connect().keys("rq:job:bad*")
	assert redis_alone.connect().ttl(key) > 86_400
	names = rq_host.queue.failed()
	assert names is not None and names == rq_host.queue.failed()
	(failure,) = rq_host.queue.failures([*names, "gone@1"])
	assert (failure.name, failure.method) == (names[0], "verenigingen.settings.resolve")
	assert "KeyError" in failure.text and failure.when is not None
	collect_all(rq_host, 60)
	collect_all(rq_host, 60)
	[[title, count]] = rq_host.store.query("SELECT title, event_count FROM `tabError Issue`")
	assert (title.partition(":")[0], count) == ("KeyError", 1)


@pytest.mark.parametrize(
	"method", ["os.system", "verenigingen.standalone.work.Path", "verenigingen.nothing.at_all"]
)
def test_only_functions_of_ours_are_jobs(rq_host: Host, method: str) -> None:
	for queue in (rq_host.queue, InlineQueue()):
		with pytest.raises(BadArgument):
			queue.enqueue(method, job_id="x", timeout=60)


@pytest.mark.parametrize("serializer", [JSONSerializer, DefaultSerializer])
def test_what_others_write_to_redis_is_not_run(
	rq_host: Host, redis_alone: RedisServer, tmp_path: Path, serializer: type
) -> None:
	made = tmp_path / "made by a stranger"
	name = rq(rq_host)._queue.name
	foreign = Queue(name, connection=redis_alone.connect(), serializer=serializer)
	foreign.enqueue_call("os.mkdir", args=[str(made)], job_id="stranger")
	if serializer is DefaultSerializer:
		data = zlib.decompress(redis_alone.connect().hget("rq:job:stranger", "data"))
		assert pickle.loads(data)[0] == "os.mkdir"
	rq(rq_host).work(burst=True)
	assert not made.exists()
	assert redis_alone.connect().hget("rq:job:stranger", "status") == b"failed"
	add_rows(rq_host, ["a"])
	rq_host.queue.enqueue(JOB, job_id="after", timeout=60)
	rq(rq_host).work(burst=True)
	assert counts(rq_host) == (2, 2, 2)  # the stranger's failure is one as well


def test_arguments_that_are_no_json_are_refused(rq_host: Host) -> None:
	for queue in (rq_host.queue, InlineQueue()):
		with pytest.raises(TypeError):
			queue.enqueue(JOB, job_id="x", timeout=60, value={1, 2})


def test_many_that_queue_the_same_job_at_once_queue_one(rq_host: Host) -> None:
	threads = [
		threading.Thread(target=rq_host.queue.enqueue, args=(JOB,), kwargs={"job_id": "same", "timeout": 60})
		for _ in range(12)
	]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	assert rq(rq_host)._queue.count == 1


def test_two_schedulers_queue_each_minute_once(rq_host: Host, rq_site: Path) -> None:
	now = rq_host.clock.now().replace(tzinfo=None, second=30)
	events = {"cron": {"* * * * *": [JOB]}}

	class Stopped:
		def now(self) -> object:
			return now.replace(tzinfo=rq_host.clock.now().tzinfo)

	for number, expected in enumerate((1, 0, 0)):
		if number == 2:
			rq(rq_host).work(burst=True)
		host = open_host(rq_site)
		object.__setattr__(host, "clock", Stopped())
		outcome = run_due(host, Agenda(events, now.replace(second=0) - (now - now.replace(second=0))))
		assert (len(outcome.jobs), outcome.failed) == (expected, [])


def test_two_sites_that_share_a_redis_do_not_meet(
	mariadb: MariaServer, redis_server: RedisServer, tmp_path: Path
) -> None:
	hosts = []
	for name in ("one", "two"):
		(tmp_path / name).mkdir()
		url = redis_server.url
		values = {"redis_cache": url, "redis_queue": url, "monitoring_own_site": True}
		hosts.append(open_host(write_config(tmp_path / name, db_type="sqlite", db_name="site", **values)))
	first, second = hosts
	first.cache.put("analytics_x", 1, 60)
	second.cache.put("analytics_x", 2, 60)
	second.cache.clear("analytics_")
	assert (first.cache.get("analytics_x"), second.cache.get("analytics_x")) == (1, None)
	first.queue.enqueue(JOB, job_id="same", timeout=60)
	second.queue.enqueue(JOB, job_id="same", timeout=60)
	assert (rq(first)._queue.count, rq(second)._queue.count) == (1, 1)


def test_a_prefix_is_text_not_a_pattern(rq_host: Host) -> None:
	for key in ("a*b:1", "axb:1", "a[x]:1", "ax:1"):
		rq_host.cache.put(key, key, 60)
	rq_host.cache.clear("a*b")
	rq_host.cache.clear("a[x]")
	kept = [key for key in ("a*b:1", "axb:1", "a[x]:1", "ax:1") if rq_host.cache.get(key)]
	assert kept == ["axb:1", "ax:1"]


def test_the_redis_of_an_audited_site_is_never_touched(
	mariadb: MariaServer, redis_alone: RedisServer, tmp_path: Path
) -> None:
	url = redis_alone.url
	path = write_config(tmp_path, **maria_config(mariadb), redis_cache=url, redis_queue=url)
	before = redis_alone.connect().info("stats")["total_connections_received"]
	host = open_host(path, store=tmp_path / "store.db")
	assert isinstance(host.cache, MemoryCache)
	assert isinstance(host.queue, InlineQueue)
	host.cache.put("analytics_x", 1, 60)
	assert redis_alone.connect().info("stats")["total_connections_received"] == before + 1


@pytest.mark.parametrize("queue", ["inline", "rq"])
def test_work_collects_and_ends_when_asked(rq_site: Path, queue: str) -> None:
	if queue == "inline":
		config = json.loads(rq_site.read_text())
		rq_site.write_text(json.dumps({**config, "redis_cache": None, "redis_queue": None}))
	host = open_host(rq_site)
	add_rows(host, ["a", "b"])
	process = start_program(rq_site, "work")
	wait_until(lambda: counts_or_none(host) == (2, 2, 2), "the rows are counted")
	if queue == "rq":
		assert "workers alive: 1" in rq(host).describe()
	process.send_signal(signal.SIGTERM)
	said = process.communicate(timeout=60)[1]
	assert process.returncode == 0, said
	assert "Traceback" not in said
	if queue == "rq":
		assert "no worker alive" in rq(host).describe()


def counts_or_none(host: Host) -> tuple[int, int, int] | None:
	"""The counts, or None before there are any."""
	found = host.store.query("SELECT COUNT(*) FROM `tabCollection Ledger`")
	return counts(host) if found[0][0] else None
