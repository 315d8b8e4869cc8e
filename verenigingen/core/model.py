"""Values that travel between collectors, services and analyses."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import NamedTuple

FACETS = ("Entry Point", "App Version", "DocType", "Document", "Role", "Source", "Frappe Fingerprint")


class ErrorRow(NamedTuple):
	"""One error as a source tells it; `when` is naive site time, None when the source's time cannot be used.

	facets are pairs (kind of FACETS, value): what else is known of the event. A kind may come more than once (roles).
	The value of "Document" reads "DocType/name"; it is kept as a pseudonym. trace, exact and job are what the event may be
	recognised by in another source, see `core.errors.twins`. versions: of the apps that ran, where the source knows.
	"""

	key: str
	when: datetime | None
	title: str
	text: str
	user: str | None
	facets: tuple[tuple[str, str], ...] = ()
	trace: str = ""
	exact: str = ""
	job: str = ""
	versions: tuple[tuple[str, str], ...] = ()


def as_datetime(value: object) -> datetime | None:
	"""A database value as a naive datetime, or None for NULL, zero dates and anything unreadable.

	SQLite gives text for times, PyMySQL gives text for MariaDB's zero dates ("0000-00-00 00:00:00").
	"""
	if isinstance(value, datetime):
		return value.replace(tzinfo=None)
	if isinstance(value, date):
		return datetime.combine(value, time.min)
	if isinstance(value, bytes):
		value = value.decode("ascii", "replace")
	if not isinstance(value, str):
		return None
	try:
		return datetime.fromisoformat(value.strip()).replace(tzinfo=None)
	except ValueError:
		return None


def as_date(value: object) -> date | None:
	"""A database value as a date, or None."""
	moment = as_datetime(value)
	return moment.date() if moment else None


def as_text(value: object) -> str:
	"""A database value as text; NULL is empty, undecodable bytes become U+FFFD."""
	if value is None:
		return ""
	if isinstance(value, bytes | bytearray | memoryview):
		return bytes(value).decode("utf-8", "replace")
	return str(value)
