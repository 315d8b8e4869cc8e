"""One GET to an address a person configured, made so that it cannot be turned against the network the site runs in.

Only http and https; every address the name stands for must be a public one, unless private ones were allowed; the
connection goes to the very address that was checked; redirects are not followed, proxies not used, the answer not read
beyond its status. The whole call ends within SECONDS.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from urllib.parse import SplitResult

from verenigingen.core.addresses import check_address, public
from verenigingen.exceptions import ConfigurationError, Unavailable

SECONDS = 5.0  # for connecting, and again for the answer
ALTOGETHER = 12.0  # with looking up the name, which has no limit of its own


def call(url: str, *, private: bool) -> int:
	"""Calls the address; the HTTP status, which is one of success. Raises ConfigurationError for an address that may not be
	called, Unavailable when it does not answer with success in time. No message holds the path: it may be a secret."""
	parts = check_address(url)
	done: list[int | Exception] = []

	def work() -> None:
		try:
			done.append(_get(parts, private))
		except Exception as error:  # raised below, in the thread that asked
			done.append(error)

	thread = threading.Thread(target=work, daemon=True)
	thread.start()
	thread.join(ALTOGETHER)
	if not done:
		raise Unavailable(f"{parts.hostname} did not answer within {ALTOGETHER:g} seconds.")
	if isinstance(done[0], Exception):
		raise done[0]
	return done[0]


def _get(parts: SplitResult, private: bool) -> int:
	host = str(parts.hostname)
	port = parts.port or (443 if parts.scheme == "https" else 80)
	connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
	try:
		connection.sock = _connected(host, _addresses(host, port, private))
		if parts.scheme == "https":
			connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
		path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
		connection.request(
			"GET", path, headers={"User-Agent": "verenigingen-heartbeat", "Connection": "close"}
		)
		status = connection.getresponse().status
	except (OSError, http.client.HTTPException) as exc:
		raise Unavailable(f"{host} does not answer: {type(exc).__name__}.") from exc
	finally:
		connection.close()
	if not 200 <= status < 300:
		also = " (redirects are not followed)" if 300 <= status < 400 else ""
		raise Unavailable(f"{host} answered with status {status}{also}.")
	return status


def _addresses(host: str, port: int, private: bool) -> list[tuple[int, tuple[object, ...]]]:
	try:
		found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
	except (OSError, UnicodeError) as exc:
		raise Unavailable(f"The name {host} cannot be looked up.") from exc
	for *_, address in found:
		if not private and not public(str(address[0])):
			raise ConfigurationError(
				f"{host} stands for an address of a private network, which may only be called when the setting"
				" heartbeat_private is 1."
			)
	return [(family, address) for family, _, _, _, address in found]


def _connected(host: str, addresses: list[tuple[int, tuple[object, ...]]]) -> socket.socket:
	failure: OSError | None = None
	for family, address in addresses[:3]:
		made = socket.socket(family, socket.SOCK_STREAM)
		made.settimeout(SECONDS)
		try:
			made.connect(address)
			return made
		except OSError as exc:
			made.close()
			failure = exc
	raise failure or OSError(f"{host} has no address")
