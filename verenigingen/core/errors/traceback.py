"""Reads the text of one error into an exception, its message and its frames.

Only two kinds of lines are looked at: frame lines, which stand at two spaces, and lines in the first column.
Everything else (local variables, caret markers, tracebacks printed inside a variable) is indented deeper, so
nothing that a variable contains can be mistaken for the error itself. The text is cut at its frame lines, which is
far cheaper than matching it line by line; and what follows a cut is remembered, as most frames recur.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import NamedTuple

from .body import said_in

TEXT_LIMIT = 128 * 1024  # characters looked at; the head names the error, the tail holds its last block
FRAME_LIMIT = 80  # innermost frames kept of one block; deeper stacks are recursion

LINES_AFTER = 50  # first-column lines after the last frame among which the exception is looked for

_CUT = '\n  File "'
_LINE = '", line '
# What follows the line number, up to the end of the second line. Lengths are bounded because it is remembered.
_PLACE = re.compile(r"(?:, in ([^\n]{1,200}))?(?:\n    (\S[^\n]{0,299}))?")
_PATH_LENGTH, _FRAME_LENGTH = 300, 900
_FIRST_COLUMN = re.compile(r"\n(\S[^\n]{0,1999})")
# For text that a mail client, a comment or an ExceptionGroup has moved to the right.
_INDENTED_LINES = re.compile(
	r'\n[ \t|>+]{0,24}(?:File "([^"\n]{1,300})", line \d+(?:, in ([^\n]{1,200}))?'
	r"(?:\n[ \t|>+]{0,28}([^\s|>+][^\n]{0,299}))?|([A-Za-z_][^\n]{0,1999}))",
)
_EXCEPTION = re.compile(r"([A-Za-z_][\w.]{0,200})(?::[ ]?(.*))?\Z", re.DOTALL)
_LOOKS_LIKE_EXCEPTION = re.compile(r"(?:Error|Exception|Warning|Exit|Interrupt|Iteration|Failure|NotFound)\Z")
_GROUP = "Exception Group Traceback (most recent call last)"
_OUTERMOST = f"\n  + {_GROUP}"
_MEMBERS = "+-+---------------- 1 "
_BARS = re.compile(r"^ {0,24}[|+] ?", re.MULTILINE)
_COLOURS = re.compile(r"(?:\x1b|\\{1,8}u001b)\[[0-9;]{0,20}[A-Za-z]")
_ESCAPED_BREAK, _ESCAPED_QUOTE = re.compile(r"\\{1,8}n"), re.compile(r'\\{1,8}"')
_ESCAPED = (
	("&quot;", '"'),
	("&#34;", '"'),
	("&#x27;", "'"),
	("&#39;", "'"),
	("&lt;", "<"),
	("&gt;", ">"),
	("&amp;", "&"),
)
_BODIES = ("<", "{", "[")
_BLOCK_BORDERS = ("Traceback ", "During handling of the above", "The above exception was")


class Frame(NamedTuple):
	"""One entry of a stack: `path` as printed, `function` ("" where a SyntaxError is), `source` line."""

	path: str
	function: str
	source: str


class ParsedError(NamedTuple):
	"""What one text tells: `exception` as printed or None, the exception's or plain message, the last block.

	Frames are outermost first and belong to the exception that was raised last; earlier members of a chain
	are left out, `rest` is their text. `truncated` says that there are frames but no exception line after them.
	"""

	exception: str | None
	message: str
	frames: tuple[Frame, ...]
	truncated: bool
	rest: str = ""


def bounded(text: str, limit: int = TEXT_LIMIT) -> str:
	"""The text itself, or its head and tail of together `limit` characters when it is longer."""
	if len(text) <= limit:
		return text
	half = limit // 2
	return f"{text[:half]}\n{text[-half:]}"


@lru_cache(
	maxsize=4
)  # an event is parsed for its identity and again for its twins, one right after the other
def parse(text: str) -> ParsedError:
	"""Parse any text; text without a frame comes back as a message. Linear in the length, never raises."""
	text = _readable(text)
	if 'File "' not in text:
		return ParsedError(None, text.strip(), (), False)
	text = "\n" + (_outer(text) if _is_group(text) else text)
	return _cut(text) or _moved(text) or ParsedError(None, text.strip(), (), False)


def _cut(text: str) -> ParsedError | None:
	"""The last block of a text whose frame lines stand at two spaces; None when it has none."""
	pieces = text.split(_CUT)
	# most texts hold one block, which begins before their first frame
	bordered = text.find("Traceback ", len(pieces[0])) >= 0
	frames: list[Frame] = []
	last = following = 0
	rest = ""
	for index in range(len(pieces) - 1, 0, -1):
		piece = pieces[index]
		end = piece.find("\n", piece.find("\n") + 1)
		path, _, place = piece[: end if 0 <= end < _FRAME_LENGTH else _FRAME_LENGTH].partition(_LINE)
		after = place.lstrip("0123456789")  # the number changes with every edit of the file
		frame = _frame(path, after) if len(after) < len(place) else None
		if frame is None:
			continue
		if not frames:
			last = index
		elif len(frames) == FRAME_LIMIT:
			break
		elif bordered and any(map(_has_border, pieces[index:following])):
			rest = _CUT.join(pieces[: index + 1])
			break
		frames.append(frame)
		following = index
	if not frames:
		return None
	tail = pieces[last] if last == len(pieces) - 1 else _CUT.join(pieces[last:])
	exception, message = _exception(_FIRST_COLUMN.findall(tail)[:LINES_AFTER])
	if message.startswith(_BODIES) or message.endswith(_BODIES) or "<html" in message:
		whole = _whole(tail, message)
		message = whole if said_in(message) is None and said_in(whole) is not None else message
	return ParsedError(exception, message, tuple(frames[::-1]), exception is None, rest)


def _whole(tail: str, message: str) -> str:
	"""The message with all its lines: the body of an answer has many, and says what happened further down."""
	at = max(tail.rfind(": " + message), tail.rfind("\n" + message))
	return tail[at:].lstrip(":").strip() if at >= 0 else message


def _is_group(text: str) -> bool:
	"""Whether what was raised last is an ExceptionGroup; after it may follow what was raised while it was handled."""
	start = text.rfind(_GROUP)
	return start >= 0 and text.find("\nTraceback ", start) < 0


def _outer(text: str) -> str:
	"""Of an ExceptionGroup the group itself, moved back to the left; its members are other errors."""
	start = max(text.rfind(_OUTERMOST), 0)
	start = text.find(_GROUP, start)
	end = text.find(_MEMBERS, start)
	return _BARS.sub("", text[start : end if end >= 0 else len(text)])


@lru_cache(maxsize=8192)
def _frame(path: str, place: str) -> Frame | None:
	found = _PLACE.match(place)
	if not path or len(path) > _PATH_LENGTH or '"' in path or "\n" in path or found is None:
		return None
	return Frame(path, found[1] or "", found[2] or "")


def _has_border(piece: str) -> bool:
	return any(map(_is_border, _FIRST_COLUMN.findall(piece)))


def _moved(text: str) -> ParsedError | None:
	"""As `_cut`, for text that was moved to the right."""
	rows = _INDENTED_LINES.findall(text)
	last = _last_frame(rows)
	if last < 0:
		return None
	first = last
	while first > 0 and last - first < FRAME_LIMIT and not _is_border(rows[first - 1][3]):
		first -= 1
	frames = tuple([Frame._make(row[:3]) for row in rows[first : last + 1] if row[0]])
	exception, message = _exception([row[3] for row in rows[last + 1 : last + LINES_AFTER]])
	return ParsedError(exception, message, frames, exception is None)


def _readable(text: str) -> str:
	"""Undo what changes lines without changing meaning: Windows line ends, and quotes escaped for HTML."""
	text = bounded(text)
	if "\r" in text:
		text = text.replace("\r\n", "\n").replace("\r", "\n")
	if "[" in text and ("\x1b[" in text or "u001b[" in text):
		text = _COLOURS.sub("", text)  # Python 3.13 puts them in where it takes the log for a terminal
	if "\0" in text:
		text = text.replace("\0", "")
	if "File \\" in text and 'File "' not in text:
		# a traceback inside JSON, as the answer of another site holds it
		text = _in_json(text) or _ESCAPED_QUOTE.sub('"', _ESCAPED_BREAK.sub("\n", text))
	if "&" in text and ("&quot;" in text or "&#34;" in text):
		text = text.replace("</pre>", "\n")
		# not html.unescape(): it raises on a character reference of several thousand digits
		for escaped, char in _ESCAPED:
			text = text.replace(escaped, char)
	return text


def _in_json(text: str) -> str:
	"""The last traceback among the texts of an object, which may be JSON themselves; "" where it cannot be read."""
	waiting: list[object] = [text]
	while waiting:
		value = waiting.pop()
		if isinstance(value, dict):
			waiting += value.values()
		elif isinstance(value, list):
			waiting += value
		elif isinstance(value, str) and "File " in value:
			if 'File "' in value:
				return value
			try:
				waiting.append(json.loads(value))
			except (ValueError, RecursionError):
				continue
	return ""


def _last_frame(rows: list[tuple[str, str, str, str]]) -> int:
	for index in range(len(rows) - 1, -1, -1):
		if rows[index][0]:
			return index
	return -1


def _is_border(line: str) -> bool:
	return line != "" and (line.startswith(_BLOCK_BORDERS) or "Traceback (most recent call last)" in line)


def _exception(lines: list[str]) -> tuple[str | None, str]:
	"""Exception and first line of its message among the first-column lines that follow the last frame.

	A variable whose repr has line breaks can put text there as well, so that a line which is named like an
	exception wins over an earlier one that only has the form `word: text`.
	"""
	fallback: tuple[str | None, str] = (None, "")
	for index, line in enumerate(lines):
		found = _EXCEPTION.match(line)
		if not found:
			continue
		name, message = found[1], found[2] or ""
		if not message and index + 1 < len(lines):
			message = lines[index + 1]
		if "." in name or _LOOKS_LIKE_EXCEPTION.search(name):
			return name, message.strip()
		if fallback[0] is None:
			fallback = (name, message.strip())
	return fallback
