"""Takes out of a message what differs between two events of the same error.

A message is cut into words and quoted parts once, from left to right; each is judged by itself. There is no
backtracking over the text, so the cost is linear, and a word seen before costs one look-up.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

MESSAGE_LIMIT = 1_000  # characters of a message that take part in its normal form
TITLE_LIMIT = 140  # what Frappe's Data fields hold

# Numbers that name the error and do not count or identify anything: MySQL codes, errno, HTTP status.
_CODE = r"\(\d{4}, |\[Errno -?\d+\]|\b[1-5]\d\d (?=Client Error|Server Error)"
_QUOTED = r"(?<!\w)(?:'[^'\n]{0,300}'|\"[^\"\n]{0,300}\"|`[^`\n]{0,300}`(?:\.`[^`\n]{0,100}`){0,3})(?!\w)"
_POSTCODE = r"\b\d{4} ?[A-Z]{2}\b"  # Dutch: digits alone would leave the letters behind
_ADDRESS = r"(?<![\w.])(?:[a-z]{2,10}:/)?/[^\s'\"<>)]+"  # with its query, which is data
_WORD = r"[^\s'\"`,;()\[\]{}<>=|]+"
_PARTS = re.compile(f"({_CODE})|({_QUOTED})|({_POSTCODE})|({_ADDRESS})|({_WORD})")
# Exceptions whose text is a tuple, (1205, 'Lock wait timeout exceeded') or ('text',): the text counts.
_TUPLE = re.compile(r"\((?:(\d{4}), )?(?:b?'([^\n]*)'|\"([^\n]*)\"),?\)\Z")
_OBJECT = re.compile(
	r"<(?:function |class '?|module '?|bound method )?([\w.]{1,80})[^<>]{0,200} at 0x[0-9a-f]+>"
)
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]{0,10}(?:\s[^<>]{0,500})?/?>")
_REPEATED = re.compile(r"(<(?:n|id|value)>)(?:[\s,|]{1,3}<(?:n|id|value)>)+")
_BLANKS = re.compile(r"\s+")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.]{0,80}\Z")
_NUMBER = re.compile(r"[-+€$]?[\d][\d.,:/\-+%T]*\Z")
_DIGIT = re.compile(r"\d")

# Words with a digit that name a technology; any other word with a digit is taken for an identifier.
_TECHNICAL = frozenset(
	"utf-8 utf8 utf-16 utf-32 latin1 latin-1 cp1252 cp437 iso-8859-1 iso-8859-15 base64 md5 sha1 "
	"sha256 sha512 http/1.1 http/2 oauth2 oauth1 python2 python3 int32 int64 float32 float64 ipv4 "
	"ipv6 s3 ec2 h1 h2 mt940 utf8mb4 utf8mb3 x509 tls1.2 tls1.3 win32 p12 pkcs12 bz2".split()
)
# What stands before a quoted identifier that names a part of the program or the schema.
_NAMING = frozenset(
	"attribute argument column table key field fieldname module package function method parameter "
	"codec type doctype from import index constraint operator variable instances between".split()
)
_TYPES = frozenset(
	"nonetype str int float dict list tuple set bytes bool complex object function method module "
	"generator decimal.decimal datetime.date datetime.datetime datetime.timedelta".split()
)
# These exceptions quote the program's own names and types, never data.
CODE_EXCEPTIONS = frozenset(
	"AttributeError TypeError NameError UnboundLocalError ImportError ModuleNotFoundError "
	"UndefinedError TemplateAssertionError NotImplementedError".split()
)
# Wordings that a newer Python changed: (beginning or whole of the newer, pattern, older wording).
_REWORDED = (
	(
		"cannot access local variable",
		re.compile(r"cannot access local variable ('[^']{0,100}') where it is not associated with a value"),
		r"local variable \1 referenced before assignment",
	),
	(
		"iterable argument is empty",
		re.compile(r"\b(max|min)\(\) iterable argument is empty"),
		r"\1() arg is an empty sequence",
	),
	("Did you mean", re.compile(r"\.? ?Did you mean:? .{0,200}\?\Z"), ""),
)


def normalise(message: str, exception: str | None = None) -> str:
	"""The message with values replaced by `<n>`, `<id>`, `<mail>`, `<url>`, `<path>` and `<value>`, on one
	line.

	`exception` is the bare class name; it decides whether quoted names belong to the program and stay. Only
	the first MESSAGE_LIMIT characters count. Never raises; linear in the length.
	"""
	text = message[:MESSAGE_LIMIT]
	if "<" in text or "&" in text:
		text = _TAG.sub(" ", _OBJECT.sub(r"\1", html.unescape(text)))
	if text.startswith("("):
		text = _unpacked(text)
	for hint, pattern, replacement in _REWORDED:
		if hint in text:
			text = pattern.sub(replacement, text)
	keep_names = exception in CODE_EXCEPTIONS

	def replace(part: re.Match[str]) -> str:
		kind = part.lastindex
		found = part[0]
		if kind == 5:
			return found if found.isalpha() else _word(found)
		if kind == 4:
			return "<path>" if found[0] == "/" else "<url>"
		if kind == 2:
			return _quoted(found, part.string, part.start(), keep_names)
		return found if kind == 1 else "<id>"

	text = _BLANKS.sub(" ", _PARTS.sub(replace, text)).strip()
	return _REPEATED.sub(r"\1", text) if text.count("<") > 1 else text


def title_line(text: str, limit: int = TITLE_LIMIT) -> str:
	"""One printable line of at most `limit` characters, without control characters and lone surrogates."""
	if not text.isprintable():
		text = "".join(
			" " if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} else char
			for char in text[: 4 * limit]
		)
		text = _BLANKS.sub(" ", text).strip()
	return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _unpacked(text: str) -> str:
	found = _TUPLE.match(text.rstrip())
	if not found:
		return text
	inner = found[2] if found[2] is not None else found[3]
	return f"({found[1]}, {inner})" if found[1] else inner


@lru_cache(maxsize=8192)
def _word(word: str) -> str:
	core = word.rstrip(".:!?")
	tail = word[len(core) :]
	if "@" in core and not core.startswith("@"):
		return "<mail>" + tail
	if "://" in core:
		return "<url>" + tail
	if (core.startswith(("/", "./", "~/")) and len(core) > 1) or core.count("/") > 1:
		return "<path>" + tail
	if not _DIGIT.search(core) or core.lower() in _TECHNICAL:
		return word
	return ("<n>" if _NUMBER.match(core) else "<id>") + tail


def _quoted(found: str, text: str, start: int, keep_names: bool) -> str:
	inner = found[1:-1]
	before = text[max(0, start - 16) : start].rstrip().rpartition(" ")[2].lower()
	if before in _NAMING and not keep_names:
		# `corpus`.`tabMember`.`city`: the database differs between sites, the column does not
		inner = inner.rpartition("`.`")[2]
		return f"'{inner}'" if _IDENTIFIER.match(inner) else "<value>"
	if keep_names and (_IDENTIFIER.match(inner) or len(inner) <= 3):
		return f"'{inner}'"
	if inner.lower() in _TECHNICAL or inner.lower() in _TYPES:
		return f"'{inner}'"
	return "<value>"
