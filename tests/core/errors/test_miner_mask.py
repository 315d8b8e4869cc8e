"""What one message alone shows to be a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verenigingen.core.errors.mining.mask import MESSAGE_LIMIT, Masker, fold, mask_word, split

# name, message, form
CASES = [
	("number", "Row 12 is wrong", "Row <*> is wrong"),
	("number in brackets with a unit", "took (250ms)", "took (<*>)"),
	("unit after a blank", "took 3.5 seconds and read 12 kB", "took <*> and read <*>"),
	("comparison", "lifetime <1 sec", "lifetime <*>"),
	("amount said twice", "sent 14267 bytes (13.9 KB) now", "sent <*> now"),
	("word that ends with a digit", "worker7 died", "<*> died"),
	("hexadecimal", "at 0x12af93a0, mask 0x08", "at <*>, mask <*>"),
	("address and port", "from 10.2.3.4:8080 to [::1]:80", "from <*> to [::<*>]:<*>"),
	("hardware address", "chip FF:F2:9F:16:CF:0F:00:0D:60:EA:84:1F up", "chip <*> up"),
	("host and port", "open mesos.cluster.lan:5050 again", "open <*> again"),
	("host", "resolve mail.vereniging.example.", "resolve <*>."),
	("country host", "login from www.club.nl", "login from <*>"),
	("setting's name is no host", "http.requests.mapreduce is not defined", None),
	("mail", "mail to piet@club.example bounced", "mail to <*> bounced"),
	("URL with query", "for url: https://a.b/c?d=e&f=g (Caused", "for url: <*> (Caused"),
	("path", "cannot open /var/lib/x-y: denied", "cannot open <*>: denied"),
	("Windows path", r"write C:\temp\a.b failed", "write <*> failed"),
	("one slash is no path", "Input/output error", None),
	("key and value", "uid=root gid=5 mode=a-b", "uid=<*> gid=<*> mode=<*>"),
	("key and quoted value", 'tag="Low battery" on', "tag=<*> on"),
	("truth value", "ready:true, last None", "ready:<*>, last <*>"),
	("empty brackets are an unknown value", "connection from 10.0.0.1 () at 5", "connection from <*> at <*>"),
	("date", "at Tue Jul 26 05:47:42 2005 again", "at <*> again"),
	("date of a zone", "since Sat Sep 17 07:49:04 PDT 2005", "since <*>"),
	("ISO time", "at 2025-04-03T16:39:47+02:00 sharp", "at <*> sharp"),
	("list", "delete blk_1 blk_2, blk_3", "delete <*>"),
	("list of pairs", "r1=0x1 r2=0x2 r3=0x3", "<*>=<*>"),
	("list of phrases", "bad: row 1 of a, row 2 of a, row 3 of a", "bad: row <*> of a"),
	("masks of others", "Invoice <id> of <iban:3f2a> to <mail>", "Invoice <*> of <*> to <*>"),
	("dots that lead to a value", "illegal instruction......0", "illegal instruction....<*>"),
	("cut in a bracket", "no answer (", "no answer"),
	("blanks", " a\t\tb \n c ", "a b c"),
	("nothing", "", ""),
]


@pytest.mark.parametrize(("name", "message", "form"), CASES, ids=[case[0] for case in CASES])
def test_form(name: str, message: str, form: str | None) -> None:
	assert Masker().form(message) == (message if form is None else form)


@given(st.text(max_size=80))
def test_any_text_has_a_form_that_stays_what_it_is(text: str) -> None:
	masker = Masker()
	form = masker.form(text)
	assert masker.form(text) == form == Masker().form(text)
	blanks, atoms = split(form)
	assert len(blanks) == len(atoms) and all(atoms)


@given(st.lists(st.sampled_from(["a", "<*>", ",", "b", ";"]), max_size=40))
def test_what_is_folded_keeps_its_order_and_its_words(atoms: list[str]) -> None:
	kept = fold(tuple(atoms))
	assert kept == sorted(set(kept))
	assert {atoms[place] for place in kept} | {",", ";"} >= set(atoms)


def test_a_long_message_counts_up_to_a_whole_word() -> None:
	begin = "word " * (MESSAGE_LIMIT // 5 - 1)
	assert Masker().form(begin + "cut7through" * 50) == begin.strip()
	assert Masker().form("x" * 10_000_000) == "x" * MESSAGE_LIMIT
	hostile = ["(" * 10**6, "a." * 10**6, "=" * 10**6, 'k="' * 10**6, "ab:" * 10**6, "\ud800\x00é" * 10**6]
	for text in hostile:
		assert len(Masker().form(text)) <= MESSAGE_LIMIT


def test_a_word_is_looked_at_once() -> None:
	masker = Masker()
	masker.form("job7 of job7")
	assert masker._words == {"job7": "<*>", "of": "of"} and mask_word("job7") == "<*>"
