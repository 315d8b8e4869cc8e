"""A site without a bench: its database as its configuration names it, and everything else from this process.

A config with `"monitoring_own_site": true` is a site of our own (the demo, tests): our tables live in its database,
and cache and jobs in Redis where `redis_cache` and `redis_queue` name one. Any other is somebody's real site and is
AUDITED: its database is opened read-only by construction, its Redis is left alone, and our tables live in a SQLite
file on this machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from verenigingen.exceptions import ConfigurationError
from verenigingen.host.on_local.mariadb import MariaStore
from verenigingen.host.on_local.operations import LocalOperations
from verenigingen.host.on_local.parts import (
	InlineQueue,
	LocalAccess,
	LocalConfig,
	LocalHooks,
	LocalSecrets,
	LogNotify,
	MemoryCache,
	ZoneClock,
	acting_as,
)
from verenigingen.host.on_local.redis_parts import RedisCache, RqQueue, prefix_of
from verenigingen.host.on_local.schema import create_own_tables
from verenigingen.host.on_local.site_config import SiteConfig, read_config
from verenigingen.host.on_local.sqlite import SqliteStore
from verenigingen.host.port import Host, RequestHistory

__all__ = [
	"acting_as",
	"local_file",
	"open_cache",
	"open_database",
	"open_host",
	"open_queue",
	"open_secrets",
	"read_config",
]

FRAPPE_ZONE = "Asia/Kolkata"  # what a Frappe site without a time_zone in System Settings uses


def open_host(config_path: Path, *, store: Path | None = None) -> Host:
	"""The host of one site, from its `site_config.json` or the folder that holds it.

	store: the SQLite file for our tables when auditing; default `~/.local/share/verenigingen/<host>-<db>.db`.
	The site's zone is `time_zone` of the config, else that of its System Settings, else what Frappe takes then; UTC
	where there is no Frappe site. Raises
	ConfigurationError for an unusable config, DatabaseUnavailable when the database does not answer.
	"""
	config = read_config(config_path)
	db = open_database(config)
	tables = db if config.own else SqliteStore(store or config.store())
	create_own_tables(tables.execute, tables.columns, tables.dialect)
	clock = ZoneClock(_zone(db, config))
	secrets = open_secrets(config, store)
	return Host(
		kind="local",
		site=config.name,
		clock=clock,
		db=db,
		store=tables,
		cache=open_cache(config),
		queue=open_queue(config),
		access=LocalAccess(tables, clock),
		secrets=secrets,
		notify=LogNotify(),
		config=LocalConfig(tables, config.values, secrets.pseudonym),
		hooks=LocalHooks(),
		history=_history(config),
		operations=LocalOperations(db, config),
		folder=config.path.parent if config.own else None,
	)


def open_database(config: SiteConfig) -> SqliteStore | MariaStore:
	"""The site's database, read-only unless the site is our own. Connects when first asked."""
	kind = config.values.get("db_type") or "mariadb"
	if kind == "mariadb":
		return MariaStore(config.values, read_only=not config.own)
	if kind == "sqlite":
		folder = config.path.parent
		frappe_file = folder / "db" / f"{config.name}.db"
		return SqliteStore(
			frappe_file if frappe_file.exists() else folder / "site.db", read_only=not config.own
		)
	raise ConfigurationError(f"db_type {kind!r} cannot be opened stand-alone; mariadb and sqlite can.")


def open_cache(config: SiteConfig) -> RedisCache | MemoryCache:
	"""The cache in the Redis that a site of our own names, else in this process. Connects when first asked."""
	url = config.redis("redis_cache")
	return RedisCache(url, prefix_of(config.name, config.path)) if url else MemoryCache()


def open_queue(config: SiteConfig) -> RqQueue | InlineQueue:
	"""RQ on the Redis that a site of our own names, else jobs run at once. Connects when first asked."""
	url = config.redis("redis_queue")
	return RqQueue(url, prefix_of(config.name, config.path), config.path) if url else InlineQueue()


def open_secrets(config: SiteConfig, store: Path | None = None) -> LocalSecrets:
	"""The site's encryption key; a key file for pseudonyms lies beside our tables where the site has none."""
	return LocalSecrets(config.values.get("encryption_key"), config.beside(".key", store))


def local_file(config_path: Path, suffix: str, *, store: Path | None = None) -> Path:
	"""A file of this program about a site, beside the site's own config or the store of an audited one."""
	return read_config(config_path).beside(suffix, store)


def _history(config: SiteConfig) -> RequestHistory | None:
	"""What Frappe's monitor recorded: in the folder that `monitoring_logs` of the config names, beside the config, or in
	the logs of the bench that the site is in."""
	home = config.path.parent
	named = config.values.get("monitoring_logs")
	places = (
		[home / named] if isinstance(named, str) and named else [home / "logs", home.parent.parent / "logs"]
	)
	for folder in places:
		if any(folder.glob("monitor.json.log*")):
			return RequestHistory(folder, (home.name, config.name), lambda path: False)
	return None


def _zone(db: SqliteStore | MariaStore, config: SiteConfig) -> Any:
	if config.values.get("time_zone"):
		return config.values["time_zone"]
	if not db.columns("tabSingles"):
		return "UTC"
	found = db.query(
		"SELECT value FROM `tabSingles` WHERE doctype = %s AND field = %s", ("System Settings", "time_zone")
	)
	return found[0][0] if found and found[0][0] else FRAPPE_ZONE
