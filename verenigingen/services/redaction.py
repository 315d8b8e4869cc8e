"""The redactor of a site: its key, the names it knows, and what happens when redaction itself fails."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

from verenigingen.core.errors import identify, sample
from verenigingen.core.model import as_text
from verenigingen.core.privacy import NameIndex, Redactor
from verenigingen.host.port import Host
from verenigingen.settings import resolve

log = logging.getLogger("verenigingen")

NAMES_TTL = (
	900  # seconds for which a process uses the names it read; a person added meanwhile is known after that
)
MOST_NAMES = 200_000  # read of one table
TEXT_LIMIT = (
	128 * 1024
)  # characters of an error that are kept before it is written: what grouping reads of it
LEFT_OUT = "\n[… {} characters were not kept: the text was too long to be redacted …]\n"
NOT_KEPT = "The text of this error could not be redacted and was not kept."
_NOBODY = frozenset(("administrator", "guest", "system", "user", "admin", "test"))


class _Persons(NamedTuple):
	"""A table with names: whole ones in `full`, or else in parts; `only` narrows it to persons."""

	table: str
	full: str
	parts: tuple[str, ...] = ()
	only: tuple[str, str] | None = None


PERSONS = (
	_Persons("tabMember", "full_name", ("first_name", "middle_name", "last_name")),
	_Persons("tabUser", "full_name", ("first_name", "middle_name", "last_name")),
	_Persons("tabContact", "full_name", ("first_name", "middle_name", "last_name")),
	_Persons("tabCustomer", "customer_name", only=("customer_type", "Individual")),
	_Persons("tabSupplier", "supplier_name", only=("supplier_type", "Individual")),
	_Persons("tabEmployee", "employee_name"),
	_Persons("tabVolunteer", "volunteer_name"),
	_Persons("tabDonor", "donor_name"),
	_Persons("tabLead", "lead_name"),
)

NAMELESS = Redactor(os.urandom(32))  # for texts of no particular site

_known: dict[bytes, tuple[float, Redactor]] = {}  # by key: it is the site's own, its name may not be
_lock = threading.Lock()


def site_redactor(host: Host) -> Redactor:
	"""The site's redactor, with the names of its members, users, contacts and other persons as of at most NAMES_TTL
	ago. Its tokens are the same on every server of the site. Raises DatabaseUnavailable."""
	key = _key(host)
	with _lock:
		kept = _known.get(key)
	if kept is not None and kept[0] > time.monotonic():
		return kept[1]
	made = Redactor(key, NameIndex(_names(host)))
	with _lock:
		_known[key] = (time.monotonic() + NAMES_TTL, made)
	return made


def forget_names(host: Host) -> None:
	"""The next call of `site_redactor` reads the names anew."""
	with _lock:
		_known.pop(_key(host), None)


def protect(host: Host, title: str, text: str) -> tuple[str, str]:
	"""Title and text of an error as they may be written to the site's Error Log; unchanged where `redact_error_log` is 0.

	Never raises: an error must not be lost because its text is odd, nor because the database that knows the names is what
	failed.
	"""
	return cleaned(host, title, text) if _wanted(host) else (title, text)


def cleaned(host: Host, title: str, text: str) -> tuple[str, str]:
	"""Title and text without personal data and secrets, whatever is set.

	Never raises, and never lets a text pass that it could not redact: then the stack is kept, without any value.
	"""
	try:
		redactor = site_redactor(host)
		return redactor.redact(title), redactor.redact(_bounded(text))
	except Exception as failure:
		# its message may quote the text, so that only its kind is told
		log.error("An error could not be redacted (%s); only its stack is kept.", type(failure).__name__)
		return _without_values(title, text)


def _wanted(host: Host) -> bool:
	try:
		return bool(resolve("redact_error_log", host.config.get))
	except (
		Exception
	):  # neither a value out of range nor a database that is down says that personal data may be written
		return True


def _bounded(text: str) -> str:
	if len(text) <= TEXT_LIMIT:
		return text
	half = TEXT_LIMIT // 2
	return text[:half] + LEFT_OUT.format(len(text) - TEXT_LIMIT) + text[-half:]


def _without_values(title: str, text: str) -> tuple[str, str]:
	try:
		return identify(title, text).title, f"{NOT_KEPT}\n{sample(title, text)}"
	except Exception as failure:
		log.error("An error could not be read either (%s); its text is not kept.", type(failure).__name__)
		return "Error", NOT_KEPT


def _key(host: Host) -> bytes:
	return bytes.fromhex(host.secrets.pseudonym("redactor 1") + host.secrets.pseudonym("redactor 2"))


def _names(host: Host) -> Iterator[str]:
	for source in PERSONS:
		columns = host.db.columns(source.table)
		wanted = (
			[source.full] if source.full in columns else [part for part in source.parts if part in columns]
		)
		if not wanted or (source.only and source.only[0] not in columns):
			continue
		where = f" WHERE {source.only[0]} = %s" if source.only else ""
		rows = host.db.query(
			f"SELECT {', '.join(wanted)} FROM `{source.table}`{where} LIMIT {MOST_NAMES}",
			(source.only[1],) if source.only else (),
		)
		for row in rows:
			name = " ".join(as_text(part).strip() for part in row if part)
			if name and not _NOBODY.issuperset(name.lower().split()):
				yield name
