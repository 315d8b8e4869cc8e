"""How a bench runs its site: the switches of the scheduler, and the folder of backups."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import frappe
from frappe.installer import update_site_config

from verenigingen.exceptions import BadArgument
from verenigingen.host.files import files_in
from verenigingen.host.port import SWITCHES, FileSeen

SYSTEM = "System Settings"
OF_SYSTEM = ("enable_scheduler", "dormant_days")


class FrappeOperations:
	"""Site config and System Settings of the site."""

	def switches(self) -> dict[str, Any]:
		config = frappe.get_site_config()  # from the files: what this process read at its start may be old
		found = {name: config.get(name) for name in SWITCHES if name not in OF_SYSTEM}
		found |= {name: frappe.db.get_single_value(SYSTEM, name, cache=False) for name in OF_SYSTEM}
		return {name: value for name, value in found.items() if value is not None}

	def switch(self, name: str, value: int | None) -> int | None:
		before = self._of_site(name)
		if name == "pause_scheduler":
			update_site_config(name, "None" if value is None else value)
		else:
			frappe.db.set_single_value(SYSTEM, name, value)
		return before

	def _of_site(self, name: str) -> int | None:
		if name == "pause_scheduler":
			site = frappe.get_file_json(frappe.get_site_path("site_config.json"))
			return int(site[name]) if site.get(name) is not None else None
		if name == "enable_scheduler":
			return int(frappe.db.get_single_value(SYSTEM, name, cache=False) or 0)
		raise BadArgument(f"{name} is no switch: pause_scheduler and enable_scheduler are.")

	def backups(self) -> list[FileSeen]:
		folder = frappe.get_site_path(frappe.conf.get("backup_path") or os.path.join("private", "backups"))
		return files_in(Path(folder), "Backups")
