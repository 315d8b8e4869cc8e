"""How RQ's queues stand, read from Redis: no job is unpickled for it. Works with RQ 1.15 to 2.x, in a bench and alone."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

import psutil
from rq.job import Job

from verenigingen.host.port import QueueLine, QueueOverview

FIRST_JOBS = 20  # of a queue: jobs put in front of the others are newer than those behind them


def survey(
	queues: Sequence[Any],
	workers: Sequence[Any],
	connection: Any,
	name_of: Callable[[str], str],
	is_ours: Callable[[str], bool],
) -> QueueOverview:
	"""The overview of these rq.Queue and rq.Worker objects.

	name_of: the name to show for a queue's key; is_ours: whether a failed job's id is of this site.
	"""
	alive = [worker for worker in workers if is_alive(worker)]
	begun = _begun(connection, [worker.get_current_job_id() for worker in alive])
	lines = [_line(queue, connection, begun, name_of(queue.name), is_ours) for queue in queues]
	busy = sum(_text(worker.get_state()) == "busy" for worker in alive)
	return QueueOverview(tuple(lines), len(alive), busy, dict(connection.info()))


def is_alive(worker: Any) -> bool:
	"""Is there still a process? A killed worker stays listed for minutes; one of this machine can be looked up."""
	pid, here = worker.pid, worker.hostname == socket.gethostname()
	return not (here and pid) or psutil.pid_exists(int(pid))


def _line(
	queue: Any,
	connection: Any,
	begun: dict[str, datetime],
	name: str,
	is_ours: Callable[[str], bool],
) -> QueueLine:
	first = connection.lrange(queue.key, 0, FIRST_JOBS - 1)
	waiting = [when for when in _fields(connection, first, "enqueued_at") if when]
	registry = queue.started_job_registry.key
	failed = connection.zrange(queue.failed_job_registry.key, 0, -1)
	return QueueLine(
		name=name,
		waiting=int(connection.llen(queue.key)),
		oldest=min(waiting, default=None),
		running=int(connection.zcard(registry)),
		begun=begun.get(queue.name),
		# the score is when the entry runs out; a living worker puts it off while the job runs
		stuck=int(connection.zcount(registry, "-inf", time.time())),
		failed=sum(is_ours(_text(job_id)) for job_id in failed),
	)


def _begun(connection: Any, job_ids: Sequence[str | None]) -> dict[str, datetime]:
	"""By queue, when the longest running of these jobs began."""
	ids = [job_id for job_id in job_ids if job_id]
	found: dict[str, datetime] = {}
	for job_id, when in zip(ids, _fields(connection, ids, "started_at"), strict=True):
		origin = _text(connection.hget(Job.key_for(job_id), "origin"))
		if when and origin:
			found[origin] = min(when, found.get(origin, when))
	return found


def _fields(connection: Any, job_ids: Sequence[Any], field: str) -> list[datetime | None]:
	if not job_ids:
		return []
	pipeline = connection.pipeline(transaction=False)
	for job_id in job_ids:
		pipeline.hget(Job.key_for(_text(job_id)), field)
	return [_moment(value) for value in pipeline.execute()]


def _moment(value: Any) -> datetime | None:
	try:
		return datetime.fromisoformat(_text(value).removesuffix("Z")).replace(tzinfo=timezone.utc)
	except ValueError:
		return None


def _text(value: Any) -> str:
	if isinstance(value, bytes):
		return value.decode("utf-8", "replace")
	return "" if value is None else str(getattr(value, "value", value))
