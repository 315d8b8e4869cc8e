"""Who gets in: the token, the session, the CSRF token, the API key."""

from __future__ import annotations

import stat
import threading
from pathlib import Path
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client as Offline

from tests.standalone.conftest import Served
from verenigingen.exceptions import BadArgument, ConfigurationError, NotFound
from verenigingen.host import User
from verenigingen.standalone.api_keys import ApiKeys
from verenigingen.standalone.login import IDLE, LONGEST, MOST, TRIES, WINDOW, Door, Sessions
from verenigingen.standalone.wsgi import Application

REFRESH = "/api/method/verenigingen.www.monitoring_dashboard.refresh_dashboard_data"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
USER = User("someone", frozenset({"System Manager"}))


def test_the_printed_address_logs_in_and_the_token_leaves_the_address(served: Served) -> None:
	answer = served.client.ask(f"/?token={served.client.token}")
	assert answer.status == 303 and answer.headers["Location"] == "/monitoring_dashboard"
	name, *flags = answer.headers["Set-Cookie"].split("; ")
	assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(flags) and "Secure" not in flags
	assert name.startswith(f"verenigingen_sid_{served.client.port}=") and served.client.token not in name
	page = served.client.ask("/monitoring_dashboard", headers={"Cookie": answer.cookie})
	assert page.status == 200 and 'data-issues=""' in page.text and served.client.token not in page.text
	assert page.headers["Cache-Control"] == "no-store"


def test_the_cookie_is_secure_when_the_request_is_https(served: Served, tmp_path: Path) -> None:
	application = Application(served.host, {}, ApiKeys(tmp_path / "keys"), Door("right"))
	secure = Offline(application).get("/?token=right", base_url="https://localhost:8642")
	assert secure.status_code == 303 and "; Secure" in secure.headers["Set-Cookie"]


def test_a_browser_from_another_site_is_led_on_by_our_own_page(served: Served) -> None:
	answer = served.client.ask(f"/?token={served.client.token}", headers={"Sec-Fetch-Site": "cross-site"})
	assert answer.status == 200 and 'content="0; url=/monitoring_dashboard"' in answer.text
	assert served.client.ask("/monitoring_dashboard", headers={"Cookie": answer.cookie}).status == 200


def test_the_form_logs_in(served: Served) -> None:
	assert 'name="token"' in served.client.ask("/login").text
	body = urlencode({"token": f" {served.client.token} "})
	answer = served.client.ask("/login", "POST", body=body, headers=FORM)
	assert answer.status == 303 and answer.headers["Location"] == "/monitoring_dashboard"
	again = served.client.ask("/login", headers={"Cookie": answer.cookie})
	assert again.status == 303 and again.headers["Location"] == "/monitoring_dashboard"


@pytest.mark.parametrize("token", ["", "wrong", "é", "\x00", "x" * 100_000])
def test_a_wrong_token_is_refused(served: Served, tmp_path: Path, token: str) -> None:
	client = Offline(Application(served.host, {}, ApiKeys(tmp_path / "keys"), Door("right")))
	answer = client.post("/login", data={"token": token}, base_url="http://localhost")
	assert answer.status_code == 403 and "Set-Cookie" not in answer.headers


def test_tries_are_limited_and_then_allowed_again() -> None:
	now = [1000.0]
	door = Door("right", lambda: now[0])
	for _ in range(TRIES):
		assert door.wait() == 0 and not door.fits("wrong")
		now[0] += 1
	assert door.wait() == WINDOW - TRIES
	now[0] += WINDOW - TRIES
	assert door.wait() == 0 and door.fits("right")


def test_after_too_many_wrong_tokens_even_the_right_one_waits(served: Served, tmp_path: Path) -> None:
	client = Offline(Application(served.host, {}, ApiKeys(tmp_path / "keys"), Door("right")))
	for _ in range(TRIES):
		assert client.get("/?token=wrong", base_url="http://localhost").status_code == 403
	answer = client.get("/?token=right", base_url="http://localhost")
	assert answer.status_code == 429 and 0 < int(answer.headers["Retry-After"]) <= WINDOW
	assert "Set-Cookie" not in answer.headers


def test_a_page_of_another_site_cannot_use_up_the_tries(served: Served, tmp_path: Path) -> None:
	client = Offline(Application(served.host, {}, ApiKeys(tmp_path / "keys"), Door("right")))
	foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}
	for _ in range(TRIES + 5):
		answer = client.get("/?token=wrong", base_url="http://localhost", headers=foreign)
		assert answer.status_code == 403
	assert client.get("/?token=right", base_url="http://localhost").status_code == 303


def test_a_page_of_another_site_cannot_use_the_form(served: Served) -> None:
	headers = {**FORM, "Origin": "https://evil.example"}
	body = urlencode({"token": served.client.token})
	assert served.client.ask("/login", "POST", body=body, headers=headers).status == 403


def test_a_session_ends_by_time() -> None:
	now = [0.0]
	sessions = Sessions(lambda: now[0])
	idle, busy = sessions.begin(USER), sessions.begin(USER)
	while now[0] <= LONGEST - IDLE / 2:
		now[0] += IDLE / 2
		assert sessions.find(busy)
	assert sessions.find(idle) is None
	now[0] = LONGEST + 1
	assert sessions.find(busy) is None and sessions.find("") is None


