"""Measures collection and report cost on a private MariaDB, and writes benchmarks/RESULTS.md.

Rows are made here: tracebacks with local variables in Frappe's format, about 2.7 KB, 107 bugs, 60 users. The same
number of issues and days at each size, so that only the number of raw rows differs. `--rows` bounds the largest size.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from cryptography.fernet import Fernet

from tests.support.servers import PASSWORD, MariaServer
from verenigingen.core.errors import identify
from verenigingen.host import Host
from verenigingen.host.on_local import open_host
from verenigingen.services.analytics import analyze_error_patterns
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.import_errors import TABLE, ensure_error_log

RESULTS = Path(__file__).with_name("RESULTS.md")
BUGS, USERS, DAYS, FRAMES = 107, 60, 30, 9


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


def fill(host: Host, start: int, stop: int, now: datetime) -> None:
	"""Writes rows start..stop: every bug on every day first, then at random."""
	rng = random.Random(start)
	cells = [(bug, day) for day in range(DAYS) for bug in range(BUGS)]
	for first in range(start, stop, 2_000):
		rows = []
		for index in range(first, min(first + 2_000, stop)):
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


def collector_memory(site: Path) -> tuple[float, float]:
	"""Seconds and peak megabytes of one first collection in a process of its own."""
	code = (
		"import resource, sys, time; from pathlib import Path\n"
		"from verenigingen.host.on_local import open_host\n"
		"from verenigingen.services.monitoring import collect_all\n"
		"host = open_host(Path(sys.argv[1])); began = time.perf_counter(); print(collect_all(host, 36000))\n"
		"print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
	)
	out = subprocess.run(
		[sys.executable, "-c", code, str(site)], check=True, capture_output=True, text=True
	).stdout
	seconds, megabytes = out.split()[-2:]
	return float(seconds), float(megabytes)


def main() -> None:
	"""Runs everything and writes the table."""
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--rows", type=int, default=1_000_000)
	sizes = [10_000, 100_000, parser.parse_args().rows]
	server = MariaServer()
	folder = Path(tempfile.mkdtemp())
	server.execute("CREATE DATABASE bench CHARACTER SET utf8mb4")
	config = {"db_name": "bench", "db_user": "root", "db_password": PASSWORD, "db_port": server.port}
	config |= {
		"monitoring_own_site": True,
		"time_zone": "UTC",
		"encryption_key": Fernet.generate_key().decode(),
	}
	(folder / "site_config.json").write_text(json.dumps(config))
	host = open_host(folder)
	ensure_error_log(host)
	host.store.execute(f"ALTER TABLE `{TABLE}` ENGINE=MyISAM")
	now = host.clock.now().replace(tzinfo=None)
	lines, done, report = [], 0, {}
	for size in sizes:
		fill(host, done, size, now)
		seconds, megabytes = collector_memory(folder)
		rate, fresh = (size - done) / seconds, size - done
		lines.append(f"| collection of {fresh:,} new rows | {rate:,.0f} rows/s, peak {megabytes:.0f} MB |")
		idle = timed(lambda: collect_all(host, 60))
		lines.append(f"| collection with nothing new, {size:,} rows | {idle:.1f} ms |")
		report[size] = timed(lambda: analyze_error_patterns(host, DAYS))
		lines.append(f"| analyze_error_patterns(30) from rollups, {size:,} rows | {report[size]:.1f} ms |")
		if size == sizes[-1]:
			lines.append(
				f"| the same grouping by reading the raw log once, {size:,} rows | {raw_pass(host):,.0f} ms |"
			)
		done = size
	lines.append(
		f"| report cost, {sizes[-1]:,} over {sizes[0]:,} rows | {report[sizes[-1]] / report[sizes[0]]:.2f} x |"
	)
	head = f"Python {platform.python_version()}, {platform.machine()}, MariaDB, one collector process"
	peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
	text = "\n".join(
		[
			"# Results of `make bench`",
			"",
			f"{head}; bench process peak {peak:.0f} MB.",
			"",
			"| what | measured |",
			"|---|---|",
			*lines,
			"",
		]
	)
	RESULTS.write_text(text)
	print(text)
	server.close()


if __name__ == "__main__":
	main()
