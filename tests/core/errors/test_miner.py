"""The miner as a whole: order, restart, bounds, reasons, unions, and real logs."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.messages import read_logs, score
from tests.support.shared_data import shared_data
from verenigingen.core.errors.mining import Miner, message_of, mine, mine_templates, unions
from verenigingen.exceptions import BadArgument

WORDS = "session opened closed for user root news 17 by mail /a/b of a.b.Cat a.b.Dog Jan de Vries ( ) : , = failed"


def talk(rng: random.Random, lines: int) -> list[str]:
	"""Messages of few words, so that many are alike."""
	words = WORDS.split()
	return [" ".join(rng.choice(words) for _ in range(rng.randint(1, 6))) for _ in range(lines)]


def test_order_repetition_and_restart_change_nothing() -> None:
	rng = random.Random(5)
	messages = talk(rng, 1_500)
	expected = dict(zip(messages, mine_templates(messages), strict=True))
	for _ in range(3):
		rng.shuffle(messages)
		assert dict(zip(messages, mine_templates(messages), strict=True)) == expected
	assert set(mine(messages + messages[:200])) == {template.text for template in expected.values()}
	miner = Miner()
	for message in messages[:700]:
		miner.add(message)
		if rng.random() < 0.01:
			miner.template(message)  # asking in between learns, and must leave no trace
	miner = Miner.from_state(json.loads(json.dumps(miner.state())))
	for message in messages[700:]:
		miner.add(message)
	assert {message: miner.template(message) for message in messages} == expected


def test_too_many_forms_are_bounded_the_same_way_in_any_order() -> None:
	messages = [f"{a}x {b}y {c}z" for a in "abcdefgh" for b in "abcdefgh" for c in "abcdefgh"] * 2
	states = []
	for seed in range(3):
		random.Random(seed).shuffle(messages)
		miner = Miner(limit=50)
		for message in messages:
			miner.add(message)
		states.append(miner.state())
		again = Miner.from_state(miner.state())
		assert again.state() == miner.state() and again.templates() == miner.templates()
	assert states[0] == states[1] == states[2]
	assert len(states[0]["forms"]) == 50
	assert states[0]["folded"] + sum(states[0]["forms"].values()) == len(messages)


def test_a_message_never_seen_gets_the_template_it_belongs_to() -> None:
	miner = Miner()
	for name in ("cyrus", "news", "root"):
		miner.add(f"session closed for user {name}", count=4)
	seen = miner.template("session closed for user piet")
	assert seen.text == "session closed for user <*>" and seen.lines == 12
	assert "12 lines share 4 words; 1 position varies" in seen.reason and "for user" in seen.reason
	assert not any(name in seen.reason for name in ("cyrus", "news", "root"))
	strange = miner.template("disk 5 is full")
	assert strange == ("disk <*> is full", 0, "0 lines of 3 words; 1 position varies")
	assert miner.templates() == [seen]


@pytest.mark.parametrize(
	"state",
	[
		{},
		{"version": 0, "forms": {}},
		{"version": 1, "forms": []},
		{"version": 1, "forms": {"a": -1}},
		{"version": 1, "forms": {"a": True}},
		{"version": 1, "forms": {}, "limit": "x"},
		{"version": 1, "forms": {}, "limit": 0},
		{"version": 1, "forms": {}, "folded": None},
	],
)
def test_a_state_that_is_none_is_refused(state: dict[str, object]) -> None:
	with pytest.raises(BadArgument):
		Miner.from_state(state)


@settings(max_examples=60, deadline=None)
@given(
	st.lists(st.text(max_size=60) | st.sampled_from(talk(random.Random(1), 40)), max_size=25), st.randoms()
)
def test_any_messages_in_any_order(messages: list[str], rng: random.Random) -> None:
	first = dict(zip(messages, mine(messages), strict=True))
	rng.shuffle(messages)
	assert dict(zip(messages, mine(messages), strict=True)) == first


def test_unions_join_fingerprints_of_one_template() -> None:
	messages = {
		"c": "Mandate: Mandate <id> of Sanne Brouwer expires on <n>",
		"a": "Mandate: Mandate <id> of Piet de Vries expires on <n>",
		"b": "Mandate: Mandate <id> of Jan van den Berg expires on <n>",
		"d": "Queue: <n> jobs wait in default",
		"e": "",
		"f": " ",
	}
	found = unions(messages)
	assert [union.fingerprints for union in found] == [("a", "b", "c")]
	assert found[0].template == "Mandate: Mandate <*> of <*> expires on <*>"
	assert "3 lines share" in found[0].reason and "Sanne" not in found[0].reason
	assert unions(dict(reversed(messages.items()))) == found
	assert unions({}) == [] == unions({"d": messages["d"]})


def test_the_message_of_a_cut_title_comes_from_the_sample() -> None:
	assert message_of("Queue: 5 jobs", "Queue\n5 jobs") == "Queue: 5 jobs"
	assert message_of("Queue: 5 jo…", "5 jobs wait\nQueue\nmore") == "Queue: 5 jobs wait"
	assert message_of("Queue…", "") == "Queue…"


def test_real_logs_with_one_setting() -> None:
	logs = read_logs(shared_data("logs"))
	assert len(logs) >= 8
	found = {name: score(truth, mine(messages)) for name, (messages, truth) in logs.items()}
	means = [sum(values) / len(found) for values in zip(*found.values(), strict=True)]
	assert means[0] >= 0.93 and means[1] >= 0.92 and means[2] >= 0.985, found
	assert min(row.accuracy for row in found.values()) >= 0.60, found
	assert min(row.pair_precision for row in found.values()) >= 0.98, found


def test_messages_that_name_other_columns_are_no_union() -> None:
	told = {name: f"Unknown column '{name}' in <value>" for name in ("due_on", "paid_on", "seen_on")}
	assert unions(told) == []
