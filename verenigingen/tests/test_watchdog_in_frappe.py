"""The watchdog on a real site: each kind of silence is made, found, explained, remedied, and gone."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import frappe
import psutil
from frappe.utils import now_datetime
from frappe.utils.background_jobs import get_redis_conn

from verenigingen.host import current_host
from verenigingen.monitoring.zabbix_integration import health_check
from verenigingen.services.monitoring import collect_all
from verenigingen.services.pulse import KEY
from verenigingen.services.watchdog import TABLES_KEY
from verenigingen.tests import slow
from verenigingen.utils.analytics_engine import generate_insights_report, get_watchdog_findings
from verenigingen.utils.watchdog import apply_remedy, list_watchdog_actions, undo_remedy
from verenigingen.verenigingen.testing import IntegrationTestCase, real_permissions
from verenigingen.www.monitoring_dashboard import get_active_alerts

TYPE = "Scheduled Job Type"
METHOD = f"{slow.__name__}.{slow.for_long.__name__}"


def found(check, subject=None):
	"""Findings of one check, about one subject."""
	rows = get_watchdog_findings()["findings"]
	return [row for row in rows if row["check"] == check and subject in (None, row["subject"])]


class TestWatchdogInFrappe(IntegrationTestCase):
	def setUp(self):
		self.host = current_host()
		frappe.set_user("Administrator")
		self.jobs = dict(frappe.get_all(TYPE, fields=["name", "last_execution"], as_list=True))
		switches = {name: self.host.operations.switch(name, value) for name, value in self.awake.items()}
		self.addCleanup(self.put_back, switches)
		self.activity = frappe.get_doc(
			{"doctype": "Activity Log", "subject": "watchdog test", "operation": "Login", "status": "Success"}
		).insert(ignore_permissions=True)
		self.ran(now_datetime(), list(self.jobs))

	awake = {"pause_scheduler": 0, "enable_scheduler": 1}

	def put_back(self, switches):
		frappe.db.rollback()
		for name, value in switches.items():
			self.host.operations.switch(name, value)
		for name, last in self.jobs.items():
			frappe.db.set_value(TYPE, name, "last_execution", last, update_modified=False)
		frappe.db.delete("Activity Log", {"name": self.activity.name})
		frappe.db.delete("Watchdog Action")
		frappe.db.delete("Email Queue", {"sender": "watchdog@example.org"})
		frappe.db.delete("Email Queue Recipient", {"recipient": ("like", "watchdog-%")})
		frappe.db.commit()
		for key in (TABLES_KEY, KEY):
			self.host.cache.clear(key)

	def ran(self, when, names):
		"""Makes jobs have run last at a time."""
		for name in names:
			frappe.db.set_value(TYPE, name, "last_execution", when, update_modified=False)
		frappe.db.commit()

	def test_a_paused_or_disabled_scheduler(self):
		self.assertEqual(found("scheduler"), [])
		for switch, value in (("pause_scheduler", 1), ("enable_scheduler", 0)):
			with self.subTest(switch):
				self.host.operations.switch(switch, value)
				self.ran(now_datetime() - timedelta(hours=17), list(self.jobs))
				[finding] = found("scheduler")
				self.assertEqual((finding["subject"], finding["severity"]), (switch, "critical"))
				self.assertGreater(finding["evidence"]["overdue"], 10)
				self.assertEqual(found("scheduled_jobs"), [], "one cause is one finding")
				self.assertFalse(apply_remedy(**finding["remedy_call"])["applied"])
				self.assertEqual(len(found("scheduler", switch)), 1)
				done = apply_remedy(**finding["remedy_call"], apply=True)
				self.assertEqual(found("scheduler", switch), [])
				undo_remedy(**done["undo"])
				self.assertEqual(len(found("scheduler", switch)), 1)
				self.host.operations.switch(switch, self.awake[switch])
				self.ran(now_datetime(), list(self.jobs))

	def test_a_silent_scheduler_and_one_job_that_is_overdue(self):
		self.ran(now_datetime() - timedelta(hours=17), list(self.jobs))
		[silent] = found("scheduler")
		self.assertEqual((silent["subject"], silent["severity"]), ("silent", "critical"))
		self.assertIn("17 hours ago", silent["explanation"])
		said = generate_insights_report()
		self.assertEqual(said["executive_summary"]["overall_health"], "critical")
		self.assertIn(silent["remedy"], [action["action"] for action in said["priority_actions"]])
		self.assertIn(silent["title"], [alert["title"] for alert in get_active_alerts()["alerts"]])
		self.ran(now_datetime(), list(self.jobs))
		job = frappe.get_doc(TYPE, {"method": "verenigingen.services.monitoring.collect_now"})
		self.ran(now_datetime() - timedelta(hours=3), [job.name])
		[late] = found("scheduled_jobs")
		self.assertEqual((late["subject"], late["severity"]), (job.name, "high"))
		self.assertGreater(late["evidence"]["missed_runs"], 170)
		job.reload()
		job.execute()
		self.assertEqual(found("scheduled_jobs"), [])

	def test_a_worker_killed_in_a_scheduled_job(self):
		job = frappe.get_doc(
			{"doctype": TYPE, "method": METHOD, "frequency": "Daily", "create_log": 1}
		).insert()
		frappe.db.commit()
		self.addCleanup(self.remove_job, job)
		self.assertTrue(job.enqueue(force=True))
		with self.worker() as worker:
			self.wait(lambda: frappe.db.exists("Scheduled Job Log", {"scheduled_job_type": job.name}))
			self.assertEqual(found("workers", "default"), [])
			self.kill(worker.pid)
		self.assertEqual(len(found("workers", "default")), 1)
		self.let_signs_of_life_expire()
		[dead] = found("dead_jobs")
		self.assertEqual((dead["evidence"]["method"], dead["severity"]), (METHOD, "critical"))
		self.assertFalse(job.enqueue(force=True), "the dead one stands in the way")
		apply_remedy(**dead["remedy_call"], apply=True)
		self.assertEqual(found("dead_jobs"), [])
		self.assertTrue(job.enqueue(force=True))
		frappe.db.sql(
			"UPDATE `tabScheduled Job Log` SET creation = %s WHERE scheduled_job_type = %s",
			(now_datetime() - timedelta(hours=2), job.name),
		)
		frappe.db.commit()
		[run] = found("unfinished_runs", job.name)
		self.assertEqual((run["severity"], run["evidence"]["runs"]), ("high", 1))
		done = apply_remedy(**run["remedy_call"], apply=True)
		self.assertEqual(found("unfinished_runs", job.name), [])
		self.assertEqual(frappe.db.get_value("Scheduled Job Log", done["touches"][0], "status"), "Failed")
		undo_remedy(**done["undo"])
		self.assertEqual(len(found("unfinished_runs", job.name)), 1)
		self.assertEqual(list_watchdog_actions()["actions"][0]["state"], "Undone")

	def remove_job(self, job):
		key = f"{frappe.local.site}::scheduled_job::"
		connection = get_redis_conn()
		for name in (job.method, job.name):
			frappe.db.delete("Scheduled Job Log", {"scheduled_job_type": job.name})
			connection.delete(f"rq:job:{key}{name}")
			for queue in ("default", "long"):
				connection.lrem(f"rq:queue:{frappe.utils.get_bench_id()}:{queue}", 0, f"{key}{name}")
		frappe.delete_doc(TYPE, job.name, force=True)
		frappe.db.commit()

	@contextmanager
	def worker(self):
		command = "-m frappe.utils.bench_helper frappe worker --queue default --quiet".split()
		process = subprocess.Popen([sys.executable, *command], cwd=frappe.local.sites_path)
		try:
			yield process
		finally:
			if process.poll() is None:
				self.kill(process.pid)
			process.wait()

	def kill(self, pid):
		process = psutil.Process(pid)
		for one in (process, *process.children(recursive=True)):
			one.send_signal(signal.SIGKILL)

	def wait(self, true, seconds=120):
		end = time.monotonic() + seconds
		while not true():
			self.assertLess(time.monotonic(), end, "waited in vain")
			time.sleep(0.2)
			frappe.db.rollback()

	def let_signs_of_life_expire(self):
		"""What a minute and a half without a worker does to the list of running jobs."""
		connection = get_redis_conn()
		key = f"rq:wip:{frappe.utils.get_bench_id()}:default"
		for entry in connection.zrange(key, 0, -1):
			connection.zadd(key, {entry: time.time() - 1})

	def test_mail_stuck_in_sending(self):
		names = [self.mail("Sending", "Not Sent"), self.mail("Sending", "Sent")]
		[stuck] = found("mail_stuck")
		self.assertGreaterEqual(stuck["evidence"]["mails"], 2)
		self.assertNotIn("watchdog-", frappe.as_json(stuck))
		done = apply_remedy(**stuck["remedy_call"], apply=True)
		self.assertEqual(found("mail_stuck"), [])
		self.assertEqual(self.states(names), ["Not Sent", "Partially Sent"])
		undo_remedy(**done["undo"])
		self.assertEqual(self.states(names), ["Sending", "Sending"])
		self.assertEqual(len(found("mail_stuck")), 1)

	def mail(self, status, first):
		recipients = [
			{"recipient": f"watchdog-{number}@example.org", "status": state}
			for number, state in enumerate((first, "Not Sent"))
		]
		mail = frappe.get_doc(
			{"doctype": "Email Queue", "sender": "watchdog@example.org", "status": status, "message": "x"}
		)
		mail.set("recipients", recipients)
		mail.insert(ignore_permissions=True)
		for row, state in zip(mail.recipients, (first, "Not Sent"), strict=True):
			row.db_set("status", state)
		frappe.db.set_value(
			"Email Queue",
			mail.name,
			{"status": status, "modified": now_datetime() - timedelta(hours=2)},
			update_modified=False,
		)
		frappe.db.commit()
		return mail.name

	def states(self, names):
		return [frappe.db.get_value("Email Queue", name, "status") for name in names]

	def test_backups(self):
		folder = Path(frappe.get_site_path("private", "backups"))
		there = [path.name for path in folder.glob("*database*.sql.gz")]
		made = (
			folder / f"{now_datetime():%Y%m%d_%H%M%S}-{frappe.local.site.replace('.', '_')}-database.sql.gz"
		)
		if not there:
			self.assertEqual([row["subject"] for row in found("backups")], ["missing"])
		made.write_bytes(b"")
		try:
			self.assertEqual([row["severity"] for row in found("backups", "empty")], ["critical"])
			made.write_bytes(os.urandom(300_000))
			self.assertEqual(found("backups", "empty") + found("backups", "missing"), [])
		finally:
			made.unlink()

	def test_health_check_tells_guests_up_or_down_only(self):
		collect_all(self.host)
		self.host.operations.switch("pause_scheduler", 1)
		self.host.cache.clear(KEY)
		with real_permissions("Guest"):
			self.assertEqual(health_check(), {"status": "down"})
		self.assertEqual(frappe.local.response["http_status_code"], 503)
		told = health_check()
		self.assertEqual(told["parts"]["scheduler"]["status"], "down")
		self.assertIn("paused", told["parts"]["scheduler"]["detail"])
		self.host.operations.switch("pause_scheduler", 0)
		self.host.cache.clear(KEY)
		parts = health_check()["parts"]
		self.assertEqual(
			[parts[name]["status"] for name in ("database", "cache", "queue", "scheduler", "collection")],
			["up"] * 5,
		)

	def test_remedies_are_for_system_managers(self):
		with real_permissions("Guest"), self.assertRaises(frappe.PermissionError):
			apply_remedy("resume_scheduler", "pause_scheduler", apply=True)
		with self.assertRaisesRegex(frappe.ValidationError, "remedy must be one of"):
			apply_remedy("drop_tables", "all", apply=True)
		with self.assertRaises(frappe.DoesNotExistError):
			apply_remedy("release_job", "nobody", apply=True)
