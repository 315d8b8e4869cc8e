"""Reads the text of one error into an exception, its message and its frames.

One regular expression walks over the text once and sees only two kinds of lines: frame lines, which stand at
two spaces, and lines in the first column. Everything else (local variables, caret markers, tracebacks printed
inside a variable) is indented deeper and is never looked at, so nothing that a variable contains can be
mistaken for the error itself.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TEXT_LIMIT = 128 * 1024  # characters looked at; the head names the error, the tail holds its last block
FRAME_LIMIT = 80  # innermost frames kept of one block; deeper stacks are recursion

# Every alternative starts at a line break and ends in its line: a failed attempt costs at most that line. The
# lengths are bounded because what is found is remembered.
_LINES = re.compile(
	r'\n(?:  File "([^"\n]{1,300})", line \d+(?:, in ([^\n]{1,200}))?'
	r"(?:\n    (\S[^\n]{0,299}))?|(\S[^\n]{0,1999}))",
)
# For text that a mail client, a comment or an ExceptionGroup has moved to the right.
_INDENTED_LINES = re.compile(
	r'\n[ \t|>+]{0,24}(?:File "([^"\n]{1,300})", line \d+(?:, in ([^\n]{1,200}))?'
	r"(?:\n[ \t|>+]{0,28}([^\s|>+][^\n]{0,299}))?|([A-Za-z_][^\n]{0,1999}))",
)
_EXCEPTION = re.compile(r"([A-Za-z_][\w.]{0,200})(?::[ ]?(.*))?\Z", re.DOTALL)
_LOOKS_LIKE_EXCEPTION = re.compile(r"(?:Error|Exception|Warning|Exit|Interrupt|Iteration|Failure|NotFound)\Z")
_ESCAPED = (
	("&quot;", '"'),
	("&#34;", '"'),
	("&#x27;", "'"),
	("&#39;", "'"),
	("&lt;", "<"),
	("&gt;", ">"),
	("&amp;", "&"),
)
_BLOCK_BORDERS = ("Traceback ", "During handling of the above", "The above exception was")


class Frame(NamedTuple):
	"""One entry of a stack: `path` as printed, `function` ("" where a SyntaxError is), `source` line."""

	path: str
	function: str
	source: str


class ParsedError(NamedTuple):
	"""What one text tells: `exception` as printed or None, the exception's or plain message, the last block.

	Frames are outermost first and belong to the exception that was raised last; earlier members of a chain
	are left out. `truncated` says that there are frames but no exception line after them.
	"""

	exception: str | None
	message: str
	frames: tuple[Frame, ...]
	truncated: bool


def bounded(text: str, limit: int = TEXT_LIMIT) -> str:
	"""The text itself, or its head and tail of together `limit` characters when it is longer."""
	if len(text) <= limit:
		return text
	half = limit // 2
	return f"{text[:half]}\n{text[-half:]}"


def parse(text: str) -> ParsedError:
	"""Parse any text; text without a frame comes back as a message. Linear in the length, never raises."""
	text = _readable(text)
	if 'File "' not in text:
		return ParsedError(None, text.strip(), (), False)
	rows = _LINES.findall("\n" + text)
	last = _last_frame(rows)
	if last < 0:
		rows = _INDENTED_LINES.findall("\n" + text)
		last = _last_frame(rows)
	if last < 0:
		return ParsedError(None, text.strip(), (), False)
	first = last
	while first > 0 and last - first < FRAME_LIMIT and not _is_border(rows[first - 1][3]):
		first -= 1
	frames = tuple([Frame._make(row[:3]) for row in rows[first : last + 1] if row[0]])
	exception, message = _exception([row[3] for row in rows[last + 1 : last + 50]])
	return ParsedError(exception, message, frames, exception is None)


def _readable(text: str) -> str:
	"""Undo what changes lines without changing meaning: Windows line ends, and quotes escaped for HTML."""
	text = bounded(text)
	if "\r" in text:
		text = text.replace("\r\n", "\n").replace("\r", "\n")
	if "&" in text and ("&quot;" in text or "&#34;" in text):
		# not html.unescape(): it raises on a character reference of several thousand digits
		for escaped, char in _ESCAPED:
			text = text.replace(escaped, char)
	return text


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
