"""Which words of a message are the program's: read from the statement that raised it, in any language."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verenigingen.core.errors import identify, sample

THROW = (
	'  File "apps/frappe/frappe/__init__.py", line 610, in throw\n    msgprint(\n'
	'  File "apps/frappe/frappe/__init__.py", line 575, in msgprint\n    _raise_exception()\n'
	'  File "apps/frappe/frappe/__init__.py", line 526, in _raise_exception\n    raise exc\n'
)


def raised(statement: str, message: str, path: str = "apps/club/club/dues.py") -> str:
	"""A traceback whose last statement of app or framework is the given one."""
	inner = THROW if "throw(" in statement else ""
	return (
		'Traceback (most recent call last):\n  File "apps/club/club/api.py", line 3, in pay\n    settle(invoice)\n'
		f'  File "{path}", line 41, in settle\n    {statement}\n{inner}club.errors.DuesError: {message}\n'
	)


FRAMEWORK = "apps/frappe/frappe/model/naming.py"
# name, statement, messages that are one error, its title
ONE_ERROR = [
	("throw with format", 'frappe.throw(_("Mandate {0} of {1} is missing").format(m, name))',
		["Mandate A of Jan de Vries is missing", "Mandate B of X is missing"], "Mandate <value> of <value> is missing"),
	("message in Dutch and in German", 'frappe.throw(_("Mandate {0} of {1} is missing").format(m, name))',
		["Mandaat A van Jan ontbreekt", "Mandat A von Uwe fehlt"], "Mandate <value> of <value> is missing"),
	("wording in Dutch", 'raise DuesError(f"Incasso van {lid.naam} is {dagen} te laat")',
		["Incasso van Ali Ünal is drie weken te laat", "Incasso van Bo is 3 te laat"], "Incasso van <value> is <value> te laat"),
	("wording in German", "raise DuesError(f\"Konto {konto['nr']!r} gehört {inhaber:>12} nicht\")",
		["Konto 'DE1' gehört Familie Müller nicht", "Konto 'x' gehört Groß nicht"], "Konto <value> gehört <value> nicht"),
	("percent", 'raise DuesError("Lid %s heeft geen %(kind)s op %d" % values)',
		["Lid Jan heeft geen incasso op 12", "Lid An Mos heeft geen acceptgiro op 4"], "Lid <value> heeft geen <value> op <value>"),
	("statement goes on in the next line", 'frappe.throw(_("Mandate {0} is missing for "',
		["Mandate A is missing for Jan", "Mandate B is missing for Piet Mos, Ede"], "Mandate <value> is missing for"),
	("strings in a row", 'raise DuesError("Rij {}: " "waarde {} fout".format(nr, value))',
		["Rij 3: waarde een of twee fout", "Rij 4: waarde b fout"], "Rij <value>: waarde <value> fout"),
	("more is added", 'raise DuesError("Unknown payer: " + payer)',
		["Unknown payer: Jan", "Unknown payer: Piet Mos"], "Unknown payer: <value>"),
	("markup", 'frappe.throw(_("Name <b>{0}</b> is taken").format(frappe.bold(x)))',
		["Name <b>Jan</b> is taken", "Name <b>An Mos</b> is taken"], "Name <value> is taken"),
	("line break", 'raise DuesError(f"Member {name} left\\nReason unknown")',
		["Member Jan left", "Member Piet Mos left"], "Member <value> left"),
	("quotes inside", "raise DuesError('{0} can\\'t pay now'.format(name))",
		["Jan can't pay now", "Piet Mos can't pay now"], "<value> can't pay now"),
]  # fmt: skip
TWO_ERRORS = [
	("another error is passed on", 'raise DuesError(f"Sync of {account} failed: {exc}")',
		"Sync of A failed: no route", "Sync of A failed: access denied"),
	("another error is added", 'raise DuesError("Sync of bank failed: " + str(e))',
		"Sync of bank failed: no route", "Sync of bank failed: access denied"),
	("part of the schema", 'frappe.throw(_("{0} of {1} is required").format(_(df.label), doc.name))',
		"Bank Account of Jan is required", "Birth Date of Jan is required"),
	("statement without words", "frappe.throw(message)", "no mandate", "no bank account"),
	("one word is no wording", 'raise DuesError(f"Bad {thing}")', "Bad mandate", "Bad account"),
	("one of two wordings", 'raise DuesError("no mandate yet" if new else "mandate was cancelled")',
		"no mandate yet", "mandate was cancelled"),
	("one of two translated wordings", 'frappe.throw(_("No mandate yet") if new else _("Mandate was cancelled"))',
		"Nog geen machtiging", "Machtiging ingetrokken"),
]  # fmt: skip


@pytest.mark.parametrize(
	("statement", "messages", "title"), [row[1:] for row in ONE_ERROR], ids=[row[0] for row in ONE_ERROR]
)
def test_values_of_a_known_wording_do_not_split(statement: str, messages: list[str], title: str) -> None:
	found = [identify("Dues", raised(statement, message)) for message in messages]
	assert {identity.title for identity in found} == {f"DuesError: {title}"}
	assert len({identity.fingerprint for identity in found}) == 1


@pytest.mark.parametrize(
	("statement", "first", "second"), [row[1:] for row in TWO_ERRORS], ids=[row[0] for row in TWO_ERRORS]
)
def test_what_a_statement_leaves_open_keeps_errors_apart(statement: str, first: str, second: str) -> None:
	one, other = identify(None, raised(statement, first)), identify(None, raised(statement, second))
	assert one.fingerprint != other.fingerprint


def test_kept_parts_still_lose_their_values() -> None:
	text = raised(
		'raise DuesError(f"Sync of {account} failed: {exc}")', "Sync of Jan Mos failed: 12 of x@y.example"
	)
	assert identify(None, text).title == "DuesError: Sync of <value> failed: <n> of <mail>"


def test_a_wording_of_the_framework_needs_its_arguments() -> None:
	"""Frappe's messages often name parts of the schema; where the line does not show which, they stay."""
	shown = 'frappe.throw(_("Another {0} with name {1} exists").format(doctype, new))'
	jan, piet = (
		raised(shown, f"Another Club with name {name} exists", FRAMEWORK) for name in ("Jan", "Piet")
	)
	assert identify(None, jan).fingerprint == identify(None, piet).fingerprint
	assert identify(None, jan).title == "DuesError: Another Club with name <value> exists"
	hidden = 'frappe.throw(_("{0} of {1} is required").format('
	field, other = (raised(hidden, f"{label} of Row is required", FRAMEWORK) for label in ("Bank", "City"))
	assert identify(None, field).fingerprint != identify(None, other).fingerprint


