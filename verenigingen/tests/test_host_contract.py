"""The host contract on Frappe's adapter, in a real site."""

import os
import subprocess
import sys
from unittest.mock import patch

import frappe
import redis
from cryptography.fernet import Fernet

from verenigingen.host import current_host
from verenigingen.host.on_frappe import SETTINGS_DOCTYPE, FrappeCache, FrappeQueue, FrappeSecrets
from verenigingen.tests.host_contract import HostContract
from verenigingen.verenigingen.testing import IntegrationTestCase

NOBODY = {"host": "127.0.0.1", "port": 1}  # nothing listens there


class DeadCache(FrappeCache):
	"""The cache as it is while its Redis is down."""

	def _dead(self):
		return patch.object(frappe, "cache", type(frappe.cache)(**NOBODY))

	def get(self, key):
		with self._dead():
			return super().get(key)

	def put(self, key, value, ttl):
		with self._dead():
			super().put(key, value, ttl)

	def clear(self, prefix):
		with self._dead():
			super().clear(prefix)

	def server(self):
		with self._dead():
			return super().server()


class DeadQueue(FrappeQueue):
	"""The queue as it is while its Redis is down."""

	def enqueue(self, method, *, job_id, timeout, **kwargs):
		connection = redis.Redis(**NOBODY)
		with patch("frappe.utils.background_jobs.get_redis_conn", lambda *_, **__: connection):
			return super().enqueue(method, job_id=job_id, timeout=timeout, **kwargs)

	def overview(self):
		connection = redis.Redis(**NOBODY)
		with patch("verenigingen.host.frappe_jobs.get_redis_conn", lambda *_, **__: connection):
			return super().overview()


class OtherSecrets(FrappeSecrets):
	"""The secrets of a site with another key."""

	key = Fernet.generate_key().decode()

	def decrypt(self, token):
		with patch.dict(frappe.local.conf, encryption_key=self.key):
			return super().decrypt(token)

	def pseudonym(self, text):
		with patch.dict(frappe.local.conf, encryption_key=self.key):
			return super().pseudonym(text)


class TestHostContract(HostContract, IntegrationTestCase):
	def setUp(self):
		super().setUp()
		frappe.set_user("Administrator")
		self.host = current_host()
		self.addCleanup(self.clean)

	def opening_code(self):
		sites = os.path.abspath(frappe.local.sites_path)
		return (
			f"import frappe\nfrappe.init(site={frappe.local.site!r}, sites_path={sites!r})\nfrappe.connect()\n"
			"from verenigingen.host import current_host\nhost = current_host()"
		)

	def reconnect(self):
		frappe.db.close()  # and Frappe connects anew by itself

	def run_waiting_jobs(self):
		command = "-m frappe.utils.bench_helper frappe worker --queue long --burst".split()
		ran = subprocess.run(
			[sys.executable, *command],
			cwd=frappe.local.sites_path,
			capture_output=True,
			text=True,
			timeout=400,  # other jobs may wait before ours: every migrate leaves some that take seconds each
		)
		self.assertEqual(ran.returncode, 0, ran.stderr[-2000:])

	def dead_cache(self):
		return DeadCache()

	def dead_queue(self):
		return DeadQueue()

	def secrets_with_another_key(self):
		return OtherSecrets()

	def forbidden_query(self):
		return "SELECT user FROM mysql.user"  # a site's user may only see its own database

	def set_setting(self, name, value):
		frappe.db.delete("Singles", {"doctype": SETTINGS_DOCTYPE, "field": name})
		if value is not None:
			frappe.db.set_single_value(SETTINGS_DOCTYPE, name, value)

	def set_site_config(self, name, value):
		frappe.local.conf.pop(name, None)
		if value is not None:
			frappe.local.conf[name] = value
