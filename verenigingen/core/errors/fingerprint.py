"""Decides which events are the same error.

Strategies are tried in order; the first that can speak wins and says why. Each is a function from the facts
of one error to a key (what must be equal) and a reason, so that one can be replaced without touching the
others.

What identifies an error best is the statement that failed in the site's own code: it survives moved lines,
renamed functions, moved modules and another caller, and it tells two failures in one function apart. Where a
statement says little by itself (`doc.save()`), the place it stands in is part of the key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from .frames import Place, Stack
from .normalise import key_of

ALGORITHM = "statement@2026-11-25"

Key = tuple[str, ...]


class Facts(NamedTuple):
	"""What a strategy may look at: dotted exception or None, normal message and title, sorted frames, and the query of
	a database error where the text shows it."""

	exception: str | None
	message: str
	title: str
	stack: Stack
	query: str = ""


class Grouping(NamedTuple):
	"""Fingerprint (32 lower-case hex digits) and the sentence that says what it was made of."""

	fingerprint: str
	reason: str


# Their message describes the data that could not be read, in words that change with every input.
_DATA_EXCEPTIONS = frozenset(
	"JSONDecodeError ParseError UnicodeDecodeError UnicodeEncodeError XMLSyntaxError ExpatError "
	"TimestampMismatchError".split()
)
# Too few and too many are one fault of the statement that unpacks: it got something of another shape.
_UNPACKING = "values to unpack (expected"
# A percent sign too many or too few is told by class and words that depend on the letter after it.
_FORMATTING = re.compile(
	r"^unsupported format character|^%\w format: |^not (?:all|enough) arguments (?:converted|for format)"
)
# Apps keep one helper for all remote services: its caller tells which service failed.
_REMOTE_MODULES = frozenset("requests urllib3 http httpx aiohttp socket ssl zeep smtplib".split())
# Frappe's, whose message names the DocType and the field.
SCHEMA_EXCEPTIONS = frozenset(
	"MandatoryError LinkValidationError CancelledLinkError DuplicateEntryError UniqueValidationError NonNegativeError "
	"CharacterLengthExceededError CannotChangeConstantError UpdateAfterSubmitError".split()
)
# Literals of a statement that look like personal data, and the tokens that may stand in their place.
_VALUES = re.compile(
	r"<[a-z]{2,12}:[0-9a-f]{4,16}>"
	r"|[^\s'\"()\[\]{}<>,=/:]{0,80}(?:@|\d{4}|\d\.\d{1,3}\.\d)[^\s'\"()\[\]{}<>,=/:]*"
)
_MYSQL_CODE = re.compile(r"\((\d{4}), ")
_NAMES = re.compile(r"[A-Za-z_]\w+")
_COMMONPLACE = frozenset(
	"self cls doc fn func function args kwargs return raise exc err frappe save insert submit "
	"cancel delete get set run execute call result value values data name yield await for in if not "
	"None True False with as from super method callback handler wrapped ignore_permissions db "
	"commit print lambda try else and or is".split()
)
_DISTINCT_NAMES = 2  # a statement with one name of its own (`self.validate()`) says little
_TELLING_NAMES = 3  # one of fewer (`doc.check_permission("write")`) occurs in many places


def group(facts: Facts) -> Grouping:
	"""Fingerprint of an error. Total: the last strategy always has an answer."""
	for strategy in STRATEGIES:
		found = strategy(facts)
		if found is not None:
			key, reason = found
			return Grouping(_digest((strategy.__name__, *key)), reason)
	return Grouping(_digest(("nothing",)), "nothing to tell it by: no frames, no message")


def by_own_code(facts: Facts) -> tuple[Key, str] | None:
	"""Exception, message and the failing statement of the site's own code."""
	own = facts.stack.in_app
	if not own:
		return None
	kind, message = subject(facts)
	places = deciding_places(facts)
	key = [kind, message]
	schema = _bare(facts.exception or "") in SCHEMA_EXCEPTIONS
	for place in places:
		key.extend(_place_key(place, schema))
	used, ignored = _frames(len(places), "in-app"), _frames(facts.stack.others, "other")
	reason = f"{_said(message, kind)} + {used}; {ignored} ignored"
	return tuple(key), reason


