"""Queues and workers: nobody who works, jobs that wait too long, jobs that are dead and stand in the way of the next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from verenigingen.core.watchdog.jobs import LOST, RUNNING, JobSeen, JobsView, QueueSeen, WorkerSeen
from verenigingen.core.watchdog.model import Finding, Limits, Offer, counted, listed, span, spoken

QUEUES, WORKERS, DEAD, LONG = "queue_age", "workers", "dead_jobs", "long_jobs"
SILENT = timedelta(minutes=10)  # an idle RQ worker gives a sign of life every seven minutes
LATE_KILL = timedelta(minutes=2)  # RQ ends a job at its limit, and kills it a minute later
ENDLESS = timedelta(hours=6)  # a job without limit that runs longer is worth a look
SCHEDULED = "scheduled_job::"


def alive(worker: WorkerSeen, now: datetime) -> bool:
	"""Does the worker's process exist, as far as that can be told, and has it given a sign of life lately?"""
	return not worker.gone and worker.heartbeat is not None and span(worker.heartbeat, now) <= SILENT


def workers_of(view: JobsView, queue: str, now: datetime) -> list[WorkerSeen]:
	"""The workers alive that serve a queue."""
	return [worker for worker in view.workers if queue in worker.queues and alive(worker, now)]


def is_dead(job: JobSeen, now: datetime) -> bool:
	"""Does the job call itself queued or started while nobody runs it and it waits nowhere?"""
	return job.place == LOST or (
		job.place == RUNNING and job.expires is not None and span(job.expires, now) > timedelta(0)
	)


def check_jobs(view: JobsView, now: datetime, limits: Limits) -> list[Finding]:
	"""Everything that is wrong with queues, workers and jobs."""
	return [*_queues(view, now, limits), *_silent(view, now), *_dead(view, now), *_long(view, now)]


def _queues(view: JobsView, now: datetime, limits: Limits) -> Iterator[Finding]:
	for queue in view.queues:
		workers = workers_of(view, queue.name, now)
		age = span(queue.oldest, now) if queue.oldest else None
		facts: dict[str, object] = {
			"queue": queue.name,
			"waiting": queue.waiting,
			"oldest_seconds": round(age.total_seconds()) if age is not None else None,
			"workers_alive": len(workers),
		}
		if not workers:
			yield _unattended(queue, age, facts, limits)
		elif age is not None and age > limits.queue:
			yield _aged(queue, age, workers, facts, limits)


def _unattended(queue: QueueSeen, age: timedelta | None, facts: dict[str, object], limits: Limits) -> Finding:
	level = "medium"
	if queue.waiting:
		level = "critical" if age is not None and age > limits.queue else "high"
	waits = f"{counted(queue.waiting, 'job')} {'waits' if queue.waiting == 1 else 'wait'} in it"
	if age is not None:
		waits += f", the oldest for {spoken(age)}"
	return Finding(
		WORKERS,
		queue.name,
		level,
		f"No worker serves the queue {queue.name}",
		queue.oldest,
		f"No worker alive takes jobs from the queue {queue.name}; "
		+ (
			f"{waits}."
			if queue.waiting
			else "none waits in it now, and what is queued there would not be run."
		),
		"Start the workers of the bench (supervisorctl or systemctl restart, or `bench worker --queue "
		f"{queue.name}`) and find out from their log why they ended: memory and deployments are usual reasons.",
		facts,
	)


def _aged(
	queue: QueueSeen, age: timedelta, workers: list[WorkerSeen], facts: dict[str, object], limits: Limits
) -> Finding:
	busy = [worker.job for worker in workers if worker.job]
	if len(busy) == len(workers):
		why = f"All {counted(len(workers), 'worker')} that serve it are busy."
	else:
		why = f"{len(busy)} of {counted(len(workers), 'worker')} that serve it are busy, the others take nothing from it."
	return Finding(
		QUEUES,
		queue.name,
		"high" if age > 4 * limits.queue else "medium",
		f"Jobs wait {spoken(age)} in the queue {queue.name}",
		queue.oldest,
		f"The oldest of {counted(queue.waiting, 'waiting job')} was queued {spoken(age)} ago. {why}",
		"See which jobs keep the workers busy (RQ Job, status started); more workers help when the jobs are many, and"
		" not when one of them hangs.",
		facts | {"workers_busy": len(busy)},
	)


def _silent(view: JobsView, now: datetime) -> Iterator[Finding]:
	for worker in view.workers:
		if worker.gone or alive(worker, now):
			continue
		said = spoken(span(worker.heartbeat, now)) + " ago" if worker.heartbeat else "never"
		yield Finding(
			WORKERS,
			worker.name,
			"medium",
			f"A worker gives no sign of life: {worker.name}",
			worker.heartbeat,
			f"A worker of {listed(worker.queues)} is registered, and gave its last sign of life {said}. It hangs, or it"
			" was killed on another machine.",
			"Restart this worker. Its registration ends by itself.",
			{"worker": worker.name, "queues": list(worker.queues), "job": worker.job or None},
		)


def _dead(view: JobsView, now: datetime) -> Iterator[Finding]:
	names = {worker.name for worker in view.workers if alive(worker, now)}
	for job in view.jobs:
		if not is_dead(job, now):
			continue
		since = job.expires or job.heartbeat or job.started or job.enqueued
		if job.place == LOST:
			how = f"It calls itself {job.status}, and is neither in the queue nor with a worker: its worker was killed as it took it."
		else:
			gone = "" if job.worker in names else ", and its worker is gone"
			how = f"It began and its worker's signs of life ended{gone}."
		next_one = (
			"Until it is cleared away, it counts as waiting or running, and no other of its id is queued"
		)
		scheduled = SCHEDULED in job.id
		next_one += ": the scheduled job is not run at all." if scheduled else "."
		yield Finding(
			DEAD,
			job.id,
			"critical" if scheduled else "high",
			f"A dead job stands in the way of the next: {job.method or job.id}",
			since,
			f"{how} {next_one}",
			"Lay it among the failed jobs, so that the next can be queued; it can be queued again from there.",
			_facts(job, now),
			Offer("release_job", job.id),
		)


def _long(view: JobsView, now: datetime) -> Iterator[Finding]:
	for job in view.jobs:
		if job.place != RUNNING or job.started is None or is_dead(job, now):
			continue
		ran = span(job.started, now)
		limit = timedelta(seconds=job.limit) if job.limit else None
		if ran <= (limit + LATE_KILL if limit else ENDLESS):
			continue
		over = f"although its limit is {spoken(limit)}" if limit else "and has no limit"
		yield Finding(
			LONG,
			job.id,
			"high" if limit else "medium",
			f"A job runs for {spoken(ran)}: {job.method or job.id}",
			job.started,
			f"The job runs for {spoken(ran)}, {over}. Its worker is alive and does nothing else meanwhile.",
			"Look at what it does (its worker's log, SHOW PROCESSLIST). RQ Job has Force Stop; what it did until then in"
			" its transaction is lost.",
			_facts(job, now),
		)


def _facts(job: JobSeen, now: datetime) -> dict[str, object]:
	return {
		"job": job.id,
		"method": job.method or None,
		"queue": job.queue,
		"status": job.status,
		"place": job.place,
		"worker": job.worker or None,
		"started": job.started.isoformat() if job.started else None,
		"heartbeat_seconds": round(span(job.heartbeat, now).total_seconds()) if job.heartbeat else None,
		"limit_seconds": job.limit,
	}
