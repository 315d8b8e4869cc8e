"""Every exception the app raises on purpose, with the HTTP status it means.

	MonitoringError
	├── BadArgument          417  the caller's value is wrong; the message names argument and range
	├── NotPermitted         403
	├── NotLoggedIn          401
	├── NotFound             404
	│   └── SourceAbsent          a source of errors is not there on this site; no failure
	├── QueryRefused         403  the database refused a statement: no right to it, or it took too long
	├── TookTooLong          503  a collector was stopped at its time limit
	├── ReadOnlySite         409  a write was asked of a site that is only being audited
	├── CollectorBusy        409  another collector holds the lock
	├── ConfigurationError   417  a setting or site_config.json value cannot be used
	└── Unavailable          503  a service this call needs does not answer
	    ├── DatabaseUnavailable
	    ├── CacheUnavailable
	    └── QueueUnavailable

Adapters translate foreign exceptions once, at their edge; nothing above an adapter catches pymysql, redis or frappe
errors. 417 is what Frappe answers to its own ValidationError.
"""


class MonitoringError(Exception):
	"""Base of all errors raised on purpose by this app."""

	http_status_code = 500


class BadArgument(MonitoringError):
	"""An argument has the wrong type or lies outside its range."""

	http_status_code = 417


class NotPermitted(MonitoringError):
	"""The user lacks the role this call needs."""

	http_status_code = 403


class NotLoggedIn(MonitoringError):
	"""No valid session, token or API key came with the request."""

	http_status_code = 401


class NotFound(MonitoringError):
	"""The named thing does not exist."""

	http_status_code = 404


class SourceAbsent(NotFound):
	"""A source of errors does not exist on this site: nothing is wrong, and nothing can be collected from it."""

	def __init__(self, source: str, reason: str) -> None:
		super().__init__(reason)
		self.source = source


class QueryRefused(MonitoringError):
	"""The database refused a statement: the user has no right to it, or it ran into its own time limit."""

	http_status_code = 403


class TookTooLong(MonitoringError):
	"""Something was stopped because it reached its time limit."""

	http_status_code = 503


class ReadOnlySite(MonitoringError):
	"""The site is audited read-only, and the call would have written to it."""

	http_status_code = 409


class CollectorBusy(MonitoringError):
	"""Another collector is at work; the next scheduled run continues."""

	http_status_code = 409


class ConfigurationError(MonitoringError):
	"""A setting or a site_config.json value is missing, malformed or out of range."""

	http_status_code = 417


class Unavailable(MonitoringError):
	"""A service this call needs does not answer now; trying again later is sensible."""

	http_status_code = 503


class DatabaseUnavailable(Unavailable):
	"""The database refused or lost the connection."""


class CacheUnavailable(Unavailable):
	"""The cache server does not answer."""


class QueueUnavailable(Unavailable):
	"""The job queue does not answer."""
