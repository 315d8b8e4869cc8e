"""A year of a busy site in MariaDB: how large the rollups are, how long a minute's collection and the dashboard take.

5 million requests a day over 300 endpoints (a few take most of them), by day and night, on a private MariaDB with its
default settings. Rows are written as the retention leaves them after a year: minutes of 2 days, hours of 90, days of 365;
then real minutes, recorded as 8 worker processes would and sent every 5 seconds, are collected by the real collector.
`python -m benchmarks.scale SHARE` takes that share of the days.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import psutil

from tests.conftest import maria_config, write_config
from tests.support.servers import MariaServer
from verenigingen.collectors import requests
from verenigingen.core.rollups import ALL, REQUESTS, row_name
from verenigingen.core.sketch import Sketch, bin_of
from verenigingen.host.measuring import Mark, Recorder
from verenigingen.host.on_local import open_host
from verenigingen.host.port import Host
from verenigingen.services import performance

PER_DAY, ENDPOINTS, PROCESSES, SENDINGS, MINUTES = 5_000_000, 300, 8, 12, 30
KEPT = {
	"minute": (2, timedelta(minutes=1)),
	"hour": (90, timedelta(hours=1)),
	"day": (365, timedelta(days=1)),
}
RANDOM = np.random.default_rng(20)
POPULAR = 1 / np.arange(1, ENDPOINTS + 1) ** 1.1
POPULAR /= POPULAR.sum()
MEDIANS = np.exp(RANDOM.normal(math.log(0.08), 0.9, ENDPOINTS))  # seconds
SPREADS = RANDOM.uniform(0.3, 0.8, ENDPOINTS)


class Waiting:
	"""What waits for the collector."""

	def __init__(self) -> None:
		self.texts: list[str] = []

	def take(self, kind: str) -> tuple[str, int, list[str]]:
		texts, self.texts = self.texts, []
		return uuid4().hex, 0, texts

	def settle(self, kind: str, token: str) -> None:
		"""It is gone already."""

	def configure(self, settings: Mapping[str, float]) -> None:
		"""Nobody asks."""


def route(number: int) -> str:
	"""The name of an endpoint."""
	return f"/api/method/club.module_{number % 17}.method_{number}"


def load(at: datetime) -> float:
	"""Requests a second, which follow the day; five million a day."""
	return PER_DAY / 86_400 * (1 + 0.8 * math.sin((at.hour - 9 + at.minute / 60) * math.pi / 12))


class Bins:
	"""Where the values of an endpoint lie, so that a sketch of thousands needs as many draws as it has bins."""

	def __init__(self) -> None:
		self.places: list[np.ndarray] = []
		self.shares: list[np.ndarray] = []
		for median, spread in zip(MEDIANS, SPREADS, strict=True):
			values = median * np.exp(spread * RANDOM.normal(size=20_000))
			places, counts = np.unique([bin_of(value) for value in values], return_counts=True)
			self.places.append(places)
			self.shares.append(counts / counts.sum())

	def sketch(self, endpoint: int, count: int) -> Sketch:
		"""A sketch of that many values."""
		drawn = RANDOM.multinomial(count, self.shares[endpoint])
		some = drawn > 0
		return Sketch(dict(zip(self.places[endpoint][some].tolist(), drawn[some].tolist(), strict=True)))


def pool(bins: Bins, seconds: float) -> list[list[str]]:
	"""For each hour of the day the lines of one bucket of `seconds`, without name and time; a year draws from them."""
	made = []
	for hour in range(24):
		rate = load(datetime(2026, 1, 1, hour)) if seconds < 86_400 else PER_DAY / 86_400
		counts = RANDOM.poisson(seconds * rate * POPULAR)
		total, lines = Sketch(), []
		for endpoint in np.flatnonzero(counts):
			sketch = bins.sketch(int(endpoint), int(counts[endpoint]))
			total.merge(sketch)
			lines.append(
				line((route(int(endpoint)), "GET"), int(counts[endpoint]), MEDIANS[endpoint], sketch)
			)
		made.append([*lines, line((ALL, ""), int(counts.sum()), 0.1, total)])
	return made


def line(key: tuple[str, str], count: int, mean: float, sketch: Sketch) -> str:
	"""One row, tab-separated, after name, resolution and time: digest of its name, key, values."""
	sums = [
		count,
		count // 50,
		count // 500,
		count * mean,
		count,
		count * mean / 2,
		count * mean / 4,
		9 * count,
	]
	values = [*sums, 30 * count, 3 * count, 4_000 * count, sketch.to_text()]
	digest = row_name("day", datetime(2026, 1, 1), key).partition("-")[2]
	return "\t".join(map(str, (digest, *key, *values)))


def fill(server: MariaServer, database: str, now: datetime, share: float) -> int:
	"""Writes the rows of a year; their number."""
	bins, number = Bins(), 0
	columns = ", ".join(("name", "resolution", "at", "endpoint", "method", *REQUESTS.columns))
	starts = {"minute": now, "hour": now.replace(minute=0), "day": now.replace(hour=0, minute=0)}
	for resolution, (days, span) in KEPT.items():
		lines = pool(bins, span.total_seconds())
		with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
			for past in range(max(1, round(share * days * timedelta(days=1) / span)), 0, -1):
				at = starts[resolution] - past * span
				stamp = row_name(resolution, at, ("",)).partition("-")[0]
				for text in lines[at.hour if resolution != "day" else past % 24]:
					digest, _, rest = text.partition("\t")
					file.write(f"{stamp}-{digest}\t{resolution}\t{at}\t{rest}\n")
					number += 1
			file.flush()
			with server.connect(database, local_infile=True) as connection, connection.cursor() as cursor:
				cursor.execute(
					f"LOAD DATA LOCAL INFILE '{file.name}' INTO TABLE `tabRequest Rollup` ({columns})"
				)
	return number


def minute(at: datetime) -> list[str]:
	"""The batches of one minute, as the processes of a site record and send them."""
	texts: list[str] = []

	def send(batches: Sequence[tuple[str, int, str]], lost: dict[str, int]) -> tuple[int, None]:
		texts.extend(text for _, _, text in batches)
		return 0, None

	moment = at.timestamp()
	for _ in range(PROCESSES):
		recorder = Recorder(send)
		for _ in range(SENDINGS):
			count = RANDOM.poisson(load(at) * 60 / PROCESSES / SENDINGS)
			for endpoint in RANDOM.choice(ENDPOINTS, count, p=POPULAR):
				mark = Mark(recorder, None, None)
				mark.wall -= float(MEDIANS[endpoint] * math.exp(SPREADS[endpoint] * RANDOM.normal()))
				mark.sql_statements, mark.hits = 9, 30
				recorder.request(moment, ("GET", "", route(int(endpoint))), 200, mark, 4_000)
			recorder.flush()
	return texts


def timed(server: MariaServer, work: Any) -> tuple[float, float]:
	"""Seconds that some work takes, and processor time of this process and MariaDB, which a busy machine lengthens less."""
	assert server.process
	maria = psutil.Process(server.process.pid)
	used = sum(maria.cpu_times()[:2]) + time.process_time()
	began = time.perf_counter()
	work()
	took = time.perf_counter() - began
	return took, sum(maria.cpu_times()[:2]) + time.process_time() - used


def sizes(server: MariaServer, database: str) -> list[tuple[str, int, float]]:
	"""(resolution or part, rows, MB) of the table."""
	with server.connect(database) as connection, connection.cursor() as cursor:
		cursor.execute("ANALYZE TABLE `tabRequest Rollup`")
		cursor.fetchall()
		cursor.execute(
			"SELECT data_length, index_length FROM information_schema.tables WHERE table_schema = %s AND table_name = %s",
			(database, "tabRequest Rollup"),
		)
		data, index = cursor.fetchone()
		cursor.execute(
			"SELECT resolution, COUNT(*), AVG(LENGTH(wall_sketch)) FROM `tabRequest Rollup` GROUP BY resolution"
		)
		by = [
			(f"{name}, sketch {float(mean):.0f} bytes on average", count, math.nan)
			for name, count, mean in cursor.fetchall()
		]
	return [*by, ("all: data", 0, data / 1e6), ("all: indexes", 0, index / 1e6)]


def main() -> None:
	"""Prints the tables."""
	share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
	server = MariaServer()
	try:
		with tempfile.TemporaryDirectory() as folder:
			config = maria_config(server, monitoring_own_site=True)
			waiting = Waiting()
			host = replace(open_host(write_config(Path(folder), **config)), measurements=waiting)
			print(f"scale: {PER_DAY:,} requests a day, {ENDPOINTS} endpoints, {share:g} of a year")
			database = str(config["db_name"])
			began = time.perf_counter()
			number = fill(
				server, database, host.clock.now().replace(tzinfo=None, second=0, microsecond=0), share
			)
			print(f"{number:,} rows written in {time.perf_counter() - began:.0f} s")
			report(host, server, database, waiting)
	finally:
		server.close()


def report(host: Host, server: MariaServer, database: str, waiting: Waiting) -> None:
	"""Sizes, collections, queries."""
	print("\n| Request Rollup | rows | MB |\n|---|---|---|")
	for name, count, size in sizes(server, database):
		print(
			f"| {name} | {count or '':,} | {'' if math.isnan(size) else f'{size:.0f}'} |"
			if count
			else f"| {name} | | {size:.0f} |"
		)
	now = host.clock.now()
	took, batches, largest = [], 0, 0
	for number in range(MINUTES):
		waiting.texts = minute(now.replace(hour=15, minute=number))  # the busiest hour of the day
		batches, largest = len(waiting.texts), max(largest, sum(map(len, waiting.texts)))
		took.append(timed(server, lambda: requests.collect(host, seconds=60)))
	busiest = load(now.replace(hour=15, minute=0)) * 60
	walls, used = zip(*took, strict=True)
	print(f"\nload of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
	print(
		f"collection of one of {MINUTES} minutes ({busiest:,.0f} requests in {batches} batches, {largest / 1e3:,.0f} KB):"
		f" median {np.median(walls):.2f} s, longest {max(walls):.2f} s, processor time {np.mean(used):.2f} s"
	)
	print("\n| dashboard | first | median of 19 | longest | processor time |\n|---|---|---|---|---|")
	for hours in (1, 24, 7 * 24, 30 * 24):
		measured = [
			timed(server, lambda hours=hours: performance.performance_metrics(host, hours)) for _ in range(20)
		]
		walls, used = zip(*measured, strict=True)
		print(
			f"| last {hours} hours | {1e3 * walls[0]:.0f} ms | {1e3 * np.median(walls[1:]):.0f} ms"
			f" | {1e3 * max(walls[1:]):.0f} ms | {1e3 * np.mean(used[1:]):.0f} ms |",
			flush=True,
		)


if __name__ == "__main__":
	main()
