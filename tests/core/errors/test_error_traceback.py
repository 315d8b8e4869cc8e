"""Reading the text of errors: every shape Frappe writes, and shapes it never should."""

from __future__ import annotations

import html
import json

import pytest

from verenigingen.core.errors.frames import locate, stack
from verenigingen.core.errors.traceback import TEXT_LIMIT, Frame, parse

WITH_VARIABLES = """Traceback with variables (most recent call last):
  File "apps/frappe/frappe/app.py", line 110, in application
    response = frappe.api.handle(request)
      request = <Request 'http://x/api' [POST]>
  File "apps/crm/crm/member.py", line 12, in save
    fee = FEES[tier]
      tier = 'Gold'
      text = 'Traceback (most recent call last):\\n  File "apps/x/x/fake.py", line 1, in fake'
builtins.KeyError: 'Gold'
"""
PLAIN_311 = """Traceback (most recent call last):
  File "/home/frappe/frappe-bench/apps/crm/crm/member.py", line 14, in save
    fee = FEES[tier]
          ~~~~^^^^^^
KeyError: 'Gold'
"""
CHAINED = """Traceback (most recent call last):
  File "apps/crm/crm/http.py", line 3, in get
    raise OSError("no")
OSError: no

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "apps/crm/crm/sync.py", line 8, in pull
    raise SyncFailed(name) from None
crm.exceptions.SyncFailed: no answer for X
"""
NESTED = """Traceback with variables (most recent call last):
  File "apps/crm/crm/member.py", line 12, in save
    return getattr(object, name)
      default = <exception while printing> Traceback (most recent call last):
          File "env/lib/python3.10/site-packages/traceback_with_variables/core.py", line 222, in _to_cropped_str
            raw = print_(obj)
        TypeError: argument of type 'object' is not iterable
builtins.AttributeError: 'NoneType' object has no attribute 'strip'
"""
RECURSION = """Traceback (most recent call last):
  File "apps/crm/crm/tree.py", line 5, in walk
    walk(child)
  File "apps/crm/crm/tree.py", line 5, in walk
    walk(child)
  [Previous line repeated 985 more times]
RecursionError: maximum recursion depth exceeded
"""
MEMBERS = """  + Exception Group Traceback (most recent call last):
  |   File "apps/crm/crm/desk.py", line 24, in nightly
  |     run(name)
  |   File "apps/crm/crm/desk.py", line 247, in together
  |     raise ExceptionGroup("outings", found)
  | ExceptionGroup: outings (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "apps/crm/crm/desk.py", line 9, in go
    |     int(number)
    | ValueError: 3
    +---------------- 2 ----------------
    | KeyError: 'Gold'
    +------------------------------------
"""
IN_MESSAGE = """Traceback (most recent call last):
  File "apps/crm/crm/letter.py", line 9, in greet
    return frappe.render_template(text, values)
  File "apps/frappe/frappe/utils/jinja.py", line 99, in render_template
    throw(
frappe.exceptions.ValidationError: <pre>Dear {{ x }}</pre><pre>Traceback (most recent call last):
  File "apps/frappe/frappe/utils/jinja.py", line 97, in render_template
    return get_jenv().from_string(template).render(context)
  File "<template>", line 1, in top-level template code
jinja2.exceptions.UndefinedError: 'x' is undefined
</pre>
"""
SYNTAX = """Traceback (most recent call last):
  File "apps/frappe/frappe/__init__.py", line 1, in get_module
    return importlib.import_module(modulename)
  File "apps/crm/crm/broken.py", line 3
    def x(:
          ^
SyntaxError: invalid syntax
"""
HTML = """<details><pre>Traceback (most recent call last):
  File &quot;apps/crm/crm/page.py&quot;, line 1, in get_context
    x = y[&#x27;a&#x27;]
KeyError: &#x27;a&#x27;
</pre></details>"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "apps/crm/crm/tasks.py", line 4, in run
  |     await gather()
  | ValueError: three failures
"""
REPR_IN_FIRST_COLUMN = """Traceback with variables (most recent call last):
  File "apps/crm/crm/frame.py", line 12, in show
    total(frame)
      frame =    amount
name: first
0      12
builtins.ZeroDivisionError: division by zero
"""

