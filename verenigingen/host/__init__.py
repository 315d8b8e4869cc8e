"""Which site are we on? The only module that knows the adapters.

A stand-alone process says so with `use_host`; otherwise an initialised Frappe site decides. Frappe merely being
importable is not enough: the `verenigingen` program may run from a bench's own environment.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, TypeVar

from verenigingen.exceptions import ConfigurationError, MonitoringError, NotLoggedIn
from verenigingen.host.port import Host, User

__all__ = [
	"Host",
	"User",
	"answer_with",
	"current_host",
	"in_frappe",
	"page_token",
	"raise_to_caller",
	"use_host",
	"whitelist",
]

Door = TypeVar("Door", bound=Callable[..., Any])

_standalone: Host | None = None


def in_frappe() -> bool:
	"""Is a Frappe site initialised in this thread, and no stand-alone host chosen?"""
	frappe = sys.modules.get("frappe")
	return _standalone is None and frappe is not None and bool(getattr(frappe.local, "site", None))


def current_host() -> Host:
	"""The host of this process. Raises ConfigurationError when there is neither a stand-alone host nor a site."""
	if _standalone is not None:
		return _standalone
	if in_frappe():
		from verenigingen.host.on_frappe import frappe_host

		return frappe_host()
	raise ConfigurationError(
		"There is no site: call this through bench, or open one with `verenigingen --site DIR …`."
	)


@contextmanager
def use_host(host: Host) -> Iterator[Host]:
	"""Makes `host` the site of this process until the block ends; nests."""
	global _standalone
	before, _standalone = _standalone, host
	try:
		yield host
	finally:
		_standalone = before


def whitelist(door: Door, *, guest: bool, methods: tuple[str, ...]) -> Door:
	"""Registers a door with Frappe where Frappe is installed; returns it unchanged elsewhere.

	find_spec, not `except ImportError`: a half-broken bench must fail loudly, not lose its whitelist.
	"""
	if find_spec("frappe") is None:
		return door
	from verenigingen.host import on_frappe

	exposed: Door = on_frappe.whitelist(door, guest=guest, methods=methods)
	return exposed


def raise_to_caller(error: MonitoringError) -> None:
	"""Raises `error` the way this host answers callers: in Frappe as its own exception, with the message shown."""
	if in_frappe():
		from verenigingen.host.on_frappe import throw

		throw(error)
	raise error


def answer_with(status: int) -> None:
	"""Makes the present request's answer bear this HTTP status, although nothing is raised. No effect in a command."""
	if in_frappe():
		from verenigingen.host.on_frappe import answer_with_status

		answer_with_status(status)
	else:
		from verenigingen.host.on_local import parts

		parts.answer_status.set(status)


def page_token(login: str) -> str:
	"""The token a page of this visitor must send back with a POST.

	A guest is sent to the address `login` instead: in Frappe by its own redirect, elsewhere by NotLoggedIn, which
	the stand-alone server answers with its login page.
	"""
	guest = current_host().access.user().is_guest
	if in_frappe():
		from verenigingen.host import on_frappe

		return on_frappe.redirect(login) if guest else on_frappe.page_token()
	if guest:
		raise NotLoggedIn("Log in to see this page.")
	from verenigingen.host.on_local import parts

	return parts.page_token()
