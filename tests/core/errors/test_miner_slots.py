"""When words that differ are values, and when they are two errors."""

from __future__ import annotations

import pytest

from verenigingen.core.errors.mining import mine

ONE = [
	("user after a preposition", ["session closed for user " + name for name in ("cyrus", "news", "root")]),
	("a sure value in the same place", ["chdir(/home/a) failed", "chdir(pwd) failed"]),
	("in quotes, and a value elsewhere", ["no plan 'gold7' here", "no plan 'basic' here"]),
	("many classes", [f"Registering {name} now" for name in ("a.b.Cat", "a.b.Dog", "x.y.Fish")]),
	(
		"two places at once",
		[
			"from a.b.Cat to x.y.Dog",
			"from a.b.Cow to x.y.Pig",
			"from a.b.Fox to x.y.Owl",
			"from a.b.Bat to x.y.Ant",
		],
	),
	(
		"names of one word or four",
		[
			f"Mandate {number} of {name} expires on 2025-05-22"
			for number, name in enumerate(("Piet de Vries", "Sanne Brouwer", "Jan van den Berg", "Madonna"))
		],
	),
	(
		"many words after a preposition",
		[f"no seat for {name} left" for name in "ada bob cy dee eva flo".split()],
	),
	(
		"three names, four words equal",
		[f"lid {name} heeft geen machtiging" for name in ("joost", "sanne", "piet")],
	),
	("weekdays", [f"backup ended on {day}" for day in ("Monday", "Tuesday", "Sunday")]),
	(
		"states after a preposition",
		[f"invoice {n} set to {s}" for n, s in enumerate(("paid", "cancelled", "returned"))],
	),
	(
		"many states",
		[
			f"node {n} is now {s}"
			for n, s in enumerate(("idle", "blocked", "waiting", "draining", "sleeping"))
		],
	),
	(
		"abbreviations in names",
		[f"cannot open a {name} twice" for name in ("SEPA Mandate", "Bank Account", "Sales Invoice")],
	),
	(
		"a class of words, seen in another place",
		[f"welcome back dear user {name} of ours" for name in ("alice", "bob", "carol")]
		+ [f"welcome back dear user {name} of ours" for name in ("bob", "carol")],
	),
	("lists of other lengths", ["sold: a1", "sold: a1, b2", "sold: a1, b2, c3"]),
]
APART = [
	(
		"outcomes in another language",
		[f"lid 7 is {word} vandaag" for word in ("aangemeld", "afgemeld", "opgezegd")],
	),
	("three outcomes", [f"job {word}" for word in ("started", "stopped", "failed")]),
	("nothing else is said", ["cancelAutohide", "closeQuietly", "handleUpdate", "getRinger", "onWake"]),
	("what a service answered", [f"link en0: {word}" for word in ("Ready", "Idle", "Gone")]),
	("fields", [f"now {name} = 5" for name in ("brightnessIn", "brightnessOut", "brightnessMax")]),
	("two outcomes", ["connection refused", "connection reset"]),
	("four states", [f"[id: 7] VM {state} (event)" for state in ("Started", "Paused", "Stopped", "Resumed")]),
	(
		"the subject",
		[f"{name} startup succeeded" for name in ("cupsd", "syslogd", "klogd", "portmap", "crond")],
	),
	("shouted states", [f"task 5 went from RUNNING to {state}" for state in ("FAILED", "KILLED", "DONE")]),
	("labels", [f"{name} is 5" for name in ("maxRetries", "idleTimeout", "minSize")]),
	("functions", [f"Error in {name}: value is empty" for name in ("pay_dues", "send_mail", "join_club")]),
	(
		"classes of errors",
		[f"stopped by {name}" for name in ("KeyError", "IOError", "java.net.BindException")],
	),
	("document types", ["Could not submit Sales Invoice A-1", "Could not submit Payment Entry A-1"]),
	("one word more", ["disk full", "disk full again"]),
]


@pytest.mark.parametrize(("name", "messages"), ONE, ids=[case[0] for case in ONE])
def test_one_template(name: str, messages: list[str]) -> None:
	assert len(set(mine(messages))) == 1, mine(messages)


@pytest.mark.parametrize(("name", "messages"), APART, ids=[case[0] for case in APART])
def test_templates_of_their_own(name: str, messages: list[str]) -> None:
	assert len(set(mine(messages))) == len(messages), mine(messages)


def test_words_of_one_class_are_values_in_pairs_elsewhere() -> None:
	seen = [f"user {name} signed in from home" for name in ("alice", "bob", "carol", "dave")]
	pair = ["quota full: alice", "quota full: bob"]
	assert len(set(mine(pair))) == 2
	assert len(set(mine(seen + pair)[-2:])) == 1


def test_outcomes_never_become_a_class() -> None:
	seen = [f"state of {n} set to {word}" for n, word in enumerate(("started", "stopped", "failed"))]
	assert len(set(mine([*seen, "service started", "service stopped"])[-2:])) == 2


def test_a_rare_form_fits_the_template_of_many() -> None:
	many = [
		f"user {name} may not read {page}"
		for name in ("ada", "bob", "cy", "dee")
		for page in ("home", "news", "list")
	]
	found = mine([*many, "user zed may not read shop"])
	assert set(found) == {"user <*> may not read <*>"}
	assert set(mine(["user zed may not read shop", *many[::-1]])) == set(found)
