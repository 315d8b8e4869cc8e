"""Signs of life for somebody outside: a health check that can be asked, and a call that goes out while all is well."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from verenigingen.core.watchdog.jobchecks import workers_of
from verenigingen.core.watchdog.jobs import JobsView
from verenigingen.core.watchdog.model import counted, listed
from verenigingen.core.watchdog.pulse import DOWN, UNKNOWN, UP, Part, heartbeat, told, verdict
from verenigingen.core.watchdog.scheduler import DAY, SCHEDULER, check_scheduler
from verenigingen.exceptions import MonitoringError
from verenigingen.host.port import Host
from verenigingen.services import watch_jobs, watch_site
from verenigingen.services.collection import LOCK, STATE
from verenigingen.services.remedies import HEALTH
from verenigingen.services.watchdog import NO_QUEUE, limits_of
from verenigingen.settings import resolve, resolve_text

log = logging.getLogger("verenigingen")

HEARTBEAT = "Heartbeat"  # its row in Collector State
KEY, SECONDS = HEALTH, 5  # guests may ask: an answer is good for some seconds
READERS = frozenset({"System Manager", "Monitoring Agent"})


def health(host: Host, *, parts: bool) -> dict[str, Any]:
	"""{"status": "up" or "down"}; with `parts` also {"parts", "last_scheduler_event", "last_collection", "checked_at"}.

	Down is: the database, the queue, in a bench the cache, do not answer; no worker is alive; the scheduler is switched off
	or has started no job, or no collector has run, for longer than the setting heartbeat_minutes.
	"""
	kept = host.cache.get(KEY)
	if kept is None:
		kept = _health(host)
		host.cache.put(KEY, kept, SECONDS)
	return dict(kept) if parts else {"status": kept["status"]}


def _health(host: Host) -> dict[str, Any]:
	now = host.clock.now()
	found = {"database": _database(host)}
	moments: dict[str, datetime | None] = {"last_scheduler_event": None, "last_collection": None}
	if found["database"].status == UP:
		found["cache"] = _cache(host)
		found |= _queue(host, now)
		found |= _beats(host, now, moments)
	return {
		"status": verdict(found),
		"parts": told(found),
		**{name: moment.isoformat() if moment else None for name, moment in moments.items()},
		"checked_at": now.isoformat(timespec="seconds"),
	}


def _database(host: Host) -> Part:
	try:
		host.db.query("SELECT 1")
	except MonitoringError as error:
		return Part(DOWN, str(error))
	return Part(UP, "answers")


def _cache(host: Host) -> Part:
	host.cache.put("monitoring_probe", 1, 10)
	if host.cache.get("monitoring_probe") == 1:
		return Part(UP, "keeps values")
	# Frappe hardly works without; elsewhere it only makes things slower
	return Part(DOWN if host.kind == "frappe" else UNKNOWN, "does not keep values")


def _queue(host: Host, now: datetime) -> dict[str, Part]:
	try:
		view = host.queue.view()
	except MonitoringError as error:
		return {"queue": Part(DOWN, str(error)), "workers": Part(UNKNOWN, "the queue does not answer")}
	if view is None:
		return {"queue": Part(UNKNOWN, NO_QUEUE)}
	waiting = sum(queue.waiting for queue in view.queues)
	return {
		"queue": Part(UP, f"answers; {counted(waiting, 'job')} waiting"),
		"workers": _workers(view, now),
	}


def _workers(view: JobsView, now: datetime) -> Part:
	served = {queue.name: workers_of(view, queue.name, now) for queue in view.queues}
	alive = {worker.name for workers in served.values() for worker in workers}
	if not alive:
		return Part(DOWN, "none is alive")
	without = [name for name, workers in served.items() if not workers]
	said = f"; none serves {listed(without)}" if without else ""
	return Part(UP, f"{counted(len(alive), 'worker')} alive{said}")


def _beats(host: Host, now: datetime, moments: dict[str, datetime | None]) -> dict[str, Part]:
	try:
		limits = limits_of(host)
		moments["last_collection"] = last = watch_site.last_collection(host)
		scheduler, dormant = _scheduler(host, now, moments)
	except MonitoringError as error:
		return {"scheduler": Part(UNKNOWN, str(error))}
	limit = limits.pulse + (DAY if dormant else timedelta(0))
	return {
		"scheduler": scheduler,
		"collection": heartbeat(
			last, now, limit, what="the collectors ran last", never="no collector has run yet"
		),
	}


def _scheduler(host: Host, now: datetime, moments: dict[str, datetime | None]) -> tuple[Part, bool]:
	limits = limits_of(host)
	try:
		types = watch_jobs.job_types(host)
	except MonitoringError as error:
		return Part(UNKNOWN, str(error)), False
	moments["last_scheduler_event"] = last = max((job.last for job in types if job.last), default=None)
	findings = check_scheduler(watch_jobs.scheduler_facts(host), types, None, now, limits).findings
	states = {finding.subject: finding for finding in findings if finding.check == SCHEDULER}
	dormant = states.pop("dormant", None) is not None
	states.pop("silent", None)  # what the heartbeat says itself
	if states:
		return Part(DOWN, "; ".join(finding.title for finding in states.values())), dormant
	limit = limits.pulse + (DAY if dormant else timedelta(0))
	what = "the site is dormant; a scheduled job began" if dormant else "a scheduled job began"
	return heartbeat(last, now, limit, what=what, never="no scheduled job has run yet"), dormant


def beat(host: Host, results: Sequence[dict[str, Any]]) -> None:
	"""Calls the address of the setting heartbeat_url after a collection that brought in anything at all from its sources.

	results: what `collect_all` returned. Nothing is raised: that a call failed is written down in Collector State, where
	the watchdog finds it, and seen outside by its absence.
	"""
	reason = None
	try:
		url = resolve_text("heartbeat_url", host.config.get)
		if not url:
			_switched_off(host)
			return
		if results and all(result["error"] for result in results):
			reason = "Not called: every collector failed."
		else:
			host.notify.call(url, private=bool(resolve("heartbeat_private", host.config.get)))
	except MonitoringError as error:
		reason = str(error)
	_note(host, reason)


def _switched_off(host: Host) -> None:
	if not host.store.query(f"SELECT name FROM `{STATE}` WHERE name = %s", (HEARTBEAT,)):
		return
	try:
		with host.store.transaction(LOCK):
			host.store.execute(f"DELETE FROM `{STATE}` WHERE name = %s", (HEARTBEAT,))
	except MonitoringError as error:
		log.info("that no heartbeat is called any more is written down by the next run: %s", error)


def _note(host: Host, reason: str | None) -> None:
	if reason:
		log.warning("heartbeat: %s", reason)
	row = {
		"name": HEARTBEAT,
		"status": "failed" if reason else "ok",
		"last_error": reason[:500] if reason else None,
	}
	try:
		with host.store.transaction(LOCK):
			host.store.upsert(STATE, [row | {"last_run": host.clock.now().replace(tzinfo=None)}])
	except MonitoringError as error:
		log.warning("how the heartbeat went is not written down: %s", error)
