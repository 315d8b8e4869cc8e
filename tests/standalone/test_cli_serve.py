"""The commands `serve`, `api-key` and `report --html`, run as a person runs them."""

from __future__ import annotations

import re
import signal
import socket
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.conftest import write_config
from tests.standalone.conftest import HOSTILE, Served
from tests.support.web import Client, Server
from verenigingen.host.on_local import open_host
from verenigingen.standalone.cli import main
from verenigingen.standalone.import_errors import ensure_error_log


def run(folder: Path, *arguments: str) -> Result:
	"""One command on the site in `folder`."""
	return CliRunner().invoke(main, ["--site", str(folder), *arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
	"""An empty site of our own."""
	write_config(tmp_path, db_type="sqlite", db_name="leeg", monitoring_own_site=True)
	ensure_error_log(open_host(tmp_path))
	return tmp_path


def test_serve_prints_the_address_answers_and_stops_on_interrupt(folder: Path) -> None:
	with Server(folder) as server:
		client = Client(server.address)
		session = client.login()
		key = run(folder, "api-key", "create").output.strip()
		for headers in (session, {"Authorization": f"token {key}"}):
			answer = client.ask(
				"/api/method/verenigingen.utils.analytics_engine.test_components", headers=headers
			)
			assert answer.status == 200
		assert server.stop(signal.SIGINT) == 0
	assert client.token not in server.errors  # the log tells no token
	assert "Traceback" not in server.errors


def test_a_taken_port_is_one_clear_line(folder: Path) -> None:
	with socket.create_server(("127.0.0.1", 0)) as taken:
		port = taken.getsockname()[1]
		result = run(folder, "serve", "--port", str(port))
	assert result.exit_code == 1 and f"Port {port}" in result.output and "--port" in result.output


def test_api_keys_are_made_listed_and_revoked(folder: Path) -> None:
	made = run(folder, "api-key", "create", "--user", "till", "--role", "Monitoring Agent")
	key, _, secret = made.output.strip().partition(":")
	assert made.exit_code == 0 and re.fullmatch(r"[0-9a-f]{16}", key) and len(secret) > 40
	listed = run(folder, "api-key", "list").output
	assert key in listed and "till" in listed and "Monitoring Agent" in listed and secret not in listed
	assert run(folder, "api-key", "revoke", key).exit_code == 0
	assert run(folder, "api-key", "list").output == ""
	assert run(folder, "api-key", "revoke", key).exit_code == 1
	assert "Invalid value" in run(folder, "api-key", "create", "--role", "Emperor").output


def test_keys_of_an_audited_site_lie_beside_its_store(tmp_path: Path) -> None:
	own, store = tmp_path / "site", tmp_path / "elsewhere" / "store.db"
	own.mkdir()
	run_own = write_config(own, db_type="sqlite", db_name="a", monitoring_own_site=True)
	assert run(own, "collect").exit_code in (0, 1)  # makes the database
	run_own.write_text(
		run_own.read_text().replace('"monitoring_own_site": true', '"monitoring_own_site": false')
	)
	made = CliRunner().invoke(main, ["--site", str(own), "--store", str(store), "api-key", "create"])
	assert made.exit_code == 0 and (store.parent / "store.api-keys.json").exists()
	assert not list(own.glob("*api-keys*"))


class Elements(HTMLParser):
	"""Every tag and address of a page."""

	def __init__(self, text: str) -> None:
		super().__init__()
		self.tags: set[str] = set()
		self.addresses: list[str] = []
		self.feed(text)

	def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
		self.tags.add(tag)
		self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "data", "action")]
		assert not [name for name, _ in attrs if name.startswith("on")]


def test_the_html_report_is_one_harmless_file(served: Served, tmp_path: Path) -> None:
	file = tmp_path / "report.html"
	assert run(served.folder, "report", "--html", str(file)).output == ""
	text = file.read_text(encoding="utf-8")
	page = Elements(text)
	assert "script" not in page.tags and "img" not in page.tags and page.addresses == []
	assert "url(" not in text and "@import" not in text and HOSTILE not in text
	assert "&lt;script&gt;" in text and "<b>8</b><small>in 30 days" in text
	assert text.count('<rect class="') >= 30
	printed = run(served.folder, "report", "--html").output
	assert printed.startswith("<!DOCTYPE html>") and printed.endswith("</html>")


def test_the_html_report_of_a_site_without_data_says_so(folder: Path) -> None:
	text = run(folder, "report", "--html").output
	assert "Not known" in text and "<b>–</b>" in text and "<b>0</b><small>in" not in text
