"""`/api/method/<dotted path>` as Frappe answers it: the same addresses, envelope, error names and statuses.

Only functions in the registry of doors are reachable; nothing is imported because an address names it. Two answers
differ from Frappe's on purpose: a function that does not exist is a 404 (Frappe: 417), and an argument the function
does not know is refused (Frappe drops it).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from verenigingen.exceptions import BadArgument, MonitoringError, NotFound, NotPermitted
from verenigingen.host import User
from verenigingen.host.endpoint import Endpoint
from verenigingen.host.on_local.parts import answer_status

log = logging.getLogger("verenigingen")
PREFIX = "/api/method/"
KINDS = {401: "AuthenticationError", 403: "PermissionError", 404: "DoesNotExistError"}
NOT_ARGUMENTS = {"_", "csrf_token"}  # jQuery's cache-buster, and the CSRF token as a form field
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


class BadCsrfToken(MonitoringError):
	"""A POST of a session without the token that its page was given."""

	http_status_code = 400


def call(request: Request, user: User, doors: Mapping[str, Endpoint]) -> Response:
	"""Calls the door the address names, for `user`. Raises MonitoringError and HTTPException."""
	path = request.path.removeprefix(PREFIX).rstrip("/")
	door = doors.get(path)
	if door is None:
		raise NotFound(f"There is no public function {path[:140]}.")
	if user.is_guest and not door.guest:
		raise NotPermitted(f"{path} is not open to guests: log in, or send an API key.")
	if request.method not in door.methods:
		raise NotPermitted("Not permitted")
	answer_status.set(200)
	result = door.function(**arguments(request))
	return envelope({} if result is None else {"message": result}, answer_status.get())


def arguments(request: Request) -> dict[str, Any]:
	"""The arguments in query, form and JSON body, each given once. Raises BadArgument."""
	if request.files:
		raise BadArgument("Files are not accepted here.")
	pairs = [*request.args.items(multi=True), *request.form.items(multi=True), *_json_pairs(request)]
	found = _once((name, value) for name, value in pairs if name not in NOT_ARGUMENTS)
	if unnamed := [name for name in found if not name.isidentifier()]:
		raise BadArgument(f"{unnamed[0][:60]!r} is no name of an argument.")
	return found


def _json_pairs(request: Request) -> list[tuple[str, Any]]:
	text = request.get_data(cache=True) if request.mimetype not in FORMS else b""
	if not text:
		return []
	if not request.is_json:
		raise BadArgument("The body must be a form or JSON (Content-Type: application/json).")
	try:
		body = json.loads(text, object_pairs_hook=_once)
	except (ValueError, RecursionError) as exc:
		raise BadArgument(f"The body is not valid JSON: {exc}.") from exc
	if not isinstance(body, dict):
		raise BadArgument("The JSON body must be an object of arguments by name.")
	return list(body.items())


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
	found: dict[str, Any] = {}
	for name, value in pairs:
		if name in found:
			raise BadArgument(f"{name[:60]} is given more than once.")
		found[name] = value
	return found


def failure(error: Exception) -> Response:
	"""What the caller is told: our own errors with their message, anything else without any detail."""
	kind, status, text = told(error)
	message = {"message": escape(text), "title": "Message", "indicator": "red", "raise_exception": 1}
	body = {
		"exc_type": kind,
		"exception": f"{kind}: {' '.join(text.split())}",
		"_server_messages": json.dumps([json.dumps(message)]),
	}
	return envelope(body, status)


def told(error: Exception) -> tuple[str, int, str]:
	"""Name, HTTP status and text of an error, named as Frappe names it for the status. Bugs are logged."""
	if isinstance(error, BadCsrfToken):
		return "CSRFTokenError", 400, str(error)
	if isinstance(error, MonitoringError):
		status = error.http_status_code
		if status >= 500:
			log.error("%s: %s", type(error).__name__, error)
			return type(error).__name__, status, str(error)
		kind = KINDS.get(status, "ValidationError")
		return kind, status if status in KINDS else 417, str(error)
	if isinstance(error, HTTPException):
		name = type(error).__name__
		return KINDS.get(error.code or 500, name), error.code or 500, error.description or name
	log.error("an unexpected error", exc_info=error)
	return type(error).__name__, 500, "Something went wrong on the server; its log tells what."


def envelope(body: Mapping[str, Any], status: int) -> Response:
	"""A JSON answer that no cache keeps."""
	text = json.dumps(body, separators=(",", ":"), allow_nan=False)
	response = Response(text, status=status, mimetype="application/json")
	response.headers["Cache-Control"] = "no-store"
	return response
