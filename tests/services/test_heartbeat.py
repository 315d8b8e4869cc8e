"""The call that goes out while all is well: whom it may reach, and what is written down when it does not go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_config
from verenigingen.exceptions import ConfigurationError, Unavailable
from verenigingen.host import Host, use_host
from verenigingen.host.on_local import open_host
from verenigingen.host.outbound import call
from verenigingen.services.monitoring import collect_now
from verenigingen.services.pulse import HEARTBEAT, beat
from verenigingen.services.watchdog import watchdog_report


@dataclass
class Outside:
	"""A service outside: what it was asked, and the status it answers with."""

	url: str
	status: int = 200
	asked: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def outside() -> Iterator[Outside]:
	"""The service, on this machine."""

	class Handler(BaseHTTPRequestHandler):
		def do_GET(self) -> None:
			seen.asked.append((self.path, str(self.headers["Host"])))
			self.send_response(seen.status)
			self.send_header("Location", f"{seen.url}/elsewhere")
			self.send_header("Content-Length", "0")
			self.end_headers()

		def log_message(self, *args: Any) -> None:
			pass

	server = HTTPServer(("127.0.0.1", 0), Handler)
	seen = Outside(f"http://localhost:{server.server_port}")
	thread = threading.Thread(target=server.serve_forever)
	thread.start()
	yield seen
	server.shutdown()
	server.server_close()
	thread.join()


def site(folder: Path, **values: object) -> Host:
	"""A site of our own with these values in its configuration."""
	return open_host(
		write_config(folder, db_type="sqlite", db_name="site", monitoring_own_site=True, **values)
	)


def state(host: Host) -> list[tuple[Any, ...]]:
	"""What is written down of the last call."""
	return host.store.query(
		"SELECT status, last_error FROM `tabCollector State` WHERE name = %s", (HEARTBEAT,)
	)


def test_each_collection_calls_the_address(outside: Outside, tmp_path: Path) -> None:
	host = site(tmp_path, heartbeat_url=f"{outside.url}/ping/0a1b?x=1", heartbeat_private=1)
	with use_host(host):
		collect_now()
		collect_now()
	assert outside.asked == [("/ping/0a1b?x=1", outside.url.removeprefix("http://"))] * 2
	assert state(host) == [("ok", None)]


def test_without_an_address_nothing_is_called_or_written(tmp_path: Path) -> None:
	host = site(tmp_path)
	beat(host, [])
	assert state(host) == []


def test_a_private_address_is_called_only_when_allowed(outside: Outside, tmp_path: Path) -> None:
	host = site(tmp_path, heartbeat_url=f"{outside.url}/secret-token")
	beat(host, [])
	[(status, reason)] = state(host)
	assert (status, outside.asked) == ("failed", [])
	assert "heartbeat_private" in reason and "secret-token" not in reason
	[row] = [row for row in watchdog_report(host)["findings"] if row["subject"] == HEARTBEAT]
	assert row["check"] == "collection" and "heartbeat_private" in row["explanation"]


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500])
def test_a_redirect_is_not_followed_and_no_success_is_none(outside: Outside, status: int) -> None:
	outside.status = status
	with pytest.raises(Unavailable, match=f"status {status}"):
		call(f"{outside.url}/ping", private=True)
	assert [path for path, _ in outside.asked] == ["/ping"]


def test_a_name_is_judged_by_what_it_stands_for_and_that_is_what_is_called(
	outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
	asked = []
	port = int(outside.url.rpartition(":")[2])

	def rebinding(host: str, *_: Any, **__: Any) -> list[Any]:
		asked.append(host)  # the first answer is public, every other one is not
		return [(2, 1, 6, "", ("192.0.2.1" if len(asked) > 1 else "127.0.0.1", port))]

	monkeypatch.setattr("verenigingen.host.outbound.socket.getaddrinfo", rebinding)
	monkeypatch.setattr("verenigingen.host.outbound.public", lambda address: address == "127.0.0.1")
	assert call(f"http://watch.example:{port}/ping", private=False) == 200
	assert (asked, outside.asked) == (["watch.example"], [("/ping", f"watch.example:{port}")])
	with pytest.raises(ConfigurationError, match="private network"):
		call(f"http://watch.example:{port}/ping", private=False)


def test_https_is_asked_for_a_certificate(outside: Outside) -> None:
	with pytest.raises(Unavailable, match="SSLError"):
		call(outside.url.replace("http:", "https:"), private=True)


def test_nothing_is_called_when_nothing_could_be_collected(outside: Outside, tmp_path: Path) -> None:
	host = site(tmp_path, heartbeat_url=outside.url, heartbeat_private=1)
	beat(host, [{"error": "x"}, {"error": "y"}])
	assert (state(host), outside.asked) == ([("failed", "Not called: every collector failed.")], [])
	beat(host, [{"error": "x"}, {"error": None}])
	assert (state(host), len(outside.asked)) == ([("ok", None)], 1)


def test_a_bad_address_is_refused_and_said(tmp_path: Path) -> None:
	host = site(tmp_path, heartbeat_url="file:///etc/passwd")
	beat(host, [])
	[(status, reason)] = state(host)
	assert status == "failed" and "https://" in reason
