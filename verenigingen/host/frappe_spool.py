"""The spool of a bench: a list of failed requests and a hash of counts in Frappe's cache.

The keys begin with `monitoring_`, which `persistent_cache_keys` keeps through `bench clear-cache`. An entry names its user
and may quote personal data until it is collected: it waits encrypted with the site's key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import frappe
import redis
from cryptography.fernet import Fernet, InvalidToken
from frappe.utils.password import encrypt, get_encryption_key

from verenigingen.exceptions import CacheUnavailable

ENTRIES, COUNTS, TAKEN = "monitoring_failed_requests", "monitoring_request_counts", "monitoring_counts_taken"
MOST_ENTRIES = 1_000  # of at most 64 K characters each
MOST_LABELS = 5_000
OTHER, LOST, TOKEN = "(other)", "(lost)", "(token)"

# One round trip, and no other process in between. A label beyond the limit is counted by hour and status alone.
KEEP = """
local label = ARGV[1]
if redis.call('HEXISTS', KEYS[2], label) == 0 and redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) then
	label = ARGV[2]
end
redis.call('HINCRBY', KEYS[2], label, 1)
local lost = tonumber(ARGV[6])
if ARGV[3] ~= '' then
	if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[5]) then
		lost = lost + 1
	else
		redis.call('RPUSH', KEYS[1], ARGV[3])
	end
end
if lost > 0 then
	redis.call('HINCRBY', KEYS[2], ARGV[7], lost)
end
"""
# Sets the counts aside under a token, unless some are set aside already.
TAKE = """
if redis.call('EXISTS', KEYS[2]) == 0 then
	if redis.call('EXISTS', KEYS[1]) == 0 then
		return {}
	end
	redis.call('RENAME', KEYS[1], KEYS[2])
	redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
return redis.call('HGETALL', KEYS[2])
"""
SETTLE = """
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
	redis.call('DEL', KEYS[1])
end
"""

_lost = 0  # of this process, until Redis answers


class FrappeSpool:
	"""What waits for the collectors of the current site."""

	def keep(self, label: str, entry: str) -> None:
		"""Counts a failure under `label`, and keeps its `entry` ("" for none). A spool that is down loses it, and is told so
		when it answers again."""
		global _lost
		other = "|".join((*label.split("|")[:2], "", "", OTHER))
		sealed = encrypt(entry) if entry else ""
		try:
			self._run(KEEP, [ENTRIES, COUNTS], [label, other, sealed, MOST_LABELS, MOST_ENTRIES, _lost, LOST])
		except redis.RedisError:
			self.lose()
		else:
			_lost = 0

	def lose(self) -> None:
		"""Counts one failure that could not be noted."""
		global _lost
		_lost += 1

	def waiting(self, limit: int) -> list[str]:
		with _answering():
			sealed = frappe.cache.lrange(ENTRIES, 0, limit - 1)
		key = Fernet(get_encryption_key())
		return [_opened(key, raw) for raw in sealed]

	def discard(self, count: int) -> None:
		with _answering():
			frappe.cache.ltrim(ENTRIES, count, -1)

	def counts(self) -> tuple[str, dict[str, int]]:
		with _answering():
			flat = self._run(TAKE, [COUNTS, TAKEN], [TOKEN, uuid4().hex])
		texts = [part.decode("utf-8", "replace") for part in flat]
		found = dict(zip(texts[::2], texts[1::2], strict=True))
		token = found.pop(TOKEN, "")
		return token, {label: int(count) for label, count in found.items()}

	def settle(self, token: str) -> None:
		with _answering():
			self._run(SETTLE, [TAKEN], [TOKEN, token])

	def _run(self, script: str, keys: list[str], arguments: list[str | int]) -> list[bytes]:
		full = [frappe.cache.make_key(key) for key in keys]
		return frappe.cache.execute_command("EVAL", script, len(full), *full, *arguments) or []


def _opened(key: Fernet, raw: bytes) -> str:
	"""An entry as it was kept; "" for one that another key sealed, which nobody can read any more."""
	try:
		return key.decrypt(raw).decode("utf-8", "replace")
	except InvalidToken:
		return ""


@contextmanager
def _answering() -> Iterator[None]:
	try:
		yield
	except redis.RedisError as exc:
		raise CacheUnavailable(f"Frappe's cache, where failed requests wait, does not answer: {exc}") from exc
