"""The site as Frappe gives it: every Protocol of the port on Frappe's own facilities."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import frappe
import redis
from frappe.core.doctype.access_log.access_log import make_access_log
from frappe.sessions import get_csrf_token
from frappe.utils import get_bench_path, get_system_timezone, now_datetime
from frappe.utils.password import decrypt, encrypt, get_encryption_key

from verenigingen.core.watchdog.jobs import JobsView
from verenigingen.exceptions import (
	CacheUnavailable,
	CollectorBusy,
	ConfigurationError,
	DatabaseUnavailable,
	MonitoringError,
	QueryRefused,
	QueueUnavailable,
)
from verenigingen.host.digest import commit_of, value_digests
from verenigingen.host.frappe_hooks import is_page
from verenigingen.host.frappe_jobs import (
	abandon_job,
	failed_jobs,
	job_failures,
	jobs_view,
	queue_overview,
	requeue_job,
)
from verenigingen.host.frappe_measurements import FrappeMeasurements
from verenigingen.host.frappe_operations import FrappeOperations
from verenigingen.host.frappe_spool import FrappeSpool
from verenigingen.host.outbound import call
from verenigingen.host.port import App, Host, JobFailure, QueueOverview, RequestHistory, Row, User
from verenigingen.host.sql import REFUSED, written

SETTINGS_DOCTYPE = "Monitoring Settings"
LOCK_WAIT = 5  # seconds; a collection batch takes far less
VARIABLES = 30_000  # psycopg2 and PyMySQL bind on our side; this bounds the text
LOST = {0, 2002, 2003, 2006, 2013, 2055}  # MySQL client errors: no connection, or it is gone


class FrappeClock:
	"""Frappe's own clock, with its zone attached."""

	def now(self) -> datetime:
		return now_datetime().replace(tzinfo=ZoneInfo(get_system_timezone()))


