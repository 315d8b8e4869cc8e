"""The demo as a site of our own: a folder with site_config.json, a SQLite database and the manifest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from verenigingen.exceptions import ConfigurationError
from verenigingen.host.on_local import open_host
from verenigingen.host.on_local.schema import create_table
from verenigingen.standalone.demo import build
from verenigingen.standalone.demo.schema import CORE_TABLES

MARK = "verenigingen_demo"


def build_site(
	folder: Path,
	*,
	seed: int = 2026,
	now: datetime | None = None,
	progress: Callable[[int, int, str], None],
) -> dict[str, Any]:
	"""Builds the demo site in `folder`, in place of an older demo there, and returns its manifest.

	Raises ConfigurationError when the folder holds something that is not a demo: nothing of it is touched.
	"""
	config_file = folder / "site_config.json"
	if folder.exists() and any(folder.iterdir()):
		if not config_file.exists() or not json.loads(config_file.read_text()).get(MARK):
			raise ConfigurationError(f"{folder} is not empty and no demo site; choose another --dir.")
		shutil.rmtree(folder)
	folder.mkdir(parents=True, exist_ok=True)
	config = {
		MARK: True,
		"db_type": "sqlite",
		"db_name": "demo",
		"monitoring_own_site": True,
		"time_zone": "Europe/Amsterdam",
		"encryption_key": Fernet.generate_key().decode(),
	}
	config_file.write_text(json.dumps(config, indent=1))
	host = open_host(folder)
	store: Any = host.store
	for doctype, columns in CORE_TABLES.items():
		indexes = ("modified", "creation") if doctype == "Error Log" else ()
		create_table(store.execute, store.columns, store.dialect, f"tab{doctype}", columns, indexes)

	host.operations.switch("enable_scheduler", 1)

	def write(table: str, rows: Sequence[Mapping[str, object]]) -> None:
		with store.transaction("demo"):
			store.insert(table, rows)

	manifest = build(
		write, now=now or datetime.now(timezone.utc), seed=seed, site_dir=folder, progress=progress
	)
	(folder / "manifest.json").write_text(json.dumps(manifest, indent=1, default=str))
	return manifest
