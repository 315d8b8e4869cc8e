"""API keys of the stand-alone server, in a file only its owner can read. Secrets are kept as hashes."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from verenigingen.exceptions import BadArgument, ConfigurationError, NotFound
from verenigingen.host.port import User
from verenigingen.standalone.login import same

RESERVED = {"guest", "administrator"}

Keys = dict[str, dict[str, Any]]


class ApiKeys:
	"""The keys in one file. Every request reads it anew, so that a revoked key is refused at once."""

	def __init__(self, path: Path) -> None:
		self.path = path

	def create(self, user: str, roles: Sequence[str]) -> tuple[str, str]:
		"""A new key and its secret; the secret is not to be had again. Raises BadArgument for a reserved user."""
		if not user.strip() or user.strip().lower() in RESERVED or len(user) > 140:
			raise BadArgument(
				f"--user cannot be {user!r}: up to 140 characters, not {' or '.join(RESERVED)}."
			)
		key, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
		created = datetime.now(timezone.utc).isoformat(timespec="seconds")
		row = {"user": user.strip(), "roles": sorted(roles), "created": created, "hash": _hash(secret)}
		with self._alone():
			self._write({**self.all(), key: row})
		return key, secret

	def revoke(self, key: str) -> None:
		"""Ends a key. Raises NotFound."""
		with self._alone():
			keys = self.all()
			if key not in keys:
				raise NotFound(f"There is no API key {key}; see `verenigingen api-key list`.")
			del keys[key]
			self._write(keys)

	def user(self, key: str, secret: str) -> User | None:
		"""Whom the key stands for, or None when key and secret do not belong together."""
		row = self.all().get(key)
		fits = same(_hash(secret), row["hash"] if row else _hash(""))
		return User(row["user"], frozenset(row["roles"])) if row and fits else None

	def all(self) -> Keys:
		"""Every key: {key: {"user", "roles", "created", "hash"}}. Raises ConfigurationError for an unusable file."""
		try:
			text = self.path.read_text(encoding="utf-8")
		except FileNotFoundError:
			return {}
		except OSError as exc:
			raise ConfigurationError(f"The API keys in {self.path} cannot be read: {exc.strerror}.") from exc
		try:
			keys = json.loads(text)["keys"]
			if all({"user", "roles", "created", "hash"} <= row.keys() for row in keys.values()):
				return dict(keys)
		except (ValueError, KeyError, TypeError, AttributeError) as exc:
			raise ConfigurationError(f"{self.path} is no file of API keys: {exc}.") from exc
		raise ConfigurationError(f"{self.path} is no file of API keys: a key is incomplete.")

	def _write(self, keys: Keys) -> None:
		# mkstemp makes the file 0600; a reader sees the old file or the new one, never half of one
		handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
		try:
			with os.fdopen(handle, "w", encoding="utf-8") as out:
				json.dump({"keys": keys}, out, indent=1)
				out.flush()
				os.fsync(out.fileno())
			os.replace(name, self.path)
		except BaseException:
			os.unlink(name)
			raise

	@contextmanager
	def _alone(self) -> Iterator[None]:
		self.path.parent.mkdir(parents=True, exist_ok=True)
		lock = self.path.with_name(self.path.name + ".lock")
		with os.fdopen(os.open(lock, os.O_CREAT | os.O_RDWR, 0o600), "w") as held:
			fcntl.flock(held, fcntl.LOCK_EX)
			yield


def _hash(secret: str) -> str:
	# one round suffices: the secret is 256 random bits, nothing a dictionary holds
	return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
