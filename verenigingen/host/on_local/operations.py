"""How a site is run, as its configuration files and System Settings say; only a site of our own is ever changed."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from verenigingen.exceptions import BadArgument, ReadOnlySite, SourceAbsent
from verenigingen.host.files import files_in
from verenigingen.host.on_local.mariadb import MariaStore
from verenigingen.host.on_local.site_config import SiteConfig, read_config
from verenigingen.host.on_local.sqlite import SqliteStore
from verenigingen.host.port import SWITCHES, FileSeen

SYSTEM = "System Settings"
OF_SYSTEM = ("enable_scheduler", "dormant_days")


class LocalOperations:
	"""Reads the files anew each time: a long-running process must see what was switched meanwhile."""

	def __init__(self, db: SqliteStore | MariaStore, config: SiteConfig) -> None:
		self.db, self.config = db, config

	def switches(self) -> dict[str, Any]:
		values = read_config(self.config.path).values
		found = {name: values.get(name) for name in SWITCHES if name not in OF_SYSTEM}
		if self.db.columns("tabSingles"):
			found |= dict(
				self.db.query(
					"SELECT field, value FROM `tabSingles` WHERE doctype = %s AND field IN (%s, %s)",
					(SYSTEM, *OF_SYSTEM),
				)
			)
		return {name: value for name, value in found.items() if value is not None}

	def switch(self, name: str, value: int | None) -> int | None:
		if not self.config.own:
			raise ReadOnlySite("This site is only being audited: switch its scheduler in its own bench.")
		if name == "enable_scheduler":
			return self._single(name, value)
		if name == "pause_scheduler":
			return self._key(name, value)
		raise BadArgument(f"{name} is no switch: pause_scheduler and enable_scheduler are.")

	def _single(self, name: str, value: int | None) -> int | None:
		where = ("System Settings", name)
		found = self.db.query("SELECT value FROM `tabSingles` WHERE doctype = %s AND field = %s", where)
		self.db.execute("DELETE FROM `tabSingles` WHERE doctype = %s AND field = %s", where)
		if value is not None:
			self.db.execute(
				"INSERT INTO `tabSingles` (doctype, field, value) VALUES (%s, %s, %s)", (*where, value)
			)
		return int(found[0][0] or 0) if found else None

	def _key(self, name: str, value: int | None) -> int | None:
		path = self.config.path
		values = json.loads(path.read_text(encoding="utf-8"))
		before = values.pop(name, None)
		if value is not None:
			values[name] = value
		_replace(path, json.dumps(values, indent=1, sort_keys=True))
		return None if before is None else int(before)

	def backups(self) -> list[FileSeen]:
		folder = self.config.path.parent / str(self.config.values.get("backup_path") or "private/backups")
		if not folder.is_dir():
			raise SourceAbsent(
				"Backups",
				"The site's folder of backups is not on this machine beside its site_config.json; whether there are"
				" backups cannot be told from its database.",
			)
		return files_in(folder, "Backups")


def _replace(path: Path, text: str) -> None:
	"""All or nothing, with the rights of the file that was there."""
	handle, name = tempfile.mkstemp(dir=path.parent, prefix=".site_config")
	with os.fdopen(handle, "w", encoding="utf-8") as out:
		out.write(text)
	os.chmod(name, path.stat().st_mode & 0o777)
	os.replace(name, path)