# name, text, exception, message, functions of the frames
CASES = [
	("with variables", WITH_VARIABLES, "builtins.KeyError", "'Gold'", ["application", "save"]),
	("plain with carets", PLAIN_311, "KeyError", "'Gold'", ["save"]),
	("windows line ends", PLAIN_311.replace("\n", "\r\n"), "KeyError", "'Gold'", ["save"]),
	("chain gives its last member", CHAINED, "crm.exceptions.SyncFailed", "no answer for X", ["pull"]),
	(
		"traceback inside a variable",
		NESTED,
		"builtins.AttributeError",
		"'NoneType' object has no attribute 'strip'",
		["save"],
	),
	("recursion", RECURSION, "RecursionError", "maximum recursion depth exceeded", ["walk", "walk"]),
	("syntax error", SYNTAX, "SyntaxError", "invalid syntax", ["get_module", ""]),
	("escaped for HTML", HTML, "KeyError", "'a'", ["get_context"]),
	("inside JSON", json.dumps({"exc": PLAIN_311}), "KeyError", "'Gold'", ["save"]),
	("inside JSON inside JSON", json.dumps({"exc": json.dumps([PLAIN_311])}), "KeyError", "'Gold'", ["save"]),
	(
		"exception group with members",
		MEMBERS,
		"ExceptionGroup",
		"outings (2 sub-exceptions)",
		["nightly", "together"],
	),
	(
		"inside the message of an exception",
		IN_MESSAGE,
		"jinja2.exceptions.UndefinedError",
		"'x' is undefined",
		["render_template", "top-level template code"],
	),
	(
		"begins in the middle",
		WITH_VARIABLES[70:],
		"builtins.KeyError",
		"'Gold'",
		["save"],
	),
	(
		"request lines in front",
		"POST /api/method/x\nuser: a@b.example\n" + PLAIN_311,
		"KeyError",
		"'Gold'",
		["save"],
	),
	(
		"two tracebacks of two errors",
		CHAINED.replace("During handling of the above exception, another exception occurred:", "and later:"),
		"crm.exceptions.SyncFailed",
		"no answer for X",
		["pull"],
	),
	("exception group", GROUP, "ValueError", "three failures", ["run"]),
	(
		"repr with line breaks",
		REPR_IN_FIRST_COLUMN,
		"builtins.ZeroDivisionError",
		"division by zero",
		["show"],
	),
	("title put in front", "A long title\n\n" + PLAIN_311, "KeyError", "'Gold'", ["save"]),
	("exception without text", PLAIN_311.replace(": 'Gold'", ""), "KeyError", "", ["save"]),
	("cut after a frame", PLAIN_311[:120], None, "", ["save"]),
	("plain message", "Member 12 has no chapter", None, "Member 12 has no chapter", []),
	("empty", "", None, "", []),
]


@pytest.mark.parametrize(
	("text", "exception", "message", "functions"),
	[case[1:] for case in CASES],
	ids=[case[0] for case in CASES],
)
def test_parse(text: str, exception: str | None, message: str, functions: list[str]) -> None:
	parsed = parse(text)
	assert (parsed.exception, parsed.message) == (exception, message)
	assert [frame.function for frame in parsed.frames] == functions
	assert parsed.truncated == (exception is None and bool(functions))


def test_source_lines_are_read_and_variables_are_not() -> None:
	assert parse(WITH_VARIABLES).frames[-1] == Frame("apps/crm/crm/member.py", "save", "fee = FEES[tier]")


