"""Groups that are one error written down in two ways are joined; in doubt they stay apart, in every order."""

from __future__ import annotations

import random

from verenigingen.core.errors import Linker, examine, lasting_clues
from verenigingen.core.errors.clues import PACKED_LIMIT, pack, unpack
from verenigingen.core.errors.link import KEPT

HEAD = "Traceback (most recent call last):\n"
NONE = "TypeError: 'NoneType' object is not subscriptable"
JOB = '  File "apps/frappe/frappe/utils/background_jobs.py", line 2, in execute_job\n    method(**kwargs)\n'
Event = tuple[str, str]


def frame(function: str, statement: str, module: str = "club/dues.py", app: str = "club") -> str:
	return f'  File "apps/{app}/{module}", line 7, in {function}\n    {statement}\n'


def own(function: str, statement: str, error: str, *outer: str, title: str = "Nightly run failed") -> Event:
	return title, f"{HEAD}{''.join(outer)}{frame(function, statement)}{error}\n"


RENEWAL = own("create_renewal", 'fee = plan["fee"]', NONE)
CARD = own("print_card", 'name = person["name"]', NONE)
QUIET_RENEWAL = ("Error in renew_quietly: 'NoneType' object is not subscriptable", "Renewal")
IBAN = own(
	"check_iban",
	'frappe.throw(_("IBAN {0} is not valid").format(iban))',
	"club.FeeError: IBAN X1 is not valid",
)


def groups(*events: Event) -> list[str]:
	"""The group of each event; the same in every order of arrival."""
	found: list[list[str]] = []
	for seed in range(4):
		linker, names = Linker(), [""] * len(events)
		order = list(range(len(events)))
		random.Random(seed).shuffle(order)
		for place in order:
			identity, clues = examine(*events[place])
			linker.add(identity.fingerprint, clues)
			names[place] = identity.fingerprint
		links = linker.links()
		found.append([links[name].group if name in links else name for name in names])
	assert all(one == found[0] for one in found)
	return found[0]


def joined(*events: Event) -> bool:
	"""Whether the first two events share a group."""
	found = groups(*events)
	return found[0] == found[1]


def test_a_message_without_traceback_follows_the_error_that_its_head_names() -> None:
	assert joined(RENEWAL, QUIET_RENEWAL, CARD)
	assert joined(CARD, ("Card", "Error in card_quietly: 'NoneType' object is not subscriptable"), RENEWAL)


def test_it_stays_apart_where_nothing_or_too_much_fits() -> None:
	assert not joined(CARD, QUIET_RENEWAL)
	assert not joined(RENEWAL, ("Sync", "'NoneType' object is not subscriptable"))
	twice = own("renew_all", 'day = member["day"]', NONE)
	assert not joined(RENEWAL, QUIET_RENEWAL, twice)


def test_a_message_of_ones_own_needs_no_head_but_a_single_place() -> None:
	said = ("Import", "IBAN NL91ABNA0417164300 is not valid")
	assert joined(IBAN, said)
	other = own("check_iban_of_gift", 'frappe.throw(_("IBAN {0} is not valid").format(gift.iban))', "club.FeeError: IBAN X1 is not valid")  # fmt: skip
	assert not joined(IBAN, said, other)


def test_the_words_of_the_message_itself_are_no_evidence() -> None:
	refused = "requests.ConnectionError: HTTPConnectionPool(host='a', port=1): Max retries exceeded with url: /pay/ab1"
	gateway = own("charge", "gateway.get(payment, order)", refused)
	message = "HTTPConnectionPool(host='b', port=1): Max retries exceeded with url: /lookup?code=1"
	assert not joined(gateway, ("Address Lookup", f"Error in fill_address: {message}"))
	assert joined(gateway, ("Payment gateway", f"Error in charge: {message[:80]}"))


def test_a_title_that_frappe_has_cut() -> None:
	long = "Invoice DINV-1 of the association in Utrecht was paid with tr_1 and cannot be paid for a second time by a transfer of the bank that is not ours at all"  # fmt: skip
	error = own("mark_paid", "frappe.throw(message)", f"club.FeeError: {long}")
	assert joined(error, ("Invoices", f"Error in mark_paid_quietly: {long}"[:140]))


