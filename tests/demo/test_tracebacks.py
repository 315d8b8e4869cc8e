"""Tracebacks are genuine: every frame is a function of the faulty code, at a line that is in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from stdnum import iban

from verenigingen.standalone.demo import faulty

from .conftest import Demo

PREFIX = "apps/verenigingen_demo/verenigingen_demo/"
FOLDER = Path(faulty.__file__).parent
FRAME = re.compile(r'^  File "([^"]+)", line (\d+), in (\S+)$', re.MULTILINE)


def _functions() -> dict[tuple[str, str], range]:
	found: dict[tuple[str, str], range] = {}
	for path in FOLDER.glob("*.py"):
		for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
			if isinstance(node, ast.FunctionDef):
				found[path.name, node.name] = range(node.lineno, (node.end_lineno or node.lineno) + 1)
	return found


def _texts(demo: Demo) -> list[str]:
	failed = [row["details"] for row in demo.rows("Scheduled Job Log") if row["status"] == "Failed"]
	return [row["error"] for row in demo.rows("Error Log")] + failed


def test_every_frame_is_a_line_of_a_function_that_exists(demo: Demo) -> None:
	functions = _functions()
	frames = {frame for text in _texts(demo) for frame in FRAME.findall(text)}
	assert len({path for path, _, _ in frames}) >= 7
	for path, line, function in frames:
		assert path.startswith(PREFIX)
		assert int(line) in functions[path.removeprefix(PREFIX), function]


def test_every_text_has_frames_in_one_of_the_two_formats(demo: Demo) -> None:
	heads = ("Traceback with variables (most recent call last):\n", "Traceback (most recent call last):\n")
	texts = _texts(demo)
	assert all(text.startswith(heads) and FRAME.search(text) for text in texts)
	for head in heads:
		assert sum(text.startswith(head) for text in texts) > 100


def test_some_are_chained_and_no_address_or_path_of_this_machine_is_shown(demo: Demo) -> None:
	texts = _texts(demo)
	assert any("direct cause of the following exception" in text for text in texts)
	for text in texts:
		assert (
			" at 0x" not in text and "standalone/demo" not in text and "exception while printing" not in text
		)


def test_calls_vary(demo: Demo) -> None:
	texts = [row["error"] for row in demo.rows("Error Log")]
	# Entries of bank files have no variables, and a small association has few members: some texts repeat.
	assert len(set(texts)) > 0.75 * len(texts)


def test_rows_come_in_as_in_frappe(demo: Demo) -> None:
	rows = demo.rows("Error Log")
	snapshots = [row for row in rows if row["error"].rstrip().endswith(f": {row['method']}")]
	jobs = [row for row in rows if row["method"].startswith("verenigingen_demo.")]
	own = [row for row in rows if row["reference_doctype"]]
	assert min(len(snapshots), len(jobs), len(own)) > 300
	assert {row["owner"] for row in snapshots} == {"Administrator"}
	assert {row["creation"].minute % 15 for row in snapshots} == {0}
	traced = [row["trace_id"] for row in rows if row["trace_id"]]
	assert 1_000 < len(traced) < len(rows) and len(set(traced)) == len(traced)


def test_a_trace_id_is_found_in_the_request_log(demo: Demo) -> None:
	lines = {line["uuid"]: line for line in demo.traffic()}
	for row in demo.rows("Error Log"):
		if row["trace_id"]:
			line = lines[row["trace_id"]]
			if line["transaction_type"] == "request":
				assert line["request"]["status_code"] in (200, 500)


def test_personal_data_is_there_to_be_found(demo: Demo) -> None:
	text = "\n".join(_texts(demo))
	accounts = set(re.findall(r"\b[A-Z]{2}\d{2}[A-Z]{4}\d{10}\b", text))
	assert len(accounts) > 200
	bad = {row["iban"] for row in demo.rows("SEPA Mandate") if not iban.is_valid(row["iban"])}
	assert all(iban.is_valid(account) for account in accounts - bad)
	addresses = set(re.findall(r"[\w.]+@[\w.]+\w", text))
	assert len(addresses) > 200
	reserved = (".example", "@example.org", "@example.com", "@example.net")
	assert all(address.endswith(reserved) for address in addresses)
