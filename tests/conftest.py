"""Fixtures: a private MariaDB and Redis for the session, and fresh sites of our own on SQLite and MariaDB."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.support.servers import PASSWORD, MariaServer, RedisServer, install_missing
from verenigingen.host import Host, use_host
from verenigingen.host.on_local import open_host
from verenigingen.standalone.import_errors import ensure_error_log

NEED_NOTHING = {"test_architecture.py", "test_docs.py"}


def pytest_collection_finish(session: pytest.Session) -> None:
	"""What the suite runs is there before its first test, or one message names all that is not."""
	if all(item.path.name in NEED_NOTHING for item in session.items):
		return
	try:
		install_missing()
	except RuntimeError as error:
		pytest.exit(str(error), returncode=3)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaServer]:
	server = MariaServer(durable=False)
	yield server
	server.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
	server = RedisServer()
	yield server
	server.close()


def write_config(folder: Path, **values: object) -> Path:
	"""A site_config.json of a site in Amsterdam."""
	config = {"time_zone": "Europe/Amsterdam", "encryption_key": Fernet.generate_key().decode(), **values}
	path = folder / "site_config.json"
	path.write_text(json.dumps(config))
	return path


def maria_config(server: MariaServer, **values: object) -> dict[str, object]:
	"""Config values of a fresh database on the private server."""
	name = f"site_{uuid.uuid4().hex[:12]}"
	server.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
	return {
		"db_name": name,
		"db_host": "127.0.0.1",
		"db_port": server.port,
		"db_user": "root",
		"db_password": PASSWORD,
		**values,
	}


@pytest.fixture(params=["sqlite", "mariadb"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
	"""The site_config.json of an empty site of our own."""
	if request.param == "sqlite":
		return write_config(tmp_path, db_type="sqlite", db_name="site", monitoring_own_site=True)
	server = request.getfixturevalue("mariadb")
	return write_config(tmp_path, **maria_config(server, monitoring_own_site=True))


@pytest.fixture
def host(site: Path) -> Iterator[Host]:
	"""The open site with an empty Error Log, as the host of this process."""
	opened = open_host(site)
	ensure_error_log(opened)
	with use_host(opened):
		yield opened
