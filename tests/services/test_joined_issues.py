"""Issues of one error written down in different ways become one, in a site that collects."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta

import pytest

from tests.services.test_collection import add_rows, collect, counts, now_of
from verenigingen.core.errors import identify
from verenigingen.host import Host
from verenigingen.services import joined_issues
from verenigingen.services.batch import issue_name
from verenigingen.services.grouping import merge_issues, pin_issue, unmerge_issue
from verenigingen.services.joined_issues import SEEN, join_issues

HEAD = "Traceback (most recent call last):\n"
NONE = "TypeError: 'NoneType' object is not subscriptable"
Writing = tuple[str, str]


def frame(function: str, statement: str, module: str = "club/dues.py", app: str = "club") -> str:
	return f'  File "apps/{app}/{module}", line 7, in {function}\n    {statement}\n'


def traced(function: str, statement: str, error: str, inner: str = "") -> Writing:
	return "Nightly run failed", f"{HEAD}{frame(function, statement)}{inner}{error}\n"


RENEWAL = traced("create_renewal", 'fee = plan["fee"]', NONE)
QUIET_RENEWAL = ("Error in renew_quietly: 'NoneType' object is not subscriptable", "Renewal")
CARD = traced("print_card", 'name = person["name"]', NONE)
QUIET_CARD = ("Card", "Error in card_quietly: 'NoneType' object is not subscriptable")
IBAN = traced(
	"check_iban",
	'frappe.throw(_("IBAN {0} is not valid").format(iban))',
	"club.FeeError: IBAN X1 is not valid",
)
SAID_IBAN = ("Import", "IBAN NL91ABNA0417164300 is not valid")
INNER = frame(
	"make_request", "response.raise_for_status()", "frappe/integrations/utils.py", "frappe"
) + frame("send", "raise HTTPError(answer)", "frappe/integrations/post.py", "frappe")
REFUSED = "requests.exceptions.HTTPError: 402 Client Error: Payment Required for url: http://x/y1"
CHARGE = traced("charge_donor", "return make_post_request(donor_address, data)", REFUSED, INNER)
INNER_CHARGE = ("Error", f"{HEAD}{INNER}{REFUSED}\n")
ERRORS = [{RENEWAL, QUIET_RENEWAL}, {CARD, QUIET_CARD}, {IBAN, SAID_IBAN}, {CHARGE, INNER_CHARGE}]
WRITINGS = sorted(writing for error in ERRORS for writing in error)


def name_of(writing: Writing) -> str:
	return issue_name(identify(*writing).fingerprint)


def add(host: Host, *writings: Writing, key: str = "", days: int = 1) -> None:
	for number, (title, text) in enumerate(writings):
		when = now_of(host) - timedelta(days=days, minutes=number)
		add_rows(host, [f"{key}{name_of((title, text))}-{n}" for n in (1, 2)], when, method=title, error=text)


def partition(host: Host) -> set[frozenset[Writing]]:
	"""Which writings share an issue."""
	into = dict(host.store.query("SELECT name, merged_into FROM `tabError Issue`"))
	found: dict[str, set[Writing]] = {}
	for writing in WRITINGS:
		name = name_of(writing)
		if name in into:
			found.setdefault(into[name] or name, set()).add(writing)
	return set(map(frozenset, found.values()))


EXPECTED = set(map(frozenset, ERRORS))


def test_two_writings_of_an_error_become_one_issue_and_look_alikes_stay_two(host: Host) -> None:
	assert len({name_of(writing) for writing in WRITINGS}) == len(WRITINGS)
	add(host, *WRITINGS)
	collect(host)
	assert partition(host) == EXPECTED
	assert counts(host) == (16, 16, 16)
	rows = host.store.query("SELECT name, event_count FROM `tabError Issue` WHERE status <> 'Merged'")
	# those with own code are what people see
	assert dict(rows) == {name_of(one): 4 for one in (RENEWAL, CARD, IBAN, CHARGE)}
	reasons = dict(host.store.query("SELECT name, reason FROM `tabError Issue Alias`"))
	assert "without traceback: the group that has a traceback" in reasons[name_of(QUIET_RENEWAL)]
	assert "renew" in reasons[name_of(QUIET_RENEWAL)]
	assert "inside Frappe" in reasons[name_of(INNER_CHARGE)]


@pytest.mark.parametrize("step", [1, 3])
def test_the_order_of_arrival_does_not_matter(host: Host, step: int) -> None:
	# the messages first, each long before its traceback; then the other way round
	told = sorted(WRITINGS, key=lambda one: ("own code" if one[1].count("apps/club") else "", one))
	order = told if step == 1 else told[::-1]
	for start in range(0, len(order), step):
		add(host, *order[start : start + step], days=9 - start)
		collect(host)
	assert partition(host) == EXPECTED
	rows = host.store.query("SELECT name FROM `tabError Issue` WHERE status <> 'Merged'")
	assert {row[0] for row in rows} == {name_of(one) for one in (RENEWAL, CARD, IBAN, CHARGE)}


def test_what_fits_two_errors_stays_alone(host: Host) -> None:
	twice = traced("renew_all", 'day = member["day"]', NONE)
	gift = traced(
		"check_gift",
		'frappe.throw(_("IBAN {0} is not valid").format(gift.iban))',
		"club.FeeError: IBAN X1 is not valid",
	)
	add(host, RENEWAL, twice, QUIET_RENEWAL, IBAN, gift, SAID_IBAN)
	collect(host)
	assert host.store.query("SELECT COUNT(*) FROM `tabError Issue` WHERE status <> 'Merged'")[0][0] == 6


def test_what_users_took_apart_stays_apart_and_is_given_to_nobody_else(host: Host) -> None:
	add(host, RENEWAL, QUIET_RENEWAL)
	collect(host)
	assert partition(host) == {frozenset((RENEWAL, QUIET_RENEWAL))}
	unmerge_issue(host, name_of(QUIET_RENEWAL))
	add(host, RENEWAL, QUIET_RENEWAL, CARD, key="again-")
	collect(host)
	assert partition(host) == {frozenset((one,)) for one in (RENEWAL, QUIET_RENEWAL, CARD)}
	pin_issue(host, name_of(CARD), True)
	add(host, QUIET_CARD)
	collect(host)
	assert frozenset((QUIET_CARD,)) in partition(host)


def test_what_users_merged_is_not_drawn_along(host: Host) -> None:
	add(host, CARD, QUIET_RENEWAL)
	collect(host)
	merge_issues(host, name_of(CARD), [name_of(QUIET_RENEWAL)], "by hand", by_user=True)
	add(host, RENEWAL)
	collect(host)
	assert partition(host) == {frozenset((CARD, QUIET_RENEWAL)), frozenset((RENEWAL,))}


def test_messages_already_joined_by_their_template_follow_one_of_them(host: Host) -> None:
	add(host, SAID_IBAN)
	other = ("Upload", "IBAN DE02120300000000202051 is not valid")
	add(host, other, key="other-")
	collect(host)
	merge_issues(host, name_of(SAID_IBAN), [name_of(other)], "one template")
	add(host, IBAN)
	collect(host)
	into = dict(host.store.query("SELECT name, merged_into FROM `tabError Issue`"))
	assert into[name_of(SAID_IBAN)] == into[name_of(other)] == name_of(IBAN)


def test_clues_hold_no_values_and_come_to_issues_of_an_earlier_version(host: Host) -> None:
	said = (
		"Refund",
		"Refund for member 'Aaltje Zwaanswijk' at /club/Zwaanswijk of aaltje@zwaanswijk.example failed",
	)
	add(host, said, RENEWAL)
	collect(host)
	kept = [row[0] for row in host.store.query("SELECT clues FROM `tabError Issue` WHERE clues IS NOT NULL")]
	assert len(kept) == 2 and all(json.loads(one) for one in kept)
	assert not any("zwaan" in one.lower() or "aaltj" in one.lower() for one in kept)
	host.store.execute("UPDATE `tabError Issue` SET clues = NULL")
	add(host, RENEWAL, QUIET_RENEWAL, key="again-")
	collect(host)
	assert frozenset((RENEWAL, QUIET_RENEWAL)) in partition(host)


def test_nothing_is_read_where_nothing_was_added(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
	add(host, *WRITINGS)
	collect(host)
	monkeypatch.setattr(joined_issues, "_issues", lambda host: pytest.fail("read again"))
	assert join_issues(host, seconds=60).finished
	add(host, RENEWAL, key="more-")
	collect(host)
	assert partition(host) == EXPECTED


def test_out_of_time_is_said_and_gone_on_with(host: Host) -> None:
	for one in itertools.islice(WRITINGS, 8):
		add(host, one)
	collect_nothing_joined(host)
	assert join_issues(host, seconds=-1).finished is False
	assert host.cache.get(SEEN) is None
	assert join_issues(host, seconds=60).finished
	assert partition(host) == EXPECTED


def collect_nothing_joined(host: Host) -> None:
	"""Collects as if all issues came at once, and none was compared yet."""
	collect(host)
	for name, into in host.store.query("SELECT name, merged_into FROM `tabError Issue`"):
		if into:
			unmerge_issue(host, name, pin=False)
	host.cache.clear(SEEN)
