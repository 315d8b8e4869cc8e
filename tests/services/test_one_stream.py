"""Several sources, one stream: each event once, whichever record comes first, whatever is killed in between."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.services.test_collection import now_of
from verenigingen.collectors import failed_requests
from verenigingen.exceptions import CacheUnavailable
from verenigingen.host import Host
from verenigingen.host.on_local.schema import create_table
from verenigingen.host.port import JobFailure
from verenigingen.services import job_logging
from verenigingen.services.monitoring import collect_all, collector_states
from verenigingen.standalone.import_errors import TABLE

PLAIN = """Traceback (most recent call last):
  File "apps/club/club/dues.py", line 9, in collect
    fee = plan["fee"]
KeyError: '{what}'"""
FULL = """Traceback with variables (most recent call last):
  File "apps/club/club/dues.py", line 9, in collect
    fee = plan["fee"]
      plan = <dict at 0x7f0000{what}>
builtins.KeyError: '{what}'"""


class MemorySpool:
	"""A spool in a list, which can be down."""

	def __init__(self) -> None:
		self.entries: list[str] = []
		self.left: dict[str, int] = {}
		self.aside: tuple[str, dict[str, int]] = ("", {})
		self.down = False

	def waiting(self, limit: int) -> list[str]:
		if self.down:
			raise CacheUnavailable("down")
		return self.entries[:limit]

	def discard(self, count: int) -> None:
		if self.down:
			raise CacheUnavailable("down")
		del self.entries[:count]

	def counts(self) -> tuple[str, dict[str, int]]:
		if not self.aside[0] and self.left:
			self.aside, self.left = (uuid.uuid4().hex, self.left), {}
		return self.aside

	def settle(self, token: str) -> None:
		if self.aside[0] == token:
			self.aside = ("", {})


class Site:
	"""A site with every source, and ways to make it fail."""

	def __init__(self, host: Host) -> None:
		self.spool = MemorySpool()
		self.jobs: list[JobFailure] = []
		self.host = replace(host, spool=self.spool, queue=self)  # type: ignore[arg-type]
		self.tables: Any = host.store
		for table, fields in TABLES.items():
			create_table(self.tables.execute, self.tables.columns, self.tables.dialect, table, fields)

	def failed(self) -> list[str]:
		return [job.name for job in self.jobs]

	def failures(self, names: list[str]) -> list[JobFailure]:
		return [job for job in self.jobs if job.name in names]

	def overview(self) -> None:
		return None

	def log(self, text: str, when: datetime, owner: str = "Administrator", **values: object) -> None:
		row = {"name": uuid.uuid4().hex, "method": "KeyError", "error": text, "owner": owner}
		self.tables.insert(TABLE, [{**row, "creation": when, "modified": when, **values}])

	def request(self, when: datetime, text: str = "", **values: object) -> None:
		aware = when.replace(tzinfo=self.host.clock.now().tzinfo)
		noted = {"id": uuid.uuid4().hex, "at": aware.timestamp(), "status": 500, "verb": "POST"}
		noted |= {"route": "/api/method/club.dues.collect", "user": "anna@club.example", "text": text}
		self.spool.entries.append(json.dumps(noted | values))

	def collect(self) -> None:
		assert {result["error"] for result in collect_all(self.host, 300)} == {None}

	def events(self) -> int:
		issues = self.host.store.query("SELECT COALESCE(SUM(event_count), 0) FROM `tabError Issue`")[0][0]
		days = self.host.store.query("SELECT COALESCE(SUM(event_count), 0) FROM `tabError Issue Day`")[0][0]
		rows = sum(state["collected_rows"] for state in collector_states(self.host))
		joined = self.host.store.query("SELECT COALESCE(SUM(joined_rows), 0) FROM `tabCollector State`")[0][0]
		assert int(issues) == int(days) == rows - int(joined)
		return int(issues)

	def hours(self) -> dict[int, int]:
		found: dict[int, int] = {}
		for (hours,) in self.host.store.query("SELECT hours FROM `tabError Issue Day`"):
			for hour, count in enumerate(hours.split(",")):
				if int(count):
					found[hour] = found.get(hour, 0) + int(count)
		return found

	def facets(self, kind: str) -> dict[str, int]:
		sql = "SELECT value, SUM(event_count) FROM `tabError Issue Facet` WHERE kind = %s GROUP BY value"
		return {value: int(count) for value, count in self.host.store.query(sql, (kind,))}

	def users(self) -> dict[str, int]:
		rows = self.host.store.query("SELECT user, SUM(event_count) FROM `tabError User Day` GROUP BY user")
		return {user: int(count) for user, count in rows}


TABLES: dict[str, dict[str, str]] = {
	"tabScheduled Job Log": {"status": "Data", "details": "Code", "scheduled_job_type": "Data"},
	"tabScheduled Job Type": {
		"method": "Data",
		"frequency": "Data",
		"create_log": "Check",
		"stopped": "Check",
	},
	"tabEmail Queue": {
		"status": "Data",
		"error": "Code",
		"reference_doctype": "Data",
		"reference_name": "Data",
	},
	"tabIntegration Request": {
		"status": "Data",
		"error": "Code",
		"integration_request_service": "Data",
		"reference_doctype": "Data",
		"reference_docname": "Data",
	},
	"tabWebhook Request Log": {"error": "Text", "webhook": "Data", "user": "Data"},
	"tabHas Role": {"parent": "Data", "parenttype": "Data", "role": "Data"},
	"tabInstalled Application": {"app_name": "Data", "app_version": "Data"},
	"tabDocType": {},
}


@pytest.fixture
def site_of(host: Host) -> Site:
	return Site(host)


def past(host: Host, **ago: float) -> datetime:
	return now_of(host).replace(microsecond=0) - timedelta(**ago)


def test_a_request_and_its_late_row_are_one_event_at_the_true_time_of_the_true_user(site_of: Site) -> None:
	when = past(site_of.host, hours=5)
	site_of.request(when, FULL.format(what="a"), exact=True)
	site_of.log(FULL.format(what="a"), when + timedelta(hours=2))
	site_of.collect()
	site_of.collect()
	assert site_of.events() == 1
	assert site_of.hours() == {when.hour: 1}
	assert site_of.users() == {site_of.host.secrets.pseudonym("anna@club.example"): 1}
	assert site_of.facets("Source") == {"Failed Request": 1, "Error Log": 1}
	assert site_of.facets("Entry Point") == {"POST /api/method/club.dues.collect": 1}


def test_the_row_first_and_the_request_later_move_the_event_to_its_true_time_and_user(site_of: Site) -> None:
	when = past(site_of.host, hours=5)
	site_of.log(FULL.format(what="a"), when + timedelta(hours=2), "flusher@club.example")
	site_of.collect()
	assert site_of.hours() == {(when + timedelta(hours=2)).hour: 1}
	site_of.request(when, FULL.format(what="a"), exact=True)
	site_of.collect()
	assert site_of.events() == 1
	assert site_of.hours() == {when.hour: 1}
	assert site_of.users() == {site_of.host.secrets.pseudonym("anna@club.example"): 1}
	[[first, last]] = site_of.host.store.query("SELECT first_seen, last_seen FROM `tabError Issue`")
	assert str(first)[:19] == str(last)[:19] == str(when)[:19]


def test_a_row_of_the_same_text_is_another_event_once_the_first_was_joined(site_of: Site) -> None:
	when = past(site_of.host, hours=1)
	site_of.log(FULL.format(what="a"), when + timedelta(minutes=20))
	site_of.collect()
	site_of.request(when, FULL.format(what="a"), exact=True)
	site_of.collect()
	site_of.log(FULL.format(what="a"), when + timedelta(minutes=21))
	site_of.collect()
	assert site_of.events() == 2


def test_matching_is_one_to_one(site_of: Site) -> None:
	when = past(site_of.host, hours=1)
	for second in range(3):
		site_of.request(when + timedelta(seconds=10 * second), PLAIN.format(what="a"))
	for second in range(5):
		site_of.log(FULL.format(what="a"), when + timedelta(minutes=10, seconds=second))
	site_of.collect()
	assert site_of.events() == 5


def test_two_requests_that_took_the_same_text_still_find_both_rows(site_of: Site) -> None:
	when = past(site_of.host, hours=1)
	site_of.request(when, FULL.format(what="a"), exact=True)
	site_of.request(when, FULL.format(what="a"), exact=True)
	site_of.log(FULL.format(what="a"), when + timedelta(minutes=9))
	site_of.log(FULL.format(what="a").replace("0x7f", "0x6e"), when + timedelta(minutes=9))
	site_of.collect()
	assert site_of.events() == 2


def test_what_the_app_logged_itself_and_what_frappe_logged_are_one_failed_request(site_of: Site) -> None:
	when = past(site_of.host, hours=1)
	site_of.log(PLAIN.format(what="a"), when - timedelta(milliseconds=40), "anna@club.example")
	site_of.request(when, FULL.format(what="a"), exact=True)
	site_of.log(FULL.format(what="a"), when + timedelta(minutes=9))
	site_of.collect()
	assert site_of.events() == 1


def test_a_request_without_text_takes_its_issue_from_the_row_of_the_same_id(site_of: Site) -> None:
	when = past(site_of.host, hours=1)
	site_of.request(when, trace="t1")
	site_of.collect()
	site_of.log(FULL.format(what="a"), when + timedelta(minutes=9), trace_id="t1")
	site_of.collect()
	assert site_of.events() == 1
	[[title]] = site_of.host.store.query("SELECT title FROM `tabError Issue`")
	assert title.startswith("KeyError")


def test_different_ids_are_different_events_although_the_text_is_one(site_of: Site) -> None:
	when = past(site_of.host, hours=1)
	site_of.request(when, FULL.format(what="a"), exact=True, trace="t1")
	site_of.log(FULL.format(what="a"), when, trace_id="t2")
	site_of.collect()
	assert site_of.events() == 2


def job(site: Site, when: datetime, text: str, method: str = "club.dues.collect") -> None:
	aware = when.replace(tzinfo=site.host.clock.now().tzinfo)
	site.jobs.append(JobFailure(uuid.uuid4().hex, aware, method, "long", "anna@club.example", text, ""))


def test_a_failed_job_and_its_row_are_one_event_in_either_order(site_of: Site) -> None:
	when = past(site_of.host, hours=1)
	job(site_of, when, PLAIN.format(what="a"))
	site_of.log(FULL.format(what="a"), when - timedelta(seconds=1))
	site_of.log(FULL.format(what="b"), when)
	site_of.collect()
	job(site_of, when, PLAIN.format(what="b"))
	site_of.collect()
	assert site_of.events() == 2
	assert site_of.facets("Entry Point") == {"job club.dues.collect": 2}


def test_a_row_that_shows_only_the_cause_is_known_by_the_job_s_method(site_of: Site) -> None:
	when = past(site_of.host, hours=1)
	job(site_of, when, PLAIN.format(what="a"))
	site_of.log(
		'Traceback…\n  File "x.py", line 1, in f\n    g()\nOSError: cause', when, method="club.dues.collect"
	)
	site_of.collect()
	assert site_of.events() == 1


def test_tables_of_failures_are_collected_with_their_entry_points(site_of: Site) -> None:
	when = past(site_of.host, hours=1)
	times = {"creation": when, "modified": when, "owner": "anna@club.example"}
	insert = site_of.tables.insert
	insert(
		"tabScheduled Job Type", [{"name": "dues.collect", "method": "club.dues.collect", "create_log": 1}]
	)
	logs = [
		{"name": "l1", "status": "Failed", "details": PLAIN.format(what="job")},
		{"name": "l2", "status": "Complete", "details": ""},
	]
	insert("tabScheduled Job Log", [{**log, "scheduled_job_type": "dues.collect", **times} for log in logs])
	mails = [
		{"name": "m1", "status": "Error", "error": "no"},
		{"name": "m2", "status": "Not Sent", "error": "x"},
	]
	insert(
		"tabEmail Queue",
		[{**mail, "reference_doctype": "Member", "reference_name": "M1", **times} for mail in mails],
	)
	calls = [
		{"name": "i1", "status": "Failed", "error": "{}"},
		{"name": "i2", "status": "Completed", "error": ""},
	]
	insert(
		"tabIntegration Request",
		[{**call, "integration_request_service": "Mollie", **times} for call in calls],
	)
	hooks = [{"name": "w1", "error": PLAIN.format(what="hook")}, {"name": "w2", "error": ""}]
	insert(
		"tabWebhook Request Log",
		[{**hook, "webhook": "HOOK-1", "user": "anna@club.example", **times} for hook in hooks],
	)
	site_of.collect()
	site_of.collect()
	assert site_of.events() == 4
	assert set(site_of.facets("Entry Point")) == {
		"scheduled job club.dues.collect",
		"mail queue",
		"integration Mollie",
		"webhook HOOK-1",
	}
	assert site_of.facets("DocType") == {"Member": 1}


def test_a_scheduled_job_that_fails_later_than_it_began_is_seen_at_once(site_of: Site) -> None:
	site_of.collect()
	now = now_of(site_of.host)
	row = {"name": "l1", "status": "Failed", "details": PLAIN.format(what="job"), "scheduled_job_type": "x"}
	site_of.tables.insert(
		"tabScheduled Job Log", [{**row, "creation": now - timedelta(hours=6), "modified": now}]
	)
	site_of.collect()
	assert site_of.events() == 1


def test_versions_and_roles_of_an_event(site_of: Site) -> None:
	insert, when = site_of.tables.insert, past(site_of.host, hours=2)
	installed = {"name": "a", "app_name": "club", "app_version": "1.2.0", "creation": when, "modified": when}
	insert("tabInstalled Application", [installed])
	roles = [
		{"name": str(i), "parenttype": "User", "parent": "anna@club.example", "role": role}
		for i, role in enumerate(("All", "Treasurer"))
	]
	insert("tabHas Role", roles)
	site_of.log(FULL.format(what="a"), when + timedelta(hours=1), "anna@club.example")
	site_of.log(FULL.format(what="a"), when - timedelta(hours=1), "jan@club.example")
	site_of.request(when, PLAIN.format(what="b"), versions={"club": "1.3.0"})
	site_of.collect()
	assert site_of.facets("App Version") == {"club 1.2.0": 1, "club 1.3.0": 1}
	assert site_of.facets("Role") == {"Treasurer": 2}


KILLED_AT: dict[str, tuple[object, str]] = {
	"before its commit": (failed_requests, "collect_source"),
	"after its commit": (failed_requests, "_drop_counted"),
}


class Killed(BaseException):
	"""As a signal would end the collector."""


@pytest.mark.parametrize("moment", KILLED_AT)
def test_a_collector_that_dies_counts_nothing_twice_and_loses_nothing(
	site_of: Site, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
	site_of.request(past(site_of.host, hours=1), PLAIN.format(what="a"))
	site_of.spool.left = {"1995057|404|GET||/{page}": 3}

	def die(*_: object, **__: object) -> None:
		raise Killed

	with monkeypatch.context() as patched:
		patched.setattr(*KILLED_AT[moment], die)
		with pytest.raises(Killed):
			failed_requests.collect(site_of.host, seconds=60)
	assert site_of.spool.entries
	site_of.collect()
	assert site_of.events() == 1
	assert site_of.spool.entries == []
	assert site_of.host.store.query("SELECT SUM(failure_count) FROM `tabRequest Failure Hour`")[0][0] == 3


def test_counts_set_aside_are_added_once_when_the_collector_dies_before_settling(
	site_of: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
	site_of.spool.left = {
		"1995057|404|GET||/{page}": 3,
		"(lost)": 2,
		"1995057|500|GET|Nonsense|/api/resource/{doctype}": 1,
	}

	def die(token: str) -> None:
		raise Killed

	with monkeypatch.context() as patched:
		patched.setattr(site_of.spool, "settle", die)
		with pytest.raises(Killed):
			failed_requests.collect(site_of.host, seconds=60)
	site_of.spool.left = {"1995057|404|GET||/{page}": 4}
	site_of.collect()
	site_of.collect()
	rows = site_of.host.store.query(
		"SELECT status, endpoint, failure_count FROM `tabRequest Failure Hour` ORDER BY status"
	)
	assert [tuple(row) for row in rows] == [(404, "GET /{page}", 7), (500, "GET /api/resource/(unknown)", 1)]
	[[lost]] = site_of.host.store.query(
		"SELECT lost_events FROM `tabCollector State` WHERE name = 'Failed Request'"
	)
	assert lost == 2


def test_endpoints_of_an_hour_are_bounded(site_of: Site) -> None:
	site_of.spool.left = {f"1995057|404|GET||/api/method/m{i}": 1 for i in range(300)}
	site_of.collect()
	[[rows, total]] = site_of.host.store.query(
		"SELECT COUNT(*), SUM(failure_count) FROM `tabRequest Failure Hour`"
	)
	assert (rows, total) == (failed_requests.ENDPOINTS_PER_HOUR + 1, 300)


def test_rubbish_in_the_spool_is_passed_over(site_of: Site) -> None:
	site_of.spool.entries = ["{", "[]", '{"id": 5}', "\ud800", json.dumps({"id": "x" * 1000, "at": "soon"})]
	site_of.request(past(site_of.host, hours=1), PLAIN.format(what="a"))
	site_of.collect()
	assert site_of.spool.entries == []
	assert site_of.events() == 2


def test_a_spool_that_is_down_fails_alone_and_visibly(site_of: Site) -> None:
	site_of.log(PLAIN.format(what="a"), past(site_of.host, hours=1))
	site_of.spool.down = True
	results = {result["collector"].rsplit(".", 2)[-2]: result for result in collect_all(site_of.host, 60)}
	assert "CacheUnavailable" in results["failed_requests"]["error"]
	assert results["error_log"]["collected"] == 1


def test_sources_a_site_lacks_are_absent_with_a_reason(host: Host) -> None:
	results = collect_all(host, 60)
	assert {result["error"] for result in results} == {None}
	states = {state["collector"]: state for state in collector_states(host)}
	assert states["Error Log"]["status"] == "ok"
	for source in (
		"Failed Request",
		"RQ Job",
		"Scheduled Job Log",
		"Email Queue",
		"Integration Request",
		"Webhook Request Log",
	):
		assert states[source]["status"] == "absent", source
		assert states[source]["error"]


def test_events_are_forgotten_after_two_days(site_of: Site) -> None:
	site_of.log(PLAIN.format(what="a"), past(site_of.host, hours=1))
	site_of.collect()
	kept = site_of.host.store.query("SELECT COUNT(*) FROM `tabError Event`")[0][0]
	site_of.tables.execute("UPDATE `tabError Event` SET creation = %s", (past(site_of.host, days=4),))
	site_of.tables.execute(
		"UPDATE `tabCollector State` SET reconciled_at = %s", (past(site_of.host, hours=3),)
	)
	site_of.collect()
	assert (kept, site_of.host.store.query("SELECT COUNT(*) FROM `tabError Event`")[0][0]) == (1, 0)


def test_switching_a_job_s_record_on_is_undone_exactly(site_of: Site) -> None:
	insert: Callable[..., None] = site_of.tables.insert
	insert("tabScheduled Job Type", [{"name": "a.b", "method": "x.a.b", "frequency": "All", "create_log": 0}])
	[unlogged] = job_logging.unlogged_jobs(site_of.host)
	done = job_logging.enable_job_logging(site_of.host, "a.b", True)
	assert (done["changed"], job_logging.unlogged_jobs(site_of.host)) == (True, [])
	assert job_logging.enable_job_logging(site_of.host, "a.b", True)["undo"] is None
	job_logging.enable_job_logging(site_of.host, **done["undo"])
	assert job_logging.unlogged_jobs(site_of.host) == [unlogged]
