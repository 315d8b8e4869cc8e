"""What measuring costs a real bench: the same gunicorn worker with and without our hooks on requests, turn by turn.

Frappe reads the list of hooks from Redis with each request, so one running worker serves both sides: before each turn the
list is written with or without ours. Turns go off-on-on-off, so that a machine which gets slower burdens both sides.
Throughput is what `wrk` counts; other programs on the machine disturb it, so that a second table tells the processor time
of the same requests in one process, asked in pairs without a network.

Needs a bench with the app on one of its sites, and wrk (Debian package wrk): FRAPPE_BENCH, FRAPPE_SITE.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import psutil
import redis

HERE = Path(__file__).resolve().parents[1]
BENCH = Path(os.environ.get("FRAPPE_BENCH", Path.home() / "frappe-bench"))
SITE = os.environ.get("FRAPPE_SITE", "test_site")
PYTHON, ENVIRONMENT = BENCH / "env/bin/python", {**os.environ, "PYTHONPATH": str(HERE)}
ROUNDS, SECONDS, CONNECTIONS = 12, 4, 4
PAIRS = 600
PATHS = {
	"ping (the cheapest there is)": "/api/method/frappe.ping",
	"page /about": "/about",
	"page /login": "/login",
}
# Both lists of hooks as Frappe would cache them, and the key it caches them under.
LISTS = """
import frappe, json, os, pickle, sys
os.chdir(sys.argv[2]); frappe.init(site=sys.argv[1], sites_path="."); frappe.connect()
hooks = frappe._load_app_hooks()
ours = "verenigingen.host.frappe_measure."
failures = "verenigingen.host.frappe_hooks.after_request"  # what an installation without measuring has
off = dict(hooks, before_request=[p for p in hooks["before_request"] if not p.startswith(ours)],
	after_request=[failures if p.startswith(ours) else p for p in hooks["after_request"]])
key = frappe.cache.make_key("app_hooks")
print(json.dumps([key.decode(), pickle.dumps(hooks).hex(), pickle.dumps(off).hex(), frappe.conf.redis_cache]))
"""


class Bench:
	"""A gunicorn worker of the bench, and the switch."""

	def __init__(self) -> None:
		key, on, off, url = json.loads(self.python("-c", LISTS, SITE, BENCH / "sites"))
		self.key, self.lists = key, {"on": bytes.fromhex(on), "off": bytes.fromhex(off)}
		self.cache = redis.Redis.from_url(url)
		with socket.socket() as probe:
			probe.bind(("127.0.0.1", 0))
			self.port = probe.getsockname()[1]
		gunicorn = [
			PYTHON,
			"-m",
			"gunicorn",
			"-b",
			f"127.0.0.1:{self.port}",
			"-w",
			"1",
			"frappe.app:application",
		]
		self.process = subprocess.Popen(
			gunicorn,
			cwd=BENCH / "sites",
			env=ENVIRONMENT,
			stdout=subprocess.DEVNULL,
			stderr=subprocess.DEVNULL,
		)

	def python(self, *arguments: object) -> str:
		"""The last line that a program says in the bench's Python."""
		command = [str(PYTHON), *map(str, arguments)]
		made = subprocess.run(command, cwd=HERE, env=ENVIRONMENT, capture_output=True, text=True, check=False)
		if made.returncode:
			raise SystemExit(f"{SITE} in {BENCH} does not answer: {made.stderr.strip()[-500:]}")
		return made.stdout.strip().splitlines()[-1]

	def switch(self, side: str) -> None:
		"""Hooks on or off from the next request."""
		self.cache.set(self.key, self.lists[side])

	def load(self, path: str, seconds: float) -> tuple[float, float, float]:
		"""Requests per second, processor time per request and mean latency (both in µs)."""
		worker = self.worker()
		before = sum(worker.cpu_times()[:2])
		said = subprocess.run(
			[
				"wrk",
				"-t1",
				f"-c{CONNECTIONS}",
				f"-d{seconds}s",
				"-H",
				f"Host: {SITE}",
				f"http://127.0.0.1:{self.port}{path}",
			],
			capture_output=True,
			text=True,
			check=True,
		).stdout
		used = sum(worker.cpu_times()[:2]) - before
		if "Non-2xx" in said:
			raise SystemExit(f"{path} is not answered: {said}")
		count = int(re.search(r"(\d+) requests in", said)[1])
		rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
		return rate, 1e6 * used / count, 1e6 * CONNECTIONS / rate

	def warm(self, path: str) -> None:
		"""Waits for the first answer, for which much has to be loaded."""
		request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Host": SITE})
		for _ in range(60):
			try:
				urllib.request.urlopen(request, timeout=30).read()
				return
			except OSError:
				time.sleep(0.5)
		raise SystemExit(f"gunicorn does not answer {path}")

	def worker(self) -> psutil.Process:
		"""The process that answers."""
		for _ in range(100):
			children = psutil.Process(self.process.pid).children()
			if children:
				return children[0]
			time.sleep(0.1)
		raise SystemExit("gunicorn has no worker")

	def close(self) -> None:
		"""Stops the worker; Frappe makes the list of hooks anew."""
		self.process.terminate()
		self.process.wait(30)
		self.cache.delete(self.key)


