"""Door between the pure rules and a document: applies a rule to a field and refuses with a sentence that names it.

Kept apart from `rules.py` so that the rules stay importable without Frappe, and from the controllers so that every
DocType says the same thing about the same mistake.
"""

from collections.abc import Iterable
from datetime import date

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html, flt, getdate, today

from verenigingen.verenigingen import rules


def label(doc: Document, fieldname: str) -> str:
	"""The field's label as the user sees it, with the row number in front when it stands in a table."""
	text = _(doc.meta.get_label(fieldname))
	return _("Row {0}, {1}").format(doc.idx, text) if doc.meta.istable else text


def explain(problem: rules.Problem, field_label: str) -> str:
	"""The sentence of a problem, safe to show as HTML."""
	sentences = {
		"iban_country": _("{field} is not an IBAN: no country with IBANs has the code {country}."),
		"iban_length": _(
			"{field} is not an IBAN: it has {actual} characters, an IBAN of {country} has {expected}."
		),
		"iban_structure": _(
			"{field} is not an IBAN: letters and digits are not where an IBAN of {country} has them."
		),
		"iban_checksum": _(
			"{field} is not a valid IBAN: the check digits do not match, please look for a typing error."
		),
		"bic_length": _("{field} is not a BIC: it has {actual} characters, a BIC has 8 or 11."),
		"bic_country": _("{field} is not a BIC: {country} is not a country code."),
		"bic_structure": _(
			"{field} is not a BIC: four letters, a country, then letters or digits are expected."
		),
		"mandate_id_length": _("{field} must have 1 to {limit} characters, not {actual}."),
		"mandate_id_characters": _("{field} holds characters that SEPA does not allow: {characters}"),
		"mandate_id_slash": _("{field} must not start or end with a slash, nor hold two in a row."),
	}
	values = {name: escape_html(str(value)) for name, value in problem.values.items()}
	return sentences[problem.code].format(field=field_label, **values)


def as_text(doc: Document, *fieldnames: str) -> None:
	"""Takes numbers for text, as a script that sends a member number may; refuses lists and objects."""
	for fieldname in fieldnames:
		value = doc.get(fieldname)
		if isinstance(value, int | float) and not isinstance(value, bool):
			doc.set(fieldname, str(value))
		elif value is not None and not isinstance(value, str):
			frappe.throw(_("{0} must be text.").format(label(doc, fieldname)), title=_("Not a text"))


def check_link(doc: Document, fieldname: str, doctype: str) -> None:
	"""Refuses a link to nothing. Frappe itself lets one pass where the field fetches values from its target."""
	value = doc.get(fieldname)
	if value and not frappe.db.exists(doctype, value):
		frappe.throw(
			_("{0}: there is no {1} {2}.").format(label(doc, fieldname), _(doctype), escape_html(str(value))),
			frappe.LinkValidationError,
		)


def check_iban(doc: Document, fieldname: str = "iban") -> None:
	"""Stores the IBAN compact and in capitals; refuses what is none (IBN-01)."""
	if not doc.get(fieldname):
		return
	number = rules.compact_iban(doc.get(fieldname))
	doc.set(fieldname, number)
	if problem := rules.iban_problem(number):
		frappe.throw(explain(problem, label(doc, fieldname)), title=_("Invalid IBAN"))


def check_bic(doc: Document, fieldname: str = "bic") -> None:
	"""Stores the BIC compact and in capitals; refuses what is none."""
	if not doc.get(fieldname):
		return
	number = rules.compact_bic(doc.get(fieldname))
	doc.set(fieldname, number)
	if problem := rules.bic_problem(number):
		frappe.throw(explain(problem, label(doc, fieldname)), title=_("Invalid BIC"))


def bic_mismatch(doc: Document) -> str | None:
	"""A sentence when BIC and IBAN, both already checked, name different countries."""
	if not doc.bic or not doc.iban or rules.bic_fits_iban(doc.bic, doc.iban):
		return None
	return _("{0} belongs to country {1}, but the IBAN to {2}.").format(
		label(doc, "bic"), doc.bic[4:6], doc.iban[:2]
	)


def check_account(doc: Document) -> None:
	"""IBAN and BIC of one account. Different countries are unusual but lawful, so they are only pointed out."""
	as_text(doc, "iban", "bic")
	check_iban(doc)
	check_bic(doc)
	mismatch = bic_mismatch(doc)
	if mismatch and (doc.has_value_changed("iban") or doc.has_value_changed("bic")):
		frappe.msgprint(mismatch, title=_("Please check the BIC"), indicator="orange")


def check_order(
	doc: Document, earlier: str, later: str, *, allow_same: bool = True, parent: Document | None = None
) -> None:
	"""Refuses two dates of the document in the wrong order; the earlier one may be the parent's."""
	first = parent or doc
	if not rules.wrong_order(_date(first, earlier), _date(doc, later), allow_same=allow_same):
		return
	message = _("{0} must not be before {1}.") if allow_same else _("{0} must be after {1}.")
	frappe.throw(message.format(label(doc, later), label(first, earlier)), title=_("Dates in wrong order"))


def check_not_future(doc: Document, fieldname: str) -> None:
	"""Refuses a date after today."""
	if rules.wrong_order(_date(doc, fieldname), getdate(today())):
		frappe.throw(
			_("{0} must not be in the future.").format(label(doc, fieldname)), title=_("Date in the future")
		)


def check_amount(row: Document, fieldname: str = "amount") -> None:
	"""Refuses an amount that is not above zero."""
	if flt(row.get(fieldname)) <= 0:
		frappe.throw(_("{0} must be above zero.").format(label(row, fieldname)), title=_("Invalid amount"))


def check_once(values: Iterable[str], message: str) -> None:
	"""Refuses values that stand more than once; `message` is translated and has one place for them."""
	if again := rules.repeated(values):
		frappe.throw(message.format(escape_html(", ".join(again))), title=_("Duplicate rows"))


def _date(doc: Document, fieldname: str) -> date | None:
	value = doc.get(fieldname)
	return getdate(value) if value else None
