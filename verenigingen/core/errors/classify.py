"""Says what kind of trouble an error is and how severe its kind is, each with the fact that decided.

The exception's class decides first, then the frames, and words of the message only where there is neither.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .frames import Stack

CATEGORIES = {
	"permission": "Permission",
	"validation": "Validation",
	"database": "Database",
	"integration": "Integration",
	"timeout": "Timeout",
	"background_job": "Background job",
	"mail": "E-mail",
	"template": "Template",
	"data_import": "Data import",
	"configuration": "Configuration",
	"code_defect": "Code defect",
	"other": "Other",
}
SEVERITIES = ("critical", "high", "medium", "low")


class Verdict(NamedTuple):
	"""Category (a key of CATEGORIES) and base severity (one of SEVERITIES), each with its reason."""

	category: str
	category_reason: str
	severity: str
	severity_reason: str


def _table(**names: str) -> dict[str, str]:
	return {name: category for category, listed in names.items() for name in listed.split()}


# Classes whose name is enough, wherever they come from.
_BY_CLASS = _table(
	permission="AuthenticationError SessionExpired SessionStopped CSRFTokenError "
	"InvalidAuthorizationHeader InvalidAuthorizationPrefix InvalidAuthorizationToken "
	"InsufficientPermissionError RateLimitExceededError",
	validation="ValidationError MandatoryError DuplicateEntryError UniqueValidationError "
	"LinkValidationError LinkExistsError DoesNotExistError UpdateAfterSubmitError "
	"TimestampMismatchError InvalidStatusError NonNegativeError CharacterLengthExceededError "
	"CannotChangeConstantError InvalidNameError NestedSetRecursionError "
	"NestedSetChildExistsError NestedSetMultipleRootsError NestedSetInvalidMergeError "
	"WorkflowTransitionError WorkflowPermissionError WorkflowStateError DocumentLockedError "
	"DocstatusTransitionError MaxFileSizeReachedError InvalidEmailAddressError "
	"InvalidPhoneNumberError DataTooLongException FrappeTypeError",
	database="QueryTimeoutError QueryDeadlockError ImplicitCommitError TableMissingError OperationalError "
	"ProgrammingError IntegrityError InternalError InterfaceError InReadOnlyMode",
	timeout="ReadTimeout ReadTimeoutError ConnectTimeout ConnectTimeoutError Timeout TimeoutError timeout "
	"JobTimeoutException TimeoutException",
	background_job="NoSuchJobError InvalidJobOperation WorkHorseKilledError AbandonedJobError",
	mail="OutgoingEmailError EmailSizeExceededError SMTPException SMTPAuthenticationError "
	"SMTPServerDisconnected SMTPRecipientsRefused SMTPSenderRefused SMTPDataError SMTPConnectError "
	"IMAP4 InvalidEmailCredentials LoginLimitExceeded SentEmailInInboxError",
	data_import="XLRDError InvalidFileException BadZipFile",
	configuration="IncorrectSitePath AppNotInstalledError InvalidEncryptionKey UnknownLocaleError "
	"UnknownTimeZoneError ZoneInfoNotFoundError IncompatibleApp MemoryError InvalidToken",
	integration="ConnectionError ConnectionRefusedError ConnectionResetError ConnectionAbortedError "
	"BrokenPipeError gaierror HTTPError SSLError SSLCertVerificationError RemoteDisconnected "
	"MaxRetryError IncompleteRead ProxyError InvalidSignatureError",
)
# Packages whose every exception is of one kind.
_BY_PACKAGE = _table(
	database="pymysql MySQLdb psycopg2 sqlite3 redis",
	integration="requests urllib3 http httpx aiohttp ssl socket zeep stripe razorpay googleapiclient",
	mail="smtplib imaplib poplib",
	template="jinja2",
	background_job="rq",
	data_import="_csv csv openpyxl xlrd zipfile",
)
_CODE_CLASSES = frozenset(
	"TypeError AttributeError KeyError IndexError NameError UnboundLocalError ZeroDivisionError "
	"AssertionError ValueError StopIteration RecursionError NotImplementedError RuntimeError "
	"SyntaxError IndentationError TabError ImportError ModuleNotFoundError LookupError "
	"OverflowError UnicodeDecodeError UnicodeEncodeError JSONDecodeError ParseError ArithmeticError "
	"GeneratorExit EOFError BufferError re.error error".split()
)
# (part of a path, category, what it is). Looked for in the innermost frames, in this order.
_BY_PATH = (
	("core/doctype/data_import/", "data_import", "Data Import"),
	("frappe/email/smtp.py", "mail", "sending mail"),
	("frappe/email/receive.py", "mail", "receiving mail"),
	("frappe/utils/jinja.py", "template", "rendering a template"),
	("frappe/utils/password.py", "configuration", "reading a stored secret"),
	("frappe/integrations/", "integration", "an integration"),
)
_PATH_DEPTH = 6  # innermost Frappe frames in which a path decides; further out it is only the way in
# Words count only without traceback. The subject (mail, job) stands before the manner (failed, timeout).
_WORDS = (
	(re.compile(r"\b(?:timed out|timeout|time-out)\b"), "timeout"),
	(re.compile(r"\b(?:not permitted|permission|unauthori[sz]ed|forbidden|access denied)\b"), "permission"),
	(re.compile(r"\b(?:deadlock|lock wait|mysql|mariadb|duplicate entry|sql syntax)\b"), "database"),
	(re.compile(r"\b(?:mailbox|smtp\w*|imap\w*|bounce|mail could not be sent|delivery to <mail>)"), "mail"),
	(
		re.compile(r"\b(?:https?connectionpool|connection refused|client error|server error|webhook|api)\b"),
		"integration",
	),
	(
		re.compile(
			r"'nonetype'|\bobject (?:is not|has no)\b|\bunsupported operand"
			r"|\bis not defined\b|\bout of range\b"
		),
		"code_defect",
	),
	(re.compile(r"\b(?:queue|jobs?|worker|scheduler)\b"), "background_job"),
	(
		re.compile(r"\b(?:quota|not configured|not set up|api key|misconfigured|deprecated)\b"),
		"configuration",
	),
	(re.compile(r"\b(?:is not valid|mandatory|required|must (?:be|have)|cannot be|already)\b"), "validation"),
)
# Words in the name of an app's own exception, the more telling kind first: LockTimeoutError is about the lock.
_NAME_WORDS = (
	("mail", frozenset("mail email smtp imap".split())),
	("permission", frozenset("permission forbidden unauthorized unauthorised denied".split())),
	("database", frozenset("lock deadlock database sql".split())),
	("timeout", frozenset("timeout".split())),
	("background_job", frozenset("queue job worker scheduler".split())),
	("integration", frozenset("connection network http api gateway webhook remote".split())),
	("template", frozenset("template render rendering".split())),
	("configuration", frozenset("config configuration settings".split())),
	("validation", frozenset("validation invalid missing duplicate mandatory large".split())),
)
_NAME_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NO_SPACE = re.compile(r"\[Errno 28\]|No space left on device")
_LOST_DATABASE = re.compile(r"\((?:2002|2003|2006|2013|2055|1040), ")
_BROKEN_TABLE = re.compile(r"\((?:1194|1195|145|144|1030|1034|1114), ")
_WAITS_OR_DATA = re.compile(r"\((?:1205|1213|1406|1264|1292|1366|1062|1048|1451|1452), ")
_BASE = {
	"permission": ("low", "refusals protect data; the request did not go through"),
	"validation": ("low", "the input was refused as intended"),
	"database": ("high", "a query failed"),
	"integration": ("medium", "another system did not answer as expected"),
	"timeout": ("medium", "something took too long"),
	"background_job": ("high", "work in the background was not done"),
	"mail": ("medium", "mail was not sent or not received"),
	"template": ("medium", "a page or message could not be rendered"),
	"data_import": ("medium", "a file could not be read or imported"),
	"configuration": ("high", "the set-up of site or server stands in the way"),
	"code_defect": ("high", "an unhandled exception: the code did not expect this case"),
	"other": ("medium", "kind not recognised"),
}


def classify(exception: str | None, message: str, stack: Stack) -> Verdict:
	"""Category and base severity of an error.

	Args: dotted or bare exception class, its message in normal form, the sorted frames. Never raises.
	"""
	category, reason = _category(exception, message, stack)
	severity, severity_reason = _severity(exception, message, category)
	return Verdict(category, reason, severity, severity_reason)


def _category(exception: str | None, message: str, stack: Stack) -> tuple[str, str]:
	if exception is None and not stack.in_app and not stack.framework:
		return _by_words(message)
	package, _, name = (exception or "").rpartition(".")
	package = package.partition(".")[0]
	path = _by_path(stack)
	if path and path[0] == "data_import":
		return path
	if name == "PermissionError":
		if package == "frappe":
			return "permission", "exception PermissionError of Frappe"
		return "configuration", "exception PermissionError of the operating system: rights on a file"
	if name in ("FileNotFoundError", "OSError", "IOError"):
		return "configuration", f"exception {name}: a file, a program or space is missing on the server"
	# `timeout` and mail classes are more telling than the package that raises them
	if name in _BY_CLASS and not (
		package in ("pymysql", "redis", "rq", "smtplib") and name != "JobTimeoutException"
	):
		decided = _BY_CLASS[name]
		if path and decided in ("validation", "permission"):
			return path  # Frappe throws these two for any refusal; the place says what was refused
		return decided, f"exception {name}"
	if package in _BY_PACKAGE:
		return _BY_PACKAGE[package], f"exception {name} of package {package}"
	return _by_frames(name, stack, path) or _by_name(name, message)


def _by_frames(name: str, stack: Stack, path: tuple[str, str] | None) -> tuple[str, str] | None:
	"""For exceptions that can mean anything: where they were raised decides."""
	if path:
		return path
	innermost = (stack.in_app + stack.framework)[-1:]
	if not stack.in_app and stack.framework and stack.framework[-1].function == "execute_job":
		return "background_job", "raised by calling the job itself, before its code ran"
	if innermost and innermost[0].module.endswith((".html", ".jinja", ".txt")):
		return "template", f"raised in template {innermost[0].module}"
	if name in _CODE_CLASSES:
		return "code_defect", f"unhandled {name}"
	if name.endswith(("ValidationError", "DoesNotExistError")):
		return "validation", f"exception {name} is named as a validation"
	return None


def _by_name(name: str, message: str) -> tuple[str, str]:
	"""For an app's own exceptions: what their name says, then what the message says."""
	words = {word.lower() for word in _NAME_PARTS.findall(name[:200])}
	for category, telling in _NAME_WORDS:
		if not telling.isdisjoint(words):
			return category, f'exception {name} is named so: "{min(telling & words)}"'
	if not name:
		return "other", "no exception in the text"
	category, found = _first_word(message)
	return category, f'exception {name} is not known; the text says "{found}"' if found else (
		f"exception {name} is not known, and no telling word is in the text"
	)


