"""RQ as it is now, read without changing anything; and a dead job laid among the failed ones, or taken back from there.

RQ's own readers (`get_job_ids`, `count`) tidy registries while they read, which would hide what is to be found; so the
keys are read as they are. RQ 1 names jobs in its list of running ones, RQ 2 executions ("<job>:<execution>").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from rq import Queue, Worker
from rq.exceptions import DeserializationError
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.results import Result

from verenigingen.core.watchdog.jobs import LOST, RUNNING, WAITING, JobSeen, JobsView, QueueSeen, WorkerSeen
from verenigingen.host.rq_overview import is_alive

HEAD = 50  # jobs at the front of a queue, of which the oldest is sought: few are ever pushed in before others
MOST_RUNNING = 1_000
LONGEST = 140  # characters of a method's name
ABANDONED = (
	"AbandonedJob: its worker gave no sign of life any more; laid among the failed jobs by the watchdog."
)


class RqView:
	"""The queues of one bench or site. `mine` is what the ids of this site's jobs begin with; `name_of` shortens the name of
	a queue to what people call it."""

	def __init__(
		self,
		queues: Sequence[Queue],
		mine: str,
		*,
		name_of: Callable[[str], str],
		job_class: type[Job],
		serializer: Any,
	) -> None:
		self.queues, self.mine, self.name_of = list(queues), mine, name_of
		self.job_class, self.serializer = job_class, serializer
		self.connection: Any = self.queues[0].connection

	def look(self, asked: Mapping[str, str]) -> JobsView:
		"""Everything as it is now; of jobs the running ones, and those asked for that exist ({full id: key})."""
		jobs = {job.id: job for queue in self.queues for job in self._running(queue)}
		jobs |= {job.id: job for queue in self.queues for job in self._dropped(queue)}
		jobs |= {job.id: self._seen(job) for job in self._jobs([name for name in asked if name not in jobs])}
		return JobsView(
			tuple(self._queue(queue) for queue in self.queues),
			tuple(map(self._worker, self._workers())),
			tuple(replace(job, key=asked.get(name, "")) for name, job in jobs.items()),
		)

	def abandon(self, job_id: str) -> bool:
		"""Lays a job of this site that calls itself queued or started, and is neither waiting nor being run by anybody who
		lives, among the failed ones, where it no longer stands in the way of the next; False when it is no such job."""
		job = self._mine(job_id)
		if job is None or self._place(job)[0] == WAITING:
			return False
		seen = self._seen(job)
		now = datetime.now(timezone.utc)
		if seen.place != LOST and not (seen.place == RUNNING and seen.expires and seen.expires < now):
			return False
		started = self._started(job.origin)
		failed = FailedJobRegistry(job.origin, self.connection, self.job_class, serializer=self.serializer)
		lifetime = job.failure_ttl if job.failure_ttl is not None else 7 * 86_400
		with self.connection.pipeline() as pipe:
			for entry, _ in self._entries(job.origin):
				if self._id_of(entry) == job.id:
					pipe.zrem(started.key, entry)
			pipe.lrem(f"{Queue.redis_queue_namespace_prefix}{job.origin}:intermediate", 0, job.id)
			job.ended_at = now
			job.set_status(JobStatus.FAILED, pipeline=pipe)
			failed.add(job, ttl=lifetime, exc_string=ABANDONED, pipeline=pipe)
			Result.create_failure(job, lifetime, ABANDONED, pipeline=pipe)
			pipe.execute()
		return True

	def requeue(self, job_id: str) -> bool:
		"""Queues a failed job of this site again; False when it is not among the failed ones any more."""
		job = self._mine(job_id)
		if job is None:
			return False
		failed = FailedJobRegistry(job.origin, self.connection, self.job_class, serializer=self.serializer)
		if self.connection.zscore(failed.key, job.id) is None:
			return False
		failed.requeue(job)
		return True

	def _mine(self, job_id: str) -> Job | None:
		if not job_id.startswith(self.mine):
			return None
		return next(iter(self._jobs([job_id])), None)

	def _jobs(self, names: Sequence[str]) -> list[Job]:
		if not names:
			return []
		found = self.job_class.fetch_many(list(names), connection=self.connection, serializer=self.serializer)
		return [job for job in found if job is not None]

	def _started(self, queue: str) -> StartedJobRegistry:
		return StartedJobRegistry(
			queue, connection=self.connection, job_class=self.job_class, serializer=self.serializer
		)

	def _entries(self, queue: str) -> list[tuple[str, float]]:
		held = self.connection.zrange(self._started(queue).key, 0, MOST_RUNNING - 1, withscores=True)
		return [(raw.decode("utf-8", "replace"), score) for raw, score in held]

	def _id_of(self, entry: str) -> str:
		if self.connection.exists(self.job_class.key_for(entry)):
			return entry
		return entry.rpartition(":")[0] or entry

	def _running(self, queue: Queue) -> Iterable[JobSeen]:
		for entry, _ in self._entries(queue.name):
			if entry.startswith(self.mine):
				for job in self._jobs([self._id_of(entry)]):
					seen = self._seen(job)
					if seen.place == RUNNING:
						yield seen

	def _dropped(self, queue: Queue) -> Iterable[JobSeen]:
		"""Jobs that a worker took from the queue and never began."""
		taken = [
			raw.decode("utf-8", "replace")
			for raw in self.connection.lrange(f"{queue.key}:intermediate", 0, HEAD)
		]
		seen = [self._seen(job) for job in self._jobs([name for name in taken if name.startswith(self.mine)])]
		return [job for job in seen if job.place == LOST]

	def _seen(self, job: Job) -> JobSeen:
		place, expires = self._place(job)
		return JobSeen(
			id=str(job.id),
			method=_method(job),
			queue=self.name_of(str(job.origin or "")),
			status=_text(job.get_status(refresh=False)),
			place=place,
			enqueued=_aware(job.enqueued_at or job.created_at),
			started=_aware(job.started_at),
			heartbeat=_aware(job.last_heartbeat),
			expires=expires,
			limit=float(job.timeout) if job.timeout and float(job.timeout) > 0 else None,
			worker=str(job.worker_name or ""),
		)

	def _place(self, job: Job) -> tuple[str, datetime | None]:
		status = _text(job.get_status(refresh=False))
		if status not in ("queued", "started"):
			return "", None
		for entry, score in self._entries(job.origin):
			if entry == job.id or entry.rpartition(":")[0] == job.id:
				never = score == float("inf")
				return RUNNING, None if never else datetime.fromtimestamp(score, timezone.utc)
		key = f"{Queue.redis_queue_namespace_prefix}{job.origin}"
		if self.connection.lpos(key, job.id) is not None:
			return WAITING, None
		# a worker that takes a job lays it here for a moment
		if self.connection.lpos(f"{key}:intermediate", job.id) is not None and self._attended(job.origin):
			return WAITING, None
		return LOST, None

	def _attended(self, queue: str) -> bool:
		return any(queue in worker.queue_names() and is_alive(worker) for worker in self._workers())

	def _queue(self, queue: Queue) -> QueueSeen:
		head = [raw.decode("utf-8", "replace") for raw in self.connection.lrange(queue.key, 0, HEAD - 1)]
		moments = [_aware(job.enqueued_at or job.created_at) for job in self._jobs(head)]
		oldest = min((moment for moment in moments if moment), default=None)
		return QueueSeen(self.name_of(queue.name), int(self.connection.llen(queue.key)), oldest)

	def _workers(self) -> list[Any]:
		names = {queue.name for queue in self.queues}
		found = Worker.all(
			connection=self.connection,
			job_class=self.job_class,
			queue_class=Queue,
			serializer=self.serializer,
		)
		return [worker for worker in found if names & set(worker.queue_names())]

	def _worker(self, worker: Any) -> WorkerSeen:
		return WorkerSeen(
			name=str(worker.name),
			queues=tuple(self.name_of(name) for name in worker.queue_names()),
			heartbeat=_aware(worker.last_heartbeat),
			job=str(worker.get_current_job_id() or ""),
			gone=not is_alive(worker),
		)


def _method(job: Job) -> str:
	try:
		arguments = job.kwargs or {}
	except DeserializationError:  # what a stranger queued, or whose classes are gone
		return ""
	method = arguments.get("method", "")
	if callable(method):
		method = f"{method.__module__}.{method.__qualname__}"
	inner = arguments.get("kwargs")
	scheduled = inner.get("job_type") if isinstance(inner, dict) else None
	return str(scheduled or method)[:LONGEST]


def _text(status: object) -> str:
	return str(getattr(status, "value", status) or "")


def _aware(moment: object) -> datetime | None:
	if not isinstance(moment, datetime):
		return None
	return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
