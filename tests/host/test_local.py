"""The host contract on the stand-alone adapter: SQLite, MariaDB, and MariaDB with Redis and RQ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import TestCase
from unittest.mock import patch

import pytest
from cryptography.fernet import Fernet

from tests.conftest import maria_config, write_config
from tests.support.servers import free_port
from verenigingen.host import use_host
from verenigingen.host.on_local import mariadb, open_host
from verenigingen.host.on_local.parts import LocalSecrets
from verenigingen.host.on_local.redis_parts import RedisCache, RqQueue
from verenigingen.host.port import Cache, Queue, Secrets
from verenigingen.tests.host_contract import HostContract


class LocalContract(HostContract):
	"""What the three variants share."""

	jobs_wait = False
	own = True

	def config_values(self, request: pytest.FixtureRequest) -> dict[str, object]:
		"""Values of the site's configuration."""
		raise NotImplementedError

	@pytest.fixture(autouse=True)
	def _site(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
		self.folder = tmp_path
		self.config = write_config(tmp_path, **self.config_values(request), monitoring_own_site=self.own)
		self.store = tmp_path / "store.db"
		self.host = open_host(self.config, store=self.store)
		with use_host(self.host), patch.object(mariadb, "LOCK_WAIT", 1):
			yield
			self.clean()

	def opening_code(self) -> str:
		return (
			"from pathlib import Path\nfrom verenigingen.host.on_local import open_host\n"
			f"host = open_host(Path({str(self.config)!r}), store=Path({str(self.store)!r}))"
		)

	def secrets_with_another_key(self) -> Secrets:
		return LocalSecrets(Fernet.generate_key().decode(), self.folder / "other.key")

	def set_setting(self, name: str, value: str | None) -> None:
		store = self.host.store
		store.execute(
			"DELETE FROM `tabSingles` WHERE doctype = 'Monitoring Settings' AND field = %s", (name,)
		)
		if value is not None:
			store.execute(
				"INSERT INTO `tabSingles` (doctype, field, value) VALUES ('Monitoring Settings', %s, %s)",
				(name, value),
			)

	def set_site_config(self, name: str, value: object) -> None:
		values = self.host.config.site_config  # type: ignore[attr-defined]
		values.pop(name, None)
		if value is not None:
			values[name] = value


class TestSqlite(LocalContract, TestCase):
	has_server = False

	def config_values(self, request: pytest.FixtureRequest) -> dict[str, object]:
		return {"db_type": "sqlite", "db_name": "site"}

	@pytest.fixture(autouse=True)
	def _impatient(self, _site: None) -> None:
		self.host.store.execute("PRAGMA busy_timeout = 500")


class TestAuditedMariadb(LocalContract, TestCase):
	"""The site is read in MariaDB, and ours is kept in SQLite."""

	own = has_server = False

	def config_values(self, request: pytest.FixtureRequest) -> dict[str, object]:
		return maria_config(request.getfixturevalue("mariadb"))

	@pytest.fixture(autouse=True)
	def _impatient(self, _site: None) -> None:
		self.host.store.execute("PRAGMA busy_timeout = 500")


class TestMariadb(LocalContract, TestCase):
	def config_values(self, request: pytest.FixtureRequest) -> dict[str, object]:
		return maria_config(request.getfixturevalue("mariadb"))


class TestMariadbRedisRq(LocalContract, TestCase):
	jobs_wait = True

	def config_values(self, request: pytest.FixtureRequest) -> dict[str, object]:
		url = request.getfixturevalue("redis_server").url
		return {**maria_config(request.getfixturevalue("mariadb")), "redis_cache": url, "redis_queue": url}

	def run_waiting_jobs(self) -> None:
		self.host.queue.work(burst=True)  # type: ignore[attr-defined]

	def dead_cache(self) -> Cache:
		return RedisCache(f"redis://127.0.0.1:{free_port()}", "dead")

	def dead_queue(self) -> Queue:
		return RqQueue(f"redis://127.0.0.1:{free_port()}", "dead", self.config)
