"""What is due when, what a failure leaves for the next minute, and what `check` says."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import maria_config, write_config
from tests.host.conftest import run_program
from tests.services.test_collection import add_rows, counts
from tests.support.servers import MariaServer, RedisServer, free_port
from verenigingen import hooks
from verenigingen.exceptions import BadArgument, ConfigurationError, DatabaseUnavailable
from verenigingen.host import Host
from verenigingen.host.on_local import open_host
from verenigingen.standalone import work
from verenigingen.standalone.import_errors import ensure_error_log
from verenigingen.standalone.work import Agenda, due, run_due, run_job

EVENTS = {
	"cron": {"* * * * *": ["minute"], "30 3 * * *": ["night"]},
	"hourly": ["hour"],
	"daily_long": ["day"],
	"weekly": ["week"],
	"monthly_maintenance": ["month"],
}
SUNDAY = datetime(2026, 11, 1)  # and the first of a month


@pytest.mark.parametrize(
	("until", "minutes", "expected"),
	[
		(SUNDAY.replace(hour=10, minute=5, second=20), 1, ["minute"]),
		(SUNDAY.replace(hour=3, minute=30), 1, ["minute", "night"]),
		(SUNDAY.replace(hour=3, minute=31), 1, ["minute"]),
		(
			SUNDAY.replace(hour=3, minute=40),
			15,
			["minute", "night"],
		),  # a long job does not make others be missed
		(SUNDAY.replace(hour=4, second=1), 1, ["minute", "hour"]),
		(SUNDAY, 1, ["minute", "hour", "day", "week", "month"]),
		(SUNDAY + timedelta(days=1), 1, ["minute", "hour", "day"]),
	],
)
def test_what_is_due(until: datetime, minutes: int, expected: list[str]) -> None:
	assert due(EVENTS, until - timedelta(minutes=minutes), until) == expected


@pytest.mark.parametrize("events", [{"sometimes": ["x"]}, {"cron": {"* * *": ["x"]}}])
def test_an_unknown_frequency_is_named(events: dict[str, object]) -> None:
	with pytest.raises(ConfigurationError, match=r"sometimes|\* \* \*"):
		due(events, SUNDAY, SUNDAY + timedelta(minutes=1))


def test_our_own_events_are_understood() -> None:
	assert due(hooks.scheduler_events, SUNDAY - timedelta(days=40), SUNDAY)


def test_each_minute_is_taken_once_and_the_end_of_summer_time_stops_nothing() -> None:
	agenda = Agenda({"cron": {"* * * * *": ["minute"]}}, SUNDAY)
	times = [SUNDAY.replace(hour=2, minute=59, second=s) for s in (10, 50)]
	assert [agenda.take(now) for now in times] == [["minute"], []]
	assert agenda.take(SUNDAY.replace(hour=2, minute=0, second=10)) == ["minute"]
	assert agenda.take(SUNDAY.replace(hour=2, minute=1)) == ["minute"]


def test_what_is_down_is_tried_again_and_a_mistake_is_not(
	host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
	now = host.clock.now().replace(tzinfo=None)
	events = {"yearly": ["down", "wrong", "fine"]}
	ran: list[str] = []

	class Queue:
		def enqueue(self, method: str, *, job_id: str, timeout: int, **kwargs: object) -> str:
			ran.append(method)
			if method == "down":
				raise DatabaseUnavailable("MariaDB is away.")
			if method == "wrong":
				raise ZeroDivisionError
			return job_id

	object.__setattr__(host, "queue", Queue())
	agenda = Agenda(events, now - timedelta(days=366))
	assert run_due(host, agenda).failed == ["down", "wrong"]
	assert ran == ["down", "wrong", "fine"]
	assert [bool(record.exc_info) for record in caplog.records] == [False, True]
	assert run_due(host, agenda).failed == ["down"]


def test_a_job_opens_the_site_that_it_names(site: Path, host: Host) -> None:
	add_rows(host, ["a"])
	run_job(str(site), "verenigingen.services.monitoring.collect_now", {})
	assert counts(host) == (1, 1, 1)
	with pytest.raises(BadArgument, match="only functions of verenigingen"):
		run_job(str(site), "os.getcwd", {})


def test_work_once_counts_what_is_there(site: Path, host: Host) -> None:
	add_rows(host, ["a", "b"])
	assert run_program(site, "work", "--once")[0] == 0
	assert counts(host) == (2, 2, 2)
	assert work.work_once(site) == []


def checked(site: Path, *options: str) -> tuple[int, dict[str, str]]:
	"""Exit code of `check`, and its lines by name."""
	code, said = run_program(site, *options, "check")
	lines = [line for line in said.splitlines() if line.startswith(("ok", "absent", "BROKEN"))]
	return code, {line[7:].partition(":")[0]: line for line in lines}


def test_check_of_a_site_in_order(mariadb: MariaServer, redis_server: RedisServer, tmp_path: Path) -> None:
	url = redis_server.url
	values = maria_config(mariadb, monitoring_own_site=True, redis_cache=url, redis_queue=url)
	path = write_config(tmp_path, **values)
	ensure_error_log(open_host(path))
	code, lines = checked(path)
	assert code == 0
	assert "our own" in lines["site"]
	assert lines["database"].startswith("ok     database: MariaDB 1")
	assert lines["error log"].endswith("0 rows")
	assert f"at 127.0.0.1:{redis_server.port}" in lines["cache"]
	assert "no worker alive" in lines["queue"]
	assert lines["encryption key"].startswith("ok")
	assert "Europe/Amsterdam" in lines["time zone"]
	assert "Sales Invoice: not installed" in lines["ERPNext"]


def test_check_shows_what_is_broken_beside_what_is_not(
	redis_server: RedisServer, mariadb: MariaServer, tmp_path: Path
) -> None:
	values = maria_config(mariadb, monitoring_own_site=True) | {"db_port": free_port()}
	url = f"redis://127.0.0.1:{free_port()}"
	path = write_config(
		tmp_path, **values, redis_cache=redis_server.url, redis_queue=url, encryption_key="short"
	)
	code, lines = checked(path)
	assert code == 1
	states = {name: line.split()[0] for name, line in lines.items() if name != "front end"}
	assert states == {
		"site": "ok",
		"database": "BROKEN",
		"opening the site": "BROKEN",
		"cache": "ok",
		"queue": "BROKEN",
		"encryption key": "BROKEN",
	}


def test_check_of_an_audited_site(mariadb: MariaServer, tmp_path: Path) -> None:
	path = write_config(tmp_path, **maria_config(mariadb), redis_cache="redis://127.0.0.1:1")
	code, lines = checked(path, "--store", str(tmp_path / "store.db"))
	assert code == 1  # there is no Error Log: not a Frappe site
	assert "audited: only read" in lines["site"]
	assert lines["database"].endswith("opened read-only")
	assert lines["error log"].startswith("BROKEN")
	assert "in the memory of this process; the Redis of an audited site is left alone" in lines["cache"]
