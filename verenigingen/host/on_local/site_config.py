"""What a site's configuration files say: read, merged as a bench merges them, and checked before anything is opened."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verenigingen.exceptions import ConfigurationError

SITE, COMMON = "site_config.json", "common_site_config.json"
OWN = "monitoring_own_site"
TEXTS = (
	"db_name",
	"db_type",
	"db_host",
	"db_user",
	"db_password",
	"db_socket",
	"time_zone",
	"encryption_key",
	"redis_cache",
	"redis_queue",
)


@dataclass(frozen=True, slots=True)
class SiteConfig:
	"""One site's configuration: where its file is, the values in force, and whether the site is our own.

	A site that is not our own is only audited: nothing of it is written to, its Redis least of all.
	"""

	path: Path
	values: Mapping[str, Any]
	own: bool

	@property
	def name(self) -> str:
		"""The site's name: that of its database."""
		return str(self.values["db_name"])

	def redis(self, purpose: str) -> str | None:
		"""The URL under `redis_cache` or `redis_queue`; None when there is none, or when the site is not our own."""
		return self.values.get(purpose) or None if self.own else None

	def beside(self, suffix: str, store: Path | None = None) -> Path:
		"""A file of ours about this site: beside its own config, or beside the store of an audited one."""
		return (self.path if self.own else store or self.store()).with_suffix(suffix)

	def store(self) -> Path:
		"""Where our tables are kept when this site is audited, unless told otherwise."""
		base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
		name = f"{self.values.get('db_host') or 'local'}-{self.name}"
		return base / "verenigingen" / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}.db"


def read_config(path: Path) -> SiteConfig:
	"""The configuration of a site from its `site_config.json`, or the folder that holds it.

	Like a bench, values of a `common_site_config.json` one folder up are taken where the site's own file has none:
	db_host, db_port and the Redis URLs usually stand there. Whether a site is our own is never taken from there, as
	one line would then open every site of a bench for writing. Raises ConfigurationError naming file and value.
	"""
	path = (path / SITE if path.is_dir() else path).resolve()
	site = _read(path)
	common_path = path.parent.parent / COMMON
	common = _read(common_path) if common_path.is_file() else {}
	values = {**common, **site}
	if not values.get("db_name"):
		raise ConfigurationError(f"{path} names no db_name; is it a Frappe {SITE}?")
	for name in TEXTS:
		if not isinstance(values.get(name), str | None):
			place = path if name in site else common_path
			raise ConfigurationError(f'{name} in {place} must be a text in quotes, such as "abc".')
	if values.get("db_port") not in (None, ""):
		values["db_port"] = _port(values["db_port"], path if "db_port" in site else common_path)
	own = site.get(OWN)
	if own not in (None, True, False):  # a text such as "false" must not open a foreign site for writing
		raise ConfigurationError(f"{OWN} in {path} must be true or false, not {own!r}.")
	return SiteConfig(path, values, bool(own))


def _read(path: Path) -> dict[str, Any]:
	try:
		found = json.loads(path.read_text(encoding="utf-8"))
	except OSError as exc:
		raise ConfigurationError(f"Cannot read {path}: {exc.strerror}.") from exc
	except ValueError as exc:
		raise ConfigurationError(f"{path} is not valid JSON: {exc}.") from exc
	if not isinstance(found, dict):
		raise ConfigurationError(f"{path} is not a JSON object; is it a Frappe {SITE}?")
	return found


def _port(value: object, place: Path) -> int:
	if isinstance(value, int | str) and not isinstance(value, bool) and re.fullmatch(r"\d{1,5}", str(value)):
		if 1 <= int(value) <= 65_535:
			return int(value)
	raise ConfigurationError(f"db_port in {place} must be a whole number from 1 to 65535, not {value!r}.")
