"""Exactly once: late rows, odd rows, two collectors, and collectors killed for real."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import maria_config, write_config
from tests.support.servers import MariaServer
from verenigingen.core.model import as_text
from verenigingen.exceptions import DatabaseUnavailable, ReadOnlySite
from verenigingen.host import Host, use_host
from verenigingen.host.on_local import open_host
from verenigingen.services import collection
from verenigingen.services.analytics import analyze_error_patterns
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.import_errors import TABLE, ensure_error_log

TRACEBACK = """Traceback (most recent call last):
  File "apps/club/club/dues.py", line {line}, in collect
    fee = plan["annual_fee"]
KeyError: 'annual_fee'"""


def now_of(host: Host) -> datetime:
	return host.clock.now().replace(tzinfo=None)


def add_rows(host: Host, names: list[str], when: object = None, **values: object) -> None:
	moment = now_of(host) if when is None else when
	base = {"method": "dues", "owner": "p.jansen@vereniging.example", "creation": moment, "modified": moment}
	rows = [
		{"name": name, **base, "error": TRACEBACK.format(line=index), **values}
		for index, name in enumerate(names)
	]
	host.store.insert(TABLE, rows)


def collect(host: Host) -> int:
	results = collect_all(host, 300)
	assert {result["error"] for result in results} == {None}
	return sum(result["collected"] for result in results)


def counts(host: Host) -> tuple[int, int, int]:
	"""Rows in the ledger, events in issues, events in days: all three must be the rows of the log."""
	ledger = host.store.query("SELECT SUM(row_count) FROM `tabCollection Ledger`")[0][0]
	issues = host.store.query("SELECT COALESCE(SUM(event_count), 0) FROM `tabError Issue`")[0][0]
	days = host.store.query("SELECT COALESCE(SUM(event_count), 0) FROM `tabError Issue Day`")[0][0]
	return int(ledger), int(issues), int(days)


def test_rows_are_counted_once_however_late_and_with_equal_times(host: Host) -> None:
	same = now_of(host) - timedelta(hours=3)
	add_rows(host, [f"a{i}" for i in range(50)], same)
	assert collect(host) == 50
	assert collect(host) == 0
	add_rows(host, ["late-1", "late-2"], same - timedelta(days=9))
	add_rows(host, ["equal"], same)
	assert collect(host) == 3
	assert counts(host) == (53, 53, 53)


def test_deleting_and_late_inserting_the_same_number_is_found_by_the_hourly_walk(
	host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
	past = now_of(host) - timedelta(days=2)
	add_rows(host, ["x", "y"], past)
	collect(host)
	host.store.execute(f"DELETE FROM `{TABLE}` WHERE name = %s", ("x",))
	add_rows(host, ["hidden"], past)
	assert collect(host) == 0  # the quick pass cannot see it
	monkeypatch.setattr(collection, "RECONCILE_EVERY", timedelta(0))
	assert collect(host) == 1
	assert counts(host) == (3, 3, 3)


ODD = {
	"null": {"error": None, "method": None},
	"empty": {"error": "", "method": ""},
	"huge": {"error": "x" * 10_000_000},
	"nul": {"error": "a\x00b"},
	"html": {"error": "<script>alert(1)</script>", "method": "<img src=x onerror=alert(1)>"},
	"surrogate": {"error": "bad \ud800 text"},
	"future": {"creation": datetime(2199, 1, 1), "modified": datetime(2199, 1, 1)},
	"no time": {"creation": None, "modified": None},
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_rows_are_collected_counted_and_harmless(host: Host, kind: str) -> None:
	if kind == "huge" and getattr(host.store, "dialect", "") == "mariadb":
		host.store.execute("SET GLOBAL max_allowed_packet = 67108864")
		host.store._local.connection = None  # type: ignore[attr-defined]  # the limit is read at connect
	add_rows(host, [f"odd {kind}"], **ODD[kind])
	assert collect(host) == 1
	result = analyze_error_patterns(host, 7)
	assert result["total_errors"] == 1
	assert collect(host) == 0


def test_invalid_utf8_in_a_sqlite_log_is_read(tmp_path: Path) -> None:
	host = open_host(write_config(tmp_path, db_type="sqlite", db_name="s", monitoring_own_site=True))
	ensure_error_log(host)
	add_rows(host, ["bytes"])
	host.store.execute(f"UPDATE `{TABLE}` SET error = CAST(x'ff00fe41' AS TEXT)")
	assert collect(host) == 1


def test_zero_dates_of_mariadb_are_counted_now(mariadb: MariaServer, tmp_path: Path) -> None:
	host = open_host(write_config(tmp_path, **maria_config(mariadb, monitoring_own_site=True)))
	ensure_error_log(host)
	add_rows(host, ["zero"])
	host.store.execute("SET SESSION sql_mode = ''")
	host.store.execute(f"UPDATE `{TABLE}` SET creation = '0000-00-00', modified = '0000-00-00'")
	assert collect(host) == 1
	assert analyze_error_patterns(host, 1)["total_errors"] == 1


def start_collector(site: Path) -> subprocess.Popen[bytes]:
	command = [sys.executable, "-m", "verenigingen.standalone", "--site", str(site), "collect"]
	return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_collectors_killed_at_any_moment_and_racing_lose_and_double_nothing(site: Path, host: Host) -> None:
	rows, rng = 12_000, random.Random(7)
	for start in range(0, rows, 2_000):
		past = now_of(host) - timedelta(days=1)
		add_rows(host, [f"k{start + i}" for i in range(2_000)], past)
	for _ in range(12):
		pair = [start_collector(site), start_collector(site)]
		time.sleep(rng.uniform(0.3, 1.4))
		for process in pair:
			if process.poll() is None:
				os.kill(process.pid, signal.SIGKILL)
			process.wait()
	collect(host)
	assert counts(host) == (rows, rows, rows)


def test_a_database_that_goes_down_says_so_and_nothing_is_lost(mariadb: MariaServer, tmp_path: Path) -> None:
	path = write_config(tmp_path, **maria_config(mariadb, monitoring_own_site=True))
	host = open_host(path)
	ensure_error_log(host)
	add_rows(host, ["before"])
	collect(host)
	add_rows(host, ["during"])
	mariadb.stop()
	with pytest.raises(DatabaseUnavailable, match=r"MariaDB at 127\.0\.0\.1"):
		collect_all(host, 10)
	with pytest.raises(DatabaseUnavailable, match="Is it running"):
		open_host(path)
	mariadb.start()
	assert collect(host) == 1
	assert counts(host) == (2, 2, 2)


def test_an_audited_site_is_never_written_to(mariadb: MariaServer, tmp_path: Path) -> None:
	config = maria_config(mariadb)
	own_folder = tmp_path / "own"
	own_folder.mkdir()
	owner = open_host(write_config(own_folder, **config, monitoring_own_site=True))
	ensure_error_log(owner)
	add_rows(owner, ["a", "b", "c"])
	for table in owner.store.query("SHOW TABLES"):
		if table[0] != TABLE:
			owner.store.execute(f"DROP TABLE `{table[0]}`")
	mariadb.execute("CREATE OR REPLACE USER auditor@localhost IDENTIFIED BY 'look'")
	mariadb.execute(f"GRANT SELECT ON {config['db_name']}.* TO auditor@localhost")
	mariadb.execute("SET GLOBAL log_output = 'TABLE'")
	mariadb.execute("TRUNCATE mysql.general_log")
	mariadb.execute("SET GLOBAL general_log = 1")
	path = write_config(tmp_path, **{**config, "db_user": "auditor", "db_password": "look"})
	audit = open_host(path, store=tmp_path / "store.db")
	with use_host(audit):
		assert collect(audit) == 3
		assert analyze_error_patterns(audit, 7)["total_errors"] == 3
	with pytest.raises(ReadOnlySite):
		ensure_error_log(audit)
	mariadb.execute("SET GLOBAL general_log = 0")
	with mariadb.connect() as connection, connection.cursor() as cursor:
		cursor.execute(
			"SELECT argument FROM mysql.general_log WHERE user_host LIKE 'auditor%' AND command_type = 'Query'"
		)
		verbs = {as_text(row[0]).split()[0].upper() for row in cursor.fetchall()}
	assert verbs == {"SELECT", "SET", "SHOW"}  # of which SET is of the session alone
	assert audit.db.query("SHOW TABLES") == [(TABLE,)]
