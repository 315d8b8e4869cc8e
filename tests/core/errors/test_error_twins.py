"""When two records are one event: by id, by text, by the job, and never by chance over hours."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from verenigingen.core.errors.twins import (
	CLOSE,
	EXACT,
	JOB,
	TRACE,
	Trail,
	clipped,
	close_digest,
	exact_digest,
	job_method,
	rank,
)

NOW = datetime(2026, 11, 3, 10)
PLAIN = """Traceback (most recent call last):
  File "apps/frappe/frappe/app.py", line 114, in application
    response = frappe.api.handle(request)
               ^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "apps/club/club/dues.py", line 9, in collect
    fee = plan["annual fee {n}"]
KeyError: 'plan {n}'"""
WITH_LOCALS = """Traceback with variables (most recent call last):
  File "apps/club/club/dues.py", line 12, in collect
    fee = plan["annual fee {n}"]
      plan = {{}}
      self = <club.dues.Plan object at 0x7f1122334455>
builtins.KeyError: 'plan {n}'"""


def trail(source: str, seconds: float = 0, **values: str) -> Trail:
	given = {"trace": "", "exact": "", "close": "", "job": "", **values}
	return Trail(source, NOW + timedelta(seconds=seconds), **given)


def test_one_raised_exception_has_one_close_digest_in_every_format() -> None:
	assert close_digest("", PLAIN.format(n=1)) == close_digest("other title", WITH_LOCALS.format(n=1))


def test_values_keep_two_events_of_one_bug_apart() -> None:
	assert close_digest("", PLAIN.format(n=1)) != close_digest("", PLAIN.format(n=2))


def test_a_text_without_frames_stands_for_itself_and_its_title() -> None:
	assert close_digest("a", "text") != close_digest("b", "text")
	assert close_digest("", "") == exact_digest("  ") == ""


def test_long_texts_are_compared_as_sources_keep_them() -> None:
	long = "a" * 40_000 + "middle" + "b" * 40_000
	assert exact_digest(long) == exact_digest(clipped(long)) == exact_digest(long.replace("middle", "other!"))
	assert len(clipped(long)) < 66_000


REQUEST, LOG = "Failed Request", "Error Log"
CASES = [
	(
		"same text an hour later, written deferred",
		trail(REQUEST, exact="e"),
		trail(LOG, 3600, exact="e"),
		EXACT,
	),
	("same text of another job an hour later", trail("RQ Job", exact="e"), trail(LOG, 3600, exact="e"), None),
	("same exception at once", trail("RQ Job", close="c"), trail(LOG, -2, close="c"), CLOSE),
	("same exception a minute later", trail("RQ Job", close="c"), trail(LOG, 60, close="c"), None),
	("request without full text, flushed", trail(REQUEST, close="c"), trail(LOG, 900, close="c"), CLOSE),
	(
		"request with full text, other row",
		trail(REQUEST, exact="e", close="c"),
		trail(LOG, 900, close="c"),
		None,
	),
	("row long before the request", trail(REQUEST, close="c"), trail(LOG, -900, close="c"), None),
	(
		"one id, one exception",
		trail(REQUEST, trace="t", close="c"),
		trail(LOG, 900, trace="t", close="c"),
		TRACE,
	),
	(
		"one id, another error",
		trail(REQUEST, trace="t", close="c"),
		trail(LOG, 1, trace="t", close="d"),
		None,
	),
	("one id, request without text", trail(REQUEST, trace="t"), trail(LOG, 900, trace="t", close="d"), TRACE),
	("two ids, same text", trail(REQUEST, trace="t", exact="e"), trail(LOG, 1, trace="u", exact="e"), None),
	("job's method as title", trail("RQ Job", job="a.b"), trail(LOG, 1, job="a.b"), JOB),
	("one source", trail(LOG, close="c"), trail(LOG, close="c"), None),
	("nothing known", trail(REQUEST), trail(LOG), None),
]


@pytest.mark.parametrize(
	("one", "other", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_rank(one: Trail, other: Trail, expected: int | None) -> None:
	assert rank(one, other) == rank(other, one) == expected


@pytest.mark.parametrize(
	("title", "method"),
	[("club.dues.collect", "club.dues.collect"), ("KeyError", ""), ("a. b", ""), ("x" * 10_000 + ".y", "")],
)
def test_job_method(title: str, method: str) -> None:
	assert job_method(title) == method
