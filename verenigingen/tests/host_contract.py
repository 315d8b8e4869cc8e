"""What every host promises: one test class, which each adapter's test subclasses.

`tests/host/test_local.py` runs it with pytest on SQLite, on MariaDB, and with Redis and RQ; `test_host_contract.py`
beside this file runs it in a bench. So it uses unittest alone, and the tables of our own DocTypes.
"""

import datetime
import signal
import subprocess
import sys
import time
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from verenigingen.exceptions import (
	CollectorBusy,
	ConfigurationError,
	DatabaseUnavailable,
)
from verenigingen.host.port import Cache, Host, Secrets
from verenigingen.tests.measure_contract import MeasureContract
from verenigingen.tests.queue_contract import LOCK, MARK, TABLE, QueueContract
from verenigingen.tests.site_contract import SiteContract

ODD_TEXTS = ("50%", "%s and %(x)s", "it's", 'a "word"', "back\\slash", "ünï — €", "", "line\nbreak", "`tick`")

HOLDER = """
with host.store.transaction({lock!r}):
	host.store.upsert({table!r}, [{{"name": {name!r}, "status": "unfinished"}}])
	print("held", flush=True)
	sys.stdin.read()
print("done", flush=True)
"""


class HostContract(QueueContract, MeasureContract, SiteContract):
	"""The promises of `verenigingen.host.port`. Mix in before a TestCase, set `host` in setUp, call `clean` after."""

	host: Host
	# is there a connection to a server, that could be lost?
	has_server = True

	# What each adapter has to provide.

	def opening_code(self) -> str:
		"""Python source that, run by another process, leaves this same site open as `host`."""
		raise NotImplementedError

	def reconnect(self) -> None:
		"""Does what a later job or request would find done after a connection was lost."""

	def dead_cache(self) -> Cache | None:
		"""A cache whose server does not answer; None where the cache needs none."""
		return None

	def secrets_with_another_key(self) -> Secrets:
		"""The secrets of a site whose key is another one."""
		raise NotImplementedError

	def set_setting(self, name: str, value: str | None) -> None:
		"""Sets a value in Monitoring Settings, or removes it."""
		raise NotImplementedError

	def set_site_config(self, name: str, value: object) -> None:
		"""Sets a value in the site config as the running process sees it, or removes it (None)."""
		raise NotImplementedError

	# Tools of the tests.

	def clean(self) -> None:
		"""Removes what the contract wrote."""
		with self.host.store.transaction(LOCK):
			self.host.store.execute(f"DELETE FROM `{TABLE}` WHERE name LIKE %s", (MARK + "%",))

	def row(self, name: str, **values: object) -> dict[str, object]:
		"""A row that `clean` will remove."""
		return {"name": MARK + name, **values}

	def status(self, name: str) -> list[tuple[Any, ...]]:
		"""Status and error of a row."""
		return self.host.store.query(
			f"SELECT status, last_error FROM `{TABLE}` WHERE name = %s", (MARK + name,)
		)

	@contextmanager
	def another_process_inside(self, name: str) -> Iterator[subprocess.Popen]:
		"""Another process is inside a transaction in which it wrote the row `name`, until the block ends."""
		code = HOLDER.format(lock=LOCK, table=TABLE, name=MARK + name)
		process = subprocess.Popen(
			[sys.executable, "-c", f"import sys\n{self.opening_code()}\n{code}"],
			stdin=subprocess.PIPE,
			stdout=subprocess.PIPE,
			text=True,
		)
		try:
			self.assertEqual(process.stdout.readline(), "held\n")
			yield process
		finally:
			process.kill()
			process.communicate()

	# Clock.

	def test_now_is_aware_and_in_the_zone_of_the_site(self):
		now = self.host.clock.now()
		self.assertIsInstance(now.tzinfo, zoneinfo.ZoneInfo)
		difference = abs(now - datetime.datetime.now(datetime.timezone.utc))
		self.assertLess(difference, datetime.timedelta(minutes=5))

	# Reader and store.

	def test_values_come_back_as_they_were_bound(self):
		for index, text in enumerate(ODD_TEXTS):
			with self.subTest(text=text):
				self.host.store.insert(TABLE, [self.row(f"text {index}", status="ok", last_error=text)])
				self.assertEqual(self.status(f"text {index}"), [("ok", text)])
				found = self.host.store.query(f"SELECT name FROM `{TABLE}` WHERE last_error = %s", (text,))
				self.assertIn((f"{MARK}text {index}",), found)

	def test_a_bound_pattern_matches_as_like_does(self):
		self.host.store.insert(TABLE, [self.row("like a"), self.row("like b"), self.row("unlike")])
		found = self.host.store.query(
			f"SELECT name FROM `{TABLE}` WHERE name LIKE %s ORDER BY name", (MARK + "like%",)
		)
		self.assertEqual(found, [(MARK + "like a",), (MARK + "like b",)])

	def test_rows_are_a_list_of_tuples_and_none_when_nothing_is_found(self):
		self.assertEqual(self.status("nobody"), [])
		self.assertEqual(self.host.db.query("SELECT 1, NULL"), [(1, None)])

	def test_columns_of_a_table_and_of_none(self):
		self.assertLessEqual({"name", "status", "creation"}, self.host.store.columns(TABLE))
		self.assertEqual(self.host.store.columns("tabNo Such Table"), frozenset())
		self.assertEqual(self.host.db.columns("tabNo Such Table"), frozenset())

	def test_times_and_numbers_are_kept(self):
		when = datetime.datetime(2026, 3, 29, 2, 30, 15, 123456)
		self.host.store.insert(TABLE, [self.row("time", last_run=when, collected_rows=2**31 - 1)])
		found = self.host.store.query(
			f"SELECT last_run, collected_rows FROM `{TABLE}` WHERE name = %s", (MARK + "time",)
		)[0]
		self.assertEqual(str(found[0]), "2026-03-29 02:30:15.123456")
		self.assertEqual(found[1], 2**31 - 1)

	def test_inserting_a_name_again_is_an_error(self):
		self.host.store.insert(TABLE, [self.row("twice", status="first")])
		with self.assertRaisesRegex(Exception, "(?i)duplicate|unique"):
			self.host.store.insert(TABLE, [self.row("twice", status="second")])
		self.assertEqual(self.status("twice"), [("first", None)])

	def test_nothing_to_write_is_no_error(self):
		self.host.store.insert(TABLE, [])
		self.host.store.upsert(TABLE, [])

	def test_upsert_overwrites_only_the_given_columns(self):
		self.host.store.upsert(TABLE, [self.row("up", status="new", last_error="kept")])
		self.host.store.upsert(TABLE, [self.row("up", status="changed"), self.row("up 2", status="added")])
		self.assertEqual(self.status("up"), [("changed", "kept")])
		self.assertEqual(self.status("up 2"), [("added", None)])

	def test_many_rows_are_written_at_once(self):
		rows = [self.row(f"many {index}", status="x", collected_rows=index) for index in range(1_500)]
		self.host.store.insert(TABLE, rows)
		self.host.store.upsert(TABLE, [row | {"collected_rows": 1} for row in rows])
		found = self.host.store.query(
			f"SELECT COUNT(*), SUM(collected_rows) FROM `{TABLE}` WHERE name LIKE %s", (MARK + "many %",)
		)
		self.assertEqual([int(value) for value in found[0]], [1_500, 1_500])

	def test_execute_tells_how_many_rows_it_changed(self):
		self.host.store.insert(TABLE, [self.row(f"count {index}", status="old") for index in range(3)])
		named = (MARK + "count%",)
		update = f"UPDATE `{TABLE}` SET status = %s WHERE name LIKE %s"
		self.assertEqual(self.host.store.execute(update, ("new", *named)), 3)
		self.assertEqual(self.host.store.execute(f"DELETE FROM `{TABLE}` WHERE name LIKE %s", named), 3)
		self.assertEqual(self.host.store.execute(f"DELETE FROM `{TABLE}` WHERE name LIKE %s", named), 0)

	def test_a_transaction_keeps_all(self):
		with self.host.store.transaction(LOCK):
			self.host.store.insert(TABLE, [self.row("one", status="in")])
			self.host.store.upsert(TABLE, [self.row("two", status="in")])
		self.assertEqual([self.status("one"), self.status("two")], [[("in", None)], [("in", None)]])

	def test_a_transaction_that_fails_keeps_nothing_and_passes_the_error_on(self):
		with self.assertRaisesRegex(ZeroDivisionError, "on purpose"):
			with self.host.store.transaction(LOCK):
				self.host.store.insert(TABLE, [self.row("half", status="in")])
				raise ZeroDivisionError("on purpose")
		self.assertEqual(self.status("half"), [])
		with self.host.store.transaction(LOCK):  # and the lock is free again
			self.host.store.insert(TABLE, [self.row("half", status="whole")])
		self.assertEqual(self.status("half"), [("whole", None)])

	def test_one_process_at_a_time_and_what_it_committed_is_seen(self):
		with self.another_process_inside("theirs") as process:
			self.assertEqual(self.status("theirs"), [], "uncommitted rows of others are not seen")
			with self.assertRaises(CollectorBusy):
				with self.host.store.transaction(LOCK):
					self.fail("two processes are inside")
			process.communicate("")
			with self.host.store.transaction(LOCK):
				self.assertEqual(self.status("theirs"), [("unfinished", None)])

	def test_a_killed_process_leaves_neither_lock_nor_rows(self):
		with self.another_process_inside("killed") as process:
			process.send_signal(signal.SIGKILL)
			process.wait()
			with self.host.store.transaction(LOCK):
				self.assertEqual(self.status("killed"), [])

	def test_a_connection_lost_inside_a_transaction_says_so_and_keeps_nothing(self):
		if not self.has_server:
			self.skipTest("a file has no connection to lose")
		store = self.host.store
		with self.assertRaises(DatabaseUnavailable):
			with store.transaction(LOCK):
				store.upsert(TABLE, [self.row("lost", status="in")])
				number = store.query("SELECT CONNECTION_ID()")[0][0]
				kill = f'{self.opening_code()}\nhost.store.execute("KILL {number}")'
				subprocess.run([sys.executable, "-c", kill], check=True)
				store.upsert(TABLE, [self.row("lost too", status="in")])
		self.reconnect()
		with store.transaction(LOCK):  # neither is the lock held any more
			self.assertEqual([self.status("lost"), self.status("lost too")], [[], []])

	# Cache.

	def test_the_cache_gives_back_what_json_can_hold(self):
		cache = self.host.cache
		for value in ({"a": [1, 2.5, None, True], "é": "€"}, [], "text", 0, False, {"nested": {"deep": "x"}}):
			with self.subTest(value=value):
				cache.put("contract_value", value, 60)
				self.assertEqual(cache.get("contract_value"), value)
		self.assertIsNone(cache.get("contract_nothing"))
		cache.clear("contract_")

	def test_the_cache_refuses_what_json_cannot_hold(self):
		for value in ({1, 2}, object(), datetime.datetime(2026, 1, 1)):
			with self.subTest(value=value), self.assertRaises(TypeError):
				self.host.cache.put("contract_odd", value, 60)

	def test_a_cached_value_lives_no_longer_than_asked(self):
		self.host.cache.put("contract_short", 1, 1)
		self.host.cache.put("contract_long", 1, 60)
		time.sleep(1.2)
		self.assertIsNone(self.host.cache.get("contract_short"))
		self.assertEqual(self.host.cache.get("contract_long"), 1)
		self.host.cache.clear("contract_")

	def test_clearing_a_prefix_forgets_just_its_keys(self):
		cache = self.host.cache
		for key in ("contract_a_1", "contract_a_2", "contract_b"):
			cache.put(key, key, 60)
		cache.clear("contract_a_")
		self.assertEqual(
			[cache.get(key) for key in ("contract_a_1", "contract_a_2", "contract_b")],
			[None, None, "contract_b"],
		)
		cache.clear("contract_")
		self.assertIsNone(cache.get("contract_b"))

	def test_a_cache_that_is_down_is_an_empty_one(self):
		cache = self.dead_cache()
		if cache is None:
			self.skipTest("the memory of a process does not go down")
		cache.put("contract_x", 1, 60)
		self.assertIsNone(cache.get("contract_x"))
		cache.clear("contract_")

	# Access, secrets, config, hooks.

	def test_somebody_is_asking_and_has_roles(self):
		user = self.host.access.user()
		self.assertEqual(user.name, "Administrator")
		self.assertIn("System Manager", user.roles)
		self.assertFalse(user.is_guest)

	def test_an_access_leaves_a_row_with_who_what_and_arguments(self):
		count = "SELECT COUNT(*) FROM `tabAccess Log` WHERE method = %s AND user = %s AND filters LIKE %s"
		sought = ("contract.access", self.host.access.user().name, '%"days": 7%')
		before = self.host.store.query(count, sought)[0][0]
		self.host.access.log("contract.access", {"days": 7})
		self.assertEqual(self.host.store.query(count, sought)[0][0], before + 1)

	def test_a_secret_comes_back_only_with_the_same_key(self):
		token = self.host.secrets.encrypt("NL91ABNA0417164300 é")
		self.assertNotIn("NL91", token)
		self.assertEqual(self.host.secrets.decrypt(token), "NL91ABNA0417164300 é")
		with self.assertRaisesRegex(ConfigurationError, "key"):
			self.secrets_with_another_key().decrypt(token)
		with self.assertRaisesRegex(ConfigurationError, "key"):
			self.host.secrets.decrypt("no token at all")

	def test_a_pseudonym_is_stable_keyed_and_tells_nothing(self):
		secrets, person = self.host.secrets, "p.jansen@vereniging.example"
		self.assertEqual(secrets.pseudonym(person), secrets.pseudonym(person))
		self.assertRegex(secrets.pseudonym(person), r"\A[0-9a-f]{16}\Z")
		self.assertNotEqual(secrets.pseudonym(person), secrets.pseudonym(person + "x"))
		self.assertNotEqual(secrets.pseudonym(person), self.secrets_with_another_key().pseudonym(person))
		self.assertRegex(secrets.pseudonym("lone \ud800 surrogate"), r"\A[0-9a-f]{16}\Z")

	def test_settings_come_before_the_site_config_and_nothing_is_none(self):
		name = "recurring_threshold"
		self.set_setting(name, None)
		self.set_site_config(name, None)
		self.assertIsNone(self.host.config.get(name))
		self.set_site_config(name, 4)
		self.assertEqual(int(self.host.config.get(name)), 4)
		self.set_setting(name, "5")
		self.assertEqual(int(self.host.config.get(name)), 5)
		self.set_setting(name, "")
		self.assertEqual(int(self.host.config.get(name)), 4, "an empty setting is none")
		self.set_setting(name, None)
		self.set_site_config(name, None)

	def test_hooks_are_dotted_paths_without_repeats(self):
		found = self.host.hooks.get("monitoring_collectors")
		self.assertIn("verenigingen.collectors.error_log.collect", found)
		self.assertEqual(len(found), len(set(found)))
		self.assertEqual(self.host.hooks.get("no_such_hook"), [])

	def test_progress_may_be_told(self):
		self.host.notify.progress(1, 2, "contract")
		self.host.notify.progress(0, 0, "contract")
