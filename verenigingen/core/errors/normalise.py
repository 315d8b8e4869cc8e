"""Takes out of a message what differs between two events of the same error.

A message is cut into words and quoted parts once, from left to right; each is judged by itself. There is no
backtracking over the text, so the cost is linear, and a word seen before costs one look-up.

A text whose personal data was replaced by tokens (`<iban:3f2a19>`) has the same key as the text before: a token stands
where a value stood, values of all kinds look alike in a key, and names are values as well.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

from .names import STAND_IN as NAME_STAND_IN
from .names import without_names

MESSAGE_LIMIT = 4_000  # characters of a message that are looked at
TEXT_LIMIT = 128 * 1024  # characters of a whole text in which a query is looked for
KEY_WORDS = 64  # words of a normal form that tell errors apart; counted after values are gone, not before
TITLE_LIMIT = 140  # what Frappe's Data fields hold

# Frappe's Database.sql holds the statement in this variable, before values are filled in.
_QUERY_LOCAL = "\n      query = "
_SQL_VALUES = re.compile(
	r"<[a-z]{2,12}:[0-9a-f]{4,16}>|'(?:[^'\\]|\\.){0,500}'|\"(?:[^\"\\]|\\.){0,500}\"|(?<![\w`])\d[\w.]*"
)
# Numbers that name the error and do not count or identify anything: MySQL codes, errno, HTTP status.
_CODE = r"(?<!date)(?<!time)\(\d{4}, |\[Errno -?\d+\]|\b[1-5]\d\d (?=Client Error|Server Error)"
_QUOTED = r"(?<!\w)(?:'(?:[^'\n]|(?<=\w)'(?=\w)){0,300}'|\"[^\"\n]{0,300}\"|`[^`\n]{0,300}`(?:\.`[^`\n]{0,100}`){0,3})(?!\w)"
_MONTH = (
	r"(?:[Jj]an|[Ff]eb|[Mm]aa|[Mm]rt|[Mm]ar|[Aa]pr|[Mm]ei|[Mm]ay|[Jj]un|[Jj]ul|[Aa]ug|[Ss]ep|[Oo]kt|[Oo]ct|[Nn]ov|[Dd]ec)"
	r"[a-z]{0,7}\.?"
)
# Values with blanks in them: Dutch postcode, IBAN, telephone number, a date in words.
_SPACED = (
	r"\b(?:\d{4} ?[A-Z]{2}|[A-Z]{2}[ \xa0]?\d{2}(?:[ \xa0][A-Z0-9]{4}){2,7}(?:[ \xa0][A-Z0-9]{1,4})?)\b"
	rf"|\b\d{{1,2}}(?:e|de|ste|st|nd|rd|th|\.)?[ -](?:of |van )?{_MONTH}[ ,-]{{1,2}}'?\d{{2,4}}\b"
	rf"|\b{_MONTH} (?:the )?\d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}\b"
	r"|\b[a-z]{2}\d{2}(?:[ \xa0][a-z]{4})?(?:[ \xa0]\d{4}){2,6}(?:[ \xa0]\d{1,4})?\b"
	r"|(?<![\w(])(?:\+\d|\(\+?\d{1,5}\))[\d() .\-/]{5,24}\d\b"
)
_ADDRESS = r"(?<![\w.])(?:[a-z]{2,10}:/)?/[^\s'\"<>)]+"  # with its query, which is data
_WORD = r"[^\s'\"`,;()\[\]{}<>=|]+"
_PARTS = re.compile(f"({_CODE})|({_QUOTED})|({_SPACED})|({_ADDRESS})|({_WORD})")
# Exceptions whose text is a tuple, (1205, 'Lock wait timeout exceeded') or ('text',): the text counts.
_TUPLE = re.compile(r"\((?:(\d{4}), )?(?:b?'([^\n]*)'|\"([^\n]*)\"),?\)\Z")
_CUT_TUPLE = re.compile(r"\A\((\d{4}), ['\"](?!.*['\"]\)\Z)")
_SENTENCE_FIRST = re.compile(r"\((?:'([^'\n]{1,300})'|\"([^\"\n]{1,300})\"), ")
_OBJECT = re.compile(
	r"<(?:function |class '?|module '?|bound method )?([\w.]{1,80})[^<>]{0,200} at 0x[0-9a-f]+>"
)
# What a redactor leaves behind, and what it would replace because of the key before it.
# of "S. van Ypma" each word is replaced, also the initial
_NAME_TOKEN = re.compile(r"<name:[0-9a-f]{4,16}>(?:[. '-]{1,3}<name:[0-9a-f]{4,16}>){0,9}")
_TOKEN = re.compile(r"<[a-z]{2,12}:[0-9a-f]{4,16}>")
_SECRET = re.compile(
	r"((?:password|passwd|pwd|passphrase|wachtwoord|secret|geheim|token|api[_-]?key|authorization|cookie)['\"]?\s{0,3}[:=]\s{0,3}['\"]?)"
	r"(?:(?:bearer|basic|token)\s{1,3})?[^\s'\",;&)]+(?:[ ]{1,2}(?=[^\s=:]{0,30}[0-9!#$%*?^])[^\s'\",;:=()&<>]{1,40}){0,3}",
	re.IGNORECASE,
)
_SECRET_HINTS = (
	"passw",
	"pwd",
	"wachtw",
	"passph",
	"geheim",
	"secret",
	"token",
	"key",
	"authorization",
	"cookie",
)
_STAND_IN = "x0"  # has the form of an identifier
# The text of a link to a document is the document's name.
_LINK = re.compile(r"<a\s[^<>]{0,500}>[^<>]{0,200}</a>")
# Frappe's MandatoryError: the DocType and the fields are the program's, the document is not.
_MANDATORY = re.compile(r"\[([^\[\],\n]{1,60}), [^\[\]\n]{1,160}\]: (?=[a-z])")
# Frappe's DuplicateEntryError: DocType, document, and what the database said.
_DUPLICATE = re.compile(
	r"\('([^'\n]{1,60})', (?:'[^'\n]{0,160}'|\"[^\"\n]{0,160}\"|\d{1,18}), IntegrityError\(1062, .*"
)
_KEY = re.compile(r"for key '(?:[^'.\n]{1,80}\.)?([^'.\n]{1,80})'")
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]{0,10}(?:\s[^<>]{0,500})?/?>")
_REPEATED = re.compile(r"(<(?:n|id|value)>)(?:[\s,|]{1,3}<(?:n|id|value)>)+")
_SLOTS = re.compile(
	r"<(?:n|id|value|name|mail|url|path)>(?:[\s,|/+()-]{0,3}<(?:n|id|value|name|mail|url|path)>)*"
)
# "of van der Berg" and "of Jansen" are one wording.
_BEFORE_VALUES = re.compile(
	r"(?<!\S)(?:(?:van|von|de|den|der|ten|ter|te|la|le|di|da|del|el|al|'t) ){1,4}"
	r"(?=<(?:n|id|value|name|mail|url|path)>)",
	re.IGNORECASE,
)
_BLANKS = re.compile(r"\s+")
_CAPITAL = re.compile(r"[ (\[{'\"][^\W\d_a-z]")  # beyond the first word
# All that a KeyError says: a key written like this is the program's, others may be data.
_KEY_ALONE = re.compile(r"'[a-z]{1,40}(?:_[a-z]{1,40}){1,6}'\Z")
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
	"""The message with values replaced by `<n>`, `<id>`, `<mail>`, `<url>`, `<path>`, `<name>` and `<value>`, on one
	line.

	`exception` is the bare class name; it decides whether quoted names belong to the program and stay. Only
	the first MESSAGE_LIMIT characters count. Never raises; linear in the length.
	"""
	if message[:1] == "'" and _KEY_ALONE.match(message):
		return message
	text = _plain(message[:MESSAGE_LIMIT])
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
	if not keep_names and (_CAPITAL.search(text) or NAME_STAND_IN in text):
		text = without_names(text)
	return _REPEATED.sub(r"\1", text) if text.count("<") > 1 else text


def key_of(normal: str) -> str:
	"""What of a normal form must be equal: its first words, with all kinds of values alike."""
	if "<" in normal:
		normal = _SLOTS.sub("<*>", _BEFORE_VALUES.sub("", normal))
	return normal if len(normal) < 2 * KEY_WORDS else " ".join(normal.split(" ", KEY_WORDS)[:KEY_WORDS])


def failed_query(text: str) -> str:
	"""The statement a database error is about, without its values, where the text shows local variables; else ""."""
	start = text.find(_QUERY_LOCAL, 0, TEXT_LIMIT)
	if start < 0:
		return ""
	start += len(_QUERY_LOCAL)
	line = text[start : start + MESSAGE_LIMIT].partition("\n")[0]
	return _BLANKS.sub(" ", _SQL_VALUES.sub("?", line[1:].replace("\\n", " ").rstrip("'\""))).strip()


def _plain(text: str) -> str:
	"""Without tokens, tags, wrappings, and what a newer Python says differently."""
	if "<" in text or "&" in text:
		text = _TOKEN.sub(_STAND_IN, _NAME_TOKEN.sub(NAME_STAND_IN, html.unescape(text)))
		text = _TAG.sub(" ", _OBJECT.sub(r"\1", _LINK.sub(_STAND_IN, text)))
	if "IntegrityError(1062" in text:
		text = _DUPLICATE.sub(_duplicate, text)
	if text.startswith("("):
		text = _unpacked(text)
	if "]: " in text:
		text = _MANDATORY.sub(rf"[\1, {_STAND_IN}]: ", text)
	lowered = text.lower()
	if any(map(lowered.__contains__, _SECRET_HINTS)):
		text = _SECRET.sub(rf"\1{_STAND_IN}", text)
	for hint, pattern, replacement in _REWORDED:
		if hint in text:
			text = pattern.sub(replacement, text)
	return text


def title_line(text: str, limit: int = TITLE_LIMIT) -> str:
	"""One printable line of at most `limit` characters, without control characters and lone surrogates."""
	if not text.isprintable():
		text = "".join(
			" " if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} else char
			for char in text[: 4 * limit]
		)
		text = _BLANKS.sub(" ", text).strip()
	return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _duplicate(found: re.Match[str]) -> str:
	key = _KEY.search(found[0])
	return f"Duplicate entry in {found[1]} for" + (f" key '{key[1]}'" if key else "")


def _unpacked(text: str) -> str:
	first = _SENTENCE_FIRST.match(text)
	if first and (first[1] or first[2]).count(" ") > 1:
		return str(first[1] or first[2])  # what was raised with a sentence and something to look at
	found = _TUPLE.match(text.rstrip())
	if not found:
		return _CUT_TUPLE.sub(r"(\1, ", text)
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
	if inner == _STAND_IN:
		return "<value>"  # as nearly every value that a redactor takes out
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
