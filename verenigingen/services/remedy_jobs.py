"""Remedies for scheduler and jobs: releasing what a dead job blocks, resuming the scheduler, closing runs nobody is at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from verenigingen.core.watchdog.jobchecks import is_dead
from verenigingen.core.watchdog.model import counted
from verenigingen.core.watchdog.runs import open_runs, over
from verenigingen.exceptions import BadArgument, NotFound
from verenigingen.host.port import Host, marks
from verenigingen.services import watch_jobs
from verenigingen.services.watchdog import limits_of

Memory = dict[str, Any]
Planned = tuple[str, list[str], str, Memory]

LOG = watch_jobs.LOG
MARK = "Closed by the watchdog: the run began and never told how it ended; nobody is at it any more."


def plan_release(host: Host, target: str) -> Planned:
	"""A dead job, laid among the failed ones. Raises NotFound when no dead job has this id."""
	view = watch_jobs.queue_view(
		host, watch_jobs.job_types(host) if host.db.columns(watch_jobs.TYPES) else []
	)
	now = host.clock.now()
	jobs = [job for job in view.jobs if job.id == target and is_dead(job, now)] if view else []
	if not jobs:
		raise NotFound(f"There is no dead job {target[:140]!r} (any more).")
	job = jobs[0]
	return (
		f"The job {job.method or job.id} is laid among the failed jobs of the queue {job.queue}; the next of its id can be queued.",
		[job.id],
		"If a worker cut off from Redis is still at it, it goes on there and may do its work beside the next run.",
		{"job": job.id},
	)


def release(host: Host, target: str, memory: Memory) -> Memory:
	"""Carries it out."""
	if not host.queue.abandon(target):
		raise NotFound(f"The job {target[:140]!r} is not dead any more; nothing was changed.")
	return memory


def undo_release(host: Host, memory: Memory) -> str:
	"""Queues the job again, if it is still among the failed ones."""
	if not host.queue.requeue(memory["job"]):
		raise NotFound(
			f"The job {memory['job']} is not among the failed ones any more; the next of its id was queued."
		)
	return f"{memory['job']} was queued again."


def plan_resume(host: Host, target: str) -> Planned:
	"""The scheduler's switch put on again. Raises BadArgument, and NotFound when it is not off."""
	switches = host.operations.switches()
	value = switches.get(target)
	if target == "pause_scheduler":
		if value in (None, "", 0, "0", False):
			raise NotFound("The scheduler is not paused.")
		summary = "pause_scheduler of the site's configuration becomes 0."
	elif target == "enable_scheduler":
		if str(value) == "1":
			raise NotFound("The scheduler is enabled in System Settings.")
		summary = "Enable Scheduled Jobs of System Settings becomes 1."
	else:
		raise BadArgument("target must be pause_scheduler or enable_scheduler.")
	mind = "Whoever switched it off may be at work: a migration, a restore, a copy of the site that must send no mail."
	return summary, [target], mind, {"switch": target}


def resume(host: Host, target: str, memory: Memory) -> Memory:
	"""Carries it out."""
	return memory | {"before": host.operations.switch(target, 0 if target == "pause_scheduler" else 1)}


def undo_resume(host: Host, memory: Memory) -> str:
	"""Puts the switch where it was."""
	host.operations.switch(memory["switch"], memory["before"])
	return f"{memory['switch']} is {memory['before']} again."


def plan_runs(host: Host, target: str) -> Planned:
	"""Log rows of a job's runs that nobody is at, closed as failed. Raises NotFound when there are none."""
	now = host.clock.now()
	found = watch_jobs.runs(host)
	view = watch_jobs.queue_view(host, watch_jobs.job_types(host))
	runs = open_runs(found.unfinished, view, now, limits_of(host).job).get(target, [])
	runs = [run for run in runs if over(run.began, found.ended.get(target), view is not None, now)]
	if not runs:
		raise NotFound(f"There is no unfinished run of {target[:140]!r} that is surely over.")
	names = [run.name for run in runs]
	return (
		f"{counted(len(names), 'row')} of Scheduled Job Log become Failed, with a word on why.",
		names,
		"They then count as failures of the job in the error analysis, as they should.",
		{"logs": names},
	)


def close_runs(host: Host, target: str, memory: Memory) -> Memory:
	"""Carries it out."""
	_set_runs(host, memory["logs"], "Start", "Failed", MARK)
	return memory


def undo_runs(host: Host, memory: Memory) -> str:
	"""Leaves their end open again."""
	changed = _set_runs(host, memory["logs"], "Failed", "Start", None)
	return f"{counted(changed, 'row')} of Scheduled Job Log are open again."


def _set_runs(host: Host, names: list[str], old: str, new: str, details: str | None) -> int:
	now: datetime = host.clock.now().replace(tzinfo=None)
	return host.store.execute(
		f"UPDATE `{LOG}` SET status = %s, details = %s, modified = %s"
		f" WHERE name IN ({marks(len(names))}) AND status = %s",
		(new, details, now, *names, old),
	)
