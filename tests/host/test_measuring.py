"""What a process measures: nothing lost, nothing counted twice, bounded whatever happens, and nobody waits."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from verenigingen.core.rollups import JOBS, REQUESTS, STATEMENTS, Measured
from verenigingen.core.sketch import Sketch
from verenigingen.host import measuring, sampling
from verenigingen.host.measuring import Mark, Recorder, Senders
from verenigingen.host.sampling import Sample

NOW = 1_800_000_000.0
PING = ("GET", "", "/api/method/frappe.ping")


class Redis:
	"""What arrives; can be down."""

	def __init__(self) -> None:
		self.entries: dict[str, list[Any]] = {"requests": [], "jobs": [], "statements": []}
		self.lost: dict[str, int] = {}
		self.down, self.calls, self.waiting = False, 0, 0
		self.settings: dict[str, float] | None = None

	def send(
		self, batches: Sequence[tuple[str, int, str]], lost: dict[str, int]
	) -> tuple[int, dict[str, float] | None]:
		self.calls += 1
		if self.down:
			raise OSError("down")
		for kind, _, text in batches:
			self.entries[kind] += json.loads(text)
		for kind, count in lost.items():
			self.lost[kind] = self.lost.get(kind, 0) + count
		return self.waiting, self.settings

	def requests(self) -> int:
		return sum(entry[4] for entry in self.entries["requests"])


@pytest.fixture
def redis() -> Redis:
	return Redis()


@pytest.fixture
def recorder(redis: Redis) -> Recorder:
	return Recorder(redis.send)


def request(
	recorder: Recorder, *, at: float = NOW, label: tuple[str, str, str] = PING, status: int = 200
) -> None:
	mark = Mark(recorder, None, None)
	mark.sql_statements, mark.sql_seconds, mark.hits, mark.misses = 3, 0.25, 2, 1
	mark.wall -= 0.5
	recorder.request(at, label, status, mark, 100)


def test_a_flush_sends_everything_in_one_go_as_collectors_read_it(recorder: Recorder, redis: Redis) -> None:
	for status in (200, 404, 500, 0):
		request(recorder, status=status)
	request(recorder, at=NOW + 60, label=("POST", "Member", "/api/resource/{doctype}"))
	mark = Mark(recorder, None, None)
	recorder.job(NOW, ("club.dues", "long"), True, mark, 0.125)
	recorder.job(NOW, ("club.dues", "long"), False, mark, None)
	recorder.flush()
	assert redis.calls == 1
	first, second = redis.entries["requests"]
	assert first[:4] == [int(NOW // 60), *PING] and second[0] == int(NOW // 60) + 1
	measured = Measured.read(REQUESTS, first[4:])
	assert measured.sums[:3] == [4, 1, 2]
	assert measured.sums[6:] == [1.0, 12, 8, 4, 400]
	assert measured.sums[3] == pytest.approx(2, abs=0.5)
	assert measured.sketches[0].count == 4
	assert measured.sketches[0].quantile(0.5) == pytest.approx(0.5, rel=0.2)
	[[minute, job, queue, *values]] = redis.entries["jobs"]
	told = Measured.read(JOBS, values)
	assert (minute, job, queue) == (int(NOW // 60), "club.dues", "long")
	assert told.sums[:4] == [2, 1, 1, 0.125]
	assert [sketch.count for sketch in told.sketches] == [1, 2]


def test_nothing_is_sent_when_nothing_happened(recorder: Recorder, redis: Redis) -> None:
	recorder.flush()
	request(recorder)
	recorder.flush()
	recorder.flush()
	assert redis.calls == 1


def test_a_redis_that_was_down_gets_all_that_had_room_and_the_number_of_the_rest(
	recorder: Recorder, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
	monkeypatch.setattr(measuring, "MOST_PENDING", 3)
	redis.down = True
	for minute in range(10):
		request(recorder, at=NOW + 60 * minute)
		recorder.flush()
	recorder.lose("requests")
	redis.down = False
	recorder.flush()
	assert redis.requests() == 3
	assert redis.lost == {"requests": 8}
	recorder.flush()
	assert redis.lost == {"requests": 8}


def test_what_waits_is_bounded_and_counted(
	recorder: Recorder, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
	monkeypatch.setattr(measuring, "MOST_LABELS", 5)
	monkeypatch.setattr(measuring, "MOST_CELLS", 8)
	for number in range(20):
		request(recorder, label=("GET", "", f"/api/method/m{number}"))
	for minute in range(1, 10):
		request(recorder, at=NOW + 60 * minute)
	recorder.flush()
	assert len(redis.entries["requests"]) <= 9
	assert redis.requests() + redis.lost["requests"] == 29
	assert [entry[4] for entry in redis.entries["requests"] if entry[3] == "other"] == [15]


def test_large_flushes_are_several_batches_in_one_go(recorder: Recorder, redis: Redis) -> None:
	sent: list[int] = []

	def send(batches: Sequence[tuple[str, int, str]], lost: dict[str, int]) -> tuple[int, None]:
		sent.extend(len(text) for _, _, text in batches)
		redis.send(batches, lost)
		return 0, None

	recorder = Recorder(send)
	for number in range(400):
		request(recorder, label=("GET", "", f"/api/method/{'m' * 90}{number}"))
	recorder.flush()
	assert len(sent) > 1 and max(sent) <= measuring.BATCH_LENGTH + 2
	assert redis.requests() == 400 and redis.calls == 1


def test_threads_lose_nothing(recorder: Recorder, redis: Redis) -> None:
	def work() -> None:
		for _ in range(500):
			request(recorder)

	threads = [threading.Thread(target=work) for _ in range(6)]
	for thread in threads:
		thread.start()
	while any(thread.is_alive() for thread in threads):
		recorder.flush()
	recorder.flush()
	assert redis.requests() == 3_000


def test_a_request_does_not_wait_for_a_redis_that_hangs(redis: Redis) -> None:
	release = threading.Event()

	def send(batches: Sequence[tuple[str, int, str]], lost: dict[str, int]) -> tuple[int, None]:
		release.wait(30)
		return redis.send(batches, lost)[0], None

	recorder = Recorder(send)
	request(recorder)
	hanging = threading.Thread(target=recorder.flush)
	hanging.start()
	for _ in range(100):
		request(recorder)  # would never come back
	release.set()
	hanging.join()
	recorder.flush()
	assert redis.requests() == 101


def test_collectors_that_do_not_keep_up_are_sent_less_often(recorder: Recorder, redis: Redis) -> None:
	redis.waiting = 900
	request(recorder)
	recorder.flush()
	recorder.sent = time.monotonic() - 2 * measuring.FLUSH_SECONDS
	assert not recorder.due
	redis.waiting = 0
	request(recorder)
	recorder.flush()
	recorder.sent = time.monotonic() - 2 * measuring.FLUSH_SECONDS
	assert recorder.due


def test_settings_come_back_with_a_flush(recorder: Recorder, redis: Redis) -> None:
	redis.settings = {"sql_sample_rate": 0.5, "unknown": 3}
	request(recorder)
	recorder.flush()
	assert recorder.settings == {"sql_sample_rate": 0.5, "repeat_threshold": 10}


def test_a_thread_sends_and_a_forked_child_begins_anew(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
	monkeypatch.setattr(measuring, "FLUSH_SECONDS", 0.05)
	senders = Senders()
	recorder = senders.recorder("club", lambda: Recorder(redis.send))
	assert senders.recorder("club", lambda: Recorder(redis.send)) is recorder
	request(recorder)
	for _ in range(200):
		if redis.requests():
			break
		time.sleep(0.05)
	assert redis.requests() == 1
	request(recorder)
	child = os.fork()
	if not child:
		os._exit(0 if not senders.recorders else 1)
	assert os.waitpid(child, 0)[1] == 0
	senders.flush_all()
	assert redis.requests() == 2


def ask(sample: Sample, sql: str, seconds: float = 0.001, rows: int = 1) -> None:
	def sql_function() -> None:  # stands for the wrapper on the connection, which calls note
		sample.note(sql, None, seconds, rows)

	sql_function()


def test_statements_of_a_sample_are_summed_without_values(recorder: Recorder, redis: Redis) -> None:
	sample = Sample(frozenset({"tests"}))
	sample.label = "GET /app"
	for number in range(12):
		ask(sample, f"select a from `tabMember` where name = 'Jan {number}'", 0.002, 3)
	ask(sample, "select b from `tabMember` limit 5", 0.5)
	sample.plans["select b from `tabMember` limit 5"] = "every row of tabMember (9)"
	recorder.sampled(sample)
	recorder.flush()
	assert "Jan" not in json.dumps(redis.entries)
	by_text = {entry[11]: Measured.read(STATEMENTS, entry[3:]) for entry in redis.entries["statements"]}
	many = by_text["select a from `tabMember` where name = ?"]
	assert many.sums == pytest.approx([1, 12, 0.024, 36, 1, 12])
	assert many.highest == [0.002, 12]
	once = by_text["select b from `tabMember` limit ?"]
	assert once.sums == pytest.approx([1, 1, 0.5, 1, 0, 0])
	assert once.texts == ["select b from `tabMember` limit ?", "GET /app", "every row of tabMember (9)"]
	assert once.sketches[0] == Sketch.of([0.5])
	callers = {entry[2] for entry in redis.entries["statements"]}
	assert all(caller.startswith("tests/host/test_measuring.py:") for caller in callers)
	assert len(callers) == 1  # one line in `ask` asks them all


@pytest.mark.parametrize(
	("module", "file", "wanted"),
	[
		("club.dues.collect", "/b/apps/club/club/dues/collect.py", "club/dues/collect.py"),
		("frappe.database.mariadb.database", "/x.py", ""),
		("frappe.databases", "/x.py", "frappe/databases.py"),
		("frappe", "/x.py", ""),
		("frappe.desk.reportview", "/x.py", "frappe/desk/reportview.py"),
		("verenigingen.host.frappe_measure", "/x.py", ""),
		("", "<serverscript>: send_mail", "<serverscript>/send_mail"),
	],
)
def test_places(module: str, file: str, wanted: str) -> None:
	assert sampling._place(module, file) == wanted


def test_a_sample_is_bounded(recorder: Recorder, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
	monkeypatch.setattr(sampling, "MOST_STATEMENTS", 20)
	monkeypatch.setattr(sampling, "MOST_CELLS", 10)
	monkeypatch.setattr(measuring, "MOST_SAMPLES", 2)
	for _ in range(3):
		sample = Sample(frozenset({"tests"}))
		for number in range(50):
			ask(sample, f"select a{number} from b")
		assert (len(sample.raw), sample.dropped) == (20, 30)
		recorder.sampled(sample)
	recorder.flush()
	assert len(redis.entries["statements"]) == 10
	assert redis.lost == {"statements": 1}