def _by_path(stack: Stack) -> tuple[str, str] | None:
	modules = [place.module for place in stack.framework[-_PATH_DEPTH:]]
	for part, category, what in _BY_PATH:
		if any(part in module for module in modules):
			return category, f"raised in {what} ({part})"
	return None


def _by_words(message: str) -> tuple[str, str]:
	category, found = _first_word(message)
	if not found:
		return category, "no traceback and no telling word in the text"
	return category, f'no traceback; the text says "{found}"'


def _first_word(message: str) -> tuple[str, str]:
	lowered = message.lower()
	for pattern, category in _WORDS:
		found = pattern.search(lowered)
		if found:
			return category, found[0]
	return "other", ""


def _severity(exception: str | None, message: str, category: str) -> tuple[str, str]:
	name = (exception or "").rpartition(".")[2]
	if name == "MemoryError":
		return "critical", "the server ran out of memory: other work is hit as well"
	if _NO_SPACE.search(message):
		return "critical", "no space left on the server's disk: nothing can be stored"
	if category == "database":
		if (
			name == "InterfaceError"
			or _LOST_DATABASE.match(message)
			or (exception or "").startswith("redis.exceptions.Conn")
		):
			return "critical", "the connection to the database or Redis is lost: the whole site is hit"
		if _BROKEN_TABLE.match(message):
			return "critical", "the database reports a damaged or full table"
		if _WAITS_OR_DATA.match(message) or name in ("QueryTimeoutError", "QueryDeadlockError"):
			return "medium", "the database refused one statement (lock or value); others go on"
	if category == "other" and exception is None:
		return "low", "a message without exception"
	return _BASE[category]