class FrappeStore:
	"""The site's database. Frappe's connection is shared with the request, so `transaction` begins with a commit:
	it is meant for jobs and commands, which own their connection."""

	@property
	def dialect(self) -> str:
		return str(frappe.db.db_type)

	def reset(self) -> None:
		frappe.db.close()  # Frappe connects anew by itself

	def query(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
		# nosemgrep: frappe-using-db-sql - the port's portable SQL, bound parameters only
		return list(self._run(sql, params))

	def columns(self, table: str) -> frozenset[str]:
		return frozenset(frappe.db.get_db_table_columns(table))

	@contextmanager
	def transaction(self, lock: str) -> Iterator[None]:
		name = _lock_name(lock)
		with _answering():
			frappe.db.commit()  # nosemgrep: frappe-manual-commit - the lock must be taken outside any snapshot
		self._acquire(name)
		try:
			yield
			with _answering():
				frappe.db.commit()  # nosemgrep: frappe-manual-commit - one batch is one transaction
		except DatabaseUnavailable:
			raise  # the server has dropped transaction and lock with the connection
		except BaseException:
			frappe.db.rollback()
			self._release(name)
			raise
		else:
			self._release(name)

	def insert(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
		self._write(table, rows, upsert=False)

	def upsert(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
		self._write(table, rows, upsert=True)

	def _write(self, table: str, rows: Sequence[Mapping[str, object]], *, upsert: bool) -> None:
		made = written(frappe.db.db_type, table, rows, now=now_datetime(), variables=VARIABLES, upsert=upsert)
		for sql, values in made:
			self._run(sql, values)

	def execute(self, sql: str, params: Sequence[object] = ()) -> int:
		self._run(sql, params)
		return int(frappe.db._cursor.rowcount)

	def _run(self, sql: str, params: Sequence[object]) -> Any:
		with _answering():
			return frappe.db.sql(sql, tuple(params)) if params else frappe.db.sql(sql)

	def _acquire(self, name: str) -> None:
		if frappe.db.db_type == "postgres":
			got = self.query("SELECT pg_try_advisory_lock(hashtext(%s))", (name,))
		else:
			got = self.query("SELECT GET_LOCK(%s, %s)", (name, LOCK_WAIT))
		if not got[0][0]:
			raise CollectorBusy("Another collector is at work on this site; the next run continues.")
		frappe.db.rollback()  # the SELECT may have opened a snapshot

	def _release(self, name: str) -> None:
		postgres = frappe.db.db_type == "postgres"
		self.query(
			"SELECT pg_advisory_unlock(hashtext(%s))" if postgres else "SELECT RELEASE_LOCK(%s)", (name,)
		)


@contextmanager
def _answering() -> Iterator[None]:
	# Frappe names the driver's OperationalError, but not the InterfaceError that stands beside it
	operational = frappe.db.OperationalError
	try:
		yield
	except (operational, sys.modules[operational.__module__].InterfaceError) as exc:
		if exc.args and exc.args[0] in LOST:
			raise DatabaseUnavailable(f"The site's database does not answer: {exc}") from exc
		if exc.args and exc.args[0] in REFUSED:
			raise QueryRefused(f"The site's database refused a statement: {exc}") from exc
		raise


def _lock_name(lock: str) -> str:
	# GET_LOCK is server-wide and limited to 64 characters
	return "verenigingen_" + hashlib.sha256(f"{frappe.conf.db_name}/{lock}".encode()).hexdigest()[:32]


class FrappeCache:
	"""frappe.cache. It survives a dead Redis only partly by itself, so the rest is caught here."""

	def get(self, key: str) -> Any:
		try:
			kept = frappe.cache.get_value(key, expires=True)
		except redis.RedisError:
			return None
		return None if kept is None else json.loads(kept)

	def put(self, key: str, value: Any, ttl: int) -> None:
		text = json.dumps(value)  # Frappe would pickle what JSON cannot hold
		try:
			frappe.cache.set_value(key, text, expires_in_sec=ttl)
		except redis.RedisError:
			frappe.logger("verenigingen").warning("cache unavailable, %s not kept", key)

	def clear(self, prefix: str) -> None:
		try:
			frappe.cache.delete_keys(prefix)
		except redis.RedisError:
			frappe.logger("verenigingen").warning("cache unavailable, %s* not cleared", prefix)

	def server(self) -> Mapping[str, Any]:
		try:
			return dict(frappe.cache.info())
		except redis.RedisError as exc:
			raise CacheUnavailable(f"The cache's Redis does not answer: {exc}") from exc


class FrappeQueue:
	"""frappe.enqueue, deduplicated by job id."""

	def enqueue(self, method: str, *, job_id: str, timeout: int, **kwargs: object) -> str:
		try:
			frappe.enqueue(method, queue="long", timeout=timeout, job_id=job_id, deduplicate=True, **kwargs)
		except redis.RedisError as exc:
			raise QueueUnavailable(f"The job queue does not answer: {exc}") from exc
		return job_id

	def failed(self) -> list[str] | None:
		return failed_jobs()

	def failures(self, names: Sequence[str]) -> list[JobFailure]:
		return job_failures(names)

	def view(self, job_ids: Sequence[str] = ()) -> JobsView | None:
		return jobs_view(job_ids)

	def abandon(self, job: str) -> bool:
		return abandon_job(job)

	def requeue(self, job: str) -> bool:
		return requeue_job(job)

	def overview(self) -> QueueOverview:
		return queue_overview()


class FrappeAccess:
	"""The session's user, and Frappe's Access Log."""

	def user(self) -> User:
		name = getattr(frappe.session, "user", None) or "Guest"
		return User(name, frozenset(frappe.get_roles(name)))

	def log(self, method: str, arguments: Mapping[str, object]) -> None:
		make_access_log(method=method, filters=json.dumps(dict(arguments), default=str))


class FrappeSecrets:
	"""Frappe's own Fernet helpers; pseudonyms are keyed with a key derived from the site's."""

	def encrypt(self, text: str) -> str:
		return str(encrypt(text))

	def decrypt(self, token: str) -> str:
		try:
			return str(decrypt(token))
		except frappe.ValidationError as exc:
			raise ConfigurationError(f"The value cannot be decrypted with this site's key: {exc}") from exc

	def pseudonym(self, text: str) -> str:
		key = hashlib.sha256(b"verenigingen pseudonym/" + get_encryption_key().encode()).digest()
		return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


class FrappeNotify:
	"""Progress in the desk of the user who waits."""

	def progress(self, done: int, total: int, title: str) -> None:
		frappe.publish_progress(100 * done / max(total, 1), title=title)

	def call(self, url: str, *, private: bool) -> int:
		return call(url, private=private)


class FrappeConfig:
	"""Monitoring Settings, then site config. Empty is unset: a Single keeps a row for every field once saved."""

	def get(self, name: str) -> Any:
		value = frappe.db.get_singles_dict(SETTINGS_DOCTYPE).get(name)
		return frappe.conf.get(name) if value in (None, "") else value

	def digests(self) -> dict[str, str]:
		return value_digests(frappe.conf, FrappeSecrets().pseudonym)


class FrappeHooks:
	"""Hooks of every installed app."""

	def get(self, name: str) -> list[str]:
		return list(dict.fromkeys(frappe.get_hooks(name)))

	def apps(self) -> list[App]:
		return [
			App(name, str(getattr(frappe.get_module(name), "__version__", "")), commit_of(_folder(name)))
			for name in frappe.get_installed_apps()
		]


def _folder(app: str) -> Path:
	return Path(frappe.get_app_path(app)).resolve().parent


def frappe_host() -> Host:
	"""The host of the site that Frappe has initialised in this thread."""
	store = FrappeStore()
	return Host(
		kind="frappe",
		site=frappe.local.site,
		clock=FrappeClock(),
		db=store,
		store=store,
		cache=FrappeCache(),
		queue=FrappeQueue(),
		access=FrappeAccess(),
		secrets=FrappeSecrets(),
		notify=FrappeNotify(),
		config=FrappeConfig(),
		hooks=FrappeHooks(),
		operations=FrappeOperations(),
		spool=FrappeSpool(),
		measurements=FrappeMeasurements(),
		history=RequestHistory(Path(get_bench_path()) / "logs", (frappe.local.site,), is_page),
		folder=Path(frappe.get_site_path()).resolve(),
	)


def whitelist(door: Callable[..., Any], *, guest: bool, methods: tuple[str, ...]) -> Any:
	"""frappe.whitelist, as a plain call."""
	return frappe.whitelist(allow_guest=guest, methods=list(methods))(door)


def throw(error: MonitoringError) -> NoReturn:
	"""Raises our error as Frappe's of the same HTTP status, so that desk and API clients see its message."""
	kinds = {401: frappe.AuthenticationError, 403: frappe.PermissionError, 404: frappe.DoesNotExistError}
	kind = kinds.get(error.http_status_code)
	if kind is None:
		kind = frappe.ValidationError if error.http_status_code < 500 else type(error)
	# the desk shows the message as HTML; a command prints it
	asked = getattr(frappe.local, "request", None)
	frappe.throw(escape(str(error), quote=False) if asked else str(error), kind)
	raise error  # frappe.throw always raises; mypy cannot know


def answer_with_status(status: int) -> None:
	"""The HTTP status of the present answer, which is meant so: the hooks do not note it as a failure."""
	frappe.local.response["http_status_code"] = frappe.local.monitoring_status_meant = status


def redirect(address: str) -> NoReturn:
	"""Sends the browser elsewhere."""
	frappe.local.flags.redirect_location = address
	raise frappe.Redirect(302)  # the default, 301, is kept by browsers beyond the login


def page_token() -> str:
	"""The CSRF token of the session."""
	token = str(get_csrf_token())
	frappe.db.commit()  # nosemgrep: frappe-manual-commit - a GET rolls back a token just made
	return token
