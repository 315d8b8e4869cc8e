"""The door of error identity: from title and text of a logged error to its group, its name and its kind."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache

from .body import is_telling, said_in
from .classify import classify
from .clues import Clues, of_message, of_traceback, without_values
from .fingerprint import ALGORITHM, Facts, group
from .frames import Place, Stack, locate, stack
from .normalise import failed_query, normalise, title_line
from .template import message_parts
from .traceback import Frame, ParsedError, bounded, parse

REDACTED = 4_000  # characters of a message or title in which names are looked for; fewer count
SAMPLE_LIMIT = 4_000  # characters of a sample
_SAMPLE_FRAMES = 40
_NO_FRAMES = Stack((), (), 0)


@dataclass(frozen=True, slots=True)
class Identity:
	"""Which error an event is.

	fingerprint is 32 lower-case hex digits made by `algorithm`, for the `reason` given. title is one line of
	at most 140 characters without values. exception is dotted as printed, without `builtins.`; culprit reads
	"function in path/file.py". category is a key of CATEGORIES, severity the base severity of its kind
	(critical, high, medium, low), each with the fact that decided. pinned: a rule of the users decided, so that
	no algorithm may merge it. Nothing here is taken from local
	variables.
	"""

	fingerprint: str
	algorithm: str
	reason: str
	title: str
	exception: str | None
	culprit: str | None
	app: str | None
	category: str
	category_reason: str
	severity: str
	severity_reason: str
	pinned: bool = False


def identify(
	title: str | None,
	text: str | None,
	*,
	apps: Collection[str] = (),
	redact: Callable[[str], str] | None = None,
) -> Identity:
	"""Identity of one logged error; total: any text, of any length, has one.

	Args: `title` and `text` as logged, either may hold the traceback; `apps` names the apps whose frames
	count as the site's own code (empty: every app except Frappe); `redact` replaces the names that only a site's
	dictionary knows, in title and message, so that an error is the same before and after it was redacted. Linear in
	the length; what is long is read at its head and tail. The redacted excerpt is not part of the answer: `sample()`
	makes it where an issue is new.
	"""
	return _examined(title, text, frozenset(apps), redact)[0]


def examine(title: str | None, text: str | None, *, apps: Collection[str] = ()) -> tuple[Identity, Clues]:
	"""As `identify`, and with it what a `Linker` needs to join groups of one error written down in two ways."""
	identity, facts, parsed, title = _examined(title, text, frozenset(apps))
	if parsed.frames:
		return identity, of_traceback(facts, parsed.frames, title, parsed.message)
	return identity, of_message(*_heading_and_message(title, parsed.message))


def lasting_clues(title: str | None, text: str | None, *, apps: Collection[str] = ()) -> Clues:
	"""The clues of an event without what may be personal, to be kept as long as its issue."""
	_, facts, parsed, title = _examined(title, text, frozenset(apps))
	if parsed.frames:
		return without_values(
			of_traceback(facts, parsed.frames, title, parsed.message), (title, parsed.message)
		)
	said = _heading_and_message(title, parsed.message)
	return without_values(of_message(*said), said)


def _examined(
	title: str | None, text: str | None, own: frozenset[str], redact: Callable[[str], str] | None = None
) -> tuple[Identity, Facts, ParsedError, str]:
	title, text, parsed = _read(title, text)
	if redact is not None:
		parsed = parsed._replace(message=redact(parsed.message[:REDACTED]))
		title = redact(title[:REDACTED])
	if not parsed.frames:
		heading, said = _heading_and_message(title, parsed.message)
		return *_of_message(normalise(heading), normalise(said)), parsed, title
	exception = parsed.exception
	if exception is not None and exception.startswith("builtins."):
		exception = exception[9:]
	message = _message(parsed, "" if exception else title, (exception or "").rpartition(".")[2])
	if parsed.rest:
		parsed = parsed._replace(frames=_with_own(parsed))
	query = failed_query(text) if message.startswith("(") else ""
	return *_of_traceback(exception, message, parsed.frames, own, query), parsed, title


def sample(title: str | None, text: str | None) -> str:
	"""A short, value-free rendering of the error for people: frames with their source line, then the message.

	At most SAMPLE_LIMIT characters, without local variables; ids, mails, numbers and quoted values are
	replaced as in titles. String literals of the source stay: they are the program's. Kept out of `identify`,
	which runs per event; a sample is wanted once per issue. Never raises.
	"""
	title, _, parsed = _read(title, text)
	if not parsed.frames:
		parts = [normalise(title), *(normalise(line) for line in parsed.message.splitlines()[:40])]
		return _printable("\n".join(part for part in parts if part))[:SAMPLE_LIMIT]
	lines = [_frame_lines(frame) for frame in parsed.frames[-_SAMPLE_FRAMES:]]
	bare = (parsed.exception or "").rpartition(".")[2]
	ending = title_line(f"{parsed.exception or 'no exception'}: {_message(parsed, '', bare)}", 1_000)
	# the innermost frames tell most, so that a long stack loses its beginning
	room = SAMPLE_LIMIT - len(ending) - 4
	kept: list[str] = []
	for entry in reversed(lines):
		if len(entry) + 1 > room:
			kept.append("…")
			break
		room -= len(entry) + 1
		kept.append(entry)
	return "\n".join([*reversed(kept), ending])


def _read(title: str | None, text: str | None) -> tuple[str, str, ParsedError]:
	"""Title, text and the text parsed; exchanged where the caller of log_error() exchanged them."""
	title, text = title or "", text or ""
	parsed = parse(text)
	if not parsed.frames and 'File "' in title:
		swapped = parse(title)
		if swapped.frames:
			return text, title, swapped
	return title, text, parsed


def _with_own(parsed: ParsedError) -> tuple[Frame, ...]:
	"""The frames of the last block, after those of the block before it where only that one reaches the own code.

	Frappe puts the traceback of a template into the message of the exception that it throws.
	"""
	if any(locate(frame.path)[2] == "app" for frame in parsed.frames):
		return parsed.frames
	before = parse(parsed.rest).frames
	return (
		before + parsed.frames if any(locate(frame.path)[2] == "app" for frame in before) else parsed.frames
	)


def _message(parsed: ParsedError, instead: str, exception: str) -> str:
	"""The message without values: the statement's own wording where it shows one, else the normal form."""
	message = parsed.message or instead
	if exception == "KeyError" and _is_literal(message, parsed.frames[-1].source):
		return message
	parts = message_parts(parsed.frames, message) if parsed.exception else None
	if parts is None:
		return normalise(_said(message), exception)
	if len(parts) == 1:
		return parts[0].strip()
	said = "".join(
		normalise(_said(part), exception) if place % 2 else part for place, part in enumerate(parts)
	)
	return said.strip()


