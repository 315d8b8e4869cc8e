"""The server on MariaDB: threads, connections, and a database that goes away and comes back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import maria_config, write_config
from tests.support.servers import MariaServer
from tests.support.web import Client
from verenigingen.host import use_host
from verenigingen.host.endpoint import REGISTRY
from verenigingen.host.on_local import open_host
from verenigingen.standalone.api_keys import ApiKeys
from verenigingen.standalone.cli import load_doors
from verenigingen.standalone.import_errors import ensure_error_log
from verenigingen.standalone.wsgi import open_server

ANALYSE = "/api/method/verenigingen.utils.analytics_engine.analyze_error_patterns?days="


@pytest.mark.mariadb
def test_many_requests_leave_no_connections_and_an_outage_is_a_503(
	mariadb: MariaServer, tmp_path: Path
) -> None:
	load_doors()
	host = open_host(write_config(tmp_path, **maria_config(mariadb, monitoring_own_site=True)))
	ensure_error_log(host)
	keys = ApiKeys(tmp_path / "keys.json")
	key = {"Authorization": "token " + ":".join(keys.create("api", ["System Manager"]))}
	with use_host(host):
		server, address = open_server(host, REGISTRY, keys, port=0)
		thread = threading.Thread(target=server.serve_forever)
		thread.start()
		client = Client(address)
		try:
			with ThreadPoolExecutor(10) as pool:
				answers = list(
					pool.map(lambda days: client.ask(ANALYSE + str(days), headers=key), range(1, 41))
				)
			assert {answer.status for answer in answers} == {200}
			processes = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()"
			assert host.store.query(processes)[0][0] <= 10  # not one for every request ever made
			mariadb.stop()
			down = client.ask(f"{ANALYSE}100", headers=key)
			assert down.failed == (503, "DatabaseUnavailable") and "Is it running" in down.said
			assert client.ask("/login").status == 200
			mariadb.start()
			assert client.ask(f"{ANALYSE}100", headers=key).status == 200
		finally:
			server.shutdown()
			thread.join(10)
