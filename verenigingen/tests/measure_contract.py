"""What every host promises to those who measure: part of `host_contract`."""

import datetime

from verenigingen.exceptions import CacheUnavailable, QueryRefused
from verenigingen.host.port import Host

TABLE = "tabCollector State"


class MeasureContract:
	"""The promises about a database's dialect and refusals, and what Redis and queues tell of themselves."""

	host: Host

	def forbidden_query(self) -> str | None:
		"""A SELECT that the database refuses this user; None where its user may everything."""
		return None

	def test_the_database_says_what_it_is(self):
		self.assertIn(self.host.db.dialect, {"mariadb", "sqlite", "postgres"})
		self.assertIn(self.host.store.dialect, {"mariadb", "sqlite", "postgres"})

	def test_a_statement_that_runs_too_long_is_refused(self):
		if self.host.db.dialect != "mariadb":
			self.skipTest("only MariaDB limits a statement")
		with self.assertRaisesRegex(QueryRefused, "refused"):
			self.host.db.query(
				"SET STATEMENT max_statement_time=0.05 FOR SELECT COUNT(*) FROM information_schema.columns a,"
				" information_schema.columns b, information_schema.columns c"
			)
		self.assertEqual(self.host.db.query("SELECT 1"), [(1,)])

	def test_a_statement_without_the_right_is_refused(self):
		forbidden = self.forbidden_query()
		if forbidden is None:
			self.skipTest("this user may everything")
		with self.assertRaisesRegex(QueryRefused, "refused"):
			self.host.db.query(forbidden)
		self.assertEqual(self.host.db.query("SELECT 1"), [(1,)])

	def test_a_connection_let_go_is_opened_anew(self):
		for database in (self.host.db, self.host.store):
			database.reset()
			database.reset()
			self.assertEqual(database.query("SELECT 1"), [(1,)])
		self.host.store.insert(TABLE, [self.row("after a reset", status="in")])
		self.assertEqual(self.status("after a reset"), [("in", None)])

	def test_the_cache_s_server_tells_of_itself(self):
		info = self.host.cache.server()
		if info is None:
			self.skipTest("the memory of a process has no server")
		self.assertGreater(int(info["used_memory"]), 0)
		self.assertLessEqual(
			{"keyspace_hits", "keyspace_misses", "uptime_in_seconds", "evicted_keys"}, set(info)
		)

	def test_a_cache_that_is_down_has_no_server_to_ask(self):
		cache = self.dead_cache()
		if cache is None:
			self.skipTest("the memory of a process does not go down")
		with self.assertRaisesRegex(CacheUnavailable, "does not answer"):
			cache.server()

	def test_the_overview_tells_of_jobs_that_wait(self):
		before = self.host.queue.overview()
		if before is None:
			self.skipTest("jobs are run at once")
		asked = self.host.clock.now() - datetime.timedelta(seconds=1)
		self.enqueue_mark("seen", 1)
		during = self.host.queue.overview()
		self.run_waiting_jobs()
		after = self.host.queue.overview()
		waiting = [sum(line.waiting for line in each.lines) for each in (before, during, after)]
		self.assertEqual(waiting[1], waiting[0] + 1)
		self.assertLess(waiting[2], waiting[1])
		oldest = min(line.oldest for line in during.lines if line.oldest)
		self.assertLessEqual(oldest, self.host.clock.now())
		if not waiting[0]:
			self.assertGreaterEqual(oldest, asked)
		self.assertEqual([line.stuck for line in during.lines], [line.stuck for line in before.lines])
		self.assertGreater(int(during.server["used_memory"]), 0)
