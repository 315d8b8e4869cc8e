"""A site's MariaDB through PyMySQL, with the credentials of its site_config.json. One connection per thread."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import Any

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions, convert_datetime

from verenigingen.exceptions import CollectorBusy, DatabaseUnavailable, QueryRefused, ReadOnlySite
from verenigingen.host.port import Row
from verenigingen.host.sql import REFUSED, written

LOCK_WAIT = 5  # seconds
CONNECT_SECONDS = 5
COLUMNS_SECONDS = (
	300  # for which a table's columns are taken to be the same, unless a statement shows that they are not
)
CHANGED = {1054, 1146}  # unknown column, unknown table
VARIABLES = 60_000  # the limit of a prepared statement; text statements are bounded by max_allowed_packet
LOST = {0, 2002, 2003, 2006, 2013, 2055}
READ_ONLY = {1792, 1290}  # read-only transaction, server started read-only


def _moment(text: str) -> Any:
	# several times faster than PyMySQL's own, and most of what a collector reads is times
	try:
		return datetime.fromisoformat(text)
	except ValueError:
		return convert_datetime(text)  # zero dates stay text


DECODERS: dict[Any, Any] = {**conversions, FIELD_TYPE.DATETIME: _moment, FIELD_TYPE.TIMESTAMP: _moment}


class MariaStore:
	"""Reader and Store on one MariaDB database. `read_only` makes the server refuse every write of the session."""

	dialect = "mariadb"

	def __init__(self, config: Mapping[str, Any], *, read_only: bool = False) -> None:
		self.config, self.read_only = dict(config), read_only
		self._local = threading.local()

	@property
	def address(self) -> str:
		"""Where the server is expected, for messages."""
		return f"{self.config.get('db_host') or '127.0.0.1'}:{self.config.get('db_port') or 3306}"

	def _connection(self) -> Any:
		connection = getattr(self._local, "connection", None)
		if connection is None:
			name = self.config["db_name"]
			try:
				connection = pymysql.connect(
					host=self.config.get("db_host") or "127.0.0.1",
					port=int(self.config.get("db_port") or 3306),
					unix_socket=self.config.get("db_socket") or None,
					user=self.config.get("db_user") or name,
					password=self.config.get("db_password") or "",
					database=name,
					charset="utf8mb4",
					conv=DECODERS,
					autocommit=True,
					connect_timeout=CONNECT_SECONDS,
				)
				if self.read_only:
					with connection.cursor() as cursor:
						cursor.execute("SET SESSION TRANSACTION READ ONLY")
			except pymysql.Error as exc:
				raise DatabaseUnavailable(
					f"MariaDB at {self.address} refuses database {name}: {exc}. Is it running, and are db_name,"
					" db_user and db_password in site_config.json right?"
				) from exc
			self._local.connection, self._local.inside = connection, False
		return connection

	def describe(self) -> str:
		"""Version, address and database. Raises DatabaseUnavailable."""
		version = self.query("SELECT VERSION()")[0][0]
		return f"MariaDB {version} at {self.address}, database {self.config['db_name']}"

	def query(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
		return list(self._run(sql, params)[0])

	def columns(self, table: str) -> frozenset[str]:
		known: dict[str, tuple[float, frozenset[str]]] = self._local.__dict__.setdefault("columns", {})
		until, found = known.get(table, (0.0, frozenset()))
		if monotonic() >= until:
			rows = self.query(
				"SELECT column_name FROM information_schema.columns"
				" WHERE table_schema = DATABASE() AND table_name = %s",
				(table,),
			)
			found = frozenset(row[0] for row in rows)
			known[table] = (monotonic() + COLUMNS_SECONDS, found)
		return found

	def execute(self, sql: str, params: Sequence[object] = ()) -> int:
		return self._run(sql, params)[1]

	def reset(self) -> None:
		connection, self._local.connection = getattr(self._local, "connection", None), None
		if connection is not None and connection.open:
			connection.close()

	@contextmanager
	def transaction(self, lock: str) -> Iterator[None]:
		digest = hashlib.sha256(f"{self.config['db_name']}/{lock}".encode()).hexdigest()[:32]
		name = f"verenigingen_{digest}"
		# the lock first: a snapshot opened before it would not show what the last holder committed
		if not self.query("SELECT GET_LOCK(%s, %s)", (name, LOCK_WAIT))[0][0]:
			raise CollectorBusy("Another collector is at work on this site; the next run continues.")
		try:
			self.execute("START TRANSACTION")
			self._local.inside = True
			yield
			self.execute("COMMIT")
		except BaseException:
			if getattr(self._local, "connection", None) is not None:
				self.execute("ROLLBACK")
			raise
		finally:
			self._local.inside = False
			if getattr(self._local, "connection", None) is not None:
				self.query("SELECT RELEASE_LOCK(%s)", (name,))

	def insert(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
		self._write(table, rows, upsert=False)

	def upsert(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
		self._write(table, rows, upsert=True)

	def _write(self, table: str, rows: Sequence[Mapping[str, object]], *, upsert: bool) -> None:
		made = written(self.dialect, table, rows, now=datetime.now(), variables=VARIABLES, upsert=upsert)
		for sql, values in made:
			self.execute(sql, values)

	def _run(self, sql: str, params: Sequence[object]) -> tuple[Any, int]:
		if sql.startswith(("CREATE", "ALTER", "DROP")):
			self._local.columns = {}
		for attempt in (1, 2):
			connection = self._connection()
			try:
				with connection.cursor() as cursor:
					cursor.execute(sql, [_bind(value) for value in params] if params else None)
					return cursor.fetchall(), cursor.rowcount
			except pymysql.ProgrammingError as exc:
				if exc.args and exc.args[0] in CHANGED:
					self._local.columns = {}
				raise
			except (pymysql.OperationalError, pymysql.InterfaceError, pymysql.InternalError) as exc:
				code = exc.args[0] if exc.args else None
				if code in CHANGED:
					self._local.columns = {}
				if code in READ_ONLY:
					raise ReadOnlySite(f"The site is only being audited; the server refused: {exc}") from exc
				if code in REFUSED:
					raise QueryRefused(f"MariaDB at {self.address} refused a statement: {exc}") from exc
				if code not in LOST:
					raise
				inside = self._local.inside
				self._local.connection = None
				# a lost idle connection is opened anew once; inside a transaction the work is gone and must be redone
				if inside or attempt == 2:
					raise DatabaseUnavailable(f"MariaDB at {self.address} went away: {exc}") from exc
		raise AssertionError("unreachable")


def _bind(value: object) -> object:
	return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
