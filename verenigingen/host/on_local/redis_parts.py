"""Cache in Redis and jobs on RQ, for a site of our own.

A Redis that is down never stops the work itself: the cache behaves as an empty one, and the queue says so. All values
are JSON, never pickle: whoever can write to Redis must not be able to run code in a worker by what he writes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timezone
from pathlib import Path
from types import FrameType
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, Worker
from rq.exceptions import DeserializationError, NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from verenigingen.core.watchdog.jobs import JobsView
from verenigingen.exceptions import BadArgument, CacheUnavailable, ConfigurationError, QueueUnavailable
from verenigingen.host.on_local.parts import job_function
from verenigingen.host.port import JobFailure, QueueOverview
from verenigingen.host.rq_overview import survey
from verenigingen.host.rq_view import RqView

log = logging.getLogger("verenigingen")

CONNECT_SECONDS = 0.5
ANSWER_SECONDS = 1.0
REST_SECONDS = 5.0  # how long a dead cache is left alone: a host that swallows packets would delay every call
SCAN_STEP = 1_000

RUN_JOB = "verenigingen.standalone.work.run_job"
RESULT_SECONDS = 600  # a finished job is remembered so long
FAILURE_SECONDS = 7 * 86_400
LOCK_SECONDS = 10
MAINTENANCE_SECONDS = 60  # jobs of a killed worker are given up by the next worker's maintenance
WAITING = {"queued", "deferred", "scheduled", "started"}


def connect(url: str, setting: str) -> redis.Redis:
	"""A client that gives up quickly and never retries by itself. Raises ConfigurationError for a text that is no URL."""
	try:
		return redis.Redis.from_url(
			url,
			socket_connect_timeout=CONNECT_SECONDS,
			socket_timeout=ANSWER_SECONDS,
			retry=Retry(NoBackoff(), 0),
		)
	except ValueError as exc:
		raise ConfigurationError(
			f"{setting} in site_config.json must be a URL such as redis://127.0.0.1:6379, not {url!r}."
		) from exc


def prefix_of(name: str, path: Path) -> str:
	"""What all keys of a site begin with: two sites, or two copies of one, may share a Redis."""
	return f"verenigingen:{name}:{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"


def _address(client: redis.Redis) -> str:
	# built from the parts: the URL may hold a password
	options = client.connection_pool.connection_kwargs
	return str(options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}")


class RedisCache:
	"""JSON values under the site's prefix. While Redis is down it is empty; each outage is logged once."""

	def __init__(self, url: str, prefix: str) -> None:
		self._redis = connect(url, "redis_cache")
		self.address = _address(self._redis)
		self._prefix = f"{prefix}:"
		self._lock = threading.Lock()
		self._down = False
		self._rest_until = 0.0

	def get(self, key: str) -> Any:
		kept = self._try(lambda: self._redis.get(self._prefix + key))
		return None if kept is None else json.loads(kept)

	def put(self, key: str, value: Any, ttl: int) -> None:
		text = json.dumps(value)
		self._try(lambda: self._redis.set(self._prefix + key, text, ex=ttl))

	def clear(self, prefix: str) -> None:
		self._try(lambda: self._clear(prefix))

	def describe(self) -> str:
		"""The server and how it answers. Raises CacheUnavailable."""
		return f"Redis {self.server()['redis_version']} at {self.address}"

	def server(self) -> Mapping[str, Any]:
		try:
			found: Any = self._redis.info()
			return dict(found)
		except redis.RedisError as exc:
			raise CacheUnavailable(
				f"Redis at {self.address} does not answer ({exc}); nothing is cached."
			) from exc

	def _clear(self, prefix: str) -> None:
		pattern = re.sub(r"([*?\[\]\\^])", r"\\\1", self._prefix + prefix) + "*"
		found = []
		for key in self._redis.scan_iter(match=pattern, count=SCAN_STEP):
			found.append(key)
			if len(found) == SCAN_STEP:
				self._redis.unlink(*found)
				found = []
		if found:
			self._redis.unlink(*found)

	def _try(self, ask: Callable[[], Any]) -> Any:
		if time.monotonic() < self._rest_until:
			return None
		try:
			answer = ask()
		except redis.RedisError as exc:
			self._fail(exc)
			return None
		if self._down:
			self._down = False
			log.info("The cache at %s answers again.", self.address)
		return answer

	def _fail(self, error: redis.RedisError) -> None:
		with self._lock:
			first, self._down = not self._down, True
			self._rest_until = time.monotonic() + REST_SECONDS
		if first:
			log.warning(
				"The cache at %s does not answer (%s); going on without a cache.", self.address, error
			)


class SiteJob(Job):
	"""A job as `RqQueue` writes it. RQ would run any function a job names; this runs the one that checks and opens the site."""

	@property
	def func(self) -> Any:
		if self.func_name != RUN_JOB:
			raise BadArgument(f"{self.func_name} is not run: only jobs of this program are.")
		return super().func


class SiteWorker(Worker):
	"""RQ's worker that tells when it was asked to stop; RQ itself only ends its loop, as it also does for other reasons."""

	asked: Callable[[], None]

	def request_stop(self, signum: int, frame: FrameType | None) -> None:
		self.asked()
		super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


