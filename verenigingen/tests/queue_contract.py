"""What every host promises of background jobs; part of the host contract."""

import os
import time

from verenigingen.exceptions import QueueUnavailable
from verenigingen.host import current_host
from verenigingen.host.port import Host, Queue

TABLE = "tabCollector State"
MARK = "contract "  # every row the contract writes is named so, and deleted again
LOCK = "contract"
STARTED = time.time_ns()


def leave_mark(name: str, number: int) -> None:
	"""The job that contract tests queue: adds `number` to a row's count."""
	store = current_host().store
	with store.transaction(LOCK):
		found = store.query(f"SELECT collected_rows FROM `{TABLE}` WHERE name = %s", (name,))
		store.upsert(TABLE, [{"name": name, "collected_rows": number + (found[0][0] if found else 0)}])


class QueueContract:
	"""Mixed into HostContract."""

	host: Host
	# do jobs wait for a worker, so that a second one of the same id is met while the first still waits?
	jobs_wait = True

	def run_waiting_jobs(self) -> None:
		"""Lets a worker run what waits in the queue."""

	def dead_queue(self) -> Queue | None:
		"""A queue whose server does not answer; None where the queue needs none."""
		return None

	def marked(self, name: str) -> int:
		"""What jobs added up in a row."""
		with self.host.store.transaction(LOCK):  # a new snapshot: the jobs ran elsewhere
			found = self.host.store.query(
				f"SELECT collected_rows FROM `{TABLE}` WHERE name = %s", (MARK + name,)
			)
		return int(found[0][0]) if found else 0

	def enqueue_mark(self, name: str, number: int) -> str:
		"""Queues a job that adds `number` to the row `name`."""
		return self.host.queue.enqueue(
			f"{__name__}.leave_mark", job_id=self.job_id(name), timeout=60, name=MARK + name, number=number
		)

	def job_id(self, name: str) -> str:
		"""An id of this process alone: a queue may remember, as running, the job of a suite that was killed."""
		return f"contract {name} {os.getpid()} {STARTED}"

	def test_a_job_is_run_with_its_arguments_on_this_site(self):
		self.assertEqual(self.enqueue_mark("job", 7), self.job_id("job"))
		self.run_waiting_jobs()
		self.assertEqual(self.marked("job"), 7)

	def test_a_job_that_waits_already_is_not_queued_again(self):
		self.enqueue_mark("same", 1)
		self.enqueue_mark("same", 1)
		self.run_waiting_jobs()
		self.assertEqual(self.marked("same"), 1 if self.jobs_wait else 2)

	def test_a_job_that_was_run_can_be_queued_again(self):
		for _ in range(2):
			self.enqueue_mark("again", 1)
			self.run_waiting_jobs()
		self.assertEqual(self.marked("again"), 2)

	def test_a_queue_that_is_down_says_so(self):
		queue = self.dead_queue()
		if queue is None:
			self.skipTest("a queue that runs jobs in this process does not go down")
		with self.assertRaisesRegex(QueueUnavailable, "does not answer"):
			queue.enqueue(f"{__name__}.leave_mark", job_id="contract down", timeout=60, name=MARK, number=1)

		with self.assertRaisesRegex(QueueUnavailable, "does not answer"):
			queue.overview()
