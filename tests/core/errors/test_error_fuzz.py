"""Any text at all has an identity: the same one every time, within bounds, and before and after redaction."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus import corpus
from verenigingen.core.errors import identify, sample
from verenigingen.core.errors.identity import SAMPLE_LIMIT
from verenigingen.core.errors.normalise import TITLE_LIMIT, key_of, normalise
from verenigingen.core.errors.traceback import FRAME_LIMIT, TEXT_LIMIT, parse
from verenigingen.core.privacy import Redactor

REDACTOR = Redactor(b"a key of the tests only")
PIECES = st.sampled_from(
	["Traceback (most recent call last):\n", "Traceback with variables (most recent call last):\n", '  File "apps/a/a/b.py", line 3, in f\n',
	'  File "', '", line ', ", in g\n", "    return f(x)\n", "      x = {'n': 1}\n", "      query = 'select %s'\n", "ValueError: no\n", "\n",
	"During handling of the above exception, another exception occurred:\n\n", "The above exception was the direct cause of",
	"  [Previous line repeated 990 more times]\n", "  | ", "  +-+---------------- 1 ----------------\n", "Exception Group Traceback (most recent call last)\n",
	"frappe.exceptions.ValidationError: ", "KeyError: 'x'", "(1062, \"Duplicate entry 'a' for key 'b'\")", "&lt;", "&quot;", "\\n", '\\"', "<b>", "</a>",
	"{\"exc\": \"", "}", "[", "]", "'", '"', "`", "12", "2024-01-02", "jan@x.example", "NL91ABNA0417164300", "<iban:3f2a1c>", "<name:abcdef>", "\ud800",
	"\x00", "\x85", "\u2028", "é", " ", "Jan van Dam", "SyntaxError: invalid", "    ^^^^\n", "\t", "\r", "http://x/y?z=1", "/a/b/c", "#", "password=x1"]
)  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, PIECES, st.text(max_size=6)), max_size=30).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS, TEXTS)
def test_every_text_has_one_bounded_identity(title: str, text: str) -> None:
	made = identify(title, text)
	assert made == identify(title, text)
	assert len(made.fingerprint) == 32 and int(made.fingerprint, 16) >= 0
	assert made.reason and 0 < len(made.title) <= TITLE_LIMIT
	assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in made.title)
	assert len(sample(title, text)) <= SAMPLE_LIMIT


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_the_reader_of_tracebacks_is_total(text: str) -> None:
	parsed = parse(text)
	assert len(parsed.frames) <= 2 * FRAME_LIMIT
	assert all(
		frame.path and "\n" not in frame.path + frame.function + frame.source for frame in parsed.frames
	)
	assert not (parsed.truncated and not parsed.frames)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_a_key_is_one_line_however_odd_the_message(text: str) -> None:
	assert "\n" not in normalise(text)
	assert len(key_of(normalise(text))) <= len(normalise(text))


@settings(max_examples=200, deadline=None)
@given(
	st.sampled_from(
		["NL91ABNA0417164300", "06-12345678", "a.b@c.example", "10.0.0.1", "4111 1111 1111 1111"]
	),
	st.integers(0, 9),
)
def test_a_value_taken_out_leaves_the_error_what_it_was(value: str, line: int) -> None:
	text = (
		f'Traceback (most recent call last):\n  File "apps/a/a/b.py", line {line}, in f\n    check(x)\n'
		f"      x = '{value}'\nValueError: {value} was refused for {value}"
	)
	assert (
		identify(value, text).fingerprint
		== identify(REDACTOR.redact(value), REDACTOR.redact(text)).fingerprint
	)


@pytest.mark.parametrize("entry", corpus("errors"), ids=lambda entry: entry["why"])
def test_what_broke_once(entry: dict[str, str]) -> None:
	text = entry["text"] * int(entry.get("times", 1))
	made = identify(entry.get("title", ""), text)
	assert made.title and made == identify(entry.get("title", ""), text)
	assert len(sample("", text)) <= SAMPLE_LIMIT
	if "exception" in entry:
		assert made.exception == entry["exception"]


@pytest.mark.parametrize(
	"unit",
	[
		"x",
		"\n",
		'  File "a.py", line 1, in f\n    g()\n',
		'  File "',
		"'",
		'"a" ',
		"(",
		"<b>",
		"a@b.nl ",
		"1 ",
		"Aa ",
		"|",
		"\\n",
		"&lt;",
		"[a, b]: c ",
	],
)
def test_reading_costs_no_more_than_the_length(unit: str) -> None:
	def seconds(length: int) -> float:
		text = (unit * (length // len(unit) + 1))[:length]
		best = float("inf")
		for attempt in range(3):
			began = time.process_time()
			identify("Error", text + str(attempt))  # what was read once is remembered
			best = min(best, time.process_time() - began)
		return best

	small, large = seconds(TEXT_LIMIT // 8), seconds(TEXT_LIMIT)
	assert large < 8 * 4 * max(small, 0.0005), (small, large)
