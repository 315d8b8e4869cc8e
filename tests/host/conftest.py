"""Sites of our own whose cache and queue are in a Redis that a test may stop."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import maria_config, write_config
from tests.support.servers import MariaServer, RedisServer
from verenigingen.host import Host, use_host
from verenigingen.host.on_local import open_host
from verenigingen.standalone.import_errors import ensure_error_log


@pytest.fixture
def redis_alone() -> Iterator[RedisServer]:
	"""A Redis for one test, to be stopped at will."""
	server = RedisServer()
	yield server
	server.close()


@pytest.fixture
def rq_site(mariadb: MariaServer, redis_alone: RedisServer, tmp_path: Path) -> Path:
	"""The site_config.json of a site of our own on MariaDB, with cache and queue in Redis."""
	url = redis_alone.url
	values = maria_config(mariadb, monitoring_own_site=True, redis_cache=url, redis_queue=url)
	path = write_config(tmp_path, **values)
	ensure_error_log(open_host(path))
	return path


@pytest.fixture
def rq_host(rq_site: Path) -> Iterator[Host]:
	"""That site, open, as the host of this process."""
	with use_host(open_host(rq_site)) as host:
		yield host


def start_program(site: Path, *arguments: str) -> subprocess.Popen[str]:
	"""The program on a site, its messages to be read from `stderr`."""
	command = [sys.executable, "-m", "verenigingen.standalone", "--site", str(site), *arguments]
	environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
	return subprocess.Popen(
		command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
	)


def run_program(site: Path, *arguments: str) -> tuple[int, str]:
	"""Exit code and everything the program said."""
	process = start_program(site, *arguments)
	out, err = process.communicate(timeout=120)
	return process.returncode, out + err
