"""The remedy for mail that got stuck or was given up: it is put back to where Frappe sends it from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from verenigingen.core.model import as_text
from verenigingen.core.watchdog.mail import SENDING
from verenigingen.core.watchdog.model import counted
from verenigingen.exceptions import BadArgument, NotFound
from verenigingen.host.port import Host, marks
from verenigingen.services.watch_site import LATELY, MAIL

RECIPIENTS = "tabEmail Queue Recipient"
AT_ONCE = 200
WAITS, PARTLY = "Not Sent", "Partially Sent"

Memory = dict[str, Any]


def plan_mail(host: Host, target: str) -> tuple[str, list[str], str, Memory]:
	"""Mail in the state `target` ("Sending", stuck there, or "Error", of the last week), oldest first, AT_ONCE at a time.
	Raises BadArgument for another state, NotFound when there is none."""
	now = host.clock.now().replace(tzinfo=None)
	if target == "Sending":
		condition, moment = "modified <= %s", now - SENDING
	elif target == "Error":
		condition, moment = "modified >= %s", now - LATELY
	else:
		raise BadArgument("target must be Sending or Error.")
	rows = host.store.query(
		f"SELECT name FROM `{MAIL}` WHERE status = %s AND {condition} ORDER BY modified LIMIT {AT_ONCE}",
		(target, moment),
	)
	names = [as_text(row[0]) for row in rows]
	if not names:
		raise NotFound(f"No mail is stuck in {target} (any more).")
	partly = _begun(host, names)
	waits = [name for name in names if name not in partly]
	said = f"{counted(len(waits), 'mail')} become {WAITS}"
	if partly:
		said += f", {len(partly)} of which some recipients have theirs {PARTLY}"
	return (
		f"{said}; Frappe sends them with its next run.",
		names,
		"Recipients marked Sent get nothing twice. The one recipient of a mail who was being served when its worker ended"
		" may get it twice."
		if target == "Sending"
		else "Mail that is late may say what is no longer true: look at it first.",
		{"from": target, WAITS: waits, PARTLY: sorted(partly)},
	)


def _begun(host: Host, names: list[str]) -> set[str]:
	if not {"parent", "status"} <= host.db.columns(RECIPIENTS):
		return set()
	rows = host.store.query(
		f"SELECT DISTINCT parent FROM `{RECIPIENTS}` WHERE parent IN ({marks(len(names))}) AND status = 'Sent'",
		names,
	)
	return {as_text(row[0]) for row in rows}


def requeue_mail(host: Host, target: str, memory: Memory) -> Memory:
	"""Carries it out."""
	for state in (WAITS, PARTLY):
		_set(host, memory[state], target, state)
	return memory


def undo_mail(host: Host, memory: Memory) -> str:
	"""Puts back what has not been sent meanwhile. The time since when it was stuck is that of half an hour ago then."""
	changed = sum(_set(host, memory[state], state, memory["from"], SENDING) for state in (WAITS, PARTLY))
	return (
		f"{counted(changed, 'mail')} are in {memory['from']} again; what was sent meanwhile was left alone."
	)


def _set(host: Host, names: list[str], old: str, new: str, ago: timedelta = timedelta(0)) -> int:
	if not names:
		return 0
	when: datetime = host.clock.now().replace(tzinfo=None) - ago
	return host.store.execute(
		f"UPDATE `{MAIL}` SET status = %s, modified = %s WHERE name IN ({marks(len(names))}) AND status = %s",
		(new, when, *names, old),
	)
