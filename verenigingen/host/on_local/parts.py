"""The small Protocols of the port, stand-alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.fernet import Fernet, InvalidToken

from verenigingen import hooks
from verenigingen.core.watchdog.jobs import JobsView
from verenigingen.exceptions import BadArgument, ConfigurationError
from verenigingen.host.digest import value_digests
from verenigingen.host.outbound import call
from verenigingen.host.port import App, JobFailure, QueueOverview, Store, User

log = logging.getLogger("verenigingen")
SYSTEM = User("Administrator", frozenset({"System Manager", "Compliance Officer", "Monitoring Agent"}))
_user: ContextVar[User] = ContextVar("user", default=SYSTEM)
answer_status: ContextVar[int] = ContextVar("answer_status", default=200)
_page_token: ContextVar[str] = ContextVar("page_token", default="")


@contextmanager
def acting_as(user: User, page_token: str = "") -> Iterator[None]:
	"""Makes `user` the one who asks in this thread, until the block ends. page_token: what the pages made
	meanwhile must send back with a POST."""
	token, page = _user.set(user), _page_token.set(page_token)
	try:
		yield
	finally:
		_page_token.reset(page)
		_user.reset(token)


def page_token() -> str:
	"""The token of the present session's pages; empty outside a session."""
	return _page_token.get()


class ZoneClock:
	"""The machine's clock in the site's zone."""

	def __init__(self, zone: str) -> None:
		try:
			self.zone = ZoneInfo(zone)
		except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
			raise ConfigurationError(
				f"The time zone {zone!r} (time_zone in site_config.json, else of System Settings) is not known on this"
				" machine; use a name such as Europe/Amsterdam."
			) from exc

	def now(self) -> datetime:
		return datetime.now(self.zone)


class MemoryCache:
	"""Values of this process, at most `size` of them; the least recently used goes first."""

	def __init__(self, size: int = 1_000) -> None:
		self.size = size
		self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()
		self._lock = threading.Lock()

	def get(self, key: str) -> Any:
		with self._lock:
			kept = self._kept.get(key)
			if kept is None or kept[0] < time.monotonic():
				self._kept.pop(key, None)
				return None
			self._kept.move_to_end(key)
		return json.loads(kept[1])

	def put(self, key: str, value: Any, ttl: int) -> None:
		with self._lock:
			self._kept[key] = (time.monotonic() + ttl, json.dumps(value))
			self._kept.move_to_end(key)
			while len(self._kept) > self.size:
				self._kept.popitem(last=False)

	def clear(self, prefix: str) -> None:
		with self._lock:
			for key in [key for key in self._kept if key.startswith(prefix)]:
				del self._kept[key]

	def server(self) -> None:
		return None

	def describe(self) -> str:
		"""Where values are kept."""
		return "in the memory of this process"


def job_function(method: str) -> Callable[..., object]:
	"""The function of a dotted path, when this app defines it. Raises BadArgument for any other path."""
	module, _, name = method.rpartition(".")
	if not module.startswith("verenigingen."):
		raise BadArgument(f"{method} is not run: only functions of verenigingen are jobs.")
	try:
		function = getattr(import_module(module), name)
	except (ImportError, AttributeError) as exc:
		raise BadArgument(f"There is no function {method}.") from exc
	# what a module merely imported is not ours
	if not callable(function) or not str(getattr(function, "__module__", "")).startswith("verenigingen."):
		raise BadArgument(f"{method} is not run: it is no function of verenigingen.")
	return function  # type: ignore[no-any-return]


class InlineQueue:
	"""Runs a job at once, in this process; its arguments pass through JSON as they would on the way to a worker."""

	def enqueue(self, method: str, *, job_id: str, timeout: int, **kwargs: object) -> str:
		job_function(method)(**json.loads(json.dumps(kwargs)))
		return job_id

	def failed(self) -> list[str] | None:
		return None

	def failures(self, names: Sequence[str]) -> list[JobFailure]:
		return []

	def view(self, job_ids: Sequence[str] = ()) -> JobsView | None:
		return None

	def abandon(self, job: str) -> bool:
		return False

	def requeue(self, job: str) -> bool:
		return False

	def overview(self) -> QueueOverview | None:
		return None

	def describe(self) -> str:
		"""How jobs are run."""
		return "jobs run at once, in the process that asks for them"


class LocalAccess:
	"""The user of this context; accesses go to the Access Log of the store."""

	def __init__(self, store: Store, clock: ZoneClock) -> None:
		self.store, self.clock = store, clock

	def user(self) -> User:
		return _user.get()

	def log(self, method: str, arguments: Mapping[str, object]) -> None:
		now = self.clock.now().replace(tzinfo=None)
		name = hashlib.sha256(os.urandom(16)).hexdigest()[:10]
		row = {"name": name, "user": self.user().name, "method": method[:140], "timestamp": now}
		self.store.insert("tabAccess Log", [row | {"filters": json.dumps(dict(arguments), default=str)}])


class LocalSecrets:
	"""The encryption key of site_config.json; pseudonyms fall back to a key file beside the store."""

	def __init__(self, key: str | None, key_file: Path) -> None:
		self._key, self._file = key, key_file

	def encrypt(self, text: str) -> str:
		return self._fernet().encrypt(text.encode()).decode()

	def decrypt(self, token: str) -> str:
		try:
			return self._fernet().decrypt(token.encode()).decode()
		except InvalidToken as exc:
			raise ConfigurationError("The value was not encrypted with this site's encryption_key.") from exc

	def pseudonym(self, text: str) -> str:
		key = hashlib.sha256(b"verenigingen pseudonym/" + (self._key or self._own_key()).encode()).digest()
		return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]

	def _fernet(self) -> Fernet:
		if not self._key:
			raise ConfigurationError("site_config.json has no encryption_key; nothing can be encrypted.")
		try:
			return Fernet(self._key)
		except ValueError as exc:
			raise ConfigurationError("encryption_key in site_config.json is not a Fernet key.") from exc

	def _own_key(self) -> str:
		try:
			handle = os.open(self._file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
		except FileExistsError:
			return self._file.read_text()
		with os.fdopen(handle, "w") as out:
			out.write(Fernet.generate_key().decode())
		return self._file.read_text()


class LogNotify:
	"""Progress for whoever reads the log."""

	def progress(self, done: int, total: int, title: str) -> None:
		log.info("%s: %s of %s", title, done, total)

	def call(self, url: str, *, private: bool) -> int:
		return call(url, private=private)


class LocalConfig:
	"""Monitoring Settings of the store, then site_config.json."""

	def __init__(self, store: Store, site_config: Mapping[str, Any], pseudonym: Callable[[str], str]) -> None:
		self.store, self.site_config, self._pseudonym = store, site_config, pseudonym

	def digests(self) -> dict[str, str]:
		return value_digests(self.site_config, self._pseudonym)

	def get(self, name: str) -> Any:
		found = self.store.query(
			"SELECT value FROM `tabSingles` WHERE doctype = %s AND field = %s", ("Monitoring Settings", name)
		)
		value = found[0][0] if found else None
		return self.site_config.get(name) if value in (None, "") else value


class LocalHooks:
	"""The hooks of this app; no other app is installed stand-alone."""

	def get(self, name: str) -> list[str]:
		declared = getattr(hooks, name, [])
		return list(dict.fromkeys([declared] if isinstance(declared, str) else declared))

	def apps(self) -> list[App]:
		return []
