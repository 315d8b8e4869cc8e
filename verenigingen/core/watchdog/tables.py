"""Log tables that explode, that nothing clears, or that are not cleared although they should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from verenigingen.core.watchdog.model import Finding, Limits, span, spoken

FLOOD, LARGE, UNCLEARED = "log_flood", "log_size", "log_clearing"
TIMES = 5.0  # a day with that many times the rows of a usual one is a flood …
FLOOD_ROWS = 5_000  # … when it is more than a busy day of a small site
NOTABLE = 10_000  # rows from which a log that nothing clears is worth a word
SLACK = timedelta(days=3)  # clearing runs once a day


@dataclass(frozen=True, slots=True)
class TableFacts:
	"""A log table: DocType, rows, bytes where known, rows of the last 24 hours and of the
	seven days before, the time of a row that should have been cleared (aware; None: there is none), days it is kept as Log
	Settings say (None: not at all in them), and whether Frappe can clear it at all. None is what is not known.

	rows: counted no further than a little over the limit, `more` when there are more."""

	doctype: str
	rows: int
	more: bool
	size: int | None
	day: int | None
	week: int | None
	stale: datetime | None
	kept_days: int | None
	clearable: bool


def check_tables(tables: Sequence[TableFacts], now: datetime, limits: Limits) -> list[Finding]:
	"""What is wrong with the log tables; at most one finding for each, the most urgent."""
	found = []
	for table in tables:
		for judge in (_flood, _large, _uncleared, _unkept):
			finding = judge(table, now, limits)
			if finding:
				found.append(finding)
				break
	return found


def _flood(table: TableFacts, now: datetime, limits: Limits) -> Finding | None:
	if table.day is None or table.week is None or table.day < FLOOD_ROWS:
		return None
	usual = table.week / 7
	if table.day < TIMES * usual:
		return None
	than = f"{usual:,.0f} on a day of the week before" if usual else "none in the week before"
	return Finding(
		FLOOD,
		table.doctype,
		"high",
		f"{table.doctype} is being flooded: {table.day:,} rows in 24 hours",
		now - timedelta(days=1),
		f"{table.day:,} rows came in the last 24 hours, {than}. Something writes them in a loop.",
		"Look at what the newest rows have in common and stop that; clearing the table only treats the symptom.",
		_facts(table),
	)


def _large(table: TableFacts, now: datetime, limits: Limits) -> Finding | None:
	if table.rows <= limits.table_rows:
		return None
	about = "more than " if table.more else ""
	size = f", {table.size / 1e9:.1f} GB" if table.size is not None else ""
	return Finding(
		LARGE,
		table.doctype,
		"medium" if table.kept_days else "high",
		f"{table.doctype} has {about}{table.rows:,} rows",
		None,
		f"{table.doctype} has {about}{table.rows:,} rows{size}: backups, migrations and lists that read it take longer."
		f" {_retention(table)}",
		_remedy(table),
		_facts(table),
	)


def _uncleared(table: TableFacts, now: datetime, limits: Limits) -> Finding | None:
	if not table.kept_days or table.stale is None:
		return None
	age = span(table.stale, now)
	return Finding(
		UNCLEARED,
		table.doctype,
		"medium",
		f"{table.doctype} is not cleared as Log Settings say",
		table.stale + timedelta(days=table.kept_days),
		f"Log Settings keep {table.doctype} for {table.kept_days} days, and it has rows that are {spoken(age)} old: the daily job"
		" log_settings.run_log_clean_up does not run, or fails.",
		"See its runs in Scheduled Job Log (log_settings.run_log_clean_up).",
		_facts(table),
	)


def _unkept(table: TableFacts, now: datetime, limits: Limits) -> Finding | None:
	if table.kept_days or not table.clearable or table.rows < NOTABLE:
		return None
	return Finding(
		UNCLEARED,
		table.doctype,
		"low",
		f"Nothing ever clears {table.doctype}",
		None,
		f"{table.doctype} has {table.rows:,} rows and is not in Log Settings: it grows for ever.",
		_remedy(table),
		_facts(table),
	)


def _retention(table: TableFacts) -> str:
	if table.kept_days:
		return f"Log Settings keep it for {table.kept_days} days."
	return "Nothing clears it." if table.clearable else "Frappe has no clearing for it."


def _remedy(table: TableFacts) -> str:
	if table.kept_days:
		return "Keep it for fewer days in Log Settings, or find what writes so much."
	if table.clearable:
		return f"Add {table.doctype} to Log Settings with the days it is needed. What is cleared is gone: mind duties to keep records."
	return (
		"Track Changes of a DocType that a job changes often fills Version; turn it off there, or archive old rows. An audit"
		" trail may have to be kept."
	)


def _facts(table: TableFacts) -> dict[str, object]:
	return {
		"table": table.doctype,
		"rows": table.rows,
		"rows_at_least": table.more,
		"size_bytes": table.size,
		"rows_last_24_hours": table.day,
		"rows_7_days_before": table.week,
		"kept_days": table.kept_days,
	}
