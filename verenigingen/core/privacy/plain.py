"""Finds secrets that show themselves: JSON web tokens, keys with a known beginning, credentials in addresses, key files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .keyed import places
from .tokens import Span
from .view import BREAK, View

_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{5,4000}\.[A-Za-z0-9_-]{2,6000}(?:\.[A-Za-z0-9_-]{1,4000}){0,3}")
_JWT_RUN = re.compile(r"[A-Za-z0-9_-]{3,4000}")
_CREDENTIALS = re.compile(r"[ ]{1,3}([A-Za-z0-9._~+/=:-]{6,4000})")
_KEY_AND_SECRET = re.compile(r"[A-Za-z0-9]{6,64}:[A-Za-z0-9]{6,64}")
_SCHEMES = frozenset(("bearer", "basic", "token"))
# What known kinds of keys begin with: in letters alone, and with digits among them.
_MARKS = ("AKIA", "ASIA", "AIza")
_MARK_WORDS = frozenset(
	"sk pk rk live test whsec ghp gho ghs ghu ghr github xoxb xoxp xoxa xoxr xoxs glpat sg".split()
)
_PREFIXED = re.compile(
	r"(?<![A-Za-z0-9])(?:(?:sk|pk|rk|live|test|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{20,}"
	r"|github_pat_\w{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|glpat-[A-Za-z0-9_-]{16,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})"
)
_CLOUD = re.compile(r"A(?:KIA[A-Z0-9]{16}|SIA[A-Z0-9]{16}|Iza[A-Za-z0-9_-]{30,})(?![A-Za-z0-9])")
# user:password@host: the password ends with the last "@" of the address, and may hold what should have been escaped.
_USERINFO = re.compile(r"://[^\s/:@'\"<>?#]{0,100}:(?!\d{1,5}[/?#])([^\s'\"<>/]{1,200})@(?=[A-Za-z0-9\[_.-])")
_LOGIN = re.compile(r"[A-Za-z_][\w.-]{0,40}:(?!\d+\Z)([^\s/:@]{3,100})\Z")
_AT = re.compile(r"@(?<=[^\s@:/]@)(?=[\w(])")
_LOGIN_ENDS = " \n\t'\"(<>,=[{"
_HOST = re.compile(r"@(?:tcp\(|localhost|(?:[\w-]{1,60}\.){0,6}[\w-]{1,60}[:/])")
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----")
_PEM_BODY = re.compile(rf"(?:[A-Za-z0-9+/=:,.\s{BREAK}\\]|-(?!-)){{0,16000}}")
_PEM_BLANKS = f" \r\n\t{BREAK}\\"


def find_plain_secrets(view: View, words: set[str]) -> Iterator[Span]:
	"""Secrets that need no name before them; `words`: the words of the view, in lower case."""
	flat = view.flat
	if "eyJ" in flat:
		yield from _web_tokens(flat)
	schemes = words & _SCHEMES
	if schemes:
		yield from _credentials(view, sorted(schemes))
	marks = words & _MARK_WORDS
	for begin, _ in places(view.low, sorted(marks)):
		known = _PREFIXED.match(flat, begin)
		if known and (any(map(str.isdigit, known[0])) or not known[0].islower()):
			yield Span(*known.span(), "secret", known[0])
	if any(mark in flat for mark in _MARKS):
		for found in _CLOUD.finditer(flat):
			yield Span(*found.span(), "secret", found[0])
	if "@" in flat:
		yield from _logins(view)
	if "PRIVATE KEY-----" in flat:
		yield from _key_files(flat)


def _web_tokens(flat: str) -> Iterator[Span]:
	"""JSON web tokens; a run of letters that is none is passed over whole, however often it begins like one."""
	at = flat.find("eyJ")
	while at >= 0:
		found = _JWT.match(flat, at)
		if found:
			yield Span(at, found.end(), "jwt", found[0])
		end = found.end() if found else _JWT_RUN.match(flat, at).end()  # type: ignore[union-attr]
		at = flat.find("eyJ", end)


def _credentials(view: View, schemes: list[str]) -> Iterator[Span]:
	"""What stands behind `Bearer`, `Basic` and `token`, the last one only as key and secret."""
	for begin, end in places(view.low, schemes):
		found = _CREDENTIALS.match(view.flat, end)
		if found is None:
			continue
		value = found[1]
		if view.low.startswith("token", begin):
			told = _KEY_AND_SECRET.fullmatch(value) is not None
		else:
			told = (
				any(map(str.isdigit, value)) or len(value) >= 20 or not (value.islower() or value.istitle())
			)
		if told:
			yield Span(*found.span(1), "secret", value)


def _logins(view: View) -> Iterator[Span]:
	"""Passwords in addresses and connection strings."""
	# what is escaped belongs to the password, unless all of the address is
	for text in {view.solid, view.flat} if "://" in view.flat else ():
		for found in _USERINFO.finditer(text):
			yield Span(*found.span(1), "secret", view.flat[found.start(1) : found.end(1)])
	for sign in _AT.finditer(view.solid):
		at = sign.start()
		before = view.solid[max(0, at - 145) : at]
		word = before[max(map(before.rfind, _LOGIN_ENDS)) + 1 :]
		login = _LOGIN.match(word) if ":" in word else None
		if login and _HOST.match(view.solid, at):
			start = at - len(login[1])
			yield Span(start, at, "secret", view.flat[start:at])


def _key_files(flat: str) -> Iterator[Span]:
	for found in _PEM.finditer(flat):
		body = _PEM_BODY.match(flat, found.end())
		if body and body[0].strip(_PEM_BLANKS):
			yield Span(body.start(), body.end(), "secret", body[0])
