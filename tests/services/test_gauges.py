"""Measuring the site: each source alone, within its time, once per interval, and what went wrong is to be seen."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from verenigingen import hooks
from verenigingen.core.gauges import GaugeSource, Item, Reading
from verenigingen.core.measures import DAY, HOUR, MINUTE
from verenigingen.core.metrics import METRICS, Metric
from verenigingen.exceptions import SourceAbsent, TookTooLong
from verenigingen.host import Host
from verenigingen.services.gauges import collect_gauges, sources
from verenigingen.services.metric_rollup import points
from verenigingen.services.monitoring import collect_all, collector_states
from verenigingen.services.timeout import time_limit

METRIC = (
	Metric("thing", "gauge", "", "Test", MINUTE, "", "A gauge."),
	Metric("thing_count", "counter", "", "Test", MINUTE, "", "A counter."),
	Metric("thing_hour", "gauge", "", "Test", HOUR, "", "A gauge."),
	Metric("thing_day", "gauge", "", "Test", DAY, "", "A gauge."),
)
LONG = timedelta(days=1000)


class Clock:
	"""A clock that is set by the test."""

	def __init__(self, host: Host) -> None:
		self.moment = host.clock.now().replace(hour=11, minute=20, second=30, microsecond=0)

	def now(self) -> datetime:
		return self.moment


def reading(value: float = 1, metric: str = "thing") -> Callable[[Any], Iterable[Item]]:
	return lambda host: [Reading(metric, value)]


def hanging(host: Host) -> Iterable[Item]:
	"""As careless as other people's code may be."""
	while True:
		try:
			time.sleep(30)
		except Exception:
			pass


def hanging_in_the_database(host: Host) -> Iterable[Item]:
	slow = (
		"SELECT SLEEP(30)"
		if host.db.dialect == "mariadb"
		else (
			"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT MAX(i) FROM n"
		)
	)
	host.db.query(slow)
	return []


def raising(host: Host) -> Iterable[Item]:
	yield Reading("thing", 1)
	raise KeyError("nothing there")


def absent(host: Host) -> Iterable[Item]:
	raise SourceAbsent("Absent", "There is no such thing here.")


def undeclared(host: Host) -> Iterable[Item]:
	return [Reading("something_else", 1)]


WELL = GaugeSource("Well", MINUTE, reading(), METRIC)
HOURLY = GaugeSource("Hourly", HOUR, reading(5, "thing_hour"), METRIC)
DAILY = GaugeSource("Daily", DAY, reading(7, "thing_day"), METRIC)
HANGING = GaugeSource("Hanging", MINUTE, hanging, METRIC)
STUCK = GaugeSource("Stuck", MINUTE, hanging_in_the_database, METRIC)
RAISING = GaugeSource("Raising", MINUTE, raising, METRIC)
ABSENT = GaugeSource("Absent", MINUTE, absent, METRIC)
UNDECLARED = GaugeSource("Undeclared", MINUTE, undeclared, METRIC)
NO_SOURCE = 5


@pytest.fixture
def clock(host: Host) -> Clock:
	return Clock(host)


@pytest.fixture
def of(host: Host, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Host]:
	"""The host with just these sources, and the test's clock."""

	def make(*names: str) -> Host:
		monkeypatch.setattr(hooks, "monitoring_gauges", [f"{__name__}.{name}" for name in names])
		return replace(host, clock=clock)

	return make


def kept(host: Host, metric: str, resolution: str = MINUTE) -> list[tuple[datetime, str, float]]:
	now = host.clock.now().replace(tzinfo=None)
	return [
		(item.at, item.label, item.last) for item in points(host, metric, resolution, now - LONG, now + LONG)
	]


def states(host: Host) -> dict[str, tuple[str, str | None]]:
	return {state["collector"]: (state["status"], state["error"]) for state in collector_states(host)}


def test_each_source_is_read_once_per_interval(of: Callable[..., Host], clock: Clock) -> None:
	host = of("WELL", "HOURLY", "DAILY")
	begun = clock.moment.replace(tzinfo=None, second=0)
	read: list[list[str]] = []
	for step in (
		timedelta(0),
		timedelta(seconds=20),
		timedelta(minutes=1),
		timedelta(hours=1),
		timedelta(days=1),
	):
		clock.moment += step
		read.append([row["collector"].rpartition(".")[2] for row in collect_gauges(host, 10)])
	assert read == [
		["WELL", "HOURLY", "DAILY"],
		[],
		["WELL"],
		["WELL", "HOURLY"],
		["WELL", "HOURLY", "DAILY"],
	]
	assert [at for at, _, _ in kept(host, "thing") if at == begun] == [begun]
	assert (begun.replace(minute=0), "", 5.0) in kept(host, "thing_hour", HOUR)
	assert (begun.replace(hour=0, minute=0), "", 7.0) in kept(host, "thing_day", DAY)


