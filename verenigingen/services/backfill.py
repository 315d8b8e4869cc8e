"""The first collection: takes in what the site has kept until now, in steps, and says how far it is.

Nothing is remembered for it: what was counted is in the ledger, so that it may be killed and begun again at any time, by
itself or by the scheduled collection, which does the same work in the same order.
"""

from __future__ import annotations

import time
from typing import Any

from verenigingen.core.model import as_datetime
from verenigingen.host import current_host
from verenigingen.host.port import Host
from verenigingen.services import ledger
from verenigingen.services.collection import STATE
from verenigingen.services.monitoring import collect_all
from verenigingen.services.site import ERROR_LOG, error_log_rows

METHOD = "verenigingen.services.backfill.backfill_now"
JOB_ID = "verenigingen-backfill"
JOB_SECONDS = 4 * 3600
STEP = 5.0  # seconds per collector between two looks at how far it is
TITLE = "Collecting errors"

Results = list[dict[str, Any]]


def backfill_now() -> Results:
	"""The background job that an installation queues."""
	return backfill(current_host(), JOB_SECONDS - 60)


def backfill(host: Host, seconds: float, step: float = STEP) -> Results:
	"""Collects until nothing is left, an error stops all sources, or `seconds` are over; shows its progress.

	Args: longest time altogether, and per collector between two showings. Result: as `collect_all`, summed up.
	"""
	end = time.monotonic() + seconds
	_show(host)
	total: Results = []
	while True:
		results = collect_all(host, min(step, max(end - time.monotonic(), 0.1)))
		total = _added(total, results)
		_show(host)
		unfinished = [row for row in results if not row["finished"]]
		# one that takes nothing in a step fails or waits for another collector; the scheduled runs try again
		if not any(row["collected"] for row in unfinished) or time.monotonic() >= end:
			return total


def _added(total: Results, results: Results) -> Results:
	before = {row["collector"]: row for row in total}
	now = {row["collector"] for row in results}
	return [row for row in total if row["collector"] not in now] + [
		row
		if (old := before.get(row["collector"])) is None
		else {
			**row,
			"collected": old["collected"] + row["collected"],
			"seconds": round((old["seconds"] or 0) + (row["seconds"] or 0), 3),
		}
		for row in results
	]


def _show(host: Host) -> None:
	status = backfill_status(host)
	if status["total"]:
		host.notify.progress(status["done"], status["total"], TITLE)


def backfill_status(host: Host) -> dict[str, Any]:
	"""How far the first collection of Error Log is.

	Result: {"done", "total" (rows counted, rows there), "finished", "since" (since when errors are known: the oldest
	that was found), "statement"}. Once finished it stays so; total is None on a site without Error Log.
	"""
	found = host.store.query(f"SELECT reconciled_at, data_since FROM `{STATE}` WHERE name = %s", (ERROR_LOG,))
	reconciled, since = (as_datetime(value) for value in found[0]) if found else (None, None)
	total = error_log_rows(host)
	counted = ledger.size(host.store, ERROR_LOG)
	finished = reconciled is not None
	# keys of rows that Frappe deleted since stay in the ledger for a while
	done = min(counted, total) if total is not None else counted
	zone = host.clock.now().tzinfo
	moment = since.replace(tzinfo=zone) if since and finished else None
	return {
		"done": done,
		"total": total,
		"finished": finished,
		"since": moment.isoformat(timespec="seconds") if moment else None,
		"statement": _statement(
			done, total, finished, moment.isoformat(" ", "minutes")[:16] if moment else ""
		),
	}


def _statement(done: int, total: int | None, finished: bool, since: str) -> str:
	if finished:
		return f"All that the site had kept is collected; errors are known since {since}."
	if total is None:
		return "The site has no Error Log."
	return f"Collected {done:,} of {total:,} errors that the site had kept."