def deciding_places(facts: Facts) -> tuple[Place, ...]:
	"""Which of the site's own places tell the error: the one that failed, after the caller of a remote helper; none
	where there is no own code."""
	own = facts.stack.in_app
	remote = (facts.exception or "").partition(".")[0] in _REMOTE_MODULES
	caller = _caller_of_helper(own) if remote else None
	return own[-1:] if caller is None else (caller, own[-1])


def _caller_of_helper(own: tuple[Place, ...]) -> Place | None:
	"""The last place outside of the module that failed, however many functions the helper has there; it may be renamed."""
	for at in range(len(own) - 2, -1, -1):
		if own[at].module != own[-1].module:
			called = re.sub(rf"\b{re.escape(own[at + 1].function)}\(", "<call>(", own[at].statement)
			return own[at]._replace(statement=called)
	return None


def by_framework(facts: Facts) -> tuple[Key, str] | None:
	"""Exception, message and the last Frappe frame that is not plumbing: no app's code was involved."""
	frames = facts.stack.framework
	if facts.exception is None and not frames:
		return None
	kind, message = subject(facts)
	place = frames[-1:]
	key = (kind, message, *(part for item in place for part in (item.module, item.function)))
	said = f"{_said(message, kind)} + {_frames(len(place), 'framework')}"
	if facts.query:
		return (*key, facts.query), f"{said} + query; no in-app frames"
	return key, f"{said}; no in-app frames"


def by_message(facts: Facts) -> tuple[Key, str] | None:
	"""Title and message without values; their order does not matter, as callers of log_error() swap them."""
	parts = sorted({key_of(part) for part in (facts.title, facts.message) if part})
	if not parts:
		return None
	return tuple(parts), "title and message without values; no traceback"


STRATEGIES: tuple[Callable[[Facts], tuple[Key, str] | None], ...] = (by_own_code, by_framework, by_message)


def subject(facts: Facts) -> tuple[str, str]:
	"""Kind of the error (class, or number of the database) and what its message adds to it, as a key."""
	# One database error has other classes in Frappe 15 (QueryTimeoutError) and 16 (OperationalError).
	code = _MYSQL_CODE.match(facts.message)
	if code:
		return f"database error {code[1]}", key_of(facts.message)
	kind = _bare(facts.exception) if facts.exception else "no exception"
	if kind in _DATA_EXCEPTIONS:
		return kind, ""
	if _UNPACKING in facts.message:
		return kind, _UNPACKING
	if kind in ("TypeError", "ValueError") and _FORMATTING.search(facts.message):
		return "formatting error", ""
	return kind, key_of(facts.message)


def _bare(exception: str) -> str:
	return exception.rpartition(".")[2]


def _place_key(place: Place, schema: bool) -> Key:
	"""What tells the failing place: its statement, with the function it stands in where it could stand in others as well.

	A statement that says little is left out: of one that spans several lines, Python 3.10 shows the first and 3.11 the
	last. schema: the message names DocType and fields itself, so that the module is enough.
	"""
	statement = statement_key(place.statement)
	if statement:
		telling = _own_names(place.statement) >= _TELLING_NAMES
		return (statement,) if telling else (statement, place.module, place.function)
	return (place.module,) if schema else (place.module, place.function)


@lru_cache(maxsize=8192)
def _own_names(statement: str) -> int:
	return len(set(_NAMES.findall(statement)) - _COMMONPLACE)


@lru_cache(maxsize=8192)
def statement_key(statement: str) -> str:
	"""The statement without what a redactor might replace in it; "" when it could stand anywhere."""
	if _own_names(statement) < _DISTINCT_NAMES:
		return ""
	return _VALUES.sub("<*>", statement)


def _said(message: str, kind: str) -> str:
	return f"{kind} and message" if message else kind


def _frames(count: int, what: str) -> str:
	return f"{count} {what} frame{'' if count == 1 else 's'}"


def _digest(key: Key) -> str:
	text = "\x1f".join((ALGORITHM, *key))
	# surrogatepass: a lone surrogate in a log is rubbish, but must not make the error unidentifiable
	return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