def test_a_traceback_from_within_the_framework() -> None:
	inner = frame("make_request", "response.raise_for_status()", "frappe/integrations/utils.py", "frappe")
	inner += '  File "env/lib/python3.11/site-packages/requests/models.py", line 1, in raise_for_status\n    raise HTTPError(m)\n'
	error = "requests.exceptions.HTTPError: 402 Client Error: Payment Required for url: http://x/y1\n"
	outer = frame("charge_card", "return make_post_request(card_address, data)")
	within, whole = ("Error", HEAD + inner + error), ("m", HEAD + outer + inner + error)
	assert joined(whole, within)
	second = (
		"m",
		HEAD + frame("charge_gift", "return make_post_request(gift_address, data)") + inner + error,
	)
	assert not joined(whole, within, second)


def test_the_cause_that_frappe_16_logs_in_place_of_the_exception() -> None:
	message = "Row of Jan cannot be imported"
	raised = own(
		"import_rows",
		'raise FeeError(f"Row of {name} cannot be imported") from e',
		f"club.FeeError: {message}",
	)
	cause = own(
		"import_rows", "number = int(row.value)", "ValueError: invalid literal for int()", title=message
	)
	elsewhere = own(
		"import_lines", "number = int(row.value2)", "ValueError: invalid literal for int()", title=message
	)
	assert joined(raised, cause)
	assert not joined(raised, elsewhere)


def test_a_function_renamed_and_a_module_moved_under_a_commonplace_statement() -> None:
	caller = frame("approve_application", "refuse(applicant, plan)")
	error = "club.FeeError: Applicant Jan de Wit is too young for it"
	before = own("check", "frappe.throw(", error, caller)
	after = own("refuse", "frappe.throw(", error, caller)
	assert joined(before, after)
	assert not joined(before, own("refuse", "frappe.throw(", error, frame("add_guest", "refuse(guest)")))
	assert not joined(
		before, own("refuse", "frappe.throw(", "club.FeeError: Applicant has no guardian on file", caller)
	)
	moved = (
		"m",
		HEAD + frame("run", "save_note(doc)") + frame("save_note", "doc.save()", "club/desk.py") + NONE,
	)
	there = (
		"m",
		HEAD + frame("run", "save_note(doc)") + frame("save_note", "doc.save()", "club/notes.py") + NONE,
	)
	assert joined(moved, there)
	hooks = [("m", text.replace("save_note", "validate")) for _, text in (moved, there)]
	assert not joined(*hooks)


def test_other_lines_of_one_statement() -> None:
	first = own("count", "rows = frappe.qb.from_(member)", "club.FeeError: no rows")
	last = own("count", ").run()", "club.FeeError: no rows")
	assert joined(first, last)


def test_what_is_kept_of_a_group_is_bounded_and_does_not_depend_on_the_order() -> None:
	many = [own("create_renewal", 'fee = plan["fee"]', NONE, title=f"title {'abcdefghij'[n % 10] * (4 + n // 10)}") for n in range(400)]  # fmt: skip
	found = groups(*many, QUIET_RENEWAL)
	assert len(set(found)) == 1
	linker = Linker()
	for event in many:
		identity, clues = examine(*event)
		linker.add(identity.fingerprint, clues)
	(group,) = linker._groups.values()
	assert len(group.titles) <= KEPT and len(group.words) <= KEPT


def test_clues_are_written_down_and_read_back() -> None:
	deep = "".join(frame(f"step_{n}", f"step_{n + 1}()", "frappe/desk.py", "frappe") for n in range(60))
	for event in (RENEWAL, QUIET_RENEWAL, IBAN, ("Queue", "'member'"), ("\ud800", "\x00 lone")):
		clues = lasting_clues(*event)
		assert unpack(pack(clues)) == clues
	inner = lasting_clues("m", f"{HEAD}{deep}{NONE}\n")
	outer = lasting_clues("m", f"{HEAD}{frame('pay', 'send(plan, fee)')}{deep}{NONE}\n")
	read, read_outer = unpack(pack(inner)), unpack(pack(outer))
	assert read is not None and read.path == ()  # a part of it would fit to more than the whole
	assert read_outer is not None and read_outer.path == outer.path[-40:]


