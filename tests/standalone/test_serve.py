"""The API and the pages over real HTTP: who may call what, what errors look like, and what cannot be reached."""

from __future__ import annotations

import json
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from inspect import signature, unwrap
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from tests.standalone.conftest import Served
from verenigingen.exceptions import NotLoggedIn, NotPermitted
from verenigingen.host.endpoint import REGISTRY
from verenigingen.host.on_local import acting_as, sqlite
from verenigingen.standalone import pages
from verenigingen.standalone.cli import load_doors
from verenigingen.standalone.wsgi import GUEST, LARGEST
from verenigingen.www import monitoring_dashboard

API = "/api/method/"
ANALYSE = API + "verenigingen.utils.analytics_engine.analyze_error_patterns"
JSON = {"Content-Type": "application/json"}

load_doors()
DOORS = sorted(REGISTRY)


@pytest.mark.parametrize("path", DOORS)
def test_every_door_answers_those_who_may_and_nobody_else(served: Served, path: str) -> None:
	door = REGISTRY[path]
	method = door.methods[0]
	guest = served.client.ask(API + path, method)
	powerless = served.client.ask(API + path, method, headers=served.key("Compliance Officer"))
	if door.guest:
		assert guest.status == powerless.status == 200
		return
	assert guest.failed == (403, "PermissionError") and path in guest.said
	assert powerless.failed == (403, "PermissionError") and door.roles[0] in powerless.said
	if "GET" in door.methods:
		allowed = served.client.ask(API + path + "/", headers=served.key(*door.roles))
		parameters = signature(unwrap(door.function)).parameters.values()
		if any(parameter.default is parameter.empty for parameter in parameters):
			assert allowed.failed == (417, "ValidationError")
			return
		assert allowed.status == 200 and allowed.json.keys() == {"message"}
		assert allowed.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
	"days", ["0", "-1", "abc", "1e9", "nan", "inf", "3651", "7.5", "", "9" * 5000, "٧x", "\x00"]
)
def test_a_bad_period_is_a_417_that_names_argument_and_range(served: Served, days: str) -> None:
	key = served.key("System Manager")
	answer = served.client.ask(f"{ANALYSE}?days={quote(days)}", headers=key)
	assert answer.failed == (417, "ValidationError")
	assert "days" in answer.said and "1 to 3650" in answer.said


@pytest.mark.parametrize(
	"body", ['{"days": NaN}', '{"days": 1e400}', '{"days": [7]}', '{"days": {"a": 1}}', '{"days": true}']
)
def test_a_bad_period_as_json_too(served: Served, body: str) -> None:
	answer = served.client.ask(ANALYSE, "POST", body=body, headers={**JSON, **served.key("System Manager")})
	assert answer.failed == (417, "ValidationError") and "1 to 3650" in answer.said


def test_arguments_come_from_query_form_and_json(served: Served) -> None:
	key = served.key("System Manager")
	form = {"Content-Type": "application/x-www-form-urlencoded"}
	for answer in (
		served.client.ask(f"{ANALYSE}?days=3&_=1700000000", headers=key),
		served.client.ask(ANALYSE, "POST", body="days=3", headers={**form, **key}),
		served.client.ask(ANALYSE, "POST", body='{"days": 3}', headers={**JSON, **key}),
	):
		assert answer.json["message"]["analysis_period"] == "3 days"
	assert served.client.ask(ANALYSE, headers=key).json["message"]["analysis_period"] == "30 days"


@pytest.mark.parametrize(
	("query", "body", "kind", "said"),
	[
		("?dagen=3", None, "", "dagen"),
		("?days=3&days=4", None, "", "more than once"),
		("?days=3", '{"days": 3}', "application/json", "more than once"),
		("", '{"days": 3, "days": 4}', "application/json", "more than once"),
		("", "[3]", "application/json", "object"),
		("", '{"days": ', "application/json", "not valid JSON"),
		("", "[" * 100_000, "application/json", "not valid JSON"),
		("", '{"days": ' + "9" * 5000 + "}", "application/json", "not valid JSON"),
		("", b'{"days": "\xff"}', "application/json", "not valid JSON"),
		("", "days=3", "text/plain", "form or JSON"),
		("?a%20b=3", None, "", "no name of an argument"),
		("?self=3&__class__=4", None, "", "self"),
	],
)
def test_arguments_that_cannot_be_meant_are_refused(
	served: Served, query: str, body: str | bytes | None, kind: str, said: str
) -> None:
	headers = {**served.key("System Manager"), **({"Content-Type": kind} if kind else {})}
	answer = served.client.ask(ANALYSE + query, "POST", body=body, headers=headers)
	assert answer.failed == (417, "ValidationError") and said in answer.said