def test_sessions_are_bounded() -> None:
	sessions = Sessions(lambda: 0.0)
	names = [sessions.begin(USER) for _ in range(MOST + 1)]
	assert sessions.find(names[0]) is None and sessions.find(names[1]) and len(set(names)) == MOST + 1


def test_logout_ends_the_session_and_needs_the_csrf_token(served: Served) -> None:
	session = served.client.login()
	cookie = {"Cookie": session["Cookie"]}
	assert served.client.ask("/logout", headers=cookie).status == 405
	assert served.client.ask("/logout", "POST", headers=cookie).status == 400
	assert served.client.ask("/monitoring_dashboard", headers=cookie).status == 200
	out = served.client.ask("/logout", "POST", headers=session)
	assert out.status == 303 and "Max-Age=0" in out.headers["Set-Cookie"]
	assert served.client.ask("/monitoring_dashboard", headers=cookie).headers["Location"] == "/login"
	assert served.client.ask(REFRESH, headers=cookie).status == 403


def test_a_post_of_a_session_needs_its_csrf_token(served: Served) -> None:
	session, other = served.client.login(), served.client.login()
	cookie = {"Cookie": session["Cookie"]}
	assert served.client.ask(REFRESH, headers=cookie).status == 200  # reading needs none
	for wrong in ("", "wrong", other["X-Frappe-CSRF-Token"], "\xe9"):
		answer = served.client.ask(REFRESH, "POST", headers={**cookie, "X-Frappe-CSRF-Token": wrong})
		assert answer.failed == (400, "CSRFTokenError") and answer.said
	assert served.client.ask(REFRESH, "POST", headers=session).status == 200
	field = urlencode({"csrf_token": session["X-Frappe-CSRF-Token"], "days": 7})
	answer = served.client.ask(REFRESH, "POST", body=field, headers={**cookie, **FORM})
	assert answer.status == 200 and answer.json["message"]["days"] == 7


def test_an_api_key_reads_and_writes_without_a_csrf_token(served: Served) -> None:
	key = served.key("System Manager")
	assert served.client.ask(REFRESH, headers=key).status == 200
	assert served.client.ask("/api/method/tests.write", "POST", headers=key).json == {"message": "written"}


@pytest.mark.parametrize(
	"header",
	[
		"token",
		"token ",
		"token a",
		"token a:b",
		"token a:b:c",
		"token :",
		"Bearer x",
		"Basic YTpi",
		"token \xe9:\xe9",
	],
)
def test_a_wrong_key_is_401_also_with_a_good_session(served: Served, header: str) -> None:
	headers = {**served.client.login(), "Authorization": header}
	answer = served.client.ask(REFRESH, headers=headers)
	assert answer.failed == (401, "AuthenticationError") and "token &lt;key&gt;" in answer.said


def test_a_key_with_the_secret_of_another_is_refused(served: Served) -> None:
	first, second = (served.keys.create(name, ["System Manager"]) for name in ("one", "two"))
	header = {"Authorization": f"token {first[0]}:{second[1]}"}
	assert served.client.ask(REFRESH, headers=header).status == 401


def test_a_revoked_key_is_refused_at_once(served: Served) -> None:
	key, secret = served.keys.create("api", ["System Manager"])
	header = {"Authorization": f"token {key}:{secret}"}
	assert served.client.ask(REFRESH, headers=header).status == 200
	served.keys.revoke(key)
	assert served.client.ask(REFRESH, headers=header).status == 401
	with pytest.raises(NotFound, match="no API key"):
		served.keys.revoke(key)


def test_the_file_of_keys_is_private_and_holds_no_secret(tmp_path: Path) -> None:
	keys = ApiKeys(tmp_path / "deeper" / "keys.json")
	assert keys.all() == {} and keys.user("a", "b") is None
	key, secret = keys.create("till", ["Monitoring Agent"])
	assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
	assert secret not in keys.path.read_text()
	assert keys.user(key, secret) == User("till", frozenset({"Monitoring Agent"}))


def test_keys_made_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
	made: list[str] = []
	threads = [
		threading.Thread(
			target=lambda: made.append(ApiKeys(tmp_path / "keys.json").create("x", ["System Manager"])[0])
		)
		for _ in range(12)
	]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	assert len(made) == 12 and set(made) == ApiKeys(tmp_path / "keys.json").all().keys()


@pytest.mark.parametrize("user", ["", "  ", "Guest", "administrator", "x" * 141])
def test_reserved_names_get_no_key(tmp_path: Path, user: str) -> None:
	with pytest.raises(BadArgument, match="--user"):
		ApiKeys(tmp_path / "keys.json").create(user, ["System Manager"])


@pytest.mark.parametrize(
	"text", ["", "[]", "{}", '{"keys": {"a": {"user": "x"}}}', '{"keys": {"a": 3}}', "\x00"]
)
def test_a_damaged_file_of_keys_is_named_to_the_operator_and_not_to_the_caller(
	served: Served, tmp_path: Path, text: str
) -> None:
	keys = ApiKeys(tmp_path / "keys.json")
	keys.path.write_text(text)
	with pytest.raises(ConfigurationError, match=r"keys\.json"):
		keys.all()
	client = Offline(Application(served.host, {}, keys, Door()))
	answer = client.get(REFRESH, headers={"Authorization": "token a:b"}, base_url="http://localhost")
	assert answer.status_code == 503 and str(tmp_path) not in answer.text
