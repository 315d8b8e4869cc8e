"""Frappe's Email Queue, each minute: what waits, for how long, and what could not be sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from verenigingen.core.gauges import GaugeSource, Item, Reading
from verenigingen.core.measures import MINUTE
from verenigingen.core.metrics import MAIL
from verenigingen.core.model import as_datetime, as_text
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host, marks

NAME = "Mail"
TABLE = "tabEmail Queue"
OPEN = (
	"Not Sent",
	"Sending",
	"Partially Sent",
	"Error",
)  # what nobody has to look at any more is not counted


def read(host: Host) -> Iterable[Item]:
	"""How the mail queue stands. Raises SourceAbsent where there is none."""
	if not {"status", "creation", "modified", "send_after"} <= host.db.columns(TABLE):
		raise SourceAbsent(NAME, "This site has no Email Queue.")
	now = host.clock.now().replace(tzinfo=None)
	rows = host.db.query(
		f"SELECT status, COUNT(*) FROM `{TABLE}` WHERE status IN ({marks(len(OPEN))}) GROUP BY status", OPEN
	)
	counts = {as_text(status): int(count) for status, count in rows}
	for status in OPEN:
		yield Reading("mail_queue", counts.get(status, 0), status)
	# a mail to be sent later waits since then
	yield Reading(
		"mail_oldest_waiting_seconds",
		_age(
			host,
			"MIN(CASE WHEN send_after > creation THEN send_after ELSE creation END)",
			"'Not Sent' AND (send_after IS NULL OR send_after <= %s)",
			now,
		),
	)
	yield Reading(
		"mail_oldest_sending_seconds", _age(host, "MIN(modified)", "'Sending' AND modified <= %s", now)
	)
	[(errors,)] = host.db.query(
		f"SELECT COUNT(*) FROM `{TABLE}` WHERE status = 'Error' AND creation >= %s",
		(now - timedelta(days=1),),
	)
	yield Reading("mail_errors_last_day", int(errors))


def _age(host: Host, since: str, condition: str, now: datetime) -> float:
	[(oldest,)] = host.db.query(f"SELECT {since} FROM `{TABLE}` WHERE status = {condition}", (now,))
	when = as_datetime(oldest)
	return max((now - when).total_seconds(), 0.0) if when else 0.0


SOURCE = GaugeSource(NAME, MINUTE, read, MAIL)