def test_a_body_that_is_too_large_is_refused(served: Served) -> None:
	body = json.dumps({"days": "x" * LARGEST})
	answer = served.client.ask(ANALYSE, "POST", body=body, headers={**JSON, **served.key("System Manager")})
	assert answer.status == 413 and answer.said


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_http_methods_are_not_permitted(served: Served, method: str) -> None:
	answer = served.client.ask(ANALYSE, method, headers=served.key("System Manager"))
	assert answer.failed == (403, "PermissionError") and answer.said == "Not permitted"
	assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_door_that_writes_is_not_reached_by_get(served: Served) -> None:
	answer = served.client.ask(API + "tests.write", headers=served.key("System Manager"))
	assert answer.failed == (403, "PermissionError")


def test_a_guest_door_without_result_has_no_message(served: Served) -> None:
	assert served.client.ask(API + "tests.nothing").json == {}


@pytest.mark.parametrize(
	"path",
	[
		"os.system",
		"antigravity.fly",
		"verenigingen.host.use_host",
		"verenigingen.utils",
		"",
		"../..",
		"%00",
		"é",
	],
)
def test_only_registered_doors_exist_and_nothing_is_imported(served: Served, path: str) -> None:
	before = set(sys.modules)
	answer = served.client.ask(API + quote(path, safe="%./"), headers=served.key("System Manager"))
	assert answer.failed == (404, "DoesNotExistError") and answer.said
	assert "antigravity" not in set(sys.modules) - before


def test_other_addresses_are_404_as_json_or_page(served: Served) -> None:
	assert served.client.ask("/api/resource/User").failed == (404, "DoesNotExistError")
	page = served.client.ask("/app/error-issue")
	assert page.status == 404 and page.headers["Content-Type"].startswith("text/html")
	assert served.client.ask("/monitoring_dashboard", "POST").status == 405


def test_a_bug_tells_the_log_and_not_the_caller(served: Served, caplog: pytest.LogCaptureFixture) -> None:
	answer = served.client.ask(API + "tests.broken", headers=served.key("System Manager"))
	assert answer.failed == (500, "RuntimeError")
	assert "hunter2" not in answer.text and "its log" in answer.said
	assert "hunter2" in caplog.text and "Traceback" in caplog.text


def test_a_locked_database_is_a_503(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
	monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
	key = served.key("System Manager")
	other = sqlite3.connect(served.folder / "site.db", isolation_level=None)
	other.execute("BEGIN IMMEDIATE")
	try:
		answer = served.client.ask(f"{ANALYSE}?days=11", headers=key)
	finally:
		other.execute("ROLLBACK")
		other.close()
	assert answer.failed == (503, "DatabaseUnavailable") and "try again" in answer.said
	assert served.client.ask(f"{ANALYSE}?days=11", headers=key).status == 200


@pytest.mark.parametrize(
	"name",
	["evil.example", "127.0.0.1.evil.example", "evil.example:8642", "localhost.evil.example", "0.0.0.0", ""],
)
def test_a_foreign_host_name_gets_nothing(served: Served, name: str) -> None:
	for path in ("/", "/login", ANALYSE, f"/?token={served.client.token}"):
		answer = served.client.ask(path, headers={"Host": name, **served.key("System Manager")})
		assert answer.status == 400 and "Set-Cookie" not in answer.headers and "kring" not in answer.text


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "localhost:9000"])
def test_names_of_loopback_are_ours(served: Served, name: str) -> None:
	assert served.client.ask("/login", headers={"Host": name}).status == 200


