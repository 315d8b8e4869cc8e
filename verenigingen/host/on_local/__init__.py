"""A site without a bench: its database as its site_config.json names it, and everything else from this process.

A config with `"monitoring_own_site": true` is a site of our own (the demo, tests): our tables live in its database.
Any other is somebody's real site and is AUDITED: its database is opened read-only by construction, and our tables
live in a SQLite file on this machine.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from verenigingen.exceptions import ConfigurationError
from verenigingen.host.on_local.mariadb import MariaStore
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
from verenigingen.host.on_local.schema import create_own_tables
from verenigingen.host.on_local.sqlite import SqliteStore
from verenigingen.host.port import Host

__all__ = ["acting_as", "local_file", "open_host"]


def open_host(config_path: Path, *, store: Path | None = None) -> Host:
	"""The host of one site, from its `site_config.json` or the folder that holds it.

	store: the SQLite file for our tables when auditing; default `~/.local/share/verenigingen/<host>-<db>.db`.
	The site's zone is `time_zone` of the config, else that of its System Settings, else UTC. Raises
	ConfigurationError for an unusable config, DatabaseUnavailable when the database does not answer.
	"""
	path = config_path / "site_config.json" if config_path.is_dir() else config_path
	config = _read(path)
	own = bool(config.get("monitoring_own_site"))
	db = _database(path, config, read_only=not own)
	tables = db if own else SqliteStore(store or _default_store(config))
	create_own_tables(tables.execute, tables.columns, tables.dialect)
	clock = ZoneClock(_zone(db, config))
	key_file = _beside(path, config, store, ".key")
	return Host(
		kind="local",
		site=str(config["db_name"]),
		clock=clock,
		db=db,
		store=tables,
		cache=MemoryCache(),
		queue=InlineQueue(),
		access=LocalAccess(tables, clock),
		secrets=LocalSecrets(config.get("encryption_key"), key_file),
		notify=LogNotify(),
		config=LocalConfig(tables, config),
		hooks=LocalHooks(),
	)


def local_file(config_path: Path, suffix: str, *, store: Path | None = None) -> Path:
	"""A file of this program about a site, beside the site's own config or the store of an audited one."""
	path = config_path / "site_config.json" if config_path.is_dir() else config_path
	return _beside(path, _read(path), store, suffix)


def _beside(path: Path, config: dict[str, Any], store: Path | None, suffix: str) -> Path:
	own = bool(config.get("monitoring_own_site"))
	return (path if own else store or _default_store(config)).with_suffix(suffix)


def _read(path: Path) -> dict[str, Any]:
	try:
		config = json.loads(path.read_text(encoding="utf-8"))
	except OSError as exc:
		raise ConfigurationError(f"Cannot read {path}: {exc.strerror}.") from exc
	except ValueError as exc:
		raise ConfigurationError(f"{path} is not valid JSON: {exc}.") from exc
	if not isinstance(config, dict) or not config.get("db_name"):
		raise ConfigurationError(f"{path} names no db_name; is it a Frappe site_config.json?")
	return config


def _database(path: Path, config: dict[str, Any], *, read_only: bool) -> SqliteStore | MariaStore:
	kind = config.get("db_type") or "mariadb"
	if kind == "mariadb":
		return MariaStore(config, read_only=read_only)
	if kind == "sqlite":
		frappe_file = path.parent / "db" / f"{config['db_name']}.db"
		return SqliteStore(
			frappe_file if frappe_file.exists() else path.parent / "site.db", read_only=read_only
		)
	raise ConfigurationError(f"db_type {kind!r} cannot be opened stand-alone; mariadb and sqlite can.")


def _default_store(config: dict[str, Any]) -> Path:
	base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
	return base / "verenigingen" / f"{config.get('db_host') or 'local'}-{config['db_name']}.db"


def _zone(db: SqliteStore | MariaStore, config: dict[str, Any]) -> str:
	if config.get("time_zone"):
		return str(config["time_zone"])
	if not db.columns("tabSingles"):
		return "UTC"
	found = db.query(
		"SELECT value FROM `tabSingles` WHERE doctype = %s AND field = %s", ("System Settings", "time_zone")
	)
	return str(found[0][0]) if found and found[0][0] else "UTC"
