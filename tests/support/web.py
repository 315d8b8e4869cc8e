"""A plain HTTP client: no cookie jar, no redirects, no tidying of addresses, so that a test sends what it says."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Answer:
	"""What the server sent."""

	status: int
	headers: http.client.HTTPMessage
	text: str

	@property
	def json(self) -> Any:
		"""The body as JSON."""
		return json.loads(self.text)

	@property
	def said(self) -> str:
		"""The message of an error in Frappe's envelope; fails when the envelope is not complete."""
		assert self.json.keys() == {"exc_type", "exception", "_server_messages"}
		assert "\n" not in self.json["exception"] and "Traceback" not in self.text
		assert self.headers["Content-Type"].startswith("application/json")
		[message] = [json.loads(text) for text in json.loads(self.json["_server_messages"])]
		return str(message["message"])

	@property
	def failed(self) -> tuple[int, str]:
		"""Status and error name."""
		return self.status, self.json["exc_type"]

	@property
	def cookie(self) -> str:
		"""The cookie set, as it is sent back."""
		return self.headers["Set-Cookie"].partition(";")[0]


class Client:
	"""Asks the server at `address`."""

	def __init__(self, address: str) -> None:
		parts = urlsplit(address)
		self.port, self.token = parts.port, parts.query.removeprefix("token=")

	def ask(
		self,
		path: str,
		method: str = "GET",
		*,
		body: str | bytes | None = None,
		headers: Mapping[str, str] | None = None,
	) -> Answer:
		"""One request on a connection of its own."""
		connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
		try:
			connection.request(method, path, body, dict(headers or {}))
			response = connection.getresponse()
			return Answer(response.status, response.headers, response.read().decode())
		finally:
			connection.close()

	def login(self) -> dict[str, str]:
		"""Logs in as the operator; the headers of a session that may POST."""
		cookie = self.ask(f"/?token={self.token}").cookie
		page = self.ask("/monitoring_dashboard", headers={"Cookie": cookie}).text
		csrf = page.partition('data-csrf-token="')[2].partition('"')[0]
		assert csrf
		return {"Cookie": cookie, "X-Frappe-CSRF-Token": csrf}


class Server:
	"""`verenigingen serve` on a site, as a process of its own; `address` logs in."""

	def __init__(self, folder: Path) -> None:
		command = [
			sys.executable,
			"-m",
			"verenigingen.standalone",
			"--site",
			str(folder),
			"serve",
			"--port",
			"0",
		]
		self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
		self.errors = ""

	def __enter__(self) -> Server:
		assert self.process.stdout
		for line in self.process.stdout:
			if "?token=" in line:
				self.address = line.strip()
				return self
		raise AssertionError(f"serve printed no address: {self.process.communicate()[1]}")

	def __exit__(self, *_: object) -> None:
		self.stop(signal.SIGTERM)

	def stop(self, how: signal.Signals) -> int:
		"""Ends the server and returns its exit code."""
		if self.process.poll() is None:
			self.process.send_signal(how)
			self.errors = self.process.communicate(timeout=30)[1]
		return self.process.returncode