ESCAPES = [
	"dist/../../hooks.py",
	"dist/%2e%2e/%2e%2e/hooks.py",
	"dist/..%2f..%2fhooks.py",
	"dist/..%5c..%5chooks.py",
	"dist//etc/passwd",
	"dist/%2fetc/passwd",
	"dist/%00",
	"dist/",
	"dist/js",
	"..%2fhooks.py",
	"js/monitoring_dashboard.bundle.js",
	"css/standalone.css",
	"node_modules/echarts/package.json",
	"",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_nothing_outside_the_built_files_is_served(served: Served, path: str) -> None:
	answer = served.client.ask("/assets/verenigingen/" + path)
	assert answer.status == 404 and "app_name" not in answer.text and "root:" not in answer.text


def test_assets_are_served_with_their_type_and_checked_again(served: Served) -> None:
	path = "/assets/verenigingen/dist/css/standalone.css"
	answer = served.client.ask(path)
	assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/css")
	assert served.client.ask(path, headers={"If-None-Match": answer.headers["ETag"]}).status == 304
	head = served.client.ask(path, "HEAD")
	assert head.status == 200 and head.text == ""


@pytest.mark.parametrize(
	"path", ["/login", "/nowhere", "/assets/verenigingen/dist/css/standalone.css", ANALYSE]
)
def test_every_answer_is_guarded(served: Served, path: str) -> None:
	headers = served.client.ask(path).headers
	policy = headers["Content-Security-Policy"]
	assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
	assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
	assert headers["Server"] == "verenigingen"


def test_the_page_of_a_guest_and_of_a_user_without_the_role(served: Served) -> None:
	guest = served.client.ask("/monitoring_dashboard/")
	assert guest.status == 303 and guest.headers["Location"] == "/login"
	powerless = served.client.ask("/monitoring_dashboard", headers=served.key("Monitoring Agent"))
	assert powerless.status == 403 and "System Manager" in powerless.text


def test_pages_of_failures_know_nobody(served: Served) -> None:
	for path, headers in (("/nowhere", {}), ("/login", {"Authorization": "token a:b"})):
		page = served.client.ask(path, headers=headers)
		assert page.status in (401, 404) and "Administrator" not in page.text and "Log out" not in page.text


def test_get_context_judges_the_user_of_the_host(served: Served) -> None:
	with acting_as(GUEST), pytest.raises(NotLoggedIn):
		monitoring_dashboard.get_context(SimpleNamespace())
	with acting_as(type(GUEST)("x", frozenset())), pytest.raises(NotPermitted, match="System Manager"):
		monitoring_dashboard.get_context(SimpleNamespace())
	context = monitoring_dashboard.get_context(SimpleNamespace())
	assert context.no_cache == 1 and context.issues_address == "" and context.csrf_token == ""


def test_a_front_end_that_is_not_built_is_said(
	served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
	session = served.client.login()
	monkeypatch.setattr(pages, "PUBLIC", tmp_path)
	answer = served.client.ask("/monitoring_dashboard", headers=session)
	assert answer.status == 503 and "make setup" in answer.text


def test_twenty_threads_never_lend_each_other_their_rights(served: Served) -> None:
	manager, agent = served.key("System Manager", user="boss"), served.key("Monitoring Agent", user="scraper")
	session = served.client.login()
	callers = [(manager, 200), (agent, 403), (session, 200), ({}, 403), ({"Authorization": "token a:b"}, 401)]

	def call(number: int) -> bool:
		headers, wanted = callers[number % len(callers)]
		answer = served.client.ask(f"{ANALYSE}?days={1 + number}", headers=headers)
		return answer.status == wanted and (wanted == 200) == ("message" in answer.json)

	with ThreadPoolExecutor(20) as pool:
		assert all(pool.map(call, range(200)))
	rows = served.host.store.query(
		"SELECT user, COUNT(*) FROM `tabAccess Log` WHERE user IN ('boss', 'scraper', 'Guest') GROUP BY user"
	)
	assert rows == [("boss", 40)]
