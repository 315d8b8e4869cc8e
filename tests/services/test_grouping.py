"""Issues merged and taken apart: nothing lost, nothing doubled, whoever collects meanwhile."""

from __future__ import annotations

import random
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.services.test_collection import add_rows, collect, counts, now_of
from verenigingen.core.errors import identify
from verenigingen.core.model import ErrorRow
from verenigingen.exceptions import BadArgument, CollectorBusy, NotFound
from verenigingen.host import Host
from verenigingen.services.analytics import analyze_error_patterns
from verenigingen.services.batch import Batch, gather, issue_name
from verenigingen.services.collection import LOCK
from verenigingen.services.grouping import Merge, merge_issues, unmerge_issue
from verenigingen.services.issues import ignore_issue
from verenigingen.services.rollup import write

TABLES = ("Error Issue", "Error Issue Day", "Error Issue User", "Error Issue Facet", "Error Issue Alias")
STAMPS = {"creation", "modified", "merged_at"}
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon")


def name_of(word: str) -> str:
	return issue_name(identify(f"{word} failed", "no traceback").fingerprint)


def events(seed: int, count: int, words: tuple[str, ...] = WORDS) -> list[tuple[ErrorRow, datetime]]:
	"""Made-up events of several errors, over ten days, by a few users."""
	rng = random.Random(seed)
	made = []
	for number in range(count):
		when = datetime(2026, 11, 1) + timedelta(minutes=rng.randrange(10 * 24 * 60))
		facets = (("Entry Point", f"GET /{rng.choice('ab')}"), ("DocType", rng.choice(("Member", "ToDo"))))
		user = rng.choice((None, "p.jansen@vereniging.example", "s.bakker@vereniging.example"))
		word = rng.choice(words)
		made.append(
			(ErrorRow(f"{seed}-{number}", when, f"{word} failed", "no traceback", user, facets), when)
		)
	return made


def take(host: Host, rows: list[tuple[ErrorRow, datetime]], source: str = "Error Log") -> None:
	batch = Batch()
	gather(batch, rows, host.secrets.pseudonym)
	with host.store.transaction(LOCK):
		write(host, source, batch)


def content(host: Host, *, without: tuple[str, ...] = ()) -> dict[str, list[Any]]:
	"""Everything kept of issues, times of writing aside."""
	kept = {}
	for table in TABLES:
		columns = sorted(host.store.columns(f"tab{table}") - STAMPS - set(without))
		rows = host.store.query(f"SELECT {', '.join(f'`{c}`' for c in columns)} FROM `tab{table}`")
		kept[table] = sorted(rows, key=str)
	return kept


def value(host: Host, name: str, column: str) -> Any:
	return host.store.query(f"SELECT {column} FROM `tabError Issue` WHERE name = %s", (name,))[0][0]


def sums(host: Host) -> tuple[int, int, int]:
	issues = host.store.query("SELECT SUM(event_count) FROM `tabError Issue`")[0][0]
	days = host.store.query("SELECT SUM(event_count) FROM `tabError Issue Day`")[0][0]
	orphans = host.store.query(
		"SELECT COUNT(*) FROM `tabError Issue Day` d JOIN `tabError Issue` i ON i.name = d.issue"
		" WHERE i.status = 'Merged'"
	)[0][0]
	return int(issues), int(days), int(orphans)


def test_a_merged_issue_has_the_sums_of_its_parts(host: Host) -> None:
	take(host, events(1, 400))
	alone = {word: int(value(host, name_of(word), "event_count")) for word in WORDS}
	first = min(str(value(host, name_of(word), "first_seen")) for word in WORDS[:3])
	a, b, c = (name_of(word) for word in WORDS[:3])
	assert merge_issues(host, a, [b, c], "one outage", by_user=True) == Merge(a, (b, c))
	assert int(value(host, a, "event_count")) == sum(alone[word] for word in WORDS[:3])
	assert str(value(host, a, "first_seen")) == first
	assert (value(host, b, "status"), value(host, b, "merged_into")) == ("Merged", a)
	assert value(host, a, "sources") == f'{{"Error Log": {value(host, a, "event_count")}}}'
	assert sums(host) == (400, 400, 0)
	for table in ("Day", "User", "Facet"):
		left = host.store.query(
			f"SELECT COUNT(*) FROM `tabError Issue {table}` WHERE issue IN (%s, %s)", (b, c)
		)
		assert left == [(0,)]


def test_later_events_of_a_merged_fingerprint_are_counted_in_the_target(host: Host) -> None:
	take(host, events(1, 100))
	a, b = name_of("alpha"), name_of("beta")
	merge_issues(host, a, [b], "same", by_user=True)
	before = int(value(host, a, "event_count"))
	take(host, events(2, 60, ("beta",)), "Scheduled Job Log")
	assert int(value(host, a, "event_count")) == before + 60
	assert int(value(host, b, "event_count")) == 0
	assert sums(host) == (160, 160, 0)


