"""The stand-alone server: the dashboard and the API of one site, for this machine only.

It listens on loopback and answers to loopback names only, so that no web page can reach it through a name of its
own (DNS rebinding). Whoever shows the token it printed is the operator; programs use API keys.
"""

from __future__ import annotations

import logging
import secrets
import socket
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import (
	Forbidden,
	HTTPException,
	MethodNotAllowed,
	NotFound,
	SecurityError,
	TooManyRequests,
)
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.utils import redirect, send_from_directory
from werkzeug.wrappers import Request, Response

from verenigingen.exceptions import ConfigurationError, NotLoggedIn, Unavailable
from verenigingen.host import Host, User
from verenigingen.host.endpoint import Endpoint
from verenigingen.host.on_local import acting_as
from verenigingen.host.on_local.parts import SYSTEM
from verenigingen.monitoring.zabbix_integration import health_check
from verenigingen.standalone import api, pages
from verenigingen.standalone.api_keys import ApiKeys
from verenigingen.standalone.login import Door, Session, Sessions, same

log = logging.getLogger("verenigingen")

ADDRESS = "127.0.0.1"
NAMES = ["127.0.0.1", "localhost"]
LARGEST = 1_000_000  # bytes of a request body
PATIENCE = 30  # seconds a client may keep us waiting
GUEST = User("Guest", frozenset())
HOME = "/monitoring_dashboard"
POLICY = (
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
	" base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
	"Content-Security-Policy": POLICY,
	"Cross-Origin-Opener-Policy": "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy": "no-referrer",
	"X-Content-Type-Options": "nosniff",
	"X-Frame-Options": "DENY",
}


class Ask(Request):
	"""A request with our limits."""

	trusted_hosts = NAMES
	max_content_length = LARGEST
	max_form_memory_size = LARGEST
	max_form_parts = 100

	@property
	def cookie(self) -> str:
		"""The name of the session's cookie: cookies do not tell ports apart, servers on two ports must."""
		return f"verenigingen_sid_{self.environ['SERVER_PORT']}"


class Application:
	"""The WSGI application of one site."""

	def __init__(self, host: Host, doors: Mapping[str, Endpoint], keys: ApiKeys, door: Door) -> None:
		self.host, self.doors, self.keys, self.door = host, doors, keys, door
		self.sessions = Sessions()

	def __call__(self, environ: Any, start: Any) -> Iterable[bytes]:
		request = Ask(environ)
		with acting_as(GUEST):  # never the Administrator of the command line, whatever happens below
			response = self._answered(request)
		for name, value in HEADERS.items():
			response.headers.setdefault(name, value)
		return response(environ, start)

	def _answered(self, request: Ask) -> Response:
		try:
			_ = request.host  # raises SecurityError for a name that is not ours
			user, session = self._who(request)
			with acting_as(user, session.csrf if session else ""):
				try:
					return self._route(request, user, session)
				except Exception as error:
					return self._failed(request, error)
		except Exception as error:
			return self._failed(request, error)

	def _who(self, request: Ask) -> tuple[User, Session | None]:
		"""The caller, from the API key if one came, else from the session."""
		if "Authorization" in request.headers:
			return self._by_key(request.headers["Authorization"]), None
		session = self.sessions.find(request.cookies.get(request.cookie, ""))
		return (session.user, session) if session else (GUEST, None)

	def _by_key(self, header: str) -> User:
		kind, _, value = header.partition(" ")
		key, _, secret = value.strip().partition(":")
		try:
			user = self.keys.user(key, secret) if kind.lower() == "token" and key and secret else None
		except ConfigurationError as exc:
			log.error("%s", exc)
			raise Unavailable("API keys cannot be checked now; the log of the server tells why.") from exc
		if user is None:
			raise NotLoggedIn("This is no valid API key. Send `Authorization: token <key>:<secret>`.")
		return user

	def _route(self, request: Ask, user: User, session: Session | None) -> Response:
		path = request.path.rstrip("/") or "/"
		if session and path != "/login" and request.method not in ("GET", "HEAD", "OPTIONS"):
			_check_csrf(request, session)
		if path.startswith(api.PREFIX):
			return api.call(request, user, self.doors)
		if path == "/health":
			return _health()
		if path == "/login":
			return self._login(request, session)
		if path == "/logout":
			return self._logout(request)
		if request.method not in ("GET", "HEAD"):
			raise MethodNotAllowed(["GET", "HEAD"])
		if path == "/":
			return self._enter(request) if "token" in request.args else _go(HOME)
		if path == HOME:
			return _page(pages.dashboard())
		if path.startswith(pages.ASSETS):
			return _asset(request)
		raise NotFound("There is no such page here.")

	def _login(self, request: Ask, session: Session | None) -> Response:
		if request.method == "POST":
			_refuse_foreign_page(request)
			return self._opened(request, request.form.get("token", "").strip())
		if request.method not in ("GET", "HEAD"):
			raise MethodNotAllowed(["GET", "HEAD", "POST"])
		return _go(HOME) if session else _page(pages.login())

	def _enter(self, request: Ask) -> Response:
		"""The link that was printed. Only GET logs in: programs that preview links ask with HEAD."""
		return self._opened(request, request.args["token"]) if request.method == "GET" else _go(HOME)

	def _opened(self, request: Ask, token: str) -> Response:
		wait = self.door.wait()
		if wait:
			raise TooManyRequests(f"Too many wrong tokens. Try again in {wait} seconds.", retry_after=wait)
		# what a page of another site makes the browser ask must not use up the tries of this machine's user
		foreign = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
		if not self.door.fits(token, counted=not foreign):
			failed = "That is not the token. It is in the address that `verenigingen serve` printed."
			return _page(pages.login(failed=failed), 403)
		self.sessions.end(request.cookies.get(request.cookie, ""))
		# A browser that came from another site does not send a strict cookie along redirects; it does when our own
		# page leads on.
		other = request.headers.get("Sec-Fetch-Site") == "cross-site"
		response = _page(pages.onward(HOME)) if other else _go(HOME)
		response.set_cookie(
			request.cookie,
			self.sessions.begin(SYSTEM),
			httponly=True,
			samesite="Strict",
			secure=request.is_secure,
		)
		return response

	def _logout(self, request: Ask) -> Response:
		if request.method != "POST":
			raise MethodNotAllowed(["POST"])
		self.sessions.end(request.cookies.get(request.cookie, ""))
		response = _go("/login")
		response.delete_cookie(request.cookie, httponly=True, samesite="Strict", secure=request.is_secure)
		return response

	def _failed(self, request: Ask, error: Exception) -> Response:
		if isinstance(error, SecurityError):  # nothing about the site for a stranger's page
			return Response(
				f"This server answers to {' and '.join(NAMES)} only.\n", 400, mimetype="text/plain"
			)
		if request.path.startswith("/api/"):
			return api.failure(error)
		if isinstance(error, NotLoggedIn) and "Authorization" not in request.headers:
			return _go("/login")
		kind, status, text = api.told(error)
		response = _page(pages.message(_title(kind), text), status)
		if isinstance(error, HTTPException):
			for name, value in error.get_headers():
				if name in ("Allow", "Retry-After"):
					response.headers[name] = value
		return response


