"""Who may enter the stand-alone server: the operator who saw its token, until the session ends.

Sessions live in the memory of the process. The browser holds a random id and nothing else.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from verenigingen.host.port import User

IDLE = 8 * 3600  # seconds without a request after which a session ends
LONGEST = 24 * 3600  # seconds after which it ends in any case
MOST = 100  # sessions kept; the oldest goes first
TRIES, WINDOW = 10, 60  # wrong tokens allowed in so many seconds

Seconds = Callable[[], float]


@dataclass(slots=True)
class Session:
	"""One browser that showed the token. `csrf` is what its page must send back with every POST."""

	user: User
	csrf: str
	began: float
	used: float


class Sessions:
	"""The open sessions by id; safe under threads."""

	def __init__(self, seconds: Seconds = time.monotonic) -> None:
		self._seconds = seconds
		self._open: dict[str, Session] = {}
		self._lock = threading.Lock()

	def begin(self, user: User) -> str:
		"""Opens a session and returns its id."""
		name, now = secrets.token_urlsafe(32), self._seconds()
		with self._lock:
			while len(self._open) >= MOST:
				del self._open[next(iter(self._open))]
			self._open[name] = Session(user, secrets.token_urlsafe(32), now, now)
		return name

	def find(self, name: str) -> Session | None:
		"""The session of this id while it lasts, and counts as its use."""
		now = self._seconds()
		with self._lock:
			session = self._open.get(name)
			if session is None:
				return None
			if now - session.used > IDLE or now - session.began > LONGEST:
				del self._open[name]
				return None
			session.used = now
			return session

	def end(self, name: str) -> None:
		"""Closes the session, if it is open."""
		with self._lock:
			self._open.pop(name, None)


class Door:
	"""The login token and who guesses at it."""

	def __init__(self, token: str = "", seconds: Seconds = time.monotonic) -> None:
		self.token = token or secrets.token_urlsafe(32)
		self._seconds = seconds
		self._wrong: deque[float] = deque(maxlen=TRIES)
		self._lock = threading.Lock()

	def wait(self) -> int:
		"""Seconds until the next try is allowed; 0 when it is allowed now."""
		with self._lock:
			if len(self._wrong) < TRIES:
				return 0
			return max(0, int(self._wrong[0] + WINDOW - self._seconds() + 0.999))

	def fits(self, token: str, *, counted: bool = True) -> bool:
		"""Is this the token? Compared in constant time; a wrong one is counted, unless told otherwise."""
		if same(token, self.token):
			return True
		if counted:
			with self._lock:
				self._wrong.append(self._seconds())
		return False


def same(given: str, wanted: str) -> bool:
	"""Equality that takes equally long wherever the difference is."""
	return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
