"""What a job queue looks like at one moment: values that adapters fill in and checks judge.

Times are aware. None means that the queue did not tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

WAITING, RUNNING, LOST = "waiting", "running", "lost"


@dataclass(frozen=True, slots=True)
class QueueSeen:
	"""One queue, of all sites that share it: how many jobs wait and since when the oldest does."""

	name: str
	waiting: int
	oldest: datetime | None


@dataclass(frozen=True, slots=True)
class WorkerSeen:
	"""A worker that registered itself. `gone`: its process is known not to exist; False where that cannot be told."""

	name: str
	queues: tuple[str, ...]
	heartbeat: datetime | None
	job: str
	gone: bool


@dataclass(frozen=True, slots=True)
class JobSeen:
	"""A job of this site that runs, or one that was asked for by id.

	status: what the job says of itself ("queued", "started", "failed" …). place: where it is: WAITING in a queue's list,
	RUNNING in the list of what is being run, LOST when it calls itself queued or started and is in neither; "" for a job
	that has ended. expires: when the queue itself takes a running job for abandoned, as its worker gave no sign of life;
	None when never. limit: seconds it may run, None for no limit.
	key: the id it was asked for by.
	"""

	id: str
	method: str
	queue: str
	status: str
	place: str
	enqueued: datetime | None = None
	started: datetime | None = None
	heartbeat: datetime | None = None
	expires: datetime | None = None
	limit: float | None = None
	worker: str = ""
	key: str = ""


@dataclass(frozen=True, slots=True)
class JobsView:
	"""Queues and workers of all sites that share them, jobs of this site."""

	queues: tuple[QueueSeen, ...]
	workers: tuple[WorkerSeen, ...]
	jobs: tuple[JobSeen, ...]
