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
	("lists of other lengths", ["sold: a1", "sold: a1, b2", "sold: a1, b2, c3"]),
]
APART = [
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
