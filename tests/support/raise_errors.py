"""Raises the errors of a small club's app inside a real bench and writes what Frappe would have logged.

Run with a bench's Python in its `sites` folder: `python raise_errors.py SITE OUT.jsonl SEED`. Nothing stays on the
site: `log_error` is caught, every case is rolled back. The app exists in two states, the second one refactored
(functions renamed, module moved, lines shifted, a wrapper more), so that labels are known: one per case and way.
"""

from __future__ import annotations

import importlib
import json
import random
import re
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import frappe
from frappe.utils import background_jobs, error

CASES = {
	"approve_application": ("age", "guardian", "paid", "withdrawn"),
	"fee_of": ("discount", "plan"),
	"letter_name": ("city", "name"),
}
HERE = Path(__file__).parent
PEOPLE = "Sanne Brouwer|Jan van der Berg|Zoë Vermeulen|Mehmet Öztürk|Siobhán Wal|Bo Li|Willem de Wit".split(
	"|"
)
ENTRIES = ("api", "job", "nightly", "quietly")


def source(refactored: bool) -> str:
	"""The app's module before or after the refactoring."""
	text = (HERE / "clubhouse" / "before.py.txt").read_text(encoding="utf-8")
	if not refactored:
		return text
	for old, new in (("store", "keep_document"), ("select", "rows_of"), ("fetch", "ask"), ("load", "read_document"),
		("check_application", "refuse_application")):  # fmt: skip
		text = re.sub(rf"\b{old}\(", f"{new}(", text)
	wrapper = "def timed(fn):\n\tdef wrapped(*args, **kwargs):\n\t\treturn fn(*args, **kwargs)\n\n\treturn wrapped\n\n\n"
	text = text.replace("class FeeError", "# moved here\n\n\n" + wrapper + "class FeeError")
	return re.sub(
		r"\ndef (approve_application|fee_of|letter_name|keep_document)\(", r"\n@timed\ndef \1(", text
	)


def values(rng: random.Random, way: str) -> dict[str, str]:
	"""Data of one event."""
	digits = "".join(rng.choice("0123456789") for _ in range(9))
	return {
		"way": way,
		"person": rng.choice(PEOPLE),
		"plan": f"P{rng.randint(1, 99)}",
		"day": f"20{rng.randint(10, 26)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}",
		"number": f"CLUB-{rng.randint(1000, 99999)}",
		"mail": f"p{digits}@club.example",
		"iban": f"NL{rng.randint(10, 99)}ABNA0{digits}",
	}


class Log:
	"""Takes the place of `frappe.log_error`: what it would have stored."""

	def __init__(self) -> None:
		self.rows: list[tuple[str, str]] = []

	def __call__(self, title=None, message=None, *args, **kwargs):
		traceback = None
		if message:
			traceback, title = (title, message) if "\n" in title else (message, title)
		self.rows.append(
			((title or "Error")[:140], frappe.as_unicode(traceback or frappe.get_traceback(True)))
		)


def enter(entry: str, app: ModuleType, case: str, given: dict[str, str], log: Log) -> None:
	"""One event by one way in."""
	try:
		if entry == "api":
			frappe.call(app.call, case=case, **given)
		elif entry == "job":
			arguments = {"case": case, "values": given}
			background_jobs.execute_job(frappe.local.site, app.job, None, case, arguments, is_async=False)
		else:
			getattr(app, entry)(case, given)
	except BaseException as exc:
		if entry == "api":
			log(title=str(exc))
	finally:
		frappe.db.rollback()


def main(site: str, out: str, seed: int) -> None:
	rng = random.Random(seed)
	frappe.init(site=site)
	frappe.connect()
	log = frappe.log_error = error.log_error = background_jobs.frappe.log_error = Log()
	with tempfile.TemporaryDirectory() as folder, open(out, "w", encoding="utf-8") as file:
		package = Path(folder) / "apps" / "clubhouse" / "clubhouse"
		package.mkdir(parents=True)
		(package / "__init__.py").write_text("")
		(package / "desk.py").write_text(source(False), encoding="utf-8")
		(package / "office.py").write_text(source(True), encoding="utf-8")
		sys.path.insert(0, str(package.parent))
		cases = re.findall(
			r"\ndef (?!check_application)(\w+)\(v\)", source(False).replace("nest(v, depth=0)", "nest(v)")
		)
		for module in ("clubhouse.desk", "clubhouse.office"):
			app = importlib.import_module(module)
			for case in cases:
				for way in CASES.get(case, ("",)):
					for entry in ENTRIES * 2:
						log.rows.clear()
						enter(entry, app, case, values(rng, way), log)
						for title, text in log.rows:
							row = {
								"label": f"{case}:{way}",
								"entry_point": entry,
								"frappe_version": frappe.__version__,
							}
							row |= {"module": module, "id": f"{seed}-{rng.getrandbits(48):x}"}
							file.write(json.dumps({**row, "method": title, "error": text}) + "\n")


if __name__ == "__main__":
	main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
