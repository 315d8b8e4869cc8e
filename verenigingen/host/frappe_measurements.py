"""Where measurements of a bench wait for the collectors: a list per kind in Frappe's cache, and what was lost.

Keys begin with `monitoring_`, which `persistent_cache_keys` keeps through `bench clear-cache`. Processes send over a
connection of their own that gives up soon: frappe.cache would wait for a Redis that hangs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import frappe
import redis

from verenigingen.exceptions import CacheUnavailable
from verenigingen.host.measuring import JOBS, REQUESTS, STATEMENTS, Send

KINDS = (REQUESTS, JOBS, STATEMENTS)
MOST_BATCHES = 2_000  # of one kind, of at most about 32,000 characters each
GIVE_UP = 0.25  # seconds
LIST, TAKEN, LOST, SETTINGS = (
	"monitoring_measured_{}",
	"monitoring_measured_{}_taken",
	"monitoring_measured_lost",
	"monitoring_measured_settings",
)

# One round trip for everything. KEYS: lost, settings, the lists. ARGV: limit, batches of (list, kind, count, text) after
# their number, then pairs (kind, count) of what was lost before.
PUT = """
local limit, number, at = tonumber(ARGV[1]), tonumber(ARGV[2]), 3
local waiting = 0
for _ = 1, number do
	local list = KEYS[2 + tonumber(ARGV[at])]
	local length = redis.call('LLEN', list)
	if length >= limit then
		redis.call('HINCRBY', KEYS[1], ARGV[at + 1], ARGV[at + 2])
	else
		length = redis.call('RPUSH', list, ARGV[at + 3])
	end
	if length > waiting then waiting = length end
	at = at + 4
end
while at < #ARGV do
	redis.call('HINCRBY', KEYS[1], ARGV[at], ARGV[at + 1])
	at = at + 2
end
return {waiting, redis.call('GET', KEYS[2]) or ''}
"""
# Sets aside what waits, behind a token and the number lost, unless something is set aside already.
TAKE = """
if redis.call('EXISTS', KEYS[2]) == 0 then
	local lost = redis.call('HGET', KEYS[3], ARGV[2]) or '0'
	if redis.call('EXISTS', KEYS[1]) == 1 then
		redis.call('RENAME', KEYS[1], KEYS[2])
	elseif lost == '0' then
		return {}
	end
	redis.call('HDEL', KEYS[3], ARGV[2])
	redis.call('LPUSH', KEYS[2], lost, ARGV[1])
end
return redis.call('LRANGE', KEYS[2], 0, -1)
"""
SETTLE = """
if redis.call('LINDEX', KEYS[1], 0) == ARGV[1] then
	redis.call('DEL', KEYS[1])
end
"""


class FrappeMeasurements:
	"""What waits for the collectors of the current site."""

	def take(self, kind: str) -> tuple[str, int, list[str]]:
		keys = [LIST.format(kind), TAKEN.format(kind), LOST]
		with _answering():
			found = _texts(_run(TAKE, keys, [uuid4().hex, kind]))
		return (found[0], int(found[1]), found[2:]) if found else ("", 0, [])

	def settle(self, kind: str, token: str) -> None:
		with _answering():
			_run(SETTLE, [TAKEN.format(kind)], [token])

	def configure(self, settings: Mapping[str, float]) -> None:
		with _answering():
			frappe.cache.execute_command("SET", frappe.cache.make_key(SETTINGS), json.dumps(dict(settings)))


def sender() -> Send:
	"""What sends measurements of the current site, from any thread, whatever site is current by then."""
	keys = [frappe.cache.make_key(key) for key in (LOST, SETTINGS, *map(LIST.format, KINDS))]
	client = _client()

	def send(
		batches: Sequence[tuple[str, int, str]], lost: Mapping[str, int]
	) -> tuple[int, dict[str, float] | None]:
		arguments: list[str | int] = [MOST_BATCHES, len(batches)]
		for kind, count, text in batches:
			arguments += [KINDS.index(kind) + 1, kind, count, text]
		for kind, count in lost.items():
			arguments += [kind, count]
		try:
			waiting, settings = client.execute_command("EVAL", PUT, len(keys), *keys, *arguments)
		except redis.RedisError as exc:
			raise OSError(f"Redis does not take them: {exc}") from exc
		return int(waiting), _settings(settings)

	return send


def _client() -> Any:
	if frappe.conf.redis_cache_sentinel_enabled:
		return frappe.cache  # knows how to find its server
	return redis.Redis.from_url(
		frappe.conf.redis_cache,
		socket_timeout=GIVE_UP,
		socket_connect_timeout=GIVE_UP,
		retry_on_timeout=False,
	)


def _settings(raw: bytes) -> dict[str, float] | None:
	try:
		found = json.loads(raw) if raw else None
	except ValueError:
		return None
	return {str(name): float(value) for name, value in found.items()} if isinstance(found, dict) else None


def _run(script: str, keys: Sequence[str], arguments: Sequence[str | int]) -> list[bytes]:
	full = [frappe.cache.make_key(key) for key in keys]
	return frappe.cache.execute_command("EVAL", script, len(full), *full, *arguments) or []


def _texts(found: Sequence[bytes]) -> list[str]:
	return [part.decode("utf-8", "replace") for part in found]


@contextmanager
def _answering() -> Iterator[None]:
	try:
		yield
	except redis.RedisError as exc:
		raise CacheUnavailable(f"Frappe's cache, where measurements wait, does not answer: {exc}") from exc
