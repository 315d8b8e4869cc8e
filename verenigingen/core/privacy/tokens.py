"""What a value is replaced with: `<type:hex>`, the same for the same value under the same key.

The digits are the beginning of a keyed HMAC, so that equal values can be told to be equal (errors still group, a
person's events still belong together) while nobody without the key can try values out.
"""

from __future__ import annotations

import hmac
import re
from functools import lru_cache
from typing import NamedTuple

KINDS = (
	"mail",
	"iban",
	"bic",
	"phone",
	"bsn",
	"postcode",
	"address",
	"ip",
	"card",
	"jwt",
	"secret",
	"birthdate",
	"name",
)
DIGITS = 6  # of 16 million stand-ins; a site's values of one kind rarely share one
TOKEN = re.compile(rf"<(?:{'|'.join(KINDS)}):[0-9a-f]{{4,8}}>")

_PUNCTUATION = re.compile(r"[\W_]+")


class Span(NamedTuple):
	"""A personal value: where it stands (characters, end exclusive), its kind of KINDS, and its written form."""

	start: int
	end: int
	kind: str
	value: str


class Tokens:
	"""Makes tokens with one key (bytes, at least 16). Raises ValueError for a shorter one."""

	def __init__(self, key: bytes) -> None:
		if len(key) < 16:
			raise ValueError("The key of a redactor has at least 16 bytes.")
		self._key = key
		# recurring values are common within one text; a memo of digests would outlive its use, this is small
		self.token = lru_cache(maxsize=2_000)(self._token)

	def _token(self, kind: str, value: str) -> str:
		said = f"{kind}\x1f{canonical(kind, value)}".encode("utf-8", "surrogatepass")
		return f"<{kind}:{hmac.digest(self._key, said, 'sha256').hex()[:DIGITS]}>"


def canonical(kind: str, value: str) -> str:
	"""The value without what differs between writings of it: case, separators, a trunk zero."""
	if kind in ("secret", "jwt"):
		return value
	plain = _PUNCTUATION.sub("", value).casefold() if kind not in ("mail", "ip") else value.casefold()
	if kind == "phone":
		digits = plain.lstrip("0")
		return digits[2:].lstrip("0") if digits.startswith("31") and len(digits) > 9 else digits
	return plain
