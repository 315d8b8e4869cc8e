"""The program's background work: what `hooks.scheduler_events` asks for, each minute, here or through RQ.

Without `redis_queue` the jobs run in this process, one after the other. With it a thread queues them and this process
is an RQ worker as well; several such processes share the work and queue each minute once. Nothing that is down ends
the program: it says so, and tries again in the next minute.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from croniter import croniter

from verenigingen import hooks
from verenigingen.exceptions import ConfigurationError, MonitoringError, Unavailable
from verenigingen.host import Host, use_host
from verenigingen.host.on_local import open_host
from verenigingen.host.on_local.parts import job_function
from verenigingen.host.on_local.redis_parts import RqQueue

log = logging.getLogger("verenigingen")

MINUTE = timedelta(minutes=1)
JOB_SECONDS = 600
PAUSE = 5.0  # seconds before an RQ worker that lost its Redis begins anew
NAP = 0.2  # seconds; how soon a signal is noticed while nothing is done

# What Frappe means by its named frequencies; `_long` and `_maintenance` only choose a queue there.
FREQUENCIES = {
	"all": "*/4 * * * *",
	"hourly": "0 * * * *",
	"daily": "0 0 * * *",
	"weekly": "0 0 * * 0",
	"monthly": "0 0 1 * *",
	"yearly": "0 0 1 1 *",
}


def run_job(site: str, method: str, kwargs: Mapping[str, Any]) -> None:
	"""What every RQ job is: opens the site of that `site_config.json` and calls one of our functions on it.

	Raises BadArgument for a function that is not ours, and whatever the function raises: RQ keeps it with the job.
	"""
	function = job_function(method)
	try:
		with use_host(open_host(Path(site))):
			function(**kwargs)
	except MonitoringError as error:
		log.error("%s: %s", method, error)
		raise


def due(events: Mapping[str, Any], after: datetime, until: datetime) -> list[str]:
	"""Dotted paths of scheduler events that fall after `after` and not after `until` (naive site times), each once.

	Raises ConfigurationError for a frequency or cron entry that nobody knows.
	"""
	found: list[str] = []
	for cron, paths in _entries(events):
		try:
			following = croniter(cron, after).get_next(datetime)
		except ValueError as exc:
			raise ConfigurationError(
				f"scheduler_events has the cron entry {cron!r}, which is none: {exc}"
			) from exc
		if following <= until:
			found += paths
	return list(dict.fromkeys(found))


def _entries(events: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
	for frequency, value in events.items():
		if frequency == "cron":
			yield from value.items()
			continue
		base = frequency.removesuffix("_long").removesuffix("_maintenance")
		if base not in FREQUENCIES:
			raise ConfigurationError(
				f"scheduler_events has {frequency!r}, which is no frequency Frappe knows."
			)
		yield FREQUENCIES[base], value


class Stop:
	"""Has a signal asked us to stop? The first lets the present job finish, the second ends the process."""

	def __init__(self) -> None:
		self.asked = False

	def listen(self) -> None:
		"""Takes the signals (back): an RQ worker leaves its own handlers behind."""
		signal.signal(signal.SIGTERM, self._on_signal)
		signal.signal(signal.SIGINT, self._on_signal)

	def ask(self) -> None:
		"""Stops after the present job."""
		self.asked = True

	def wait(self, seconds: float) -> bool:
		"""Waits, unless asked to stop meanwhile; is it to go on?"""
		end = time.monotonic() + seconds
		while not self.asked and (left := end - time.monotonic()) > 0:
			time.sleep(min(NAP, left))
		return not self.asked

	def _on_signal(self, number: int, frame: FrameType | None) -> None:
		if self.asked:
			raise SystemExit(128 + number)
		log.info("asked to stop: the present job is finished first")
		self.ask()


@dataclass(slots=True)
class Agenda:
	"""What is to be run when: the events since the last look, and those that could not be run then."""

	events: Mapping[str, Any]
	last: datetime
	missed: list[str] = field(default_factory=list)

	def take(self, now: datetime) -> list[str]:
		"""The dotted paths to run at `now` (naive site time)."""
		if now < self.last:  # the clock was set back, or summer time ended
			self.last = now - MINUTE
		paths, self.missed = [*self.missed, *due(self.events, self.last, now)], []
		self.last = now
		return list(dict.fromkeys(paths))


@dataclass(frozen=True, slots=True)
class Outcome:
	"""What became of what was due: ids of the jobs given to the queue, and dotted paths that failed."""

	jobs: list[str]
	failed: list[str]


def run_due(host: Host, agenda: Agenda, *, unique: str = "") -> Outcome:
	"""Runs or queues what is due on the site now.

	Each failure is logged, and none keeps the others from being tried. What failed because something is down is
	tried again the next time. unique: added to the ids of the jobs, which otherwise are one per minute.
	"""
	now = _now(host)
	outcome = Outcome([], [])
	for path in agenda.take(now):
		job_id = f"{path}-{now:%Y%m%d%H%M}{unique}"
		try:
			if isinstance(host.queue, RqQueue) and host.queue.state(job_id):
				continue  # another scheduler queued it in this minute
			outcome.jobs.append(host.queue.enqueue(path, job_id=job_id, timeout=JOB_SECONDS))
		except MonitoringError as error:
			log.error("%s: %s", path, error)
			outcome.failed.append(path)
			if isinstance(error, Unavailable):
				agenda.missed.append(path)
		except Exception:  # a mistake in one job must not end the others; the log has it in full
			log.exception("%s failed", path)
			outcome.failed.append(path)
	return outcome


def work_once(site: Path, store: Path | None = None) -> list[str]:
	"""Runs what is due in this minute, and with RQ all that waits; dotted paths or job ids that failed, each logged.

	Raises what `open_host` raises, and QueueUnavailable when Redis goes away while jobs run.
	"""
	host = open_host(site, store=store)
	with use_host(host):
		outcome = run_due(host, _agenda(host), unique=f"-{os.getpid()}")
		if not isinstance(host.queue, RqQueue):
			return outcome.failed
		if outcome.jobs:
			host.queue.work(burst=True)
		return outcome.failed + [job for job in outcome.jobs if host.queue.state(job) != "finished"]


def work(site: Path, store: Path | None = None) -> None:
	"""Works until a signal asks to stop. Raises ConfigurationError at once; what is down is waited for."""
	stop = Stop()
	stop.listen()
	host = _open(site, store, stop)
	if host is None:
		return
	with use_host(host):
		agenda = _agenda(host)
		if not isinstance(host.queue, RqQueue):
			_keep_schedule(host, agenda, stop)
			return
		scheduler = threading.Thread(target=_keep_schedule, args=(host, agenda, stop), daemon=True)
		scheduler.start()
		_keep_working(host.queue, stop)
		scheduler.join()


def _now(host: Host) -> datetime:
	return host.clock.now().replace(tzinfo=None)


def _agenda(host: Host) -> Agenda:
	events = hooks.scheduler_events
	this_minute = _now(host).replace(second=0, microsecond=0)
	return Agenda(events, this_minute - MINUTE / 2)


def _open(site: Path, store: Path | None, stop: Stop) -> Host | None:
	while not stop.asked:
		try:
			return open_host(site, store=store)
		except Unavailable as error:
			log.error("%s The next try is in a minute.", error)
			stop.wait(MINUTE.total_seconds())
	return None


def _keep_schedule(host: Host, agenda: Agenda, stop: Stop) -> None:
	log.info("working on %s; what is due is looked for each minute", host.site)
	while True:
		run_due(host, agenda)
		if not stop.wait(60 - time.time() % 60):
			return


def _keep_working(queue: RqQueue, stop: Stop) -> None:
	while not stop.asked:
		try:
			queue.work(asked=stop.ask)
		except Unavailable as error:
			log.error("%s The next try is in %d seconds.", error, PAUSE)
		stop.wait(PAUSE)
