"""Measures collection and report cost on a private MariaDB.

Rows are made here: tracebacks with local variables in Frappe's format, about 3.2 KB, 107 bugs, 60 users. The same
number of issues and days at each size, so that only the number of raw rows differs. `--rows` bounds the largest size.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from cryptography.fernet import Fernet

from tests.support.servers import PASSWORD, MariaServer
from verenigingen.core.errors import identify
from verenigingen.core.errors.survey import forget
from verenigingen.host import Host
from verenigingen.host.on_local import open_host
from verenigingen.services.analytics import analyze_error_patterns
from verenigingen.services.hotspots import identify_error_hotspots
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.import_errors import TABLE, ensure_error_log

BUGS, USERS, DAYS, FRAMES = 107, 60, 30, 9
MADE = 100_000


def traceback(bug: int, rng: random.Random) -> str:
	"""One occurrence of a bug: same code, other lines and locals."""
	lines = ["Traceback with variables (most recent call last):"]
	for depth in range(FRAMES):
		app, module = ("frappe", f"handler{depth}") if depth < 6 else ("club", f"module{bug % 11}")
		lines += [
			f'  File "apps/{app}/{app}/{module}.py", line {rng.randint(1, 900)}, in step_{depth}_{bug}',
			f"    value = compute_{bug}(member, plan)",
		]
		lines += [f"      local_{n} = 'MEM-{rng.randint(0, 99999):05d} of {rng.random()}'" for n in range(5)]
	return "\n".join([*lines, f"builtins.KeyError: 'MEM-{rng.randint(0, 99999):05d}'"])


def fill(host: Host, size: int) -> None:
	"""Writes `size` rows: every bug on every day first, then at random; beyond MADE they are copies under other names."""
	_make(host, min(size, MADE))
	columns = "creation, modified, owner, method, error"
	for copy in range(1, -(-size // MADE)):
		rest = min(MADE, size - copy * MADE)
		host.store.execute(
			f"INSERT INTO `{TABLE}` (name, {columns}) SELECT CONCAT(name, %s), {columns} FROM `{TABLE}`"
			f" WHERE name NOT LIKE '%%-%%' LIMIT {rest}",
			(f"-{copy}",),
		)


def _make(host: Host, size: int) -> None:
	rng, now = random.Random(size), host.clock.now().replace(tzinfo=None)
	cells = [(bug, day) for day in range(DAYS) for bug in range(BUGS)]
	for first in range(0, size, 2_000):
		rows = []
		for index in range(first, min(first + 2_000, size)):
			bug, day = cells[index] if index < len(cells) else (rng.randrange(BUGS), rng.randrange(DAYS))
			when = now - timedelta(days=day, seconds=rng.randrange(3_600))
			rows.append(
				{
					"name": f"r{rng.getrandbits(40):010x}{index}",
					"creation": when,
					"modified": when,
					"owner": f"user{rng.randrange(USERS)}@example.org",
					"method": "KeyError",
					"error": traceback(bug, rng),
				}
			)
		host.store.insert(TABLE, rows)


def timed(work: object, times: int = 7) -> float:
	"""Median milliseconds of a call, after one to warm up."""
	work()  # type: ignore[operator]
	spent = []
	for _ in range(times):
		began = time.perf_counter()
		work()  # type: ignore[operator]
		spent.append((time.perf_counter() - began) * 1e3)
	return median(spent)


def _as_a_new_process(host: Host) -> None:
	forget()
	analyze_error_patterns(host, DAYS)


def raw_pass(host: Host) -> float:
	"""Milliseconds of the same grouping and counting read from the raw log in one pass."""
	began = time.perf_counter()
	seen: dict[tuple[str, object], int] = {}
	last = ""
	while rows := host.db.query(
		f"SELECT name, creation, method, error FROM `{TABLE}` WHERE name > %s ORDER BY name LIMIT 5000",
		(last,),
	):
		for _, when, title, text in rows:
			cell = (identify(title, text).fingerprint, when.date())
			seen[cell] = seen.get(cell, 0) + 1
		last = rows[-1][0]
	return (time.perf_counter() - began) * 1e3


COLLECT = """
import os, resource, sys, time
from pathlib import Path
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from verenigingen.host.on_local import open_host
from verenigingen.services.monitoring import collect_all
host = open_host(Path(sys.argv[1]))
began, cpu = time.perf_counter(), time.process_time()
results = collect_all(host, 36000)
assert {result["error"] for result in results} == {None}, results
spent, cpu = time.perf_counter() - began, time.process_time() - cpu
print(sum(result["collected"] for result in results), spent, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def collection(site: Path, expected: int) -> str:
	"""One first collection in a process of its own, kept on one core; the server is free to use the others."""
	out = subprocess.run(
		[sys.executable, "-c", COLLECT, str(site)], check=True, capture_output=True, text=True
	).stdout
	rows, seconds, cpu, megabytes = (float(part) for part in out.split())
	if rows != expected:
		raise RuntimeError(f"{expected} rows were to be collected, not {rows:.0f}")
	own = rows / cpu
	return (
		f"{rows / seconds:,.0f} rows/s ({own:,.0f} by the collector's own CPU time), peak {megabytes:.0f} MB"
	)


def make_site(server: MariaServer, size: int) -> tuple[Path, Host]:
	"""A site of our own whose Error Log holds `size` rows, in Frappe's storage engine for it."""
	folder, name = Path(tempfile.mkdtemp(prefix="verenigingen-bench-")), f"bench_{size}"
	server.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
	config = {
		"db_name": name,
		"db_user": "root",
		"db_password": PASSWORD,
		"db_port": server.port,
		"monitoring_own_site": True,
		"time_zone": "UTC",
		"encryption_key": Fernet.generate_key().decode(),
	}
	(folder / "site_config.json").write_text(json.dumps(config))
	host = open_host(folder)
	ensure_error_log(host)
	host.store.execute(f"ALTER TABLE `{TABLE}` ENGINE=MyISAM")
	fill(host, size)
	return folder, host


def measure(server: MariaServer, size: int, *, raw: bool) -> tuple[list[str], float]:
	"""The lines of one size, and the milliseconds of its report."""
	folder, host = make_site(server, size)
	first = collection(folder, size)
	idle = timed(lambda: collect_all(host, 60))
	report = timed(lambda: analyze_error_patterns(host, DAYS))
	cold = timed(lambda: _as_a_new_process(host))
	hotspots = timed(lambda: identify_error_hotspots(host, 7))
	lines = [
		f"| first collection of {size:,} rows | {first} |",
		f"| collection with nothing new, {size:,} rows | {idle:.1f} ms |",
		f"| `analyze_error_patterns(30)` from rollups, {size:,} rows | {report:.1f} ms |",
		f"| the same as the first one of a process, {size:,} rows | {cold:.1f} ms |",
		f"| `identify_error_hotspots(7)` from rollups, {size:,} rows | {hotspots:.1f} ms |",
	]
	if raw:
		lines.append(
			f"| the same counts by reading the raw log once, {size:,} rows | {raw_pass(host):,.0f} ms |"
		)
	shutil.rmtree(folder)
	return lines, report


def main() -> None:
	"""Runs everything and writes the table."""
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--rows", type=int, default=1_000_000, help="the largest size (default 1,000,000)")
	sizes = sorted({10_000, 100_000, parser.parse_args().rows})
	server = MariaServer()
	lines, reports = [], []
	for size in sizes:
		print(f"{size:,} rows …", flush=True)
		measured, report = measure(server, size, raw=size == sizes[-1])
		lines += measured
		reports.append(report)
	server.close()
	ratio = f"| report cost, {sizes[-1]:,} over {sizes[0]:,} rows | {reports[-1] / reports[0]:.2f} x |"
	head = (
		f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, MariaDB; one collector"
		" process on one core."
	)
	print("\n".join([head, "", "| what | measured |", "|---|---|", *lines, ratio]))


if __name__ == "__main__":
	main()
