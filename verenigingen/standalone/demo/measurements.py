"""What the collectors would have measured: hours and days of the machine, its database, Redis, queues and the members.

They follow the rhythm of office and portal. Two things are planted: a disk that fills slowly, and a table that grows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from verenigingen.core.measures import DAY, HOUR, Point, fold, start_of
from verenigingen.services.metric_rollup import row_of

from . import rhythm
from .manifest import incident
from .model import World
from .writer import Row, standard

MOUNT = "/srv"
TABLE = "tabVersion"
GIB, MB = 2**30, 10**6
DISK_BYTES = 80 * GIB
DISK_PER_DAY = 0.42 * GIB
DISK_DAYS_LEFT = 24.0  # from now until it is full
TABLE_BYTES, TABLE_PER_DAY = 900 * MB, 26 * MB  # at the start, and its growth
CONNECTIONS_LIMIT = 151
MEMORY_BYTES = 8 * GIB
REDIS_BYTES = 512 * MB
SAMPLES = 60  # of an hour that was watched minute by minute
BACKUP_HOUR, MAILING_HOUR = 2, 9

Series = NDArray[np.float64]


def rows(world: World) -> Iterator[Row]:
	"""Rows of Metric Rollup: every whole hour of the window, and every whole day."""
	hours = _Hours(world)
	points = [*_machine(hours), *_database(hours), *_redis_and_queues(hours), *_members(hours)]
	_record(world, hours)
	today = start_of(DAY, world.now)
	for item in points:
		yield _row(HOUR, item, timedelta(hours=1))
	whole = [item for item in points if start_of(DAY, world.start) < start_of(DAY, item.at) < today]
	for item in fold(whole, DAY):
		yield _row(DAY, item, timedelta(days=1))


def _row(resolution: str, item: Point, span: timedelta) -> Row:
	kept = row_of(resolution, item)
	return {**standard(str(kept["name"]), item.at + span), **kept}


class _Hours:
	"""The hours of the window, how busy each was (1 is the mean), and noise that lasts."""

	def __init__(self, world: World) -> None:
		first, end = start_of(HOUR, world.start) + timedelta(hours=1), start_of(HOUR, world.now)
		moments, office = rhythm.rates("office", 1.0, first, end)
		_, portal = rhythm.rates("portal", 1.0, first, end)
		shown = [rhythm.exists(moment) for moment in moments]
		self.world = world
		self.at = [moment for moment, real in zip(moments, shown, strict=True) if real]
		busy = (0.6 * office + 0.4 * portal)[np.array(shown)]
		self.busy: Series = busy / busy.mean()
		self.days: Series = np.array([(moment - first) / timedelta(days=1) for moment in self.at])
		self.random = rhythm.generator(world.seed, "measurements")

	def noise(self, size: float, lasting: float = 0.6) -> Series:
		"""Noise of a standard deviation, each hour keeping a share of the one before."""
		steps = self.random.normal(0, size * (1 - lasting**2) ** 0.5, len(self.at))
		made = np.empty(len(steps))
		level = 0.0
		for index, step in enumerate(steps):
			level = lasting * level + step
			made[index] = level
		return made

	def at_hour(self, hour: int) -> Series:
		"""1 in this hour of each day, else 0."""
		return np.array([float(moment.hour == hour) for moment in self.at])

	def gauge(
		self, metric: str, mean: Series, spread: float, label: str = "", samples: int = SAMPLES
	) -> Iterator[Point]:
		"""Points of a gauge that strayed by about `spread` (a share) around its mean within each hour."""
		wide = np.abs(mean) * spread
		last = mean + wide * self.random.uniform(-0.8, 0.8, len(mean))
		for at, value, width, newest in zip(self.at, mean, wide, last, strict=True):
			low, high = max(float(value - width), 0.0), float(value + width)
			yield Point(metric, label, at, samples, float(value) * samples, low, high, float(newest))

	def ratio(self, metric: str, mean: Series, spread: float, label: str = "") -> Iterator[Point]:
		"""As `gauge`, between 0 and 1."""
		for item in self.gauge(metric, np.clip(mean, 0, 1), spread, label):
			yield item._replace(high=min(item.high, 1.0), last=min(item.last, 1.0))

	def counter(self, metric: str, expected: Series) -> Iterator[Point]:
		"""Points of a counter, whose minutes each had a part of what was added."""
		for at, value in zip(self.at, self.random.poisson(expected), strict=True):
			share = float(value) / SAMPLES
			yield Point(
				metric, "", at, SAMPLES, float(value), 0.0, float(np.ceil(share * 2)), float(round(share))
			)

	def level(self, metric: str, value: float, label: str = "") -> Iterator[Point]:
		"""Points of a gauge that never changes."""
		yield from self.gauge(metric, np.full(len(self.at), value), 0.0, label)


def _disk(hours: _Hours) -> Series:
	"""Bytes in use: they grow on working days above all, and a backup lies there for some hours of each night."""
	grown = np.cumsum(0.4 + 0.6 * hours.busy)
	grown = grown / grown[-1] * hours.days[-1] * DISK_PER_DAY
	used_now = DISK_BYTES - DISK_DAYS_LEFT * DISK_PER_DAY
	backup = 0.5 * GIB * (hours.at_hour(BACKUP_HOUR) + hours.at_hour(BACKUP_HOUR + 1))
	return used_now - grown[-1] + grown + backup + hours.noise(0.05 * GIB, 0.9)


def _machine(hours: _Hours) -> Iterator[Point]:
	cpu = 0.05 + 0.09 * hours.busy + 0.22 * hours.at_hour(BACKUP_HOUR) + hours.noise(0.012)
	yield from hours.ratio("cpu_ratio", cpu, 0.4)
	yield from hours.gauge("load_average", np.maximum(2.6 * cpu + hours.noise(0.05), 0.01), 0.5)
	memory = 0.55 + 0.03 * hours.busy + hours.noise(0.012, 0.97)
	yield from hours.ratio("memory_ratio", memory, 0.02)
	yield from hours.level("memory_total_bytes", float(MEMORY_BYTES))
	used = _disk(hours)
	yield from hours.gauge("disk_used_bytes", used, 0.001, MOUNT)
	yield from hours.gauge("disk_free_bytes", DISK_BYTES - used, 0.001, MOUNT)
	yield from hours.level("disk_total_bytes", float(DISK_BYTES), MOUNT)
	yield from hours.ratio("disk_used_ratio", used / DISK_BYTES, 0.001, MOUNT)


def _database(hours: _Hours) -> Iterator[Point]:
	yield from hours.gauge("database_connections", np.maximum(7 + 6 * hours.busy + hours.noise(1.2), 1), 0.3)
	yield from hours.level("database_connections_limit", float(CONNECTIONS_LIMIT))
	response = 0.0008 * (1 + 0.2 * hours.busy) * np.exp(hours.noise(0.12))
	yield from hours.gauge("database_response_seconds", response, 0.6)
	yield from hours.ratio("database_buffer_pool_hit_ratio", 0.994 - np.abs(hours.noise(0.002)), 0.002)
	yield from hours.counter("database_statements", 4_000 + 21_000 * hours.busy)
	yield from hours.counter("database_slow_statements", 0.2 + 0.9 * hours.busy)
	sizes = {
		TABLE: TABLE_BYTES + TABLE_PER_DAY * hours.days,
		"tabCommunication": 610 * MB + 0.4 * MB * hours.days,
		"tabSales Invoice": 140 * MB + 0.15 * MB * hours.days,
		"tabError Log": 90 * MB + hours.noise(6 * MB, 0.95),
	}
	for table, size in sizes.items():
		# InnoDB grows by extents, so that a size stays the same for hours
		yield from hours.gauge("database_table_bytes", np.round(size / MB) * MB, 0.0, table, samples=1)
	total = sum(sizes.values()) + 260 * MB
	yield from hours.gauge("database_size_bytes", np.round(total / MB) * MB, 0.0, samples=1)


def _redis_and_queues(hours: _Hours) -> Iterator[Point]:
	memory = 150 * MB + 18 * MB * hours.busy + hours.noise(5 * MB, 0.9)
	yield from hours.gauge("redis_memory_bytes", memory, 0.05, "cache")
	yield from hours.level("redis_memory_limit_bytes", float(REDIS_BYTES), "cache")
	yield from hours.ratio("redis_hit_ratio", 0.95 - np.abs(hours.noise(0.015)), 0.03, "cache")
	for queue, size in (("default", 0.8), ("short", 0.5), ("long", 0.2)):
		waiting = size * hours.busy * np.exp(hours.noise(0.3))
		yield from hours.gauge("queue_depth", waiting, 0.9, queue)
		yield from hours.gauge("queue_oldest_seconds", 4 * waiting, 0.9, queue)
	yield from hours.level("workers", 3.0)
	mails = 0.5 * hours.busy + 25 * hours.at_hour(MAILING_HOUR) * np.exp(hours.noise(0.3))
	yield from hours.gauge("mail_queue", mails, 0.5, "Not Sent")


def _members(hours: _Hours) -> Iterator[Point]:
	people = hours.world.people
	# who is not a member on good terms now, and never left, never was one as far as is known
	active = [person for person in people if person.status == "Active" or person.left]
	joined = sorted(person.joined for person in active)
	left = sorted(person.left for person in active if person.left)
	counts = [bisect_right(joined, at) - bisect_right(left, at) for at in hours.at]
	yield from hours.gauge("members", np.array(counts, dtype=np.float64), 0.0, "Active", samples=1)


def _record(world: World, hours: _Hours) -> None:
	full = world.now + timedelta(days=DISK_DAYS_LEFT)
	incident(
		world,
		"disk-filling",
		"capacity",
		hours.at[0],
		"a forecast of disk_used_bytes that reaches the size of the disk about this day",
		{
			"metric": "disk_used_bytes",
			"label": MOUNT,
			"bytes_per_day": round(DISK_PER_DAY),
			"limit_bytes": DISK_BYTES,
			"full_on": full.date(),
		},
	)
	incident(
		world,
		"table-growing",
		"capacity",
		hours.at[0],
		"this table is named as the one that makes the database grow",
		{"metric": "database_table_bytes", "label": TABLE, "bytes_per_day": TABLE_PER_DAY},
	)
