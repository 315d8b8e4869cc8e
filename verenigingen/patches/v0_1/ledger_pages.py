"""Collected Row, a ledger row per counted row, became Collection Ledger, pages of keys: what was counted stays so."""

import frappe
import numpy as np

from verenigingen.host import current_host
from verenigingen.services import ledger
from verenigingen.services.collection import LOCK

OLD = "Collected Row"


def execute():
	"""Carries the keys over and removes the old DocType with its table."""
	if not frappe.db.table_exists(OLD):
		return
	store = current_host().store
	sources = store.query(f"SELECT DISTINCT source FROM `tab{OLD}`")
	for (source,) in sources:
		names = store.query(f"SELECT name FROM `tab{OLD}` WHERE source = %s", (source,))
		# an old name is 24 hexadecimal digits of the very hash whose first 16 are the key
		keys = np.array([int(name[:16], 16) for (name,) in names], dtype=np.uint64)
		with store.transaction(LOCK):
			ledger.enter_keys(store, source, keys)
	frappe.delete_doc_if_exists("DocType", OLD, force=True)
	frappe.db.sql_ddl(f"DROP TABLE IF EXISTS `tab{OLD}`")
