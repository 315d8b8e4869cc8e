"""What every host tells of its site's configuration and code; part of the host contract."""

from verenigingen.core.watchdog.jobs import WAITING
from verenigingen.exceptions import BadArgument, ConfigurationError, ReadOnlySite, SourceAbsent, Unavailable
from verenigingen.host.port import SWITCHES, Host


class SiteContract:
	"""Mixed into HostContract."""

	host: Host

	def test_the_site_config_tells_what_changed_and_no_value(self):
		name, secret = "contract_probe", "Tulp7-geheim"
		self.set_site_config(name, secret)
		first = self.host.config.digests()
		self.assertNotIn(secret, str(first))
		self.assertEqual(first, self.host.config.digests())
		self.set_site_config(name, {"b": secret, "a": 1})
		second = self.host.config.digests()
		self.assertEqual({key for key in second if second[key] != first.get(key)}, {name})
		self.set_site_config(name, {"a": 1, "b": secret})
		self.assertEqual(second, self.host.config.digests(), "the order of keys is no change")
		self.set_site_config(name, None)
		self.assertNotIn(name, self.host.config.digests())

	def test_apps_have_versions_where_code_runs(self):
		apps = {app.name: app for app in self.host.hooks.apps()}
		if self.host.kind == "frappe":
			self.assertRegex(apps["frappe"].version, r"\A[0-9]+\.")
			self.assertRegex(apps["verenigingen"].commit or "", r"\A([0-9a-f]{12})?\Z")
		else:
			self.assertEqual(apps, {})

	# Operations.

	def test_the_scheduler_is_paused_and_resumed(self):
		operations = self.host.operations
		if self.host.kind == "local" and self.host.store is not self.host.db:
			with self.assertRaises(ReadOnlySite):
				operations.switch("pause_scheduler", 1)
			return
		self.assertLessEqual(set(operations.switches()), set(SWITCHES))
		before = operations.switch("pause_scheduler", 1)
		try:
			self.assertEqual(int(operations.switches()["pause_scheduler"]), 1)
		finally:
			self.assertEqual(operations.switch("pause_scheduler", before), 1)
		self.assertEqual(operations.switches().get("pause_scheduler"), before)
		with self.assertRaisesRegex(BadArgument, "no switch"):
			operations.switch("db_password", 1)

	def test_the_scheduler_of_the_settings_is_switched(self):
		if self.host.store is not self.host.db:
			return
		before = self.host.operations.switch("enable_scheduler", 0)
		try:
			self.assertEqual(int(self.host.operations.switches()["enable_scheduler"]), 0)
		finally:
			self.host.operations.switch("enable_scheduler", before)

	def test_backups_are_files_or_absent_with_a_reason(self):
		try:
			files = self.host.operations.backups()
		except SourceAbsent as absent:
			self.assertRegex(str(absent), "[Ff]older")
		else:
			self.assertTrue(all(file.size >= 0 and file.changed.tzinfo for file in files))

	# The queue as it is.

	def test_a_waiting_job_is_seen_and_never_given_up(self):
		if not self.jobs_wait:
			self.assertIsNone(self.host.queue.view() if self.dead_queue() is None else None)
			return
		self.enqueue_mark("seen", 1)
		view = self.host.queue.view([self.job_id("seen"), "contract nobody"])
		[job] = [job for job in view.jobs if job.key]
		self.assertEqual((job.key, job.place, job.status), (self.job_id("seen"), WAITING, "queued"))
		self.assertIsNotNone(job.enqueued.tzinfo)
		[queue] = [queue for queue in view.queues if queue.name == job.queue]
		self.assertGreaterEqual(queue.waiting, 1)
		self.assertLessEqual(queue.oldest, job.enqueued)
		self.assertEqual(
			(
				self.host.queue.abandon(job.id),
				self.host.queue.requeue(job.id),
				self.host.queue.abandon("nobody"),
			),
			(False, False, False),
		)
		self.run_waiting_jobs()
		self.assertEqual(self.marked("seen"), 1)

	# Calls to the outside.

	def test_addresses_that_may_not_be_called_are_refused(self):
		for address in (
			"ftp://example.org/",
			"file:///etc/passwd",
			"http://",
			"http://a@b/",
			"http://127.0.0.1:1/",
		):
			with self.subTest(address), self.assertRaises(ConfigurationError):
				self.host.notify.call(address, private=False)
		with self.assertRaisesRegex(Unavailable, "does not answer"):
			self.host.notify.call("http://127.0.0.1:1/", private=True)
