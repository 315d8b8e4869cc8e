"""Messages without what differs between two events of the same error."""

from __future__ import annotations

import pytest

from verenigingen.core.errors.normalise import key_of, normalise, title_line

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
	("mail in angle brackets", "to Piet <piet@mail.example>: no", None, "to <name> <<mail>>: no"),
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
	("person", "Mandate of Sanne Brouwer expired", None, "Mandate of <name> expired"),
	("person with particles", "Member Jan-Piet van der O'Berg, has none", None, "Member <name>, has none"),
	("person first", "Siobhán Wal has no chapter", None, "<name> has no chapter"),
	(
		"person before an id",
		"Cannot delete Kring Den Burg 48996 as it",
		None,
		"Cannot delete <name> <n> as it",
	),
	("two people", "Sanne Brouwer and Mehmet Öztürk share one", None, "<name> and <name> share one"),
	("no person: DocTypes", "Sales Invoice is linked with Payment Entry", None, None),
	("no person: one first word", "Kaputt gegangen", None, None),
	("no person: technology", "the PostcodeService of MariaDB and SQL", None, None),
	("no person: code", "Foo.bar() got an unexpected keyword Argumento", "TypeError", None),
	("spaced IBAN", "IBAN NL64 SNSB 0558 2634 26 is not valid", None, "IBAN <id> is not valid"),
	("telephone", "call +31 (0)6-123 456 78 now", None, "call <id> now"),
	("secret", "api_key=hunter, Authorization: Bearer abc", None, "api_key=<id>, Authorization: <id>"),
	("document link", 'linked with <a href="/app/x/y">Jan de Wit</a> here', None, "linked with <id> here"),
	(
		"mandatory fields",
		"[Member, Jan de Wit]: email, city",
		"MandatoryError",
		"[Member, <id>]: email, city",
	),
	("sentence with something", "('Will commit now', 'create table x')", None, "Will commit now"),
	("nothing", "", None, ""),
]
# Known to be wrong: (name, message, wanted, actual). One name at the beginning looks like any first word.
KNOWN_WRONG = [
	("first name", "Sanne has no mandate", "<name> has no mandate", "Sanne has no mandate"),
]


@pytest.mark.parametrize(
	("message", "exception", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_normalise(message: str, exception: str | None, expected: str | None) -> None:
	assert normalise(message, exception) == (message if expected is None else expected)


@pytest.mark.parametrize(
	("message", "wanted", "actual"), [row[1:] for row in KNOWN_WRONG], ids=["first name"]
)
def test_known_wrong(message: str, wanted: str, actual: str) -> None:
	assert normalise(message) == actual != wanted


def test_title_line_is_printable_and_bounded() -> None:
	line = title_line("a\x00b\nc\ud800d " + "x" * 500)
	assert line.startswith("a b c d xxx") and len(line) <= 140 and line.isprintable()


# A value, its kind, and a text with a place for it.
REDACTED = [
	("iban", "NL91ABNA0417164300"),
	("iban", "nl91 abna 0417 1643 00".upper()),
	("iban", "NL91%20ABNA%200417%201643%2000"),
	("bic", "ABNANL2A"),
	("mail", "jan.de-wit+x@mail.example"),
	("phone", "+31 6 12345678"),
	("phone", "0612345678"),
	("phone", "06-12345678"),
	("phone", "+31 (0)20 123 45 67"),
	("bsn", "999996824"),
	("postcode", "1234 AB"),
	("ip", "198.51.100.84"),
	("ip", "2001:db8::4da0:30ec"),
	("card", "4111 1111 1111 1111"),
	("jwt", "eyJhbGciOi1.eyJzdWIiOiIx.SflKxwRJ5sMeK"),
	("secret", "live_dHar4XY7LxsDOtmnkVtjNVWXLSlXsM"),
	("birthdate", "1980-04-01"),
	("birthdate", "01-04-1980"),
	("name", "Sanne Brouwer"),
	("name", "Jan van der Berg"),
	("name", "Zoë-Anouk Vermeulen"),
	("name", "Siobhán O'Connor"),
]
PLACES = [
	"The value {} is not valid",
	"The value '{}' is not valid",
	"Value missing for Member: {}",
	"{} is not known here",
	"no match for {}",
	"Mandate of {} ({}) expires on 2025-05-22",
	"for url: https://api.example/v1?q={}",
	'{{"error": "no such member {}"}}',
	"[Member, {}]: email",
	"(1062, \"Duplicate entry '{}' for key 'PRIMARY'\")",
	"password: {}",
	"Error: {}, {}",
	"Applicant {} is too young",
]


@pytest.mark.parametrize(
	("kind", "value", "place"),
	[
		(kind, value, place)
		for kind, value in REDACTED
		for place in PLACES
		if " " not in value or not ("url" in place or "password" in place)  # a blank ends these
	],
)
def test_key_is_the_same_after_redaction(kind: str, value: str, place: str) -> None:
	token = f"<{kind}:3f2a19>"
	before, after = (key_of(normalise(place.replace("{}", said))) for said in (value, token))
	assert before == after


def test_a_key_is_cut_after_values_are_gone() -> None:
	text = "mail to {} failed; " * 40
	long, short = text.replace("{}", "a" * 60 + "@x.example"), text.replace("{}", "<mail:3f2a>")
	assert key_of(normalise(long)) == key_of(normalise(short)) and len(key_of(normalise(long)).split()) <= 64


NAME_FORMS = (
	"Sanne Ypma", "S. Ypma", "S.J. Ypma", "Th. Ypma", "S. YPMA", "S. VAN DE VELDE", "Ypma", "Ypma, S.", "van Ypma, S.J.",
	"Mevr. Ypma", "mevr. van der Ypma", "Dhr. S. Ypma", "familie Ypma", "Sanne van den Ypma", "van 't Ypma", "De Ypma",
	"Ypma-Zijlstra", "Ypma-van der Zijlstra", "d'Ypma", "Sanne McYpma", "John F. Ypma", "<name:0a1b2c>", "S. <name:0a1b2c>",
	"Mevr. <name:0a1b2c>", "van der <name:0a1b2c>", "<name:0a1b2c>, S.",
)  # fmt: skip


@pytest.mark.parametrize("wording", ["NL00 is in the name of {}, not of {}", "Geen mandaat voor {}, wel van {}: opnieuw", "Mail to {} and {} bounced"])  # fmt: skip
def test_every_way_to_write_a_name_leaves_the_same_key(wording: str) -> None:
	keys = {
		key_of(normalise(wording.format(first, second)))
		for first in NAME_FORMS
		for second in (first, "Joost Wiersma")
	}
	assert len(keys) == 1, keys


@pytest.mark.parametrize("text", ["see plan B. next", "Step A. SEPA is off", "vitamin B, C and D", "op de tafel"])  # fmt: skip
def test_no_name_is_seen_in_letters_alone(text: str) -> None:
	assert normalise(text) == text
