"""The few things of Frappe the demo app stands on: records, the error log, and tracebacks in Frappe's two formats.

The state of one call (records to read, entries logged) lives in a context variable, not in the module, so that two
builds in one process cannot see each other's entries.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from traceback_with_variables import Format, format_exc

from .exceptions import DoesNotExistError

APP = "verenigingen_demo"
APP_PATH = f"apps/{APP}/{APP}/"
TITLE_LIMIT = 140  # Frappe refuses a longer Error Log title
MASKED_NAMES = ("password", "passwd", "secret", "token", "key", "pwd")
MASK = "********"

Records = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Entry:
	"""One call of `log_error`. `deferred` entries reach the table later, without their user (as in Frappe v15)."""

	title: str
	text: str
	reference_doctype: str | None
	reference_name: str | None
	deferred: bool


@dataclass
class Call:
	"""The state of one request or job."""

	records: Records
	entries: list[Entry] = field(default_factory=list)


_CALL: ContextVar[Call] = ContextVar("demo_call")


class Record:
	"""A document, with the fields as attributes; an absent field is an AttributeError."""

	def __init__(self, doctype: str, name: str, fields: Mapping[str, Any]) -> None:
		self._label = f"<{doctype}: {name}>"
		self._fields = fields

	def __getattr__(self, name: str) -> Any:
		try:
			return self._fields[name]
		except KeyError:
			raise AttributeError(name) from None

	def __repr__(self) -> str:
		"""Like Frappe's, and without an address, which would differ in every run."""
		return self._label

	__str__ = __repr__


@contextmanager
def running(records: Records) -> Iterator[Call]:
	"""Runs one request or job on the given records; the Call collects what it logs."""
	call = Call(records)
	mark = _CALL.set(call)
	try:
		yield call
	finally:
		_CALL.reset(mark)


def get_doc(doctype: str, name: str) -> Record:
	"""The record of that name."""
	fields = _CALL.get().records.get(doctype, {}).get(name)
	if fields is None:
		raise DoesNotExistError(f"{doctype} {name} not found")
	return Record(doctype, name, fields)


def log_error(
	title: str,
	message: str | None = None,
	*,
	reference_doctype: str | None = None,
	reference_name: str | None = None,
	deferred: bool = False,
) -> None:
	"""Keeps an entry for the Error Log; the text is the traceback with variables unless one is given."""
	text = message or get_traceback(with_context=True)
	entry = Entry(title[:TITLE_LIMIT], text, reference_doctype, reference_name, deferred)
	_CALL.get().entries.append(entry)


def get_traceback(with_context: bool = False) -> str:
	"""The traceback of the exception being handled, its paths as a bench shows them."""
	text = format_exc(fmt=_format()) if with_context else traceback.format_exc()
	return text.replace(_source_directory(), APP_PATH)


def _source_directory() -> str:
	"""Where these files lie, spelled as the frames spell it (a resolved path could differ by a symbolic link)."""
	return os.path.dirname(get_traceback.__code__.co_filename) + os.sep


@lru_cache(maxsize=1)
def _format() -> Format:
	"""Masks what Frappe masks and no more: what it leaves in clear text is there for the redaction to find."""
	printers: list[Any] = [(name, lambda _value: MASK) for name in MASKED_NAMES]
	return Format(custom_var_printers=[*printers, (dict, _masked_dict)])


def _masked_dict(value: dict[str, Any]) -> str:
	masked = deepcopy(value)
	for name in MASKED_NAMES:
		if name in masked:
			masked[name] = MASK
	return str(masked)
