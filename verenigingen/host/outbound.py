"""One GET to an address a person configured, made so that it cannot be turned against the network the site runs in.

Only http and https; every address the name stands for must be a public one, unless private ones were allowed; the
connection goes to the very address that was checked; redirects are not followed, proxies not used, the answer not read
beyond its status. The whole call ends within SECONDS.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from urllib.parse import SplitResult, urlsplit

from verenigingen.exceptions import ConfigurationError, Unavailable

SECONDS = 5.0  # for connecting, and again for the answer
ALTOGETHER = 12.0  # with looking up the name, which has no limit of its own
LONGEST = 2_000


def check_address(url: str) -> SplitResult:
	"""The parts of an address that may be called. Raises ConfigurationError saying what is wrong with it."""
	wrong = None
	try:
		parts = urlsplit(url)
		port = parts.port
	except ValueError:
		raise ConfigurationError("The address cannot be read; write it as https://host/path.") from None
	if len(url) > LONGEST or any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
		wrong = f"must be at most {LONGEST} characters without blanks"
	elif parts.scheme not in ("http", "https"):
		wrong = "must begin with https:// or http://"
	elif not parts.hostname or port == 0:
		wrong = "names no host"
	elif parts.username is not None or parts.password is not None:
		wrong = "must not hold a user or password"
	if wrong:
		raise ConfigurationError(f"The address {wrong}.")
	return parts


def call(url: str, *, private: bool) -> int:
	"""Calls the address; the HTTP status, which is one of success. Raises ConfigurationError for an address that may not be
	called, Unavailable when it does not answer with success in time. No message holds the path: it may be a secret."""
	parts = check_address(url)
	done: list[int | Exception] = []

	def work() -> None:
		try:
			done.append(_get(parts, private))
		except Exception as error:
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


def public(address: str) -> bool:
	"""Is this IP address one of the public internet? An IPv4 address inside an IPv6 one counts as what it is."""
	found = ipaddress.ip_address(address.partition("%")[0])
	if isinstance(found, ipaddress.IPv6Address):
		inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
		if inner is None and found in ipaddress.ip_network("64:ff9b::/96"):
			inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
		if inner is not None:
			return inner.is_global and not inner.is_multicast
	return found.is_global and not found.is_multicast


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
