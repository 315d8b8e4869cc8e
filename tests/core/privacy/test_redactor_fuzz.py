"""Any text at all: nothing but values changes, twice is once, and the error stays the same error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus import corpus
from verenigingen.core.errors import identify
from verenigingen.core.privacy import KINDS, TOKEN, NameIndex, Redactor, Stretches
from verenigingen.core.privacy.redactor import STRETCH
from verenigingen.standalone.redact import redacted

NAMES = NameIndex(("Sanne Brouwer", "Björn van den Nguyễn", "Joris in 't Vermeulen", "Anna Visser-de Boer"))
REDACTOR = Redactor(b"a key of the tests only", NAMES)
PIECES = st.sampled_from(
	["NL91ABNA0417164300", "nl91 abna 0417 1643 00", "06-12345678", "+31 6 12345678", "a@b.nl", "'", '"', "\\", "\\'", '\\"', "\n", "\t",
	"  File \"x\", line 1, in f\n    ", "      x = ", "password", "api_secret", "phone", "bsn", "iban", "postcode", "adres", "full_name",
	"geboortedatum", "=", ": ", " ", ",", ", ", "<name:3f2a1c>", "<secret:abcdef>", "<secret:", "<birthdate:abcdef>", "eyJ", ".", "%40", "%20",
	"%2520", "\\u00f6", "\\xe9", "\\xc3\\xa9", "&nbsp;", "&amp;", "\ud800", "\udce9", "\x00", "\x1f", "\x7f", "+", "(", ")", "[", "]", "{", "}", "Sanne",
	"Brouwer", "Björn", "van den", "Nguyễn", "born ", "1985-03-12", "12 maart 1985", "zeven februari", "1234 AB", "1234AB22", "12bis",
	"Dorpsstraat ", "insert into t (", ") values (", "%s", "?", "set a=", " where ", "-----BEGIN PRIVATE KEY-----", "Cookie: ",
	"Authorization: Bearer ", "\r\n", "é", "::", "10.0.0.1", "4111 1111 1111 1111", "111222333", "https://u:p@h/", "curl -u a:b ",
	"mysql -pX1 ", "--password x ", "Zomer 2026", "geheim12", "None", "0", "12", "http://h/", "key", "</b> ", "<td>", "=C3=A9", "Ã©"]
)  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, PIECES, PIECES, st.text(max_size=8)), max_size=24).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_nothing_but_values_changes(text: str) -> None:
	position = 0
	for span in REDACTOR.spans(text):
		assert position <= span.start < span.end <= len(text) and span.kind in KINDS
		position = span.end
	# what stands between the tokens stood in the text, in this order and from its first character to its last
	pieces = TOKEN.split(REDACTOR.redact(text))
	assert text.startswith(pieces[0]) and text.endswith(pieces[-1])
	position = 0
	for piece in pieces:
		position = text.index(piece, position) + len(piece)


@settings(max_examples=600, deadline=None)
@given(TEXTS)
def test_twice_is_once(text: str) -> None:
	once = REDACTOR.redact(text)
	assert REDACTOR.redact(once) == once


@pytest.mark.parametrize("glued", ["+31 6 12345678", "06-12345678", "1234 AB", "NL91ABNA0417164300"])
def test_a_chain_of_values_is_redacted_to_its_end(glued: str) -> None:
	chain = "nl91 abna 0417 1643 00" + "1234 AB" * 2 + glued + "+31 6 12345678" * 12
	once = REDACTOR.redact(chain)
	assert "12345678" not in once and REDACTOR.redact(once) == once


@pytest.mark.parametrize("before", [0, 5_000, 30_000, 60_000])
def test_glued_numbers_are_redacted_however_long_the_text_and_the_chain(before: int) -> None:
	text = "a line of a log that says little\n" * (before // 33) + "+31 6 12345678" * 500
	once = REDACTOR.redact(text)
	assert "12345678" not in once and REDACTOR.redact(once) == once


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.sampled_from(["password", "iban", "full_name", "n", "dob", "api_key", ""]))
def test_structures_keep_their_shape_and_lose_their_secrets(text: str, key: str) -> None:
	made = REDACTOR.redact_value({key: [text, {"password": "x" + text, "n": 1}], "list": (text, None, 2.5)})
	assert list(made) == list(dict.fromkeys([key, "list"])) and made["list"][1:] == (None, 2.5)
	assert TOKEN.fullmatch(made[key][1]["password"])
	assert json.dumps(made)


@settings(max_examples=20, deadline=None)
@given(TEXTS, st.integers(1, 40))
def test_a_text_in_parts_gives_what_it_gives_whole(text: str, size: int) -> None:
	text = (text + "\n") * (1 + 3 * STRETCH // (len(text) + 1))
	stretches = Stretches(REDACTOR)
	parts = [text[i : i + size * 997] for i in range(0, len(text), size * 997)]
	made = [piece for part in parts for piece in stretches.feed(part)] + list(stretches.finish())
	assert "".join(made) == REDACTOR.redact(text)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6), st.binary(max_size=40))
def test_the_filter_keeps_every_other_byte(parts: list[bytes], last: bytes) -> None:
	raw = b" ".join([*parts, b"NL91ABNA0417164300", last])
	text = raw.decode("utf-8", "surrogateescape")
	made = b"".join(redacted(REDACTOR, [raw[:7], raw[7:]]))
	assert made == REDACTOR.redact(text).encode("utf-8", "surrogateescape")
	assert b"0417164300" not in made


@pytest.mark.parametrize("entry", corpus("privacy"), ids=lambda entry: entry["why"])
def test_what_broke_once(entry: dict[str, str]) -> None:
	text = entry["text"]
	once = REDACTOR.redact(text)
	assert REDACTOR.redact(once) == once
	for gone in entry.get("gone", ()):
		assert gone not in once
	for kept in entry.get("kept", ()):
		assert kept in once
	if entry.get("same error", True):
		before = identify("Error", text, redact=REDACTOR.redact_known)
		assert identify("Error", once, redact=REDACTOR.redact_known).fingerprint == before.fingerprint