def test_what_is_long_is_not_written_down_and_what_is_broken_not_read() -> None:
	statement = " + ".join(f"part_{n}" for n in range(3_000))
	packed = pack(lasting_clues(*own("add", statement, "club.FeeError: no parts")))
	assert len(packed) <= PACKED_LIMIT
	broken = ("", "[", "{}", "1", "null", "[1,2]", '["own","","",1,0,null,"",[],[]]', "[" * 100_000)
	assert [unpack(one) for one in broken] == [None] * len(broken)
	assert unpack('["own","k","m",["a"],0,["x"],"",[],[]]') is None


def test_what_may_be_a_name_is_no_lasting_clue() -> None:
	title = "Letter to 'Zwaanswijk' failed"
	text = own("send_letter", "post(letter, person)", "club.FeeError: no address of Aaltje Zwaanswijk at /p/Zwaanswijk")  # fmt: skip
	for event in ((title, text[1]), (title, "No address of Aaltje Zwaanswijk in /p/zwaanswijk")):
		assert "zwaan" in examine(*event)[1].words
		clues = lasting_clues(*event)
		assert not {"zwaan", "aaltj"} & clues.words and "lette" in clues.words
		assert "waans" not in pack(clues)


def remote(helper: str, call: str, caller: str) -> Event:
	return (
		"Sync",
		f"{HEAD}{frame(caller, f'return {call}(url, key)', 'club/isbn.py')}{frame(call, 'answer = send(url)', helper)}"
		f"{frame('send', 'raise problem', helper)}requests.exceptions.ConnectionError: refused by 10.0.0.7\n",
	)


def test_a_remote_helper_of_several_functions_is_told_by_its_caller() -> None:
	one, other = (
		remote("club/http.py", "get_json", "find_isbn"),
		remote("club/http.py", "get_json", "find_cover"),
	)
	assert not joined(one, other)
	assert joined(one, remote("club/utils/http.py", "fetch_json", "find_isbn"), other)


def test_a_statement_whose_module_was_moved_is_one_error() -> None:
	def fails(module: str, function: str, caller: str = "print_cards") -> Event:
		outer, inner = (
			frame(caller, "draw()", "club/jobs.py"),
			frame(function, "return total / count", module),
		)
		return "Cards", f"{HEAD}{outer}{inner}ZeroDivisionError: division by zero\n"

	assert joined(fails("club/fines.py", "average_fine"), fails("club/services/fines.py", "average_fine"))
	assert not joined(fails("club/fines.py", "average_fine"), fails("club/fines.py", "average_days"))
	assert not joined(
		fails("club/fines.py", "average_fine"), fails("club/dues.py", "average_fine", "other_job")
	)


def test_a_key_of_the_program_that_is_all_that_was_said_finds_its_error() -> None:
	def missing(key: str) -> Event:
		return own("lend", f'number = reader["{key}"]', f"KeyError: '{key}'")

	assert joined(missing("pass_number"), ("Lending failed", "'pass_number'"), missing("shelf_code"))
	assert not joined(missing("pass_number"), ("Lending failed", "'shelf_code'"))


def test_own_words_of_a_common_exception_are_telling() -> None:
	raised = own(
		"extend",
		'raise ValueError(f"cannot extend by {weeks} weeks")',
		"ValueError: cannot extend by -2 weeks",
	)
	assert joined(raised, ("Desk", "cannot extend by -7 weeks"), CARD)


def test_document_types_of_an_unknown_app_are_no_names() -> None:
	def refused(doctype: str) -> Event:
		raising = frame(
			"refuse",
			'raise PermissionError(f"No {ptype} permission for {self.doctype}")',
			"frappe/model/document.py",
			"frappe",
		)
		return (
			"Desk",
			f"{HEAD}{frame('check', 'doc.check()')}{raising}frappe.exceptions.PermissionError: No write permission for {doctype}\n",
		)

	assert not joined(refused("Bus Loan"), refused("Bus Fine"))
