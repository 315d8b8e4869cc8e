"""SQL without its values: what may leave the process that ran it, and what makes two statements the same one."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

LONGEST = 20_000  # characters of a statement that are looked at
SHOWN = 2_000  # characters of it that are kept
VALUE = "?"

# An unfinished quotation or comment runs to the end: what stands in it is a value in case of doubt.
_TOKEN = re.compile(
	r"""
	(?P<value> '(?:[^'\\]|\\.|'')*(?:'|\\?\Z) | "(?:[^"\\]|\\.|"")*(?:"|\\?\Z) | %\(\w{1,60}\)s | %s
		| \b0[xX][0-9a-fA-F]+ | (?<![\w`$])[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?(?!\w) | (?<![\w`$])\.\d+ )
	| (?P<name> `[^`]*(?:`|\Z) )
	| (?P<comment> /\*.*?(?:\*/|\Z) | --[^\n]* | \#[^\n]* )
	| (?P<space> \s+ )
	""",
	re.VERBOSE | re.DOTALL,
)
_LIST = re.compile(r"\((?: ?\?,?){2,}\)|(?<=\bin )\(\?\)", re.IGNORECASE)
_ROWS = re.compile(r"\(\?, ?…\)(?:, ?\(\?, ?…\))+")
_SCAN = re.compile(r"every row of [^;]{1,200}? \((\d{1,15})\)")
_TABLE = re.compile(r"\b(?:from|join|into|update)\s{1,4}(`[^`]{1,140}`|[A-Za-z_]\w{0,139})", re.IGNORECASE)
_NO_EXPLAIN = re.compile(
	r"\b(?:for\s+update|lock\s+in\s+share|into\s+(?:outfile|dumpfile|@)|get_lock|release_lock|sleep|benchmark|nextval"
	r"|setval|load_file|procedure)\b|@\w|;",
	re.IGNORECASE,
)


def normalised(sql: str) -> str:
	"""The statement with "?" for each value, without comments, lists of values as one. At most SHOWN characters."""
	text = _TOKEN.sub(_plain, sql[:LONGEST]).strip()
	text = _LIST.sub("(?, …)", text)
	text = _ROWS.sub("(?, …), …", text)
	return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _plain(found: re.Match[str]) -> str:
	kind = found.lastgroup
	if kind == "value":
		return VALUE
	return found[0] if kind == "name" else " "


def digest(statement: str) -> str:
	"""16 digits that stand for a normalised statement; upper and lower case make no difference."""
	return hashlib.blake2b(statement.lower().encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def tables(statement: str) -> list[str]:
	"""The tables a normalised statement names, each once, in order."""
	return list(dict.fromkeys(name.strip("`") for name in _TABLE.findall(statement)))


def may_be_explained(sql: str) -> bool:
	"""Whether asking for the plan of a statement surely does nothing else: one plain SELECT, which locks nothing, calls
	nothing and holds no other SELECT, as a database may run that to make the plan."""
	text = normalised(sql)
	if len(sql) > LONGEST or text[:7].lower() != "select ":
		return False
	return len(re.findall(r"\bselect\b", text, re.IGNORECASE)) == 1 and not _NO_EXPLAIN.search(text)


class PlanStep(NamedTuple):
	"""One table of a plan: how it is read ("ALL" is every row), by which index, and about how many rows."""

	table: str
	access: str
	key: str | None
	rows: int


def plan_text(steps: Iterable[PlanStep]) -> str:
	"""The plan in words: "every row of tabMember (5000); tabUser by index owner (1)"."""
	said = []
	for step in steps:
		if step.access == "ALL":
			said.append(f"every row of {step.table} ({step.rows})")
		elif step.access == "index":
			said.append(f"all of index {step.key} of {step.table} ({step.rows})")
		else:
			said.append(f"{step.table} by index {step.key or 'none'} ({step.rows})")
	return "; ".join(said)[:500]


def rows_scanned(plan: str) -> int:
	"""The most rows of one table that a plan in words reads all of; 0 when it reads no table as a whole."""
	return max((int(rows) for rows in _SCAN.findall(plan)), default=0)


class Execution(NamedTuple):
	"""One statement as it ran: `sql` normalised, `rows` it gave (-1: not known), the line of the app that asked for it."""

	sql: str
	caller: str
	seconds: float
	rows: int


def repeats(executions: Iterable[Execution], threshold: int) -> dict[tuple[str, str], int]:
	"""(statement, caller) of what one line ran more often than `threshold` times, with the number of times."""
	counted = Counter((one.sql, one.caller) for one in executions)
	return {place: count for place, count in counted.items() if count > threshold}
