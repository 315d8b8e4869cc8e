"""What Frappe's monitor recorded is read once: whatever is rotated, cut off, repeated or killed."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.services.test_measurements import MEMBER, Killed, Site, minute
from verenigingen.collectors import monitor_log, requests
from verenigingen.collectors.measurements import load
from verenigingen.core.sketch import Sketch
from verenigingen.exceptions import SourceAbsent
from verenigingen.host import Host
from verenigingen.host.on_local import open_host
from verenigingen.host.port import RequestHistory


def line(
	when: datetime,
	path: str = "/api/resource/Member/M-1",
	*,
	site: str = "club",
	kind: str = "request",
	**more: Any,
) -> str:
	"""A line as Frappe writes it; `when` is aware."""
	about = {"ip": "10.0.0.1", "method": "GET", "path": path, "response_length": 100, "status_code": 200}
	if kind == "job":
		about = {"method": path, "scheduled": False, "wait": 250_000}
	noted = {
		"duration": 40_000,
		kind: about | more,
		"site": site,
		"timestamp": str(when),
		"transaction_type": kind,
		"uuid": uuid.uuid4().hex,
	}
	return json.dumps(noted, sort_keys=True, separators=(",", ":")) + "\n"


class Logs(Site):
	"""A site with a folder of logs, measured by no hooks of ours."""

	def __init__(self, host: Host, folder: Path) -> None:
		super().__init__(host)
		self.file = folder / "monitor.json.log"
		history = RequestHistory(folder, ("club",), lambda path: path == "/about")
		self.host = replace(self.host, history=history, measurements=None)

	def write(self, *lines: str) -> None:
		with self.file.open("a", encoding="utf-8") as file:
			file.writelines(lines)

	def ago(self, **ago: float) -> datetime:
		return self.host.clock.now() - timedelta(**ago)

	def read(self) -> int:
		return monitor_log.collect(self.host, seconds=60).collected


@pytest.fixture
def logs(host: Host, tmp_path: Path) -> Logs:
	folder = tmp_path / "logs"
	folder.mkdir()
	return Logs(host, folder)


def test_requests_and_jobs_of_this_site_are_counted_once(logs: Logs) -> None:
	logs.write(
		line(logs.ago(hours=3)),
		line(logs.ago(hours=3), "/api/method/club.pay", status_code=500, method="POST"),
		line(logs.ago(hours=3), "/about", status_code=404),
		line(logs.ago(hours=3), site="other club"),
		line(logs.ago(hours=3), "club.dues.collect", kind="job"),
	)
	assert logs.read() == 4
	assert logs.read() == 0
	logs.write(line(logs.ago(hours=2)))
	assert logs.read() == 1
	assert logs.requests("day")["all"] == 4
	sql = (
		"SELECT endpoint, method, requests, client_errors, server_errors, traced, wall_sketch FROM `tabRequest Rollup`"
		" WHERE resolution = 'minute' AND endpoint <> 'all' ORDER BY endpoint, at"
	)
	once = Sketch.of([0.04]).to_text()
	assert [tuple(row) for row in logs.host.store.query(sql)] == [
		("/about", "GET", 1, 1, 0, 0, once),
		("/api/method/club.pay", "POST", 1, 0, 1, 0, once),
		(MEMBER, "GET", 1, 0, 0, 0, once),
		(MEMBER, "GET", 1, 0, 0, 0, once),
	]
	sql = "SELECT job, runs, waited, wait_seconds, run_seconds FROM `tabJob Rollup` WHERE resolution = 'day' ORDER BY job"
	for job, *numbers in logs.host.store.query(sql):
		assert job in ("all", "club.dues.collect")
		assert [float(number) for number in numbers] == [1, 1, 0.25, 0.04]


def test_rotation_and_compression_change_nothing(logs: Logs) -> None:
	logs.write(*(line(logs.ago(hours=5, minutes=n)) for n in range(10)))
	assert logs.read() == 10
	logs.write(line(logs.ago(hours=4)))  # after the last reading, before the rotation
	first = logs.file.with_name("monitor.json.log.1")
	logs.file.rename(first)
	logs.write(line(logs.ago(hours=3)), line(logs.ago(hours=3)))
	assert logs.read() == 3
	with gzip.open(logs.file.with_name("monitor.json.log.2.gz"), "wb") as packed:
		packed.write(first.read_bytes())
	first.unlink()
	shutil.copy(logs.file, first)  # as copytruncate does it
	logs.file.write_text("")
	logs.write(line(logs.ago(hours=1)))
	assert logs.read() == 1
	assert logs.requests("day")["all"] == 14


def test_what_rotation_deleted_is_forgotten_and_what_it_moved_is_not(logs: Logs) -> None:
	logs.write(line(logs.ago(hours=6)))
	oldest, second = logs.file.with_name("monitor.json.log.2"), logs.file.with_name("monitor.json.log.1")
	os.rename(logs.file, oldest)
	logs.write(line(logs.ago(hours=5)))
	os.rename(logs.file, second)
	logs.write(line(logs.ago(hours=4)))
	assert logs.read() == 3 and len(load(logs.host, monitor_log.STATE_KIND).position) == 3
	os.rename(second, oldest)
	os.rename(logs.file, second)
	assert logs.read() == 0 and len(load(logs.host, monitor_log.STATE_KIND).position) == 2
	assert logs.read() == 0


def test_a_line_still_being_written_is_read_when_it_is_complete(logs: Logs) -> None:
	whole = line(logs.ago(hours=1))
	logs.write(whole[:50])
	assert logs.read() == 0
	logs.write(whole[50:])
	assert logs.read() == 1
	half = line(logs.ago(hours=1))
	logs.write(half[:80])
	assert logs.read() == 0
	logs.write(half[80:], line(logs.ago(hours=1)))
	assert logs.read() == 2


def test_the_line_that_a_flush_repeats_counts_once(logs: Logs) -> None:
	one, two = line(logs.ago(hours=1)), line(logs.ago(hours=1))
	logs.write(one, two)
	assert logs.read() == 2
	logs.write(two, line(logs.ago(hours=1)))
	assert logs.read() == 1


def test_killed_in_the_middle_it_goes_on_where_it_stopped(
	logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
	monkeypatch.setattr(monitor_log, "LINES_PER_STEP", 10)
	logs.write(*(line(logs.ago(hours=5, minutes=n % 50)) for n in range(35)))
	saved = []

	def die(*arguments: Any) -> None:
		if arguments[1] is monitor_log.STATE_KIND:
			saved.append(1)
			if len(saved) == 3:
				raise Killed
		save(*arguments)

	save = monitor_log.save
	with monkeypatch.context() as patched:
		patched.setattr(monitor_log, "save", die)
		with pytest.raises(Killed):
			logs.read()
	assert logs.requests("day")["all"] == 20
	assert logs.read() == 15
	assert logs.requests("day")["all"] == 35


def test_what_our_hooks_measured_is_not_read_again(logs: Logs) -> None:
	hooked = minute(logs.host, hours=2)
	logs.request(hooked, seconds=[0.1])
	logs.host = replace(logs.host, measurements=logs.measured)
	requests.collect(logs.host, seconds=60)
	logs.write(line(logs.ago(hours=3)), line(logs.ago(minutes=100)), line(logs.ago(seconds=10)))
	assert logs.read() == 1
	assert logs.requests("day")["all"] == 2
	assert logs.read() == 0


def test_rubbish_and_hostile_lines_are_passed_over(logs: Logs) -> None:
	logs.file.write_bytes(b"\x00\xff\n{}\n[1]\n" + b"x" * 300_000 + b"\n" + b"[" * 50_000 + b"\n")
	logs.write(
		line(logs.ago(hours=1), duration=-5).replace("40000", "-40000"),
		line(logs.ago(hours=-50)),
		line(logs.ago(hours=1), "/jan.jansen@club.nl"),
		line(logs.ago(hours=1), "/api/resource/Piet Jansen/x", method="STEAL"),
	)
	assert logs.read() == 2
	assert set(logs.requests("day")) == {"all", "/{page}", "/api/resource/(unknown)/{name}"}


def test_a_month_is_there_on_the_first_day(logs: Logs) -> None:
	logs.write(*(line(logs.ago(days=days)) for days in range(30, 0, -1)))
	assert logs.read() == 30
	days = logs.rows("day", "at")
	assert len({row[0] for row in days}) == 30
	assert len(logs.rows("hour")) == 60  # with the totals


def test_a_site_without_the_log_says_how_to_have_one(host: Host) -> None:
	with pytest.raises(SourceAbsent, match="monitor to 1"):
		monitor_log.collect(host, seconds=5)


@pytest.mark.parametrize("place", ["beside", "bench", "named"])
def test_stand_alone_the_logs_are_found(tmp_path: Path, place: str) -> None:
	home = tmp_path / "bench" / "sites" / "club"
	home.mkdir(parents=True)
	folder = {"beside": home / "logs", "bench": tmp_path / "bench/logs", "named": tmp_path / "elsewhere"}[
		place
	]
	folder.mkdir()
	(folder / "monitor.json.log.1").write_text("")
	config = {"db_type": "sqlite", "db_name": "x", "monitoring_own_site": True}
	if place == "named":
		config["monitoring_logs"] = str(folder)
	(home / "site_config.json").write_text(json.dumps(config))
	found = open_host(home / "site_config.json").history
	assert found is not None and os.path.samefile(found.folder, folder)
	assert found.sites == ("club", "x")
