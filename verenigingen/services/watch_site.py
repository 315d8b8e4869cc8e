"""Reads what the watchdog judges beside jobs: outgoing mail, backups, log tables, our own collection."""

from __future__ import annotations

from datetime import datetime, timedelta

from verenigingen.core.measures import HOUR
from verenigingen.core.model import as_datetime, as_text
from verenigingen.core.watchdog.backups import Backup, database_backups
from verenigingen.core.watchdog.mail import SENDING, MailFacts
from verenigingen.core.watchdog.tables import SLACK, TableFacts
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host
from verenigingen.services.metric_rollup import points
from verenigingen.services.watch_jobs import aware

MAIL = "tabEmail Queue"
MOST_MAILS = 200
LATELY = timedelta(days=7)
SIZE, MEASURED = "database_table_bytes", timedelta(hours=26)
# Log tables, and whether Frappe can clear them.
LOGS = {
	"Error Log": True,
	"Scheduled Job Log": True,
	"Activity Log": True,
	"Version": False,
	"Email Queue": True,
	"Access Log": True,
	"Deleted Document": True,
	"View Log": True,
	"Route History": True,
	"Integration Request": True,
	"Webhook Request Log": True,
	"Prepared Report": True,
}
# Services of Frappe that carry backups away: Single DocType and the field that switches it on.
AWAY = (
	("S3 Backup Settings", "enabled"),
	("Dropbox Settings", "enabled"),
	("Google Drive", "enable"),
)


def mail(host: Host, limit: timedelta) -> MailFacts:
	"""Email Queue as it is. Raises SourceAbsent where there is none."""
	if not {"status", "send_after", "modified", "creation"} <= host.db.columns(MAIL):
		raise SourceAbsent("Email Queue", "This site has no Email Queue.")
	now = host.clock.now()
	naive = now.replace(tzinfo=None)
	stuck = naive - SENDING
	sending = host.db.query(
		f"SELECT name, modified FROM `{MAIL}` WHERE status = 'Sending' AND modified <= %s"
		f" ORDER BY modified LIMIT {MOST_MAILS}",
		(stuck,),
	)
	total = _one(host, f"SELECT COUNT(*) FROM `{MAIL}` WHERE status = 'Sending' AND modified <= %s", (stuck,))
	[(waiting, since)] = host.db.query(
		"SELECT COUNT(*), MIN(CASE WHEN send_after > creation THEN send_after ELSE creation END)"
		f" FROM `{MAIL}` WHERE status IN ('Not Sent', 'Partially Sent') AND creation <= %s"
		" AND (send_after IS NULL OR send_after <= %s)",
		(naive - limit, naive - limit),
	)
	[(failed, first)] = host.db.query(
		f"SELECT COUNT(*), MIN(modified) FROM `{MAIL}` WHERE status = 'Error' AND modified >= %s",
		(naive - LATELY,),
	)
	switches = host.operations.switches()
	return MailFacts(
		sending=[(as_text(name), m) for name, when in sending if (m := aware(when, now.tzinfo)) is not None],
		sending_total=int(total),
		waiting_total=int(waiting or 0),
		waiting_since=aware(since, now.tzinfo),
		given_up=int(failed or 0),
		given_up_since=aware(first, now.tzinfo),
		suspended=_suspended(host),
		muted=str(switches.get("mute_emails") or "0") not in ("0", "False", "false"),
	)


def _one(host: Host, sql: str, params: tuple[object, ...]) -> int:
	return int(host.db.query(sql, params)[0][0] or 0)


def _suspended(host: Host) -> bool:
	if "defkey" not in host.db.columns("tabDefaultValue"):
		return False
	rows = host.db.query(
		"SELECT defvalue FROM `tabDefaultValue` WHERE defkey = %s AND parent = %s",
		("suspend_email_queue", "__default"),
	)
	return any(as_text(row[0]) == "1" for row in rows)


def backups(host: Host) -> list[Backup]:
	"""Dumps of the database in the site's folder of backups, newest first. Raises SourceAbsent where there is no folder."""
	files = [(file.name, file.size, file.changed) for file in host.operations.backups()]
	return database_backups(files, host.clock.now())


def backups_elsewhere(host: Host) -> list[str]:
	"""Services that carry backups away and are switched on."""
	if not host.db.columns("tabSingles"):
		return []
	found = []
	for doctype, field in AWAY:
		rows = host.db.query(
			"SELECT value FROM `tabSingles` WHERE doctype = %s AND field = %s", (doctype, field)
		)
		if rows and as_text(rows[0][0]) == "1":
			found.append(doctype)
	return found


def log_tables(host: Host, most: int) -> list[TableFacts]:
	"""The log tables that the site has. Rows are counted up to `most`: a whole count reads a whole table."""
	kept, sizes = _kept_days(host), _sizes(host)
	now = host.clock.now().replace(tzinfo=None)
	found = []
	for doctype, clearable in LOGS.items():
		table = f"tab{doctype}"
		if not {"creation", "modified"} <= host.db.columns(table):
			continue
		counted = _one(host, f"SELECT COUNT(*) FROM (SELECT 1 FROM `{table}` LIMIT {int(most) + 1}) few", ())
		day = _since(host, table, now - timedelta(days=1))
		week = _since(host, table, now - timedelta(days=8)) - day
		found.append(
			TableFacts(
				doctype=doctype,
				rows=counted,
				more=counted > most,
				size=sizes.get(table),
				day=day,
				week=week,
				stale=aware(_stale(host, table, now, kept.get(doctype)), host.clock.now().tzinfo),
				kept_days=kept.get(doctype),
				clearable=clearable,
			)
		)
	return found


def _sizes(host: Host) -> dict[str, int]:
	"""Bytes of the largest tables, as the collectors measured them last."""
	now = host.clock.now().replace(tzinfo=None)
	found = points(host, SIZE, HOUR, now - MEASURED, now)
	return {point.label: round(point.last) for point in found}


def _since(host: Host, table: str, moment: datetime) -> int:
	# both columns: v15 has an index on the one, v16 on the other
	return _one(
		host, f"SELECT COUNT(*) FROM `{table}` WHERE creation >= %s AND modified >= %s", (moment, moment)
	)


def _stale(host: Host, table: str, now: datetime, days: int | None) -> datetime | None:
	if not days:
		return None
	limit = now - timedelta(days=days) - SLACK
	rows = host.db.query(
		f"SELECT modified FROM `{table}` WHERE creation < %s AND modified < %s LIMIT 1", (limit, limit)
	)
	return as_datetime(rows[0][0]) if rows else None


def _kept_days(host: Host) -> dict[str, int]:
	if not {"ref_doctype", "days"} <= host.db.columns("tabLogs To Clear"):
		return {}
	rows = host.db.query("SELECT ref_doctype, days FROM `tabLogs To Clear`")
	return {as_text(doctype): int(days) for doctype, days in rows if days}


def last_collection(host: Host) -> datetime | None:
	"""When a collector ran last (aware); None when none ever did."""
	[(last,)] = host.store.query("SELECT MAX(last_run) FROM `tabCollector State`")
	return aware(last, host.clock.now().tzinfo)