def _check_csrf(request: Ask, session: Session) -> None:
	sent = request.headers.get("X-Frappe-CSRF-Token") or request.form.get("csrf_token") or ""
	if not same(sent, session.csrf):
		raise api.BadCsrfToken("Invalid Request: the CSRF token of this session is missing or wrong.")


def _refuse_foreign_page(request: Ask) -> None:
	"""Another site's page must not use up the tries of this machine's user."""
	origin = request.headers.get("Origin")
	if origin and origin != "null" and urlsplit(origin).netloc != request.host:
		raise Forbidden("The login form of another site cannot be used here.")


def _page(html: str, status: int = 200) -> Response:
	response = Response(html, status=status, mimetype="text/html")
	response.headers["Cache-Control"] = "no-store"
	return response


def _go(address: str) -> Response:
	response = redirect(address, 303)
	response.headers["Cache-Control"] = "no-store"
	return response


def _health() -> Response:
	"""What `health_check` says, for watchers that want an address and a status."""
	found = health_check()
	return api.envelope(found, 200 if found["status"] == "up" else 503)


def _asset(request: Ask) -> Response:
	name = request.path.removeprefix(pages.ASSETS)
	if name.partition("/")[0] not in ("dist", "images"):
		raise NotFound("There is no such file here.")
	return send_from_directory(pages.PUBLIC, name, request.environ)


def _title(kind: str) -> str:
	return "".join(f" {letter}" if letter.isupper() else letter for letter in kind).strip().capitalize()


class Handler(WSGIRequestHandler):
	"""Names no versions, waits for no client for ever, and keeps tokens out of the log."""

	timeout = PATIENCE

	def version_string(self) -> str:
		return "verenigingen"

	def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
		# a request line that cannot be read has neither method nor path
		path = getattr(self, "path", "").partition("?")[0]
		log.debug("%s %s %s", getattr(self, "command", ""), path, code)

	def log(self, type: str, message: str, *args: Any) -> None:
		log.debug(message, *args)


def require_port(port: int) -> None:
	"""Raises ConfigurationError when the port cannot be had now."""
	_listening(port).close()


def _listening(port: int) -> socket.socket:
	try:
		return socket.create_server((ADDRESS, port))
	except OSError as exc:
		raise ConfigurationError(
			f"Port {port} of {ADDRESS} cannot be used: {exc.strerror}. Choose another with --port."
		) from exc


def open_server(
	host: Host, doors: Mapping[str, Endpoint], keys: ApiKeys, *, port: int, token: str = ""
) -> tuple[BaseWSGIServer, str]:
	"""A server on loopback that already listens, and the address that logs in. `port` 0 takes a free one.

	The caller makes `host` the host of the process (`use_host`) and runs `serve_forever`. Raises ConfigurationError
	when the port cannot be had.
	"""
	door = Door(token or secrets.token_urlsafe(32))
	with _listening(port) as listening:
		number = int(listening.getsockname()[1])
		server = make_server(
			ADDRESS,
			number,
			Application(host, doors, keys, door),
			threaded=True,
			request_handler=Handler,
			fd=listening.fileno(),
		)
	return server, f"http://{ADDRESS}:{number}/?token={door.token}"
