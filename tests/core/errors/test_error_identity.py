"""Which error an event is: what must be one group, what must stay apart, and that no text can break it."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verenigingen.core.errors import (
	ALGORITHM,
	CATEGORIES,
	SEVERITIES,
	Identity,
	Linker,
	examine,
	identify,
	sample,
)

DATA = Path(os.environ.get("VERENIGINGEN_DATA") or Path(__file__).parents[4] / "shared" / "data")
CORPUS = DATA / "errors.dev.jsonl.gz"


def trace(
	error: str = "KeyError: 'Gold'",
	source: str = "fee = FEES[tier]",
	function: str = "fee_for",
	path: str = "apps/crm/crm/dues.py",
	line: int = 12,
	caller: str = "apps/frappe/frappe/app.py",
) -> str:
	return (
		f'Traceback (most recent call last):\n  File "{caller}", line 1, in application\n    go()\n'
		f'  File "{path}", line {line}, in {function}\n    {source}\n{error}\n'
	)


SCRIPT = "<serverscript>: renew"
HELPER = '  File "apps/crm/crm/http.py", line 4, in get\n    response = requests.get(self.base + path)\n'


def remote(caller_source: str) -> str:
	return (
		"Traceback (most recent call last):\n"
		f'  File "apps/crm/crm/pay.py", line 9, in fetch\n    {caller_source}\n{HELPER}'
		'  File "env/lib/python3.11/site-packages/requests/api.py", line 73, in get\n    return request()\n'
		"requests.exceptions.ConnectionError: HTTPConnectionPool(host='127.0.0.1', port=80): refused\n"
	)


def same(first: str, second: str) -> bool:
	return identify(None, first).fingerprint == identify(None, second).fingerprint


ONE_GROUP = [
	("line moved", trace(line=12), trace(line=99)),
	("other value", trace(), trace("KeyError: 'Silver'")),
	("builtins prefix", trace(), trace("builtins.KeyError: 'Gold'")),
	("function renamed", trace(), trace(function="fee_of")),
	("module moved", trace(), trace(path="apps/crm/crm/services/fees.py")),
	("other entry point", trace(), trace(caller="apps/crm/crm/jobs.py")),
	("other bench", trace(), trace(path="/srv/b/apps/crm/crm/dues.py")),
	("caret lines", trace(), trace().replace("\nKeyError", "\n          ~~~~^^^^^^\nKeyError")),
	("list comprehension of Python 3.10", trace(), trace().replace("in fee_for\n", "in fee_for\n    x\n").replace(
		"    x\n", '    fee = FEES[tier]\n  File "apps/crm/crm/dues.py", line 12, in <listcomp>\n')),
	("JSON of another shape", trace("json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
		trace("json.decoder.JSONDecodeError: Extra data: line 3 column 9 (char 70)")),
	("QueryTimeoutError of v15, OperationalError of v16",
		trace("frappe.exceptions.QueryTimeoutError: (1205, 'Lock wait timeout exceeded')"),
		trace("pymysql.err.OperationalError: (1205, 'Lock wait timeout exceeded')")),
]  # fmt: skip
TWO_GROUPS = [
	("other exception", trace(), trace("ValueError: 'Gold'")),
	("other statement of one function", trace(), trace(source="name = NAMES[member]")),
	("other text thrown", trace("ValidationError: no mandate"), trace("ValidationError: no bank")),
	("commonplace statement elsewhere", trace(source="doc.save()"), trace(source="doc.save()", function="other")),
	("other service behind one helper", remote("gateway().get(payment)"), remote("postcodes().get(address)")),
	("other server script", trace(path=SCRIPT, source=""), trace(path="<serverscript>: remind", source="")),
	("other attribute", trace("AttributeError: 'X' object has no attribute 'a'"),
		trace("AttributeError: 'X' object has no attribute 'b'")),
	("other HTTP status", trace("HTTPError: 503 Server Error: x"), trace("HTTPError: 401 Client Error: x")),
]  # fmt: skip


@pytest.mark.parametrize(
	("first", "second"), [row[1:] for row in ONE_GROUP], ids=[row[0] for row in ONE_GROUP]
)
def test_one_group(first: str, second: str) -> None:
	assert same(first, second)


@pytest.mark.parametrize(
	("first", "second"), [row[1:] for row in TWO_GROUPS], ids=[row[0] for row in TWO_GROUPS]
)
def test_two_groups(first: str, second: str) -> None:
	assert not same(first, second)


def test_facts_of_an_identity() -> None:
	found = identify("Renewal failed", trace())
	assert re.fullmatch(r"[0-9a-f]{32}", found.fingerprint) and found.algorithm == ALGORITHM
	assert found.title == "KeyError: <value>"
	assert (found.exception, found.app, found.culprit) == ("KeyError", "crm", "fee_for in crm/dues.py")
	assert (found.category, found.severity) == ("code_defect", "high")
	assert found.reason == "KeyError and message + 1 in-app frame; 1 other frame ignored"


RENDERED = (
	'Traceback (most recent call last):\n  File "apps/crm/crm/letter.py", line 9, in greet\n'
	"    return frappe.render_template({template}, values)\n"
	'  File "apps/frappe/frappe/utils/jinja.py", line 99, in render_template\n    throw(\n'
	"frappe.exceptions.ValidationError: <pre>x</pre><pre>Traceback (most recent call last):\n"
	'  File "apps/frappe/frappe/utils/jinja.py", line 97, in render_template\n    return get_jenv().render()\n'
	"jinja2.exceptions.UndefinedError: 'person' is undefined\n</pre>\n"
)


def test_a_traceback_in_a_message_keeps_the_own_code_around_it() -> None:
	found = identify("Letters", RENDERED.replace("{template}", "welcome_letter"))
	assert found.culprit == "greet in crm/letter.py" and found.exception == "jinja2.exceptions.UndefinedError"
	assert found.fingerprint != identify("L", RENDERED.replace("{template}", "farewell_letter")).fingerprint


def test_an_installed_app_is_found_outside_the_bench() -> None:
	for path in ("env/lib/python3.11/site-packages/crm/dues.py", "/srv/code/crm/crm/dues.py"):
		found = identify(None, trace(path=path), apps=["crm"])
		assert found.fingerprint == identify(None, trace()).fingerprint and found.app == "crm"


QUERY = (
	'Traceback with variables (most recent call last):\n  File "apps/frappe/frappe/database/database.py", line 2, in sql\n'
	"    self._cursor.execute(query, values)\n      query = '{query}'\n"
	"pymysql.err.OperationalError: (1205, 'Lock wait timeout exceeded')\n"
)


def test_a_database_error_without_own_frames_is_told_by_its_query() -> None:
	texts = [QUERY.replace("{query}", f"update `tab{name}` set a = {n} where b = %s") for name, n in (("X", 1), ("X", 2), ("Y", 1))]  # fmt: skip
	one, other_value, other_table = (identify(None, text).fingerprint for text in texts)
	assert one == other_value != other_table


PERSONAL = {
	"Sanne Brouwer": "<name:3f2a19>",
	"NL91ABNA0417164300": "<iban:aa12bb>",
	"sanne@club.example": "<mail:0011ff>",
	"+31 6 12345678": "<phone:123abc>",
	"hunter2": "<secret:77aa77>",
}


@pytest.mark.parametrize("place", ["title", "message", "thrown", "locals", "statement"])
def test_a_redacted_event_has_the_same_fingerprint(place: str) -> None:
	said = "Mandate of Sanne Brouwer (NL91ABNA0417164300, sanne@club.example, +31 6 12345678) password=hunter2 failed"
	title, text = {
		"title": (said, "Renewal"),
		"message": ("Renewal", said),
		"thrown": (said, trace(f"crm.DuesError: {said}", source="frappe.throw(message)")),
		"locals": ("x", trace().replace("\nKeyError", f"\n      person = {said!r}\nKeyError")),
		"statement": (
			"x",
			trace(source='notify(member, "sanne@club.example", account="NL91ABNA0417164300")'),
		),
	}[place]
	clean = [title, text]
	for value, token in PERSONAL.items():
		clean = [part.replace(value, token) for part in clean]
	assert clean != [title, text]
	assert identify(*clean).fingerprint == identify(title, text).fingerprint


def test_title_and_text_may_be_exchanged() -> None:
	assert identify("Queue", "12 jobs wait") == identify("13 jobs wait", "Queue")
	assert identify(trace(), "Renewal failed") == identify("Renewal failed", trace())


def test_a_framework_error_has_the_framework_as_app() -> None:
	found = identify(None, trace(path="apps/frappe/frappe/model/workflow.py", function="apply_workflow"))
	assert (found.app, found.culprit) == ("frappe", "apply_workflow in frappe/model/workflow.py")
	assert "no in-app frames" in found.reason


def test_apps_decide_whose_code_counts() -> None:
	assert identify(None, trace(), apps=["other"]).fingerprint != identify(None, trace()).fingerprint
	assert identify(None, trace(), apps=["crm"]) == identify(None, trace())


MAIL = trace(path="apps/frappe/frappe/email/smtp.py")
IMPORT = trace(
	"frappe.exceptions.ValidationError: x", caller="apps/frappe/frappe/core/doctype/data_import/importer.py"
)
SECRET = trace("frappe.exceptions.ValidationError: Failed", path="apps/frappe/frappe/utils/password.py")
JOB = (
	'Traceback (most recent call last):\n  File "apps/frappe/frappe/utils/background_jobs.py", line 2, in execute_job\n'
	"    retval = method(**kwargs)\nTypeError: run() got an unexpected keyword argument 'x'\n"
)
# name, title, text, category, severity
KINDS = [
	("Frappe's PermissionError", "", trace("frappe.exceptions.PermissionError: no"), "permission", "low"),
	("the system's PermissionError", "", trace("PermissionError: [Errno 13] denied"), "configuration", "high"),
	("validation", "", trace("frappe.exceptions.MandatoryError: x"), "validation", "low"),
	("words do not make it critical", "", trace("frappe.exceptions.ValidationError: critical system failure"), "validation", "low"),
	("query", "", trace("pymysql.err.ProgrammingError: (1064, 'syntax')"), "database", "high"),
	("lock", "", trace("pymysql.err.OperationalError: (1205, 'Lock wait')"), "database", "medium"),
	("lost connection", "", trace("pymysql.err.OperationalError: (2006, 'gone away')"), "database", "critical"),
	("Redis", "", trace("redis.exceptions.ConnectionError: Error 111"), "database", "critical"),
	("disk", "", trace("OSError: [Errno 28] No space left on device"), "configuration", "critical"),
	("memory", "", trace("MemoryError"), "configuration", "critical"),
	("remote", "", trace("requests.exceptions.ConnectionError: refused"), "integration", "medium"),
	("remote timeout", "", trace("requests.exceptions.ReadTimeout: slow"), "timeout", "medium"),
	("job timeout", "", trace("rq.timeouts.JobTimeoutException: 300 s"), "timeout", "medium"),
	("job arguments", "", JOB, "background_job", "high"),
	("mail", "", trace("smtplib.SMTPAuthenticationError: 535"), "mail", "medium"),
	("mail by frame", "", MAIL, "mail", "medium"),
	("template", "", trace("jinja2.exceptions.UndefinedError: 'x' is undefined"), "template", "medium"),
	("data import by frame", "", IMPORT, "data_import", "medium"),
	("stored secret", "", SECRET, "configuration", "high"),
	("code", "", trace("TypeError: x"), "code_defect", "high"),
	("unknown exception", "", trace("crm.Strange: x"), "other", "medium"),
	("words: timeout", "Gateway", "Request timed out after 3 s", "timeout", "medium"),
	("words: queue", "Queue", "12 jobs wait in default", "background_job", "high"),
	("no word", "Note", "hello there", "other", "low"),
	("empty", None, None, "other", "low"),
]  # fmt: skip


@pytest.mark.parametrize(
	("title", "text", "category", "severity"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS]
)
def test_kinds(title: str | None, text: str | None, category: str, severity: str) -> None:
	found = identify(title, text)
	assert (found.category, found.severity) == (category, severity), found.category_reason
	assert found.category_reason and found.severity_reason


PLAIN = [
	("empty", None, None, "Empty error entry"),
	("title only", "Backup 12 failed", "", "Backup <n> failed"),
	("heading first", "3 jobs wait", "Queue", "Queue: <n> jobs wait"),
	("HTML", "Mismatch", "<table><tr><td>1</td><td>2</td></tr></table>", "<n>: Mismatch"),
	("JSON", "Webhook", '{"error": "no such member 12", "code": 7}', "no such member <n>"),
	("JSON without words", "Webhook", '{"b": 1, "a": 2}', "Webhook: JSON with a, b"),
	("broken JSON", "Webhook", '{"b": ', "Webhook: {<value>:"),
]


@pytest.mark.parametrize(
	("title", "text", "expected"), [row[1:] for row in PLAIN], ids=[row[0] for row in PLAIN]
)
def test_plain_messages(title: str | None, text: str | None, expected: str) -> None:
	assert identify(title, text).title == expected


def test_sample_shows_code_and_no_values() -> None:
	text = (
		'Traceback with variables (most recent call last):\n  File "apps/crm/crm/dues.py", line 3, in pay\n'
		"    book(iban)\n      iban = 'NL91ABNA0417164300'\nValueError: NL91ABNA0417164300 of piet@x.example\n"
	)
	assert sample("t", text) == "crm/dues.py, pay\n    book(iban)\nValueError: <id> of <mail>"


def test_sample_of_a_deep_stack_keeps_its_end() -> None:
	frames = "".join(
		f'  File "apps/crm/crm/a.py", line {n}, in f{n}\n    {"call_" * 30}()\n' for n in range(200)
	)
	found = sample(None, f"Traceback (most recent call last):\n{frames}ValueError: x\n")
	assert (
		len(found) <= 4000 and found.startswith("…\n") and found.endswith("ValueError: x") and "f199" in found
	)


def check(found: Identity, excerpt: str) -> None:
	assert re.fullmatch(r"[0-9a-f]{32}", found.fingerprint)
	assert found.category in CATEGORIES and found.severity in SEVERITIES
	assert 0 < len(found.title) <= 140 and "\n" not in found.title
	assert len(excerpt) <= 4000
	for text in (
		found.title,
		found.exception,
		found.culprit,
		found.app,
		found.reason,
		found.category_reason,
		excerpt,
	):
		if text is not None:
			text.encode("utf-8")  # no lone surrogate gets out
			assert "\x00" not in text


PIECES = st.sampled_from(
	[
		"Traceback (most recent call last):\n", '  File "', '", line 3, in ', "apps/crm/crm/x.py", "<template>", "\n",
		"    ", "      x = ", "KeyError: ", "builtins.", "During handling of the above exception", "&quot;", "&#" + "9" * 9,
		"\x00", "\ud800", "é", "<br>", "'", '"', "`", "{", "[", "(1205, '", "@", "://", "/", "1", "^^^", "\r\n", "\u2028",
	]
)  # fmt: skip
RUBBISH = st.one_of(
	st.none(),
	st.text(alphabet=st.characters(), max_size=300),
	st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=60).map("".join),
)


@settings(max_examples=400, deadline=None)
@given(title=RUBBISH, text=RUBBISH)
def test_any_text_has_an_identity(title: str | None, text: str | None) -> None:
	found = identify(title, text)
	check(found, sample(title, text))
	assert identify(title, text) == found


HUGE = [
	("10 MB of one word", "a" * 10_000_000),
	("10 MB of quotes", "'" * 10_000_000),
	("10 MB of frames", trace() * 50_000),
	("frames without end of path", '\n  File "' * 500_000),
	("blanks", "\n" + " " * 5_000_000),
	("reference of many digits", "&quot;&#" + "1" * 100_000 + ";"),
	("deep JSON", "[" * 60_000),
	("big number in JSON", '{"a": ' + "9" * 60_000 + "}"),
	("binary", bytes(range(256)).decode("latin-1") * 10_000),
]


@pytest.mark.parametrize("text", [row[1] for row in HUGE], ids=[row[0] for row in HUGE])
def test_huge_texts(text: str) -> None:
	check(identify(text, text), sample(text, text))


GROWING = [
	("quotes", lambda n: "'a" * n),
	("angle brackets", lambda n: "<a " * n),
	("at signs", lambda n: "a@" * n),
	("slashes", lambda n: "a/" * n),
	("open frames", lambda n: '\n  File "a' * n),
	("frames", lambda n: '\n  File "a", line 1, in b\n    c' * n),
	("indented lines", lambda n: 'File "' + "\n            x" * n),
	("capitals", lambda n: trace("E: " + "Abc " * n)),
	("one long word", lambda n: trace("E: " + "a" * n)),
	("secrets", lambda n: trace("E: " + "password=" * n)),
	("tokens", lambda n: trace("E: " + "<name:12" * n)),
	("links", lambda n: trace("E: " + "<a " * n)),
	("brackets", lambda n: trace("E: " + "[A, " * n)),
	("telephones", lambda n: trace("E: " + "+1 " * n)),
	("escaped JSON", lambda n: '{"a": "File \\"' + "\\n" * n),
	("groups", lambda n: "Exception Group Traceback (most recent call last)" + "\n  | x" * n + 'File "'),
	("queries", lambda n: trace("E: (1205, 'a')").replace("KeyError", "") + "\n      query = '" + "'" * n),
	("borders", lambda n: trace() * (n // 10)),
	("heads", lambda n: "a: " * n),
	("parentheses", lambda n: trace("E: (1205, '" + "('" * n)),
	("digits", lambda n: trace("E: " + "1" * n)),
	("dots", lambda n: trace("a." * n)),
]


@pytest.mark.parametrize("make", [row[1] for row in GROWING], ids=[row[0] for row in GROWING])
def test_cost_grows_no_faster_than_the_text(make) -> None:
	def cost(size: int) -> float:
		best = float("inf")
		for attempt in range(5):
			text = make(size) + f"\nx{attempt}"  # a new text each time, so that nothing is remembered
			start = time.thread_time()
			examine("t", text)
			best = min(best, time.thread_time() - start)
		return best

	small, large = cost(1_000), cost(8_000)
	# eight times the text: quadratic would be 64 times the cost; a floor keeps noise of microseconds out
	assert large <= 24 * max(small, 2e-4)


@pytest.mark.skipif(not CORPUS.exists(), reason=f"the labelled corpus is not in {DATA}")
def test_grouping_of_the_corpus() -> None:
	with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
		rows = [json.loads(line) for line in lines]
	labels = [row["label"] for row in rows]
	examined = [examine(row["method"], row["error"]) for row in rows]

	def grouped(which: list[int]) -> list[str]:
		linker = Linker()
		for place in which:
			linker.add(examined[place][0].fingerprint, examined[place][1])
		links = linker.links()
		names = [examined[place][0].fingerprint for place in which]
		return [links[name].group if name in links else name for name in names]

	everything = list(range(len(rows)))
	groups = grouped(everything)
	together = pairs(list(zip(labels, groups, strict=True)))
	precision, recall = together / pairs(groups), together / pairs(labels)
	assert precision >= 0.99 and recall >= 0.95
	assert grouped(everything[::-1]) == groups[::-1]
	# where the traceback of an error never came, its other events must not follow that of another error
	some = [place for place in everything if examined[place][1].level != "own" or hash_of(labels[place]) % 2]
	parts = grouped(some)
	mixed = pairs(list(zip([labels[place] for place in some], parts, strict=True)))
	assert mixed / pairs(parts) >= 0.99


def pairs(values: list) -> int:
	return sum(count * (count - 1) // 2 for count in Counter(values).values())


def hash_of(label: str) -> int:
	return hashlib.sha256(label.encode()).digest()[0]