@pytest.mark.parametrize("seed", range(4))
def test_taken_apart_everything_is_as_if_never_merged(host: Host, seed: int) -> None:
	"""Random merges, also of merged issues, with events before, between and after; then all are undone."""
	rng = random.Random(seed)
	names = [name_of(word) for word in WORDS]
	batches = [events(10 * seed + step, 80) for step in range(5)]
	for batch in batches:
		take(host, batch)
	expected = content(host)
	for table in TABLES:
		host.store.execute(f"DELETE FROM `tab{table}`")
	take(host, batches[0])
	for step, batch in enumerate(batches[1:]):
		target, *others = rng.sample(names, rng.choice((2, 3)))
		merge_issues(host, target, others, f"step {step}")
		take(host, batch)
		assert sums(host) == (80 * (step + 2), 80 * (step + 2), 0)
	merged = [row[0] for row in host.store.query("SELECT name FROM `tabError Issue` WHERE status = 'Merged'")]
	assert merged
	rng.shuffle(merged)
	for name in merged:
		unmerge_issue(host, name, pin=False)
		assert sums(host) == (400, 400, 0)
	assert content(host, without=("merged_into",)) == {
		table: [
			tuple(cell for cell, column in zip(row, columns, strict=True) if column != "merged_into")
			for row in rows
		]
		for table, rows in expected.items()
		for columns in [sorted(host.store.columns(f"tab{table}") - STAMPS)]
	}


def test_merging_again_changes_nothing_and_chains_are_flat(host: Host) -> None:
	take(host, events(1, 100))
	a, b, c, d, _ = (name_of(word) for word in WORDS)
	merge_issues(host, a, [b], "one")
	merge_issues(host, c, [a], "two")
	whole = content(host)
	assert merge_issues(host, c, [b, a], "again").merged == ()
	assert merge_issues(host, b, [a, c], "again") == Merge(c, ())
	assert content(host) == whole
	assert merge_issues(host, b, [d], "by a merged name").issue == c
	assert {value(host, name, "merged_into") for name in (a, b, d)} == {c}
	reasons = dict(host.store.query("SELECT name, reason FROM `tabError Issue Alias`"))
	assert reasons == {a: "two", b: "one", c: "its own", d: "by a merged name"}


@pytest.mark.parametrize(
	("target", "other", "becomes"),
	[
		("Open", "Resolved", "Open"),
		("Resolved", "Open", "Open"),
		("Ignored", "Regressed", "Regressed"),
		("Regressed", "Open", "Regressed"),
		("Resolved", "Ignored", "Resolved"),
		("Ignored", "Resolved", "Ignored"),
	],
)
def test_an_unsolved_issue_stays_visible(host: Host, target: str, other: str, becomes: str) -> None:
	take(host, events(1, 60))
	a, b = name_of("alpha"), name_of("beta")
	repaired = datetime(2027, 1, 1)
	for name, status in ((a, target), (b, other)):
		at = repaired if status == "Resolved" else None
		host.store.execute(
			"UPDATE `tabError Issue` SET status = %s, resolved_at = %s WHERE name = %s", (status, at, name)
		)
	merge_issues(host, a, [b], "same")
	assert value(host, a, "status") == becomes
	assert (value(host, a, "resolved_at") is None) == (becomes != "Resolved")
	unmerge_issue(host, b)
	assert value(host, b, "status") == other
	assert value(host, a, "status") == target
	assert (value(host, a, "resolved_at") is None) == (target != "Resolved")


def test_what_was_decided_after_a_merge_outlives_it(host: Host) -> None:
	take(host, events(1, 60))
	a, b, c, *_ = (name_of(word) for word in WORDS)
	host.store.execute(
		"UPDATE `tabError Issue` SET status = 'Resolved', resolved_at = %s WHERE name IN (%s, %s)",
		(datetime(2027, 1, 1), a, c),
	)
	merge_issues(host, a, [b, c], "same")
	unmerge_issue(host, c)
	assert (value(host, a, "status"), value(host, c, "status")) == (
		"Open",
		"Resolved",
	)  # b is still part of it
	ignore_issue(host, a)
	unmerge_issue(host, b)
	assert (value(host, a, "status"), value(host, b, "status")) == ("Ignored", "Open")


def test_an_error_that_came_back_while_merged_is_no_more_solved_alone(host: Host) -> None:
	take(host, events(1, 60, WORDS[:2]))
	a, b = name_of("alpha"), name_of("beta")
	host.store.execute(
		"UPDATE `tabError Issue` SET status = 'Resolved', resolved_at = %s WHERE name = %s",
		(datetime(2026, 11, 20), a),
	)
	merge_issues(host, a, [b], "same")
	late = datetime(2026, 11, 23)
	take(host, [(ErrorRow("late", late, "alpha failed", "no traceback", None, ()), late)])
	unmerge_issue(host, b)
	assert value(host, a, "status") == "Regressed"


