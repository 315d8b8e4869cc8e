"""Entry points name methods and DocTypes, never ids, documents or people."""

from __future__ import annotations

import pytest

from verenigingen.core.errors.entry import Entry, entry, filled

PAGES = {"/contact", "/members/list"}
CASES: list[tuple[str, dict[str, object], Entry]] = [
	("/api/method/club.dues.collect", {}, Entry("/api/method/club.dues.collect", "", "")),
	("/api/v1/method/club.dues", {}, Entry("/api/v1/method/club.dues", "", "")),
	("/api/v2/method/Member/renew", {}, Entry("/api/v2/method/{doctype}/renew", "Member", "")),
	("/api/resource/Member/M-0001", {}, Entry("/api/resource/{doctype}/{name}", "Member", "M-0001")),
	("/api/resource/Sales%20Invoice", {}, Entry("/api/resource/{doctype}", "Sales Invoice", "")),
	(
		"/api/v2/document/Member/jan@x.nl/method/renew/",
		{},
		Entry("/api/v2/document/{doctype}/{name}/method/renew", "Member", "jan@x.nl"),
	),
	(
		"/api/method/run_doc_method",
		{"dt": "Member", "dn": "M-1", "method": "renew"},
		Entry("/api/method/run_doc_method {doctype}.renew", "Member", "M-1"),
	),
	(
		"/api/method/frappe.client.get",
		{"doctype": "Member", "name": "Jansen"},
		Entry("/api/method/frappe.client.get {doctype}", "Member", "Jansen"),
	),
	("/", {"cmd": "club.pay"}, Entry("/api/method/club.pay", "", "")),
	(
		"/api/method/frappe.desk.query_report.run",
		{"report_name": "Dues"},
		Entry("/api/method/frappe.desk.query_report.run Dues", "", ""),
	),
	("/api/method/<script>", {}, Entry("/api/method/(unknown)", "", "")),
	("/api/resource/<b>/x", {}, Entry("/api/resource/{doctype}/{name}", "", "x")),
	("/api/frobnicate", {}, Entry("/api/(unknown)", "", "")),
	("/app/member/Jansen", {}, Entry("/app", "", "")),
	("/files/passport-jansen.pdf", {}, Entry("/files/{file}", "", "")),
	("/contact", {}, Entry("/contact", "", "")),
	("/jan-jansen", {}, Entry("/{page}", "", "")),
	("/" + "a" * 100_000, {}, Entry("/{page}", "", "")),
	("", {}, Entry("/{page}", "", "")),
	("/api/method/x", {"doctype": ["a"], "name": 7}, Entry("/api/method/x", "", "")),
]


@pytest.mark.parametrize(("path", "form", "expected"), CASES, ids=[case[0][:50] for case in CASES])
def test_entry(path: str, form: dict[str, object], expected: Entry) -> None:
	assert entry(path, form, PAGES.__contains__) == expected


def test_only_known_doctypes_and_verbs_are_shown() -> None:
	assert filled("GET", "/api/resource/{doctype}", "Member") == "GET /api/resource/Member"
	assert filled("FROB", "/api/resource/{doctype}", "") == "(verb) /api/resource/(unknown)"
