"""Background jobs, each minute: what waits and for how long, what runs, what is stuck, and who works."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from verenigingen.collectors.cache import of_server
from verenigingen.core.gauges import GaugeSource, Item, Reading
from verenigingen.core.measures import MINUTE
from verenigingen.core.metrics import CACHE, QUEUES
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host

NAME = "Queues"


def read(host: Host) -> Iterable[Item]:
	"""How the queues stand. Raises SourceAbsent where jobs are run at once, QueueUnavailable."""
	overview = host.queue.overview()
	if overview is None:
		raise SourceAbsent(NAME, "No job queue of this site can be read here.")
	now = host.clock.now()
	for line in overview.lines:
		yield Reading("queue_depth", line.waiting, line.name)
		yield Reading("queue_oldest_seconds", _seconds(line.oldest, now), line.name)
		yield Reading("queue_running", line.running, line.name)
		yield Reading("queue_longest_run_seconds", _seconds(line.begun, now), line.name)
		yield Reading("queue_stuck", line.stuck, line.name)
		yield Reading("queue_failed", line.failed, line.name)
	yield Reading("workers", overview.workers)
	yield Reading("workers_busy", overview.busy)
	yield from of_server(overview.server, "queue")


def _seconds(since: datetime | None, now: datetime) -> float:
	return max((now - since).total_seconds(), 0.0) if since else 0.0


SOURCE = GaugeSource(NAME, MINUTE, read, (*QUEUES, *CACHE))
