"""A small site on SQLite with hostile errors, served on a free port."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import write_config
from tests.support.web import Client
from verenigingen.host import Host, use_host
from verenigingen.host.endpoint import REGISTRY, Endpoint
from verenigingen.host.on_local import local_file, open_host
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.api_keys import ApiKeys
from verenigingen.standalone.cli import load_doors
from verenigingen.standalone.import_errors import import_errors
from verenigingen.standalone.wsgi import open_server

HOSTILE = "<script>alert(document.domain)</script><img src=x onerror=alert(1)>"
ZONE = ZoneInfo("Europe/Amsterdam")


def broken(secret: str = "hunter2") -> None:
	"""A door with a bug."""
	raise RuntimeError(f"no such table for {secret}")


EXTRA = {
	"tests.broken": Endpoint("tests.broken", broken, ("System Manager",), False, ("GET",), {}),
	"tests.nothing": Endpoint("tests.nothing", lambda: None, (), True, ("GET", "POST"), {}),
	"tests.write": Endpoint("tests.write", lambda: "written", ("System Manager",), False, ("POST",), {}),
}


@dataclass
class Served:
	"""A running server and what is behind it."""

	client: Client
	host: Host
	keys: ApiKeys
	folder: Path

	def key(self, *roles: str, user: str = "api") -> dict[str, str]:
		"""The header of a new API key."""
		return {"Authorization": "token " + ":".join(self.keys.create(user, roles))}


def write_errors(file: Path) -> None:
	"""Eight errors in the last days, four of them hostile to whoever shows them."""
	now = datetime.now(ZONE).replace(tzinfo=None)
	rows = []
	for number in range(8):
		title = HOSTILE if number % 2 else "KeyError: 'member'"
		error = (
			f'Traceback (most recent call last):\n  File "apps/x/x/a{number % 2}.py", line 3, in pay\n{title}'
		)
		when = (now - timedelta(hours=7 * number)).isoformat(" ")
		rows.append(
			{"id": f"e{number}", "method": title, "error": error, "creation": when, "owner": "a@b.example"}
		)
	file.write_text("\n".join(json.dumps(row) for row in rows))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
	"""The site behind a server of its own."""
	folder = tmp_path_factory.mktemp("served")
	host = open_host(write_config(folder, db_type="sqlite", db_name="kring", monitoring_own_site=True))
	write_errors(folder / "errors.jsonl")
	load_doors()
	keys = ApiKeys(local_file(folder, ".api-keys.json"))
	with use_host(host):
		import_errors(host, folder / "errors.jsonl")
		collect_all(host, 60)
		# the analysis strips tags from titles; what shows them must be safe without that
		host.store.execute("UPDATE `tabError Issue` SET title = %s WHERE exception IS NULL", (HOSTILE,))
		server, address = open_server(host, {**REGISTRY, **EXTRA}, keys, port=0)
		thread = threading.Thread(target=server.serve_forever)
		thread.start()
		try:
			yield Served(Client(address), host, keys, folder)
		finally:
			server.shutdown()
			thread.join(10)