def interval(pairs: np.ndarray) -> tuple[float, float, float]:
	"""Median of what the rounds say, and the middle 95 % of medians of as many drawn from them."""
	draws = np.random.default_rng(1).choice(pairs, (5_000, len(pairs)))
	low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
	return float(np.median(pairs)), float(low), float(high)


def main() -> None:
	"""Prints a table, or why there is none."""
	if not (BENCH / "sites" / SITE).is_dir() or not shutil.which("wrk"):
		print(f"overhead: NOT RUN, as there is no site {SITE} in {BENCH}, or no wrk (apt install wrk).")
		return
	rounds = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else ROUNDS
	bench = Bench()
	try:
		load = os.getloadavg()[0]
		print(
			f"{SITE}, 1 gunicorn worker, wrk with {CONNECTIONS} connections, {rounds} rounds of 4 turns of {SECONDS} s;"
		)
		print(f"load of the machine {load:.1f} on {os.cpu_count()} cores. Median and 95 % interval of it.")
		print("| request | req/s off | req/s on | throughput | processor time off | added by our hooks |")
		print("|---|---|---|---|---|---|")
		for name, path in PATHS.items():
			for side in ("on", "off"):
				bench.switch(side)
				bench.warm(path)
				bench.load(path, 2)
			print(row(name, measured(bench, path, rounds)), flush=True)
		inside(bench)
	finally:
		bench.close()


def inside(bench: Bench) -> None:
	"""Prints the processor time of requests within one process."""
	print(f"\nIn one process, {PAIRS} pairs of requests with and without our hooks, processor time:")
	print("| request | off | added by our hooks | share |\n|---|---|---|---|")
	with tempfile.TemporaryDirectory() as folder:
		files = [Path(folder) / side for side in ("on", "off")]
		for file in files:
			file.write_bytes(bench.lists[file.name])
		for name, path in PATHS.items():
			said = bench.python(
				"benchmarks/overhead_inside.py", SITE, BENCH / "sites", path, PAIRS, bench.key, *files
			)
			took = {side: np.array(values) for side, values in json.loads(said).items()}
			added, low, high = interval(took["on"] - took["off"])
			usual = float(np.median(took["off"]))
			print(
				f"| {name} | {usual:.0f} µs | {added:+.0f} µs ({low:+.0f} to {high:+.0f}) | {100 * added / usual:+.1f} % |"
			)


def measured(bench: Bench, path: str, rounds: int) -> dict[str, np.ndarray]:
	"""By side, one line (req/s, µs) for each round, of its two turns."""
	found: dict[str, list[np.ndarray]] = {"on": [], "off": []}
	for _ in range(rounds):
		turns: dict[str, list[tuple[float, float, float]]] = {"on": [], "off": []}
		for side in ("off", "on", "on", "off"):
			bench.switch(side)
			turns[side].append(bench.load(path, SECONDS))
		for side, values in turns.items():
			found[side].append(np.mean(values, axis=0))
	return {side: np.array(values) for side, values in found.items()}


def row(name: str, sides: dict[str, np.ndarray]) -> str:
	"""A line of the table."""
	on, off = sides["on"], sides["off"]
	rate = interval(100 * (on[:, 0] / off[:, 0] - 1))
	cost = interval(on[:, 1] - off[:, 1])
	return (
		f"| {name} | {np.median(off[:, 0]):.0f} | {np.median(on[:, 0]):.0f} | {rate[0]:+.1f} % ({rate[1]:+.1f} to {rate[2]:+.1f})"
		f" | {np.median(off[:, 1]):.0f} µs | {cost[0]:+.0f} µs ({cost[1]:+.0f} to {cost[2]:+.0f}) |"
	)


if __name__ == "__main__":
	main()