class RqQueue:
	"""Jobs on one RQ queue of the site. A worker opens the site by itself, from the path that the job holds."""

	def __init__(self, url: str, prefix: str, site: Path) -> None:
		self._url, self._prefix, self._site = url, prefix, site
		self._redis = connect(url, "redis_queue")
		self.address = _address(self._redis)
		self._queue = self._on(self._redis)

	def _on(self, client: redis.Redis) -> Queue:
		return Queue(self._prefix, connection=client, serializer=JSONSerializer, job_class=SiteJob)

	def enqueue(self, method: str, *, job_id: str, timeout: int, **kwargs: object) -> str:
		job_function(method)  # what no worker would run is refused here already
		rq_id = self._rq_id(job_id)
		with self._answering():
			# look and write under one lock: two schedulers would both find nothing and both queue
			with self._redis.lock(
				f"{self._prefix}:lock:{rq_id}", timeout=LOCK_SECONDS, blocking_timeout=LOCK_SECONDS
			):
				known = self._job(rq_id)
				if known is not None:
					if known.get_status() in WAITING:
						return job_id
					known.delete()
				self._queue.enqueue_call(
					RUN_JOB,
					kwargs={"site": str(self._site), "method": method, "kwargs": kwargs},
					timeout=timeout,
					result_ttl=RESULT_SECONDS,
					failure_ttl=FAILURE_SECONDS,
					job_id=rq_id,
					description=f"{method} ({job_id})",
				)
		return job_id

	def state(self, job_id: str) -> str | None:
		"""RQ's status of a job: "queued", "started", "finished", "failed" …; None when there is none (any more)."""
		with self._answering():
			job = self._job(self._rq_id(job_id))
			status = job.get_status() if job is not None else None
			return str(getattr(status, "value", status)) if status else None

	def failed(self) -> list[str] | None:
		key = self._queue.failed_job_registry.key
		with self._answering():
			held: Any = self._redis.zrange(key, 0, -1, withscores=True)
		return [f"{raw.decode('utf-8', 'replace')}@{expires:.0f}" for raw, expires in held]

	def failures(self, names: Sequence[str]) -> list[JobFailure]:
		found = []
		with self._answering():
			for name in names:
				job = self._job(name.rpartition("@")[0])
				if job is not None:
					found.append(_failure(name, job))
		return found

	def view(self, job_ids: Sequence[str] = ()) -> JobsView | None:
		with self._answering():
			return self._view().look({self._rq_id(name): name for name in job_ids})

	def abandon(self, job: str) -> bool:
		with self._answering():
			return self._view().abandon(job)

	def requeue(self, job: str) -> bool:
		with self._answering():
			return self._view().requeue(job)

	def _view(self) -> RqView:
		return RqView(
			[self._queue], "", name_of=lambda _: "jobs", job_class=SiteJob, serializer=JSONSerializer
		)

	def overview(self) -> QueueOverview | None:
		with self._answering():
			workers = Worker.all(queue=self._queue, job_class=SiteJob, serializer=JSONSerializer)
			return survey([self._queue], workers, self._redis, lambda _: "jobs", lambda _: True)

	def work(self, *, burst: bool = False, asked: Callable[[], None] = lambda: None) -> None:
		"""Runs jobs until a signal asks to stop (`asked` is called then), or with `burst` until none waits.

		Each job runs in a process of its own, and leaves this one unharmed. May return early after an outage.
		Raises QueueUnavailable. Main thread only.
		"""
		before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
		try:
			with self._answering():
				self._worker(asked).work(burst=burst, logging_level="WARNING")
		finally:
			for number, handler in before.items():
				signal.signal(number, handler)

	def _worker(self, asked: Callable[[], None]) -> SiteWorker:
		# RQ sets the time-outs its blocking reads need, where none are set
		client = redis.Redis.from_url(self._url, socket_connect_timeout=CONNECT_SECONDS)
		worker = SiteWorker(
			[self._on(client)],
			connection=client,
			serializer=JSONSerializer,
			job_class=SiteJob,
			maintenance_interval=MAINTENANCE_SECONDS,
		)
		worker.asked = asked
		return worker

	def describe(self) -> str:
		"""The server, and how many workers, waiting and failed jobs there are. Raises QueueUnavailable."""
		with self._answering():
			seen = self._view().look({})
			failed = self._queue.failed_job_registry.count
		alive, waiting = sum(not worker.gone for worker in seen.workers), seen.queues[0].waiting
		workers = (
			f"workers alive: {alive}" if alive else "no worker alive, start one with `verenigingen work`"
		)
		return f"RQ at {self.address}; {workers}; jobs waiting: {waiting}, failed: {failed}"

	def _job(self, rq_id: str) -> Job | None:
		try:
			return SiteJob.fetch(rq_id, connection=self._redis, serializer=JSONSerializer)
		except NoSuchJobError:
			return None

	def _rq_id(self, job_id: str) -> str:
		# RQ 2 takes letters, digits, `_` and `-` only, and its ids are shared by all sites of a Redis
		digest = hashlib.sha256(f"{self._prefix}/{job_id}".encode()).hexdigest()[:12]
		return f"{re.sub(r'[^A-Za-z0-9_-]', '-', job_id)[:100]}-{digest}"

	@contextmanager
	def _answering(self) -> Iterator[None]:
		try:
			yield
		except redis.RedisError as exc:
			raise QueueUnavailable(
				f"The job queue, Redis at {self.address}, does not answer ({exc}). Is it running, and is redis_queue in"
				" site_config.json right?"
			) from exc


def _failure(name: str, job: Job) -> JobFailure:
	ended = job.ended_at
	result = job.latest_result()
	try:
		method = str(job.kwargs.get("method", ""))
	except DeserializationError:  # what a stranger queued
		method = ""
	return JobFailure(
		name=name,
		when=ended.replace(tzinfo=timezone.utc) if ended else None,
		method=method,
		queue=job.origin,
		user="",
		text=str(getattr(result, "exc_string", None) or ""),
		trace=job.id,
	)
