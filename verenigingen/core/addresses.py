"""Which addresses on the internet may be called, as far as the address itself tells."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from verenigingen.exceptions import ConfigurationError

LONGEST = 2_000
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 as IPv6-only networks write it


def check_address(url: str) -> SplitResult:
	"""The parts of an address that may be called. Raises ConfigurationError saying what is wrong with it."""
	wrong = None
	try:
		parts = urlsplit(url)
		port = parts.port
	except ValueError:
		raise ConfigurationError("The address cannot be read; write it as https://host/path.") from None
	if len(url) > LONGEST or any(not 32 < ord(letter) < 127 for letter in url):
		wrong = f"must be at most {LONGEST} letters, digits and signs of ASCII, without blanks"
	elif parts.scheme not in ("http", "https"):
		wrong = "must begin with https:// or http://"
	elif not parts.hostname or port == 0:
		wrong = "names no host"
	elif parts.username is not None or parts.password is not None:
		wrong = "must not hold a user or password"
	if wrong:
		raise ConfigurationError(f"The address {wrong}.")
	return parts


def public(address: str) -> bool:
	"""Is this IP address one of the public internet? An IPv4 address inside an IPv6 one counts as what it is."""
	found = ipaddress.ip_address(address.partition("%")[0])
	if isinstance(found, ipaddress.IPv6Address):
		inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
		if inner is None and found in TRANSLATED:
			inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
		if inner is not None:
			return inner.is_global and not inner.is_multicast
	return found.is_global and not found.is_multicast