def test_long_text_keeps_head_and_tail() -> None:
	filler = "      noise = 'x'\n" * (TEXT_LIMIT // 4)
	parsed = parse(WITH_VARIABLES.replace("      tier = 'Gold'\n", filler))
	assert parsed.exception == "builtins.KeyError"


PLACES = [
	("app", "apps/crm/crm/api/member.py", ("crm/api/member.py", "crm", "app")),
	(
		"app with the bench's path",
		"/srv/bench/apps/crm/crm/api/member.py",
		("crm/api/member.py", "crm", "app"),
	),
	("Windows", r"C:\bench\apps\crm\crm\x.py", ("crm/x.py", "crm", "app")),
	("Frappe", "apps/frappe/frappe/app.py", ("frappe/app.py", "frappe", "framework")),
	("library", "env/lib/python3.12/site-packages/requests/api.py", ("requests/api.py", None, "library")),
	("standard library", "/usr/lib/python3.11/json/decoder.py", ("json/decoder.py", None, "library")),
	(
		"pyenv",
		"/home/f/.pyenv/versions/3.10.13/lib/python3.10/json/decoder.py",
		("json/decoder.py", None, "library"),
	),
	("frozen", "<frozen importlib._bootstrap>", ("<frozen importlib._bootstrap>", None, "library")),
	("server script", "<serverscript>: report_x", ("<serverscript>: report_x", None, "app")),
	("file beside an app's package", "apps/crm/setup.py", ("apps/crm/setup.py", None, "other")),
	("template", "<template>", ("<template>", None, "other")),
]


@pytest.mark.parametrize(("path", "expected"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_locate(path: str, expected: tuple[str, str | None, str]) -> None:
	assert locate(path) == expected


def test_apps_narrow_what_is_own_code() -> None:
	frames = parse(CHAINED).frames
	assert [place.app for place in stack(frames).in_app] == ["crm"]
	assert stack(frames, {"other"}).in_app == ()


def test_recursion_counts_once() -> None:
	assert len(stack(parse(RECURSION).frames).in_app) == 1


ONE = (
	'Traceback (most recent call last):\n  File "apps/club/club/dues.py", line 4, in fee_for\n    fee = plan["fee"]\n'
	"          ~~~~^^^^^^^\nKeyError: 'fee'\n"
)
COLOURED = (
	'Traceback (most recent call last):\n  File \x1b[35m"apps/club/club/dues.py"\x1b[0m, line \x1b[35m4\x1b[0m, in '
	'\x1b[35mfee_for\x1b[0m\n    fee = \x1b[31mplan\x1b[0m\x1b[1;31m["fee"]\x1b[0m\n          \x1b[31m~~~~\x1b[0m'
	"\x1b[1;31m^^^^^^^\x1b[0m\n\x1b[1;35mKeyError\x1b[0m: \x1b[35m'fee'\x1b[0m\n"
)
GROUPED = (
	'  + Exception Group Traceback (most recent call last):\n  |   File "apps/club/club/bulk.py", line 9, in run\n'
	'  |     raise ExceptionGroup("night", found)\n  | ExceptionGroup: night (2 sub-exceptions)\n'
	"  +-+---------------- 1 ----------------\n    | ValueError: a\n    +---------------- 2 ----------------\n"
	"    | ValueError: b\n    +------------------------------------\n"
)
WRAPPED = [
	("colours", COLOURED),
	("as JSON", json.dumps({"exc": ONE, "status": 500})),
	("as JSON in JSON", json.dumps({"exc": json.dumps([ONE]), "user": "x"}, indent=1)),
	("coloured, as JSON", json.dumps({"exc": COLOURED})),
	("in a page", f"<pre>{html.escape(ONE.rstrip())}</pre>"),
	("Windows", ONE.replace("\n", "\r\n")),
	("zero bytes", f"\ufeff{ONE}\0"),
	("after a group", f"{GROUPED}\n{ONE}"),
	("after another", ONE.replace("fee", "tax").replace("KeyError", "ValueError") + "\n" + ONE),
	("quoted in a mail", "".join(f"> {line}\n" for line in ONE.splitlines())),
	("with a heading and a signature", f"Job 12 failed\n{ONE}\nRequest: GET /x\n"),
	("without its beginning", ONE[20:]),
]  # fmt: skip


@pytest.mark.parametrize("text", [row[1] for row in WRAPPED], ids=[row[0] for row in WRAPPED])
def test_whatever_a_traceback_is_wrapped_in_it_is_the_same(text: str) -> None:
	assert parse(text)[:3] == parse(ONE)[:3]


def test_the_last_of_two_groups_counts_and_its_members_do_not() -> None:
	found = parse(GROUPED.replace("night", "day") + "\n" + GROUPED)
	assert (found.exception, found.message) == ("ExceptionGroup", "night (2 sub-exceptions)")


def test_a_message_in_brackets_ends_with_its_line() -> None:
	text = (
		ONE.replace("KeyError: 'fee'", "frappe.MandatoryError: [Card, C-1]: valid_until")
		+ "\nRequest: GET /x\n"
	)
	assert parse(text).message == "[Card, C-1]: valid_until"
