"""Whether two records of different sources tell of one event.

Frappe may write one failure down several times: an exception of a request stands in our own capture and, minutes later
and under another name, in Error Log; that of a job in RQ's registry and in Error Log. Each way of matching has its own
span of time, because the records differ in how much of the event they share.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import NamedTuple

from .frames import locate
from .traceback import parse

FAILED_REQUEST, ERROR_LOG = "Failed Request", "Error Log"

HALF = 32_768  # a traceback tells its exception last and its entry first; the middle of megabytes is local variables
CUT = "\n[…]\n"

KEEP = timedelta(days=2)  # how long an event waits for its twin
AT_ONCE = timedelta(seconds=10)  # two writers of one failure, on clocks that differ
FLUSH = timedelta(minutes=20)  # Frappe writes deferred rows every quarter of an hour
# Ranks, best first
TRACE, EXACT, JOB, CLOSE = range(4)

_METHOD = re.compile(r"[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,60}){1,10}\Z")


class Trail(NamedTuple):
	"""By what an event may be recognised in another source.

	trace: id of the request or job, "" where unknown. exact: digest of the text as Error Log holds it, "" where the
	text at hand is another one. close: digest of exception, message and the frame that raised. job: the job's method.
	"""

	source: str
	when: datetime
	trace: str
	exact: str
	close: str
	job: str


def clipped(text: str) -> str:
	"""The text, or its head and tail when it is longer than 64 K characters: what a source keeps of one."""
	return text if len(text) <= 2 * HALF else text[:HALF] + CUT + text[-HALF:]


def exact_digest(text: str) -> str:
	"""Digest of a whole text; "" for an empty one, which says nothing."""
	return _digest(clipped(text)) if text.strip() else ""


def close_digest(title: str, text: str) -> str:
	"""Digest of what any traceback of one raised exception shows: its name, its message with all values, the frame
	that raised. A text without frames stands for itself, title included."""
	parsed = parse(text)
	if not parsed.frames:
		return _digest(f"{title}\x1f{clipped(text)}") if (title or text).strip() else ""
	frame = parsed.frames[-1]
	name = (parsed.exception or "").rpartition(".")[2]
	return _digest("\x1f".join((name, parsed.message, locate(frame.path)[0], frame.function, frame.source)))


def job_method(title: str) -> str:
	"""The title when it has the form of a dotted path, as Frappe titles the errors of jobs; else ""."""
	return title if _METHOD.match(title) else ""


def rank(one: Trail, other: Trail) -> int | None:
	"""How two records of different sources match (TRACE is best), or None when they are two events."""
	if one.source == other.source or (one.trace and other.trace and one.trace != other.trace):
		return None
	apart = abs(one.when - other.when)
	if one.trace and one.trace == other.trace and _same(one, other) and apart <= _patience(one, other):
		return TRACE
	if one.exact and one.exact == other.exact and apart <= _patience(one, other):
		return EXACT
	if one.job and one.job == other.job and apart <= AT_ONCE:
		return JOB
	if one.close and one.close == other.close and (apart <= AT_ONCE or _deferred(one, other)):
		return CLOSE
	return None


def _same(one: Trail, other: Trail) -> bool:
	# one request may log several errors under its id
	if FAILED_REQUEST in (one.source, other.source) and not (one.close and other.close):
		return True
	return (one.close != "" and one.close == other.close) or (one.job != "" and one.job == other.job)


def _patience(one: Trail, other: Trail) -> timedelta:
	"""A text with local variables is hardly ever repeated, and Error Log gets that of a request late."""
	return KEEP if {one.source, other.source} == {FAILED_REQUEST, ERROR_LOG} else AT_ONCE


def _deferred(one: Trail, other: Trail) -> bool:
	"""Is one the row that Frappe wrote later of a request whose full text was not to be had?"""
	if {one.source, other.source} != {FAILED_REQUEST, ERROR_LOG}:
		return False
	request, row = (one, other) if one.source == FAILED_REQUEST else (other, one)
	return not request.exact and -AT_ONCE <= row.when - request.when <= FLUSH


def _digest(text: str) -> str:
	return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
