"""What frappe.monitor would have written: one line of JSON per request and job of the last 30 days.

One page reads the members one by one, so that its duration follows their number. Nothing else has a trend.
"""

from __future__ import annotations

import json
import uuid
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from . import rhythm
from .errors import MONITORED_DAYS, Trace
from .faulty.runtime import APP
from .jobs import Run, queue_runs
from .manifest import incident
from .model import World
from .users import ip_address

LOG = Path("logs") / "monitor.json.log"
OVERVIEW = f"/api/method/{APP}.members.overview"
BASE_SECONDS, SECONDS_PER_MEMBER, BYTES_PER_MEMBER = 0.06, 0.00115, 310
MICRO = 1_000_000


@dataclass(frozen=True)
class Endpoint:
	"""A path with its rhythm, its requests per mean working day, and median duration (seconds) and size."""

	path: str
	shape: str
	per_day: float
	seconds: float
	size: int
	method: str = "GET"
	spread: float = 0.35


ENDPOINTS = (
	Endpoint("/app", "office", 60, 0.12, 48_000),
	Endpoint("/api/method/frappe.desk.form.load.getdoc", "office", 240, 0.065, 9_000),
	Endpoint("/api/method/frappe.desk.reportview.get", "office", 170, 0.048, 14_000, "POST"),
	Endpoint("/api/method/frappe.desk.form.save.savedocs", "office", 60, 0.14, 5_000, "POST"),
	Endpoint("/api/method/frappe.desk.search.search_link", "office", 120, 0.028, 900, "POST"),
	Endpoint("/api/method/frappe.client.get_list", "portal", 90, 0.035, 2_400),
	Endpoint("/api/method/login", "portal", 55, 0.21, 260, "POST", 0.15),
	Endpoint("/me", "portal", 110, 0.09, 21_000),
	Endpoint(f"/api/method/{APP}.portal.dashboard", "portal", 130, 0.11, 6_500),
	Endpoint(f"/api/method/{APP}.portal.invoices", "portal", 80, 0.085, 4_200),
	Endpoint(f"/api/method/{APP}.dues.preview", "portal", 45, 0.06, 1_100, "POST"),
	Endpoint(OVERVIEW, "office", 42, 0.0, 0, "GET", 0.03),
)


class Traffic:
	"""Writes the log; errors and scheduled jobs that have a trace id appear in it under that id."""

	def __init__(self, world: World, site: str) -> None:
		self.world = world
		self.site = site
		self.start = max(world.start, world.now - timedelta(days=MONITORED_DAYS))
		self._joined = sorted(person.joined for person in world.people)
		self._left = sorted(person.left for person in world.people if person.left)
		self._overview: list[tuple[datetime, int, int]] = []

	def write(self, site_dir: Path, runs: list[Run], traces: list[Trace]) -> int:
		"""Writes the file below the site's folder; the number of lines."""
		lines = [*self._requests(), *self._jobs(runs), *self._failures(traces)]
		lines.sort(key=lambda line: (line["timestamp"], line["uuid"]))
		path = site_dir / LOG
		path.parent.mkdir(parents=True, exist_ok=True)
		with path.open("w", encoding="utf-8") as file:
			for line in lines:
				file.write(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")
		self._record()
		return len(lines)

	def members_at(self, moment: datetime) -> int:
		"""How many members there were."""
		return bisect_right(self._joined, moment) - bisect_right(self._left, moment)

	def _line(self, when: datetime, kind: str, identifier: str, seconds: float) -> dict[str, Any]:
		moment = when.replace(tzinfo=rhythm.ZONE).astimezone(timezone.utc)
		return {
			"duration": int(seconds * MICRO),
			"site": self.site,
			"timestamp": moment.isoformat(" ", "microseconds"),
			"transaction_type": kind,
			"uuid": identifier,
		}

	def _requests(self) -> Iterator[dict[str, Any]]:
		for endpoint in ENDPOINTS:
			rng = rhythm.rng(self.world.seed, f"requests {endpoint.path}")
			generator = rhythm.generator(self.world.seed, f"requests {endpoint.path}")
			for when in rhythm.moments(
				generator, endpoint.shape, endpoint.per_day, self.start, self.world.now
			):
				noise = rng.lognormvariate(0, endpoint.spread)
				seconds, size, extra = (
					endpoint.seconds * noise,
					int(endpoint.size * rng.uniform(0.9, 1.1)),
					{},
				)
				if endpoint.path == OVERVIEW:
					members = self.members_at(when)
					seconds = (BASE_SECONDS + SECONDS_PER_MEMBER * members) * noise
					size = members * BYTES_PER_MEMBER
					extra = {"queries": members + 1, "rows": members}  # the page adds these itself
				if when + timedelta(seconds=seconds) > self.world.now:
					continue
				if extra:
					self._overview.append((when, int(seconds * MICRO), extra["rows"]))
				identifier = str(uuid.UUID(int=rng.getrandbits(128), version=4))
				request = _request(ip_address(rng), endpoint.method, endpoint.path, 200, size)
				yield {**self._line(when, "request", identifier, seconds), **extra, "request": request}

	def _jobs(self, runs: list[Run]) -> Iterator[dict[str, Any]]:
		for run in [*runs, *queue_runs(self.world, self.start)]:
			if run.start >= self.start and run.start + timedelta(seconds=run.seconds) <= self.world.now:
				job = {"method": run.job.method, "scheduled": True, "wait": int(run.wait * MICRO)}
				yield {**self._line(run.start, "job", run.uuid, run.seconds), "job": job}

	def _failures(self, traces: list[Trace]) -> Iterator[dict[str, Any]]:
		rng = rhythm.rng(self.world.seed, "failures")
		for trace in traces:
			seconds = 0.09 * rng.lognormvariate(0, 0.3)
			line = self._line(trace.when - timedelta(seconds=seconds), trace.entry, trace.uuid, seconds)
			if trace.entry == "request":
				path = f"/api/method/{trace.method}"
				yield {**line, "request": _request(ip_address(rng), "POST", path, trace.status, 1_400)}
			else:
				wait = int(rng.expovariate(4.0) * MICRO)
				yield {**line, "job": {"method": trace.method, "scheduled": False, "wait": wait}}

	def _record(self) -> None:
		calls = sorted(self._overview)
		week = timedelta(days=7)
		first = [call for call in calls if call[0] < self.start + week]
		last = [call for call in calls if call[0] > self.world.now - week]
		incident(
			self.world,
			"page-n-plus-one",
			"n_plus_one",
			self.start,
			"the duration of this page is proportional to the number of members and grows with it",
			{
				"path": OVERVIEW,
				"log": str(LOG),
				"requests": len(calls),
				"seconds_per_member": SECONDS_PER_MEMBER,
				"first_week_ms": _mean_ms(first),
				"last_week_ms": _mean_ms(last),
				"members_at_start": self.members_at(self.start),
				"members_at_end": self.members_at(self.world.now),
			},
		)


def _request(ip: str, method: str, path: str, status: int, size: int) -> dict[str, Any]:
	return {"ip": ip, "method": method, "path": path, "response_length": size, "status_code": status}


def _mean_ms(calls: list[tuple[datetime, int, int]]) -> float | None:
	return round(sum(call[1] for call in calls) / len(calls) / 1000, 1) if calls else None