def test_what_fails_hangs_or_is_absent_stops_nobody_and_says_why(
	of: Callable[..., Host], caplog: pytest.LogCaptureFixture
) -> None:
	host = of("HANGING", "RAISING", "ABSENT", "UNDECLARED", "NO_SOURCE", "MISSING", "WELL")
	rows = {row["collector"].rpartition(".")[2]: row for row in collect_gauges(host, 0.3)}
	assert rows["HANGING"]["error"] == "Reading Hanging was stopped after 0.3 seconds."
	assert rows["RAISING"]["error"] == "KeyError: 'nothing there'"
	assert rows["ABSENT"]["absent"] == "There is no such thing here." and rows["ABSENT"]["error"] is None
	assert "not declared" in rows["UNDECLARED"]["error"]
	assert "is no GaugeSource" in rows["NO_SOURCE"]["error"]
	assert "AttributeError" in rows["MISSING"]["error"]
	assert rows["WELL"]["measured"] == 1 and rows["WELL"]["error"] is None
	said = states(host)
	assert said["Well"] == ("ok", None) and said["Absent"] == ("absent", "There is no such thing here.")
	assert {said[name][0] for name in ("Hanging", "Raising", "Undeclared")} == {"failed"}
	up = {label: value for _, label, value in kept(host, "collector_up")}
	assert (up["Well"], up["Hanging"], up["Raising"]) == (1, 0, 0) and "Absent" not in up
	assert [value for _, _, value in kept(host, "thing")] == [1.0], "half a reading is none"
	assert "nothing there" in caplog.text


def test_a_statement_that_hangs_is_interrupted_and_the_connection_opened_anew(
	of: Callable[..., Host],
) -> None:
	host = of("STUCK", "WELL")
	if host.db.dialect == "sqlite":
		pytest.skip(
			"SQLite computes inside this process, where no signal reaches it until the statement ends"
		)
	rows = collect_gauges(host, 0.5)
	assert rows[0]["error"] == "Reading Stuck was stopped after 0.5 seconds."
	assert rows[1]["error"] is None and kept(host, "thing")


def test_a_source_that_recovers_is_ok_again(
	of: Callable[..., Host], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
	host = of("RAISING")
	collect_gauges(host, 5)
	clock.moment += timedelta(minutes=1)
	monkeypatch.setitem(globals(), "RAISING", GaugeSource("Raising", MINUTE, reading(), METRIC))
	collect_gauges(host, 5)
	assert states(host)["Raising"] == ("ok", None)
	assert [value for _, _, value in kept(host, "collector_up")] == [0, 1]


def test_two_processes_at_once_count_once(
	of: Callable[..., Host], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
	count = 100.0
	counter = GaugeSource("Well", MINUTE, lambda host: [Reading("thing_count", count)], METRIC)
	monkeypatch.setitem(globals(), "WELL", counter)
	host = of("WELL", "SLOW")
	inner: list[Any] = []

	def slow(
		here: Host,
	) -> Iterable[Item]:  # while it reads, another process reads everything and writes it down
		if not inner:
			inner.append(None)
			clock.moment += timedelta(seconds=40)
			inner.append(collect_gauges(here, 5))
		return []

	monkeypatch.setitem(globals(), "SLOW", GaugeSource("Slow", MINUTE, lambda host: [], METRIC))
	collect_gauges(host, 5)
	clock.moment += timedelta(minutes=1)
	count = 130.0
	monkeypatch.setitem(globals(), "SLOW", GaugeSource("Slow", MINUTE, slow, METRIC))
	collect_gauges(host, 5)
	clock.moment += timedelta(minutes=1)
	count = 135.0
	collect_gauges(host, 5)
	assert sum(value for _, _, value in kept(host, "thing_count")) == 35.0
	assert len(inner) == 2 and inner[1]


def test_the_collectors_of_errors_are_up_too_and_hours_are_folded(
	of: Callable[..., Host], clock: Clock
) -> None:
	host = of("WELL")
	results = collect_all(host, 10)
	assert [row["collector"] for row in results][-1].endswith("WELL")
	assert {label for _, label, _ in kept(host, "collector_up")} >= {"Well", "Error Log", "Site Changes"}
	clock.moment += timedelta(hours=1)
	collect_gauges(host, 10)
	[(at, _, value)] = kept(host, "thing", HOUR)
	assert (at.hour, value) == (11, 1.0)


def test_measuring_says_nothing_of_other_sources_of_errors(host: Host) -> None:
	results = collect_all(host, 60)
	assert {row["error"] for row in results} == {None}
	[memory] = host.store.query("SELECT memory FROM `tabCollector State` WHERE name = 'System'")
	assert json.loads(memory[0])["counters"]
	others = host.store.query("SELECT name FROM `tabCollector State` WHERE status = 'ok' AND memory IS NULL")
	assert {name for (name,) in others} <= {"Site Changes", "Error Log"}


def test_every_metric_has_a_source_and_every_source_its_metrics(host: Host) -> None:
	declared = {metric.name for source in sources(host) for metric in source.metrics} | {"collector_up"}
	assert declared == {metric.name for metric in METRICS}
	assert len(sources(host)) == len(hooks.monitoring_gauges)


def test_a_time_limit_puts_back_the_alarm_that_was_set_before() -> None:
	rung: list[int] = []
	before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
	try:
		signal.setitimer(signal.ITIMER_REAL, 30)
		with (
			pytest.raises(TookTooLong, match="A nap was stopped"),
			time_limit(0.05, "A nap"),
		):
			time.sleep(5)
		left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
		assert 0 < left < 30
		signal.setitimer(signal.ITIMER_REAL, 0.05)  # theirs rings first, and as theirs
		with time_limit(10, "A nap"):
			time.sleep(0.2)
		assert rung == [signal.SIGALRM]
		assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
	finally:
		signal.setitimer(signal.ITIMER_REAL, 0)
		signal.signal(signal.SIGALRM, before)
