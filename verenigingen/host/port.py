"""The port between the app and the site it runs on: small Protocols, one frozen dataclass of them.

Everything that touches a site goes through a `Host`. Two adapters exist (`on_frappe`, `on_local`); the contract
they share is `verenigingen/tests/host_contract.py`, run for each of them, the Frappe one inside a real bench.

SQL is portable by convention: backticked table names, `%s` for every value (never a literal `%`), single-quoted
constants, no dialect functions beyond COUNT, SUM, MIN, MAX, SUBSTR, CHAR_LENGTH, COALESCE, CASE and LENGTH (whose unit is
bytes or characters, as the database has it). Times in our
own tables and in Frappe's are naive and in the site's time zone; `clock.now()` is aware. A value of an expression
(not of a column) may arrive as text from SQLite: pass times through `verenigingen.core.model.as_datetime`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from verenigingen.core.watchdog.jobs import JobsView

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class FileSeen:
	"""A file by name, with its size in bytes and when it was changed last (aware)."""

	name: str
	size: int
	changed: datetime


class Clock(Protocol):
	"""The time on the site."""

	def now(self) -> datetime:
		"""The present moment, aware, in the site's time zone (a `zoneinfo.ZoneInfo`)."""


class Reader(Protocol):
	"""Read access to a database of the site."""

	@property
	def dialect(self) -> str:
		"""What the database is: "mariadb", "sqlite" or "postgres"."""

	def query(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
		"""All rows of one SELECT. Raises DatabaseUnavailable when the server does not answer, QueryRefused when it refuses
		the statement for want of a right, or ends one that took longer than the statement itself allows."""

	def columns(self, table: str) -> frozenset[str]:
		"""Names of the table's columns; empty when there is no such table."""

	def reset(self) -> None:
		"""Lets go of the connection, which the next statement opens anew: a statement was interrupted halfway. What was
		not committed is lost. Not inside a transaction."""


class Store(Reader, Protocol):
	"""Our own tables: in the site's database, or in a local file when a foreign site is audited."""

	def transaction(self, lock: str) -> AbstractContextManager[None]:
		"""All or nothing, and alone: only one process at a time is inside a transaction of the same `lock`.

		What other holders of the lock committed is visible inside. Raises CollectorBusy when the lock is not
		to be had within a few seconds. A killed process loses the lock and everything uncommitted.
		"""

	def insert(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
		"""Adds rows (each with `name`, all with the same keys); a name that exists already is an error."""

	def upsert(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
		"""Adds rows, or overwrites just the given columns where the `name` exists already."""

	def execute(self, sql: str, params: Sequence[object] = ()) -> int:
		"""Runs one UPDATE or DELETE on an own table; the number of rows it changed. (Whether a row counts that had the
		new values already, depends on the database.)"""


class Cache(Protocol):
	"""Short-lived values, JSON only: `put` raises TypeError for others. A cache that is down behaves as an empty one;
	it is never a reason to fail, and an outage is logged, not each call in it."""

	def get(self, key: str) -> Any:
		"""The cached value, or None."""

	def put(self, key: str, value: Any, ttl: int) -> None:
		"""Keeps a JSON-safe value for `ttl` seconds."""

	def clear(self, prefix: str) -> None:
		"""Forgets every key that starts with `prefix`."""

	def server(self) -> Mapping[str, Any] | None:
		"""What the Redis behind the cache tells of itself (INFO); None where there is none. Raises CacheUnavailable."""


@dataclass(frozen=True, slots=True)
class JobFailure:
	"""A background job that failed: its function, queue and user as known, `when` aware, `text` with the traceback."""

	name: str
	when: datetime | None
	method: str
	queue: str
	user: str
	text: str
	trace: str


@dataclass(frozen=True, slots=True)
class QueueLine:
	"""One queue: jobs waiting and running of all sites that share it, failed ones of this site. `oldest` and `begun`: since
	when the longest waiting waits, the longest running runs (aware; None for none). `stuck`: marked as running, but
	their worker has given no sign of life in time."""

	name: str
	waiting: int
	oldest: datetime | None
	running: int
	begun: datetime | None
	stuck: int
	failed: int


@dataclass(frozen=True, slots=True)
class QueueOverview:
	"""The queues, the workers that are alive, those of them at work, and what the queue's Redis tells of itself (INFO)."""

	lines: tuple[QueueLine, ...]
	workers: int
	busy: int
	server: Mapping[str, Any]


class Queue(Protocol):
	"""Background jobs."""

	def enqueue(self, method: str, *, job_id: str, timeout: int, **kwargs: object) -> str:
		"""Queues a function by dotted path with JSON-safe arguments; a job with this id that waits or runs already is
		not queued again. Returns the job id. The job finds this site as its `current_host()`. `timeout` is in
		seconds. Raises QueueUnavailable. A queue without workers runs the job before it returns."""

	def failed(self) -> list[str] | None:
		"""A name for each failure of this site's jobs that the queue still remembers, the same each time it is asked; None
		when no failures are remembered at all. Raises QueueUnavailable."""

	def failures(self, names: Sequence[str]) -> list[JobFailure]:
		"""Those of the named failures that are still remembered. Raises QueueUnavailable."""

	def view(self, job_ids: Sequence[str] = ()) -> JobsView | None:
		"""Queues, workers and this site's running jobs as they are now, beside them the jobs asked for by the ids they were
		queued with; nothing is changed by looking. None where jobs do not wait. Raises QueueUnavailable."""

	def abandon(self, job: str) -> bool:
		"""Lays a job (`JobSeen.id`) that nobody alive runs and that waits nowhere among the failed ones, so that the next of
		its id can be queued; False when it is no such job. Raises QueueUnavailable."""

	def requeue(self, job: str) -> bool:
		"""Queues a failed job (`JobSeen.id`) again; False when it is not among the failed ones. Raises QueueUnavailable."""

	def overview(self) -> QueueOverview | None:
		"""How the queues stand now; None where jobs are run at once. Raises QueueUnavailable."""


class Spool(Protocol):
	"""What hooks on requests left for the collectors, outside the database. Bounded: what finds no room is counted as
	"(lost)" among the counts. Two processes must not discard at once: do it inside a `Store.transaction`. Both raise
	CacheUnavailable."""

	def waiting(self, limit: int) -> list[str]:
		"""The oldest entries, JSON."""

	def discard(self, count: int) -> None:
		"""Drops that many of the oldest."""

	def counts(self) -> tuple[str, dict[str, int]]:
		"""Counts set aside, with a token; the same until they are `settled`. An empty token: there are none."""

	def settle(self, token: str) -> None:
		"""Drops the counts of this token, and no others."""


class Measurements(Protocol):
	"""Measurements that requests and jobs left for the collectors: JSON texts by kind, as `host.measuring` makes them. Bounded;
	what found no room is counted. All raise CacheUnavailable."""

	def take(self, kind: str) -> tuple[str, int, list[str]]:
		"""What is set aside of a kind: a token, how many measurements were lost, and the texts; the same until they are
		`settled`. An empty token: there is nothing."""

	def settle(self, kind: str, token: str) -> None:
		"""Drops what is set aside under this token, and nothing else."""

	def configure(self, settings: Mapping[str, float]) -> None:
		"""Tells those who measure the settings in force."""


@dataclass(frozen=True, slots=True)
class RequestHistory:
	"""Where Frappe's own monitor recorded requests and jobs: a folder with `monitor.json.log`, and the names under which
	the site may stand in it. `is_page`: does an app ship this page?"""

	folder: Path
	sites: tuple[str, ...]
	is_page: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class User:
	"""Who is asking. `Guest` when nobody is logged in."""

	name: str
	roles: frozenset[str]

	@property
	def is_guest(self) -> bool:
		"""Nobody is logged in."""
		return self.name == "Guest"


class Access(Protocol):
	"""Who is asking, and the trace that they did."""

	def user(self) -> User:
		"""The user of the present request, job or command."""

	def log(self, method: str, arguments: Mapping[str, object]) -> None:
		"""Leaves a trace of an access in the site's Access Log (our own store when the site is only audited)."""


class Secrets(Protocol):
	"""The site's encryption key, used but never handed out."""

	def encrypt(self, text: str) -> str:
		"""Fernet token of a text."""

	def decrypt(self, token: str) -> str:
		"""The text of a token. Raises ConfigurationError when the key does not fit."""

	def pseudonym(self, text: str) -> str:
		"""Stable 16-digit hexadecimal stand-in for a person or value: a keyed HMAC, not reversible without the key."""


class Notify(Protocol):
	"""What people are told while they wait."""

	def progress(self, done: int, total: int, title: str) -> None:
		"""Shows how far a long run is."""

	def call(self, url: str, *, private: bool) -> int:
		"""Calls an address outside (GET); the HTTP status, one of success. `private`: may it be in a private network?
		Raises ConfigurationError for an address that may not be called, Unavailable when there is no success in time."""


class Config(Protocol):
	"""Configured values."""

	def get(self, name: str) -> Any:
		"""The raw value from Monitoring Settings, else from the site config, else None."""

	def digests(self) -> dict[str, str]:
		"""Every key of the site config with a keyed digest of its value: tells that a value changed, never the value."""


class Operations(Protocol):
	"""How the site is run, beside its database."""

	def switches(self) -> dict[str, Any]:
		"""What decides whether scheduled jobs run, as configured now: any of SWITCHES that has a value."""

	def switch(self, name: str, value: int | None) -> int | None:
		"""Sets `pause_scheduler` of the site's own configuration (None removes it) or `enable_scheduler` of its System
		Settings; what it was before. Raises ReadOnlySite for an audited site, BadArgument for another name."""

	def backups(self) -> list[FileSeen]:
		"""The files in the site's folder of backups. Raises SourceAbsent with the reason where there is none to look into."""


SWITCHES = (
	"enable_scheduler",
	"pause_scheduler",
	"disable_scheduler",
	"maintenance_mode",
	"developer_mode",
	"dormant_days",
	"scheduler_interval",
	"scheduler_tick_interval",
	"mute_emails",
)


@dataclass(frozen=True, slots=True)
class App:
	"""An installed app: `version` as its code says, `commit` of its checkout (12 digits) where it is one."""

	name: str
	version: str
	commit: str | None


class Hooks(Protocol):
	"""What installed apps bring."""

	def get(self, name: str) -> list[str]:
		"""Dotted paths that installed apps declare for a hook, in order, without repeats."""

	def apps(self) -> list[App]:
		"""The apps whose code runs on this site, in the order of their installation; empty stand-alone, where no
		app's code runs."""


@dataclass(frozen=True, slots=True)
class Host:
	"""One site, as the services see it. `kind` is "frappe" or "local", for messages only."""

	kind: str
	site: str
	clock: Clock
	db: Reader
	store: Store
	cache: Cache
	queue: Queue
	access: Access
	secrets: Secrets
	notify: Notify
	config: Config
	hooks: Hooks
	operations: Operations
	spool: Spool | None = None  # None where nothing captures requests
	measurements: Measurements | None = None  # None where nothing measures them
	history: RequestHistory | None = None  # None where there is no folder of logs
	folder: Path | None = (
		None  # with the site's files; None where the site is on another machine than this process
	)


def in_chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
	"""The items in slices of at most `size`; databases and networks limit what one statement may hold."""
	for start in range(0, len(items), size):
		yield items[start : start + size]


def marks(count: int) -> str:
	"""`%s, %s, …` for an IN list of `count` values."""
	return ", ".join(["%s"] * count)
