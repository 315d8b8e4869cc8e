"""A site, or only our own tables, in a SQLite file. One connection per thread; writers queue at BEGIN IMMEDIATE."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from verenigingen.exceptions import CollectorBusy, DatabaseUnavailable, ReadOnlySite
from verenigingen.host.port import Row
from verenigingen.host.sql import quoted, written

BUSY_SECONDS = 5
VARIABLES = 30_000  # SQLite's default limit is 32,766


class SqliteStore:
	"""Reader and Store on one file. `read_only` opens the file so that SQLite itself refuses writes."""

	dialect = "sqlite"

	def __init__(self, path: Path, *, read_only: bool = False) -> None:
		if read_only and not path.exists():
			raise DatabaseUnavailable(f"There is no database file {path}.")
		path.parent.mkdir(parents=True, exist_ok=True)
		self.path, self.read_only = path, read_only
		self._local = threading.local()

	def _connection(self) -> sqlite3.Connection:
		connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
		if connection is None:
			mode = "ro" if self.read_only else "rwc"
			uri = f"{self.path.resolve().as_uri()}?mode={mode}"
			try:
				connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
			except sqlite3.Error as exc:
				raise DatabaseUnavailable(f"Cannot open {self.path}: {exc}") from exc
			# a log may hold bytes that are no UTF-8; one such row must not hide the others
			connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
			if not self.read_only:
				connection.execute("PRAGMA journal_mode=WAL")
				connection.execute("PRAGMA synchronous=NORMAL")
			self._local.connection = connection
		return connection

	def describe(self) -> str:
		"""Version and file. Raises DatabaseUnavailable."""
		return f"SQLite {self.query('SELECT sqlite_version()')[0][0]}, {self.path}"

	def query(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
		return self._run(sql, params).fetchall()

	def columns(self, table: str) -> frozenset[str]:
		return frozenset(
			row[1] for row in self._run(f"PRAGMA table_info({quoted('sqlite', table)})", ()).fetchall()
		)

	def execute(self, sql: str, params: Sequence[object] = ()) -> int:
		return self._run(sql, params).rowcount

	def reset(self) -> None:
		connection, self._local.connection = getattr(self._local, "connection", None), None
		if connection is not None:
			connection.close()

	@contextmanager
	def transaction(self, lock: str) -> Iterator[None]:
		connection = self._connection()
		try:
			connection.execute("BEGIN IMMEDIATE")
		except sqlite3.OperationalError as exc:
			raise CollectorBusy(
				f"Another process is writing to {self.path}; the next run continues."
			) from exc
		try:
			yield
			connection.execute("COMMIT")
		except BaseException:
			if connection.in_transaction:
				connection.execute("ROLLBACK")
			raise

	def insert(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
		self._write(table, rows, upsert=False)

	def upsert(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
		self._write(table, rows, upsert=True)

	def _write(self, table: str, rows: Sequence[Mapping[str, object]], *, upsert: bool) -> None:
		made = written(self.dialect, table, rows, now=datetime.now(), variables=VARIABLES, upsert=upsert)
		for sql, values in made:
			self._run(sql, values)

	def _run(self, sql: str, params: Sequence[object]) -> sqlite3.Cursor:
		try:
			return self._connection().execute(_translated(sql), [_bind(value) for value in params])
		except sqlite3.OperationalError as exc:
			if "readonly" in str(exc):
				raise ReadOnlySite(f"{self.path} is only being read: {exc}") from exc
			if "locked" in str(exc):
				raise DatabaseUnavailable(
					f"{self.path} is being written by another process; try again."
				) from exc
			if "unable to open" in str(exc) or "disk I/O" in str(exc):
				raise DatabaseUnavailable(f"{self.path} cannot be used: {exc}") from exc
			raise


def _translated(sql: str) -> str:
	# LENGTH counts characters in SQLite; a function of ours would be refused texts that are no UTF-8
	return sql.replace("%s", "?").replace("CHAR_LENGTH(", "LENGTH(")


def _bind(value: object) -> object:
	if isinstance(value, datetime):
		return value.isoformat(" ")
	if isinstance(value, date):
		return value.isoformat()
	# a lone surrogate cannot be stored as UTF-8
	return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
