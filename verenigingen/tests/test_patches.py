"""Patches can be found, and carry over what was there."""

from importlib import import_module
from pathlib import Path

import frappe
import numpy as np

import verenigingen
from verenigingen.host import current_host
from verenigingen.services import ledger
from verenigingen.verenigingen.testing import IntegrationTestCase

PATCHES = Path(verenigingen.__file__).with_name("patches.txt")


class TestPatches(IntegrationTestCase):
	def test_every_patch_resolves(self):
		paths = [line for line in PATCHES.read_text().splitlines() if line and not line.startswith("[")]
		self.assertTrue(paths)
		for path in paths:
			self.assertTrue(callable(import_module(path).execute), path)

	def remove(self, source):
		frappe.db.delete("Collection Ledger", {"source": source})
		frappe.db.commit()  # the patch commits as well

	def test_rows_counted_by_the_old_ledger_stay_counted(self):
		from verenigingen.patches.v0_1 import ledger_pages

		source, names = f"test {frappe.generate_hash(length=8)}", ["a", "b", "é"]
		store = current_host().store
		self.addCleanup(self.remove, source)
		frappe.db.sql_ddl(
			"CREATE TABLE `tabCollected Row` (name varchar(140) PRIMARY KEY, source varchar(140))"
		)
		for key in ledger.row_keys(source, names):
			# what the old ledger kept: 24 hexadecimal digits, of which the key is the first 16
			frappe.db.sql(
				"INSERT INTO `tabCollected Row` VALUES (%s, %s)", (f"{int(key):016x}00000000", source)
			)
		ledger_pages.execute()
		ledger_pages.execute()
		self.assertEqual(ledger.unseen(store, source, [*names, "new"]), ["new"])
		self.assertEqual(ledger.size(store, source), 3)
		self.assertFalse(frappe.db.table_exists("Collected Row", cached=False))
		self.assertTrue(
			np.array_equal(np.sort(ledger.held(store, source)), np.sort(ledger.row_keys(source, names)))
		)
