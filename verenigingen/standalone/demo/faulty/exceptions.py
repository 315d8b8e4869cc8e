"""Exceptions of the demo app. Their `__module__` names that app, as tracebacks of a bench would."""

from __future__ import annotations

MODULE = "verenigingen_demo.exceptions"


class DemoError(Exception):
	"""Base of everything the demo app raises itself."""

	__module__ = MODULE


class DoesNotExistError(DemoError):
	"""No such record."""

	__module__ = MODULE


class BankAccountError(DemoError):
	"""An account does not fit the person who gave it."""

	__module__ = MODULE


class LockTimeoutError(DemoError):
	"""Another transaction holds the row for too long."""

	__module__ = MODULE


class MailServerError(DemoError):
	"""The mail server refused a message."""

	__module__ = MODULE


class QueueFullError(DemoError):
	"""The mail queue takes no more messages."""

	__module__ = MODULE


class FileTooLargeError(DemoError):
	"""An upload is over the limit."""

	__module__ = MODULE


class BankConnectionError(DemoError):
	"""The bank's interface did not answer."""

	__module__ = MODULE
