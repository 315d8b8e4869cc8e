"""Failed background jobs of a bench's site, from RQ's registries: v15 has RQ 1.15, v16 1.16 and later.

A registry's score is the moment its entry expires, so it names each failure of a job that bears the same id again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import frappe
import redis
from frappe.utils.background_jobs import (
	create_job_id,
	get_queue_list,
	get_queues,
	get_redis_conn,
	get_workers,
)
from rq import Queue
from rq.job import Job

from verenigingen.core.watchdog.jobs import JobsView
from verenigingen.exceptions import QueueUnavailable
from verenigingen.host.port import JobFailure, QueueOverview, in_chunks
from verenigingen.host.rq_overview import survey
from verenigingen.host.rq_view import RqView

JOBS_PER_FETCH = 100
AT = "@"


def failed_jobs() -> list[str]:
	"""A name for each failure of this site's jobs that a registry holds. Raises QueueUnavailable."""
	prefix = f"{frappe.local.site}::"
	names = []
	with _answering() as connection:
		for queue in get_queues(connection=connection):
			held = connection.zrange(queue.failed_job_registry.key, 0, -1, withscores=True)
			for raw, expires in held:
				job_id = raw.decode("utf-8", "replace")
				if job_id.startswith(prefix):
					names.append(f"{job_id}{AT}{expires:.0f}")
	return names


def job_failures(names: Sequence[str]) -> list[JobFailure]:
	"""What is still known of the named failures. Raises QueueUnavailable."""
	found = []
	with _answering() as connection:
		for chunk in in_chunks(names, JOBS_PER_FETCH):
			ids = [name.rpartition(AT)[0] for name in chunk]
			jobs = Job.fetch_many(ids, connection=connection)
			found += [_failure(name, job) for name, job in zip(chunk, jobs, strict=True) if job is not None]
	return found


def jobs_view(job_ids: Sequence[str]) -> JobsView:
	"""Queues and workers of the bench, jobs of this site. Raises QueueUnavailable."""
	with _answering() as connection:
		return _view(connection).look({create_job_id(name): name for name in job_ids})


def abandon_job(job: str) -> bool:
	"""Lays a dead job of this site among the failed ones. Raises QueueUnavailable."""
	with _answering() as connection:
		return _view(connection).abandon(job)


def requeue_job(job: str) -> bool:
	"""Queues a failed job of this site again. Raises QueueUnavailable."""
	with _answering() as connection:
		return _view(connection).requeue(job)


def _view(connection: Any) -> RqView:
	queues = [Queue(name, connection=connection) for name in get_queue_list(build_queue_name=True)]
	mine = f"{frappe.local.site}::"
	return RqView(queues, mine, name_of=lambda key: key.rpartition(":")[2], job_class=Job, serializer=None)


def queue_overview() -> QueueOverview:
	"""The queues and workers of the bench; failed jobs are counted of this site. Raises QueueUnavailable."""
	prefix = f"{frappe.local.site}::"
	with _answering() as connection:
		return survey(
			get_queues(connection=connection),
			get_workers(),
			connection,
			lambda key: key.rpartition(":")[2],
			lambda job_id: job_id.startswith(prefix),
		)


def _failure(name: str, job: Any) -> JobFailure:
	try:
		arguments = job.kwargs or {}
	except (
		Exception
	):  # arguments are pickled, and their classes may be gone since; the failure is known all the same
		arguments = {}
	method = arguments.get("method")
	if callable(method):
		method = f"{method.__module__}.{method.__qualname__}"
	ended = job.ended_at
	return JobFailure(
		name=name,
		when=ended.replace(tzinfo=timezone.utc) if isinstance(ended, datetime) else None,
		method=str(method or arguments.get("job_name") or ""),
		queue=str(job.origin or ""),
		user=str(arguments.get("user") or ""),
		text=_traceback(job),
		trace=str(job.id),
	)


def _traceback(job: Any) -> str:
	result = job.latest_result()
	text = getattr(result, "exc_string", None) or getattr(job, "_exc_info", None) or ""
	return str(text).replace(f"{frappe.utils.get_bench_path()}/", "")


@contextmanager
def _answering() -> Iterator[Any]:
	try:
		yield get_redis_conn()
	except redis.RedisError as exc:
		raise QueueUnavailable(f"The job queue does not answer: {exc}") from exc
