"""Measurements of one kind put together: by minute as they come, then by hour and day, in any order.

A shape says what a kind of measurement consists of. Everything else - adding, folding, names of rows - is the same for
requests, jobs and statements.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from verenigingen.core.sketch import Sketch

ALL, OTHER = "all", "other"
RESOLUTIONS = ("minute", "hour", "day")
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
	"""One kind of measurement: `table` without "tab", the columns that tell rows of a bucket apart, and the others by how
	they are put together: added, merged, the highest, the newest that is not empty."""

	table: str
	keys: tuple[str, ...]
	sums: tuple[str, ...]
	sketches: tuple[str, ...]
	highest: tuple[str, ...] = ()
	texts: tuple[str, ...] = ()
	resolutions: tuple[str, ...] = RESOLUTIONS

	@property
	def columns(self) -> tuple[str, ...]:
		"""What is measured, in the order of `Measured.values`."""
		return (*self.sums, *self.highest, *self.texts, *self.sketches)


REQUESTS = Shape(
	"Request Rollup",
	("endpoint", "method"),
	(
		"requests",
		"client_errors",
		"server_errors",
		"wall_seconds",
		"traced",
		"cpu_seconds",
		"sql_seconds",
		"sql_statements",
		"cache_hits",
		"cache_misses",
		"response_bytes",
	),
	("wall_sketch",),
)
JOBS = Shape(
	"Job Rollup",
	("job", "queue"),
	(
		"runs",
		"failures",
		"waited",
		"wait_seconds",
		"run_seconds",
		"traced",
		"cpu_seconds",
		"sql_seconds",
		"sql_statements",
	),
	("wait_sketch", "run_sketch"),
)
STATEMENTS = Shape(
	"Statement Rollup",
	("digest", "caller"),
	("sampled", "executions", "seconds", "rows_returned", "repeated", "repeated_executions"),
	("seconds_sketch",),
	("slowest_seconds", "most_repeats"),
	("statement", "endpoint", "plan"),
	("hour", "day"),
)
SHAPES = (REQUESTS, JOBS, STATEMENTS)


@dataclass(slots=True)
class Measured:
	"""The values of one row, in the groups of its shape."""

	sums: list[float]
	highest: list[float]
	texts: list[str]
	sketches: list[Sketch]

	@classmethod
	def nothing(cls, shape: Shape) -> Measured:
		"""What a row begins with."""
		return cls(
			[0.0] * len(shape.sums),
			[0.0] * len(shape.highest),
			[""] * len(shape.texts),
			[Sketch() for _ in shape.sketches],
		)

	@classmethod
	def read(cls, shape: Shape, values: Iterable[object]) -> Measured:
		"""From a row's values in the order of `shape.columns`. Raises ValueError for what cannot be such."""
		given = list(values)
		if len(given) != len(shape.columns):
			raise ValueError(f"{len(given)} values for the {len(shape.columns)} columns of {shape.table}")
		counted, most, told = len(shape.sums), len(shape.highest), len(shape.texts)
		numbers = [_number(value) for value in given[: counted + most]]
		texts = [
			"" if value is None else str(value) for value in given[counted + most : counted + most + told]
		]
		sketches = [Sketch.from_text(_text(value)) for value in given[counted + most + told :]]
		return cls(numbers[:counted], numbers[counted:], texts, sketches)

	def take(self, other: Measured) -> None:
		"""Takes in another one of the same shape, that is the newer."""
		self.sums = [a + b for a, b in zip(self.sums, other.sums, strict=True)]
		self.highest = [max(a, b) for a, b in zip(self.highest, other.highest, strict=True)]
		self.texts = [b or a for a, b in zip(self.texts, other.texts, strict=True)]
		for sketch, more in zip(self.sketches, other.sketches, strict=True):
			sketch.merge(more)

	def row(self, shape: Shape) -> dict[str, object]:
		"""The columns of the row."""
		values = [*self.sums, *self.highest, *self.texts, *(sketch.to_text() for sketch in self.sketches)]
		return dict(zip(shape.columns, values, strict=True))


@dataclass(slots=True)
class Cells:
	"""Measurements of one shape by bucket (naive site time) and key."""

	shape: Shape
	held: dict[tuple[datetime, Key], Measured] = field(default_factory=dict)

	def add(self, at: datetime, key: Key, measured: Measured) -> None:
		"""Puts `measured` to what there is; it is not changed, and may be added elsewhere."""
		place = (at, key)
		mine = self.held.get(place)
		if mine is None:
			mine = self.held[place] = Measured.nothing(self.shape)
		mine.take(measured)

	def folded(self, resolution: str) -> Cells:
		"""The same by longer buckets."""
		made = Cells(self.shape)
		for (at, key), measured in self.held.items():
			made.add(bucket(at, resolution), key, measured)
		return made

	def renamed(self, names: Mapping[Key, Key]) -> Cells:
		"""The same with other keys, where `names` has one."""
		made = Cells(self.shape)
		for (at, key), measured in self.held.items():
			made.add(at, names.get(key, key), measured)
		return made


def bucket(at: datetime, resolution: str) -> datetime:
	"""The start of the minute, hour or day that holds a moment."""
	if resolution == "day":
		return at.replace(hour=0, minute=0, second=0, microsecond=0)
	if resolution == "hour":
		return at.replace(minute=0, second=0, microsecond=0)
	return at.replace(second=0, microsecond=0)


def row_name(resolution: str, at: datetime, key: Key) -> str:
	"""The name of a row. Names are in order of time, so that a range of time is a range of the primary key."""
	digest = hashlib.blake2b("\x1f".join(key).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
	return f"{_stamp(resolution, at)}-{digest}"


def name_range(resolution: str, start: datetime, end: datetime) -> tuple[str, str]:
	"""Names from the first, without the second, are those of the rows of [start, end) in buckets of a resolution."""
	return _stamp(resolution, start), _stamp(resolution, end)


def _stamp(resolution: str, at: datetime) -> str:
	return f"{resolution[0]}{at:%Y%m%d%H%M}"


def _number(value: object) -> float:
	number = float(value or 0)  # type: ignore[arg-type]
	if not 0 <= number < 1e18:
		raise ValueError(f"not an amount: {value!r}")
	return number


def _text(value: object) -> str:
	return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