def test_a_pinned_issue_is_merged_by_people_only(host: Host) -> None:
	take(host, events(1, 100))
	a, b, c, *_ = (name_of(word) for word in WORDS)
	host.store.execute("UPDATE `tabError Issue` SET pinned = 1 WHERE name = %s", (b,))
	result = merge_issues(host, a, [b, c], "mined")
	assert result.merged == (c,) and "pinned" in result.left[b]
	result = merge_issues(host, b, [a], "mined")
	assert result.merged == () and set(result.left) == {a, b}
	assert merge_issues(host, a, [b], "a person", by_user=True).merged == (b,)
	# what a person put together holds a pinned issue, so no algorithm moves it on
	assert merge_issues(host, name_of("delta"), [a], "mined").merged == ()


def test_what_was_taken_apart_is_not_merged_again_by_an_algorithm(host: Host) -> None:
	take(host, events(1, 100))
	a, b = name_of("alpha"), name_of("beta")
	merge_issues(host, a, [b], "mined")
	assert unmerge_issue(host, b) == a
	assert merge_issues(host, a, [b], "mined").merged == ()


def test_what_cannot_be_done_is_said(host: Host) -> None:
	take(host, events(1, 100))
	a, b = name_of("alpha"), name_of("beta")
	with pytest.raises(NotFound, match="no error issue nonesuch"):
		merge_issues(host, a, [b, "nonesuch"], "x")
	with pytest.raises(NotFound, match="no error issue nonesuch"):
		unmerge_issue(host, "nonesuch")
	for name in (a, b):
		with pytest.raises(BadArgument, match="is not merged"):
			unmerge_issue(host, name)
		merge_issues(host, a, [b], "x")
		if name == a:
			unmerge_issue(host, b)
	assert sums(host) == (100, 100, 0)


def test_an_alias_of_an_issue_that_is_gone_holds_nothing_up(host: Host) -> None:
	take(host, events(1, 50, ("alpha", "beta")))
	merge_issues(host, name_of("alpha"), [name_of("beta")], "x")
	for table in TABLES[:4]:
		host.store.execute(f"DELETE FROM `tab{table}`")
	take(host, events(2, 20, ("beta",)))
	assert int(value(host, name_of("beta"), "event_count")) == 20


def test_analyses_see_one_issue_with_all_events_and_each_user_once(host: Host) -> None:
	now = now_of(host)
	for word in WORDS[:2]:
		add_rows(
			host,
			[f"{word}{i}" for i in range(6)],
			now - timedelta(hours=1),
			method=word,
			error=f"{word} failed",
		)
	collect(host)
	before = analyze_error_patterns(host, 7)
	names = [row[0] for row in host.store.query("SELECT name FROM `tabError Issue`")]
	merge_issues(host, names[0], names[1:], "same")
	after = analyze_error_patterns(host, 7)
	assert after["total_errors"] == before["total_errors"] == 12
	assert (before["total_issues"], after["total_issues"]) == (2, 1)
	[issue] = after["patterns"]["recurring_issues"]
	assert issue["count"] == 12 and issue["users"] == 1


def test_merging_while_others_collect_loses_and_doubles_nothing(host: Host) -> None:
	words = [f"{'abcdefghijkl'[i] * 4}" for i in range(12)]
	past = now_of(host) - timedelta(days=1)

	def log(part: int) -> None:
		for word in words:
			names = [f"{part}-{word}-{i}" for i in range(50)]
			add_rows(host, names, past, method="x", error=f"{word} failed")

	log(0)
	collect(host)
	stop, failures, done = threading.Event(), [], []

	def shuffle(seed: int) -> None:
		rng = random.Random(seed)
		while not stop.is_set():
			names = [row[0] for row in host.store.query("SELECT name FROM `tabError Issue`")]
			try:
				if rng.random() < 0.6:
					target, *others = rng.sample(names, 3)
					done.append(merge_issues(host, target, others, "race", by_user=True).merged)
				else:
					unmerge_issue(host, rng.choice(names))
			except (BadArgument, CollectorBusy):
				continue
			except Exception as error:
				failures.append(error)
				return

	threads = [threading.Thread(target=shuffle, args=(seed,)) for seed in range(2)]
	for thread in threads:
		thread.start()
	try:
		for part in range(1, 8):
			log(part)
			while collect_some(host):
				pass
	finally:
		stop.set()
		for thread in threads:
			thread.join()
	collect(host)
	assert failures == [] and any(done)
	rows = 8 * 12 * 50
	assert counts(host) == (rows, rows, rows)
	assert sums(host) == (rows, rows, 0)
	for (name,) in host.store.query("SELECT name FROM `tabError Issue` WHERE status = 'Merged'"):
		unmerge_issue(host, name)
	each = host.store.query("SELECT event_count FROM `tabError Issue`")
	assert [int(row[0]) for row in each] == [8 * 50] * 12
	assert host.store.query("SELECT COUNT(*) FROM `tabError Issue Alias`") == [(0,)]


def collect_some(host: Host) -> bool:
	"""Collects until nothing is left, or another holds the lock for too long; true in that case."""
	try:
		collect(host)
	except AssertionError as error:
		if "Another" not in str(error):
			raise
		return True
	return False
