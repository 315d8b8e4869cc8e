"""Messages without what differs between two events of the same error."""

from __future__ import annotations

import pytest

from verenigingen.core.errors.normalise import normalise, title_line

# name, message, exception, normal form
CASES = [
	("number", "Row 12 is wrong", None, "Row <n> is wrong"),
	("number at the end of a sentence", "It took 12.5.", None, "It took <n>."),
	("amount", "Paid € 1.234,50 of 2.000", None, "Paid € <n> of <n>"),
	("date and time", "since 2025-04-03 16:39:47.668701", None, "since <n>"),
	("ISO time", "at 2025-04-03T16:39:47+02:00 sharp", None, "at <n> sharp"),
	(
		"document name",
		"Invoice DINV-2026-00427 was paid with tr_vmyu0x66h1",
		None,
		"Invoice <id> was paid with <id>",
	),
	("IBAN", "IBAN NL64SNSB7558263426 is not valid", None, "IBAN <id> is not valid"),
	("UUID", "job 550e8400-e29b-41d4-a716-446655440000 lost", None, "job <id> lost"),
	("mail", "Delivery to piet.de-vries@mail.example failed", None, "Delivery to <mail> failed"),
	("mail in angle brackets", "to Piet <piet@mail.example>: no", None, "to Piet <<mail>>: no"),
	(
		"URL with query",
		"for url: https://api.x/y?postcode=1234+AB&n=1 (Caused",
		None,
		"for url: <url> (Caused",
	),
	("path", "No such file: /files/a b.txt", None, "No such file: <path> b.txt"),
	("postcode", "with postal code 8826 JB has", None, "with postal code <id> has"),
	("quoted value", "tier 'Gold' unknown", "ValidationError", "tier <value> unknown"),
	("key of KeyError", "'Gold'", "KeyError", "<value>"),
	("apostrophe", "can't find the member's mandate", None, "can't find the member's mandate"),
	("attribute", "'NoneType' object has no attribute 'strip'", "AttributeError", None),
	("types", "unsupported operand type(s) for +: 'NoneType' and 'str'", "TypeError", None),
	("type in a plain message", "Error: 'NoneType' object is not subscriptable", None, None),
	("column", "Unknown column 'fee' in 'field list'", "OperationalError", "Unknown column 'fee' in <value>"),
	(
		"qualified column",
		"for column `site1`.`tabMember`.`city` at row 1",
		"DataError",
		"for column 'city' at row <n>",
	),
	(
		"MySQL code",
		"(1205, 'Lock wait timeout exceeded')",
		"OperationalError",
		"(1205, Lock wait timeout exceeded)",
	),
	("exception in a tuple", "('No implicit commit',)", "ImplicitCommitError", "No implicit commit"),
	("HTTP status", "503 Server Error: Service Unavailable", "HTTPError", None),
	("errno", "[Errno 111] Connection refused", "ConnectionRefusedError", None),
	(
		"codec",
		"'utf-8' codec can't decode byte 0xe9",
		"UnicodeDecodeError",
		"'utf-8' codec can't decode byte <id>",
	),
	("technology", "sha256 over UTF-8 with HTTP/1.1", None, None),
	("HTML", "Failed.<br><br><b>Row 3</b>: bad", None, "Failed. Row <n> : bad"),
	("escaped HTML", "&lt;b&gt;Row 3&lt;/b&gt; &amp; more", None, "Row <n> & more"),
	("object", "bad <crm.Doc object at 0x7f01ab>", None, "bad crm.Doc"),
	("list of ids", "rows 1, 2, 3 and 4", None, "rows <n> and <n>"),
	("line breaks", "first\n\tsecond", None, "first second"),
	(
		"wording of Python 3.11",
		"cannot access local variable 'x' where it is not associated with a value",
		"UnboundLocalError",
		"local variable 'x' referenced before assignment",
	),
	(
		"wording of Python 3.12",
		"max() iterable argument is empty",
		"ValueError",
		"max() arg is an empty sequence",
	),
	(
		"suggestion",
		"name 'dayz' is not defined. Did you mean: 'days'?",
		"NameError",
		"name 'dayz' is not defined",
	),
	("nothing", "", None, ""),
]
# Known to be wrong: (name, message, wanted, actual). Names of people cannot be told from other words here.
KNOWN_WRONG = [
	(
		"person",
		"Mandate of Sanne Brouwer expired",
		"Mandate of <name> expired",
		"Mandate of Sanne Brouwer expired",
	),
]


@pytest.mark.parametrize(
	("message", "exception", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_normalise(message: str, exception: str | None, expected: str | None) -> None:
	assert normalise(message, exception) == (message if expected is None else expected)


@pytest.mark.parametrize(("message", "wanted", "actual"), [row[1:] for row in KNOWN_WRONG])
def test_known_wrong(message: str, wanted: str, actual: str) -> None:
	assert normalise(message) == actual != wanted


def test_title_line_is_printable_and_bounded() -> None:
	line = title_line("a\x00b\nc\ud800d " + "x" * 500)
	assert line.startswith("a b c d xxx") and len(line) <= 140 and line.isprintable()
