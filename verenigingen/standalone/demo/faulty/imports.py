"""Bank files read by the demo app. Faults are named in the docstrings."""

from __future__ import annotations

from .runtime import get_traceback, log_error


def import_bank_file(filename: str, lines: list[str]) -> int:
	"""Reads the transactions of a bank file; the ones that cannot be read are logged and left out."""
	done = 0
	for number, line in enumerate(lines, 1):
		try:
			read_line(line)
			done += 1
		except ValueError:
			log_error(f"Bank file {filename}: line {number} skipped", get_traceback())
	return done


def read_line(line: str) -> tuple[str, str, int, str]:
	"""Fault: a remark with a semicolon, or none at all, changes the number of columns."""
	iban, name, cents, remark = line.split(";")
	return iban, name, int(cents), remark
