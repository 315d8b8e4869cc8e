"""The cache's Redis, each minute: memory, hit ratio, evictions, clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from verenigingen.core.gauges import Age, GaugeSource, Item, Missing, Reading, Share
from verenigingen.core.measures import MINUTE
from verenigingen.core.metrics import CACHE
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host

NAME = "Cache"
LIMIT = "redis_memory_limit_bytes"
FIELDS = {
	"redis_memory_bytes": "used_memory",
	"redis_clients": "connected_clients",
	"redis_commands": "total_commands_processed",
	"redis_evicted_keys": "evicted_keys",
	"redis_expired_keys": "expired_keys",
	"redis_refused_connections": "rejected_connections",
}


def read(host: Host) -> Iterable[Item]:
	"""What the server says of itself. Raises SourceAbsent where the cache is no Redis, CacheUnavailable."""
	info = host.cache.server()
	if info is None:
		raise SourceAbsent(NAME, "The cache is not in a Redis that could be asked.")
	yield from of_server(info, "cache")


def of_server(info: Mapping[str, Any], label: str) -> Iterable[Item]:
	"""The readings of one Redis from its INFO; `label` says which."""
	yield Age(float(info["uptime_in_seconds"]))
	for metric, field in FIELDS.items():
		yield Reading(metric, float(info[field]), label)
	hits, misses = float(info["keyspace_hits"]), float(info["keyspace_misses"])
	yield Share("redis_hit_ratio", hits, hits + misses, label)
	yield Reading("redis_keys", float(sum(_keys(name, value) for name, value in info.items())), label)
	limit = float(info.get("maxmemory") or 0)
	if limit:
		yield Reading(LIMIT, limit, label)
	else:
		yield Missing(LIMIT, "No maxmemory is set.")


def _keys(name: str, value: Any) -> int:
	databases = name.startswith("db") and name[2:].isdigit() and isinstance(value, Mapping)
	return int(value["keys"]) if databases else 0


SOURCE = GaugeSource(NAME, MINUTE, read, CACHE)