def test_a_sample_holds_no_names_either() -> None:
	text = raised('raise DuesError(f"Dues of {name} are open")', "Dues of Jan Mos are open")
	assert "Jan" not in sample("Dues of Jan Mos", text) and sample("", text).endswith(
		"Dues of <value> are open"
	)


def test_a_key_in_the_statement_is_the_programs_own() -> None:
	def missing(key: str, statement: str) -> str:
		frame = f'  File "apps/club/club/dues.py", line 41, in label\n    {statement}\n'
		return f"Traceback (most recent call last):\n{frame}KeyError: {key!r}\n"

	assert identify(None, missing("town", 'return row["town"]')).title == "KeyError: 'town'"
	assert identify(None, missing("Jan", "return RATES[name]")).title == "KeyError: <value>"
	one, other = (
		identify(None, missing(key, "return row['town'] + row['street']")) for key in ("town", "street")
	)
	assert one.fingerprint != other.fingerprint


def test_too_few_and_too_many_columns_are_one_error() -> None:
	frame = '  File "apps/club/club/bank.py", line 4, in read\n    iban, name, cents = line.split(";")\n'
	few = f"Traceback (most recent call last):\n{frame}ValueError: not enough values to unpack (expected 3, got 2)\n"
	many = f"Traceback (most recent call last):\n{frame}ValueError: too many values to unpack (expected 3)\n"
	assert identify(None, few).fingerprint == identify(None, many).fingerprint


CODE = st.lists(
	st.sampled_from(["f", "r", '"', "'", '"""', "{", "}", "{{", "{0", "%s", "%(a)s", "%", "\\", "\\n", "_(", ")", ".format(", ",", " word", " ", "é", "+"]),
	max_size=60,
).map("".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
	code=CODE, call=st.sampled_from(["raise X(", "frappe.throw(", "raise X(f"]), message=st.text(max_size=80)
)
def test_any_statement_can_be_read(code: str, call: str, message: str) -> None:
	text = raised(call + code, message.replace("\n", " "))
	assert identify(None, text) == identify(None, text)