def _said(message: str) -> str:
	body = said_in(message)
	return body.text if body is not None else message


def _is_literal(key: str, statement: str) -> bool:
	"""Whether the statement itself holds the missing key, given as Python shows it: then it is no value."""
	return len(key) > 2 and key[0] == "'" and (key in statement or f'"{key[1:-1]}"' in statement)


@lru_cache(maxsize=2048)
def _of_traceback(
	exception: str | None, message: str, frames: tuple[Frame, ...], apps: frozenset[str], query: str
) -> tuple[Identity, Facts]:
	"""Everything that costs time; events of one error differ in values only, so few results serve most."""
	found = stack(frames, apps)
	facts = Facts(exception, message, "", found, query)
	grouping = group(facts)
	verdict = classify(exception, message, found)
	place = _culprit(found)
	bare = (exception or "").rpartition(".")[2]
	said = f"{bare}: {message}" if bare and message else bare or message
	if not said:
		said = f"Error in {place.function}" if place else "Error without message"
	identity = Identity(
		grouping.fingerprint,
		ALGORITHM,
		grouping.reason,
		title_line(said),
		title_line(exception) if exception else None,
		title_line(f"{place.function or 'module'} in {place.module}") if place else None,
		title_line(place.app) if place and place.app else None,
		verdict.category,
		title_line(verdict.category_reason),
		verdict.severity,
		verdict.severity_reason,
	)
	return identity, facts


@lru_cache(maxsize=2048)
def _of_message(title: str, message: str) -> tuple[Identity, Facts]:
	facts = Facts(None, message, title, _NO_FRAMES)
	grouping = group(facts)
	# the shorter one is the heading, whichever column it was put in
	parts = sorted({part for part in (title, message) if part}, key=lambda part: (len(part), part))
	said = ": ".join(parts)
	identity = Identity(
		grouping.fingerprint,
		ALGORITHM,
		grouping.reason,
		title_line(said) or "Empty error entry",
		None,
		None,
		None,
		*classify(None, said, _NO_FRAMES),  # four fields, in the same order
	)
	return identity, facts


def _culprit(found: Stack) -> Place | None:
	if found.in_app:
		return found.in_app[-1]
	return found.framework[-1] if found.framework else None


def _heading_and_message(title: str, text: str) -> tuple[str, str]:
	"""What of an event without traceback says which error it is; the heading is "" where the body of an answer says it."""
	bodies = (said_in(text), said_in(title))
	for body, other in zip(bodies, (title, text), strict=True):
		if body is not None and is_telling(body.text):
			return "", body.text
		if body is not None:
			return _first_line(other), body.text
	return title, _first_line(text)


def _first_line(message: str) -> str:
	for line in message[: 16 * 1024].splitlines():
		if line.strip():
			return line
	return ""


def _frame_lines(frame: Frame) -> str:
	module, _, _ = locate(frame.path)
	head = title_line(f"{module}, {frame.function or 'module'}", 240)
	return f"{head}\n    {title_line(frame.source, 200)}" if frame.source else head


def _printable(text: str) -> str:
	return "\n".join(title_line(line, 1_000) for line in bounded(text).split("\n"))
