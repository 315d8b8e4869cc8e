"""The watchdog on a real RQ: nobody who works, a worker killed in a job, a job lost between queue and worker."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.host.conftest import start_program
from tests.host.test_faults import wait_until
from tests.host.test_rq import rq
from tests.support.servers import RedisServer
from verenigingen.core.watchdog.jobs import LOST, RUNNING, WAITING
from verenigingen.exceptions import NotFound, QueueUnavailable
from verenigingen.host import Host
from verenigingen.services.remedies import apply_remedy, list_actions, undo_remedy
from verenigingen.services.watchdog import watchdog_report

SLEEP = "verenigingen.tests.slow.sleep"


class Later:
	"""A clock that is ahead."""

	def __init__(self, host: Host, ahead: timedelta) -> None:
		self.clock, self.ahead = host.clock, ahead

	def now(self) -> datetime:
		return self.clock.now() + self.ahead


def later(host: Host, **ahead: float) -> Host:
	"""The host as it will be, if nothing happens until then."""
	return replace(host, clock=Later(host, timedelta(**ahead)))


def found(host: Host, check: str) -> list[dict[str, Any]]:
	"""Findings of one check."""
	return [row for row in watchdog_report(host)["findings"] if row["check"] == check]


def test_a_queue_that_nobody_serves(rq_host: Host) -> None:
	[idle] = found(rq_host, "workers")
	assert (idle["severity"], idle["since"], idle["evidence"]["waiting"]) == ("medium", None, 0)
	rq_host.queue.enqueue(SLEEP, job_id="one", timeout=60, seconds=0)
	rq_host.queue.enqueue(SLEEP, job_id="two", timeout=60, seconds=0)
	[fresh] = found(rq_host, "workers")
	assert (fresh["severity"], fresh["evidence"]["waiting"]) == ("high", 2)
	[old] = found(later(rq_host, hours=17), "workers")
	assert old["severity"] == "critical"
	assert "2 jobs wait in it, the oldest for 17 hours" in old["explanation"]
	assert old["since"] == fresh["since"]
	rq(rq_host).work(burst=True)
	[after] = found(rq_host, "workers")
	assert (after["severity"], after["evidence"]["waiting"]) == ("medium", 0)


def test_looking_changes_nothing(rq_host: Host, redis_alone: RedisServer) -> None:
	rq_host.queue.enqueue(SLEEP, job_id="one", timeout=60, seconds=0)
	client = redis_alone.connect()
	before = {key: client.dump(key) for key in client.keys("*")}
	view = rq_host.queue.view(["one", "nobody"])
	assert view is not None and [job.key for job in view.jobs] == ["one"]
	assert {key: client.dump(key) for key in client.keys("*")} == before


def test_a_worker_killed_in_a_job_is_found_released_and_taken_back(
	rq_host: Host, rq_site: Path, redis_alone: RedisServer, tmp_path: Path
) -> None:
	began = tmp_path / "began"
	worker = start_program(rq_site, "work")
	try:
		wait_until(lambda: found(rq_host, "workers") == [], "a worker is there")
		rq_host.queue.enqueue(SLEEP, job_id="long", timeout=600, seconds=300, started=str(began))
		wait_until(began.exists, "the job began", 120)
		view = rq_host.queue.view(["long"])
		assert view is not None
		[job] = [job for job in view.jobs if job.key == "long"]
		assert (job.place, job.status, job.limit, job.method) == (RUNNING, "started", 600, SLEEP)
		with pytest.raises(NotFound, match="no dead job"):
			apply_remedy(rq_host, "release_job", job.id, apply=True)
		assert found(rq_host, "dead_jobs") == []
	finally:
		kill(worker.pid)
		worker.communicate()
	[gone] = found(rq_host, "workers")
	assert gone["evidence"]["workers_alive"] == 0
	assert found(rq_host, "dead_jobs") == [], "RQ waits a minute and a half for a sign of life"
	let_signs_of_life_expire(rq_host, redis_alone)
	[dead] = found(rq_host, "dead_jobs")
	assert (dead["subject"], dead["severity"], dead["evidence"]["method"]) == (job.id, "high", SLEEP)
	assert "its worker is gone" in dead["explanation"]
	plan = apply_remedy(rq_host, **dead["remedy_call"], apply=False)
	assert (plan["applied"], plan["touches"], found(rq_host, "dead_jobs")) == (False, [job.id], [dead])
	done = apply_remedy(rq_host, **dead["remedy_call"], apply=True)
	assert found(rq_host, "dead_jobs") == []
	assert rq(rq_host).state("long") == "failed"
	names = rq_host.queue.failed()
	assert names is not None
	[failure] = rq_host.queue.failures(names)
	assert "gave no sign of life" in failure.text
	undo_remedy(rq_host, done["action"])
	assert rq(rq_host).state("long") == "queued"
	with pytest.raises(NotFound, match="no applied action"):
		undo_remedy(rq_host, done["action"])
	[action] = list_actions(rq_host)
	assert (action["state"], action["applied_by"], action["target"]) == ("Undone", "Administrator", job.id)


def kill(pid: int) -> None:
	"""Kills a worker and the process that runs its job, at once."""
	process = psutil.Process(pid)
	for one in (process, *process.children(recursive=True)):
		one.send_signal(signal.SIGKILL)


def let_signs_of_life_expire(host: Host, server: RedisServer) -> None:
	"""What a minute and a half without a worker does to the list of running jobs."""
	client = server.connect()
	key = rq(host)._queue.started_job_registry.key
	for entry in client.zrange(key, 0, -1):
		client.zadd(key, {entry: time.time() - 1})


def test_a_job_lost_between_queue_and_worker(rq_host: Host, redis_alone: RedisServer) -> None:
	rq_host.queue.enqueue(SLEEP, job_id="lost", timeout=60, seconds=0)
	client, queue = redis_alone.connect(), rq(rq_host)._queue
	assert place(rq_host) == WAITING
	client.lmove(queue.key, queue.intermediate_queue_key)  # what a worker does first, and then it was killed
	assert place(rq_host) == LOST
	[dead] = found(rq_host, "dead_jobs")
	assert "its worker was killed as it took it" in dead["explanation"]
	action = apply_remedy(rq_host, **dead["remedy_call"], apply=True)["action"]
	assert (place(rq_host), found(rq_host, "dead_jobs")) == ("", [])
	undo_remedy(rq_host, action)
	assert place(rq_host) == WAITING
	rq(rq_host).work(burst=True)
	assert rq(rq_host).state("lost") == "finished"


def place(host: Host) -> str:
	"""Where the job is."""
	view = host.queue.view(["lost"])
	assert view is not None
	return view.jobs[0].place


def test_a_queue_that_is_down_is_a_finding(rq_host: Host, redis_alone: RedisServer) -> None:
	redis_alone.stop()
	with pytest.raises(QueueUnavailable):
		rq_host.queue.view()
	report = watchdog_report(rq_host)
	[down] = [row for row in report["findings"] if row["check"] == "queue_age"]
	assert (report["status"], down["subject"], down["severity"]) == ("critical", "redis", "critical")
	assert {row["check"] for row in report["unknown"]} >= {"workers", "dead_jobs", "long_jobs"}
