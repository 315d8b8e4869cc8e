"""Planted personal data and secrets, and a search that finds them in whatever form they are written."""

import html
import re
from urllib.parse import unquote_plus

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnktNDcxMSJ9.Kq3vX9canaryT7w2LmPz8RbNc5YdHs0JfGu4"
EMAIL = "canary.kwartel@thuis.example"
FIRST, LAST = "Xaveria", "van der Kwartelmeester"
PERSON = {
	"full_name": f"{FIRST} {LAST}",
	"email": EMAIL,
	"iban": "NL91 ABNA 0417 1643 00",
	"phone": "+31 6 4815 1623",
	"bsn": "111222333",
	"street": "Zonnedauwpad 417",
	"postcode": "9738 QZ 417",
	"birth_date": "1979-05-23",
	"password": "canary-Geheim-42",
	"token": JWT,
	"api_key": "canary0a1b2c3d4e5f",
}
# What must not be found, written without blanks and signs and in lower case.
NEEDLES = {
	"name": ("kwartelmeester", "xaveria"),
	"e-mail": ("canarykwartel", "kwartelthuis"),
	"IBAN": ("nl91abna0417164300", "0417164300"),
	"phone": ("648151623",),
	"BSN": ("111222333",),
	"address": ("zonnedauwpad", "9738qz"),
	"birth date": ("19790523", "23051979"),
	"password": ("canarygeheim42",),
	"JWT": ("kq3vx9canary", "eyjzdwiioijjyw5hcnkt"),
	"API key": ("canary0a1b2c3d",),
}
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_SIGNS = re.compile(r"[\s\-._+@:/<>\\\"'=]+")


def sentence() -> str:
	"""A message as careless code writes it."""
	return (
		f"{PERSON['full_name']} ({PERSON['email']}, tel. {PERSON['phone']}, BSN {PERSON['bsn']}, born {PERSON['birth_date']})"
		f" at {PERSON['postcode']}, Groningen, cannot pay from {PERSON['iban']}:"
		f" Authorization: Bearer {PERSON['token']}; password={PERSON['password']} api_key={PERSON['api_key']}"
	)


def found_in(text: str) -> list[str]:
	"""Kinds of planted values in a text: as they are, upper or lower case, without blanks, escaped for HTML, JSON, Python
	or an address, once or twice."""
	seen = set()
	for _ in range(3):
		flat = _SIGNS.sub("", text).lower()
		seen |= {kind for kind, needles in NEEDLES.items() if any(needle in flat for needle in needles)}
		text = unquote_plus(html.unescape(_ESCAPED.sub(_sign, text)))
	return sorted(seen)


def _sign(match: "re.Match[str]") -> str:
	return chr(int(match[1] or match[2], 16))
