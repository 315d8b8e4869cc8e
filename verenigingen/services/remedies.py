"""Remedies the watchdog can carry out: shown first, done only when told to, written down, and taken back on request.

Each works on what is wrong at the moment it is applied, not on what a page showed some time ago, and touches nothing that
is alive: a job that runs, a mail that was put back meanwhile, a run that still goes on.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from verenigingen.core.model import as_datetime, as_text
from verenigingen.exceptions import BadArgument, NotFound, ReadOnlySite
from verenigingen.host.port import Host
from verenigingen.services.remedy_jobs import (
	close_runs,
	plan_release,
	plan_resume,
	plan_runs,
	release,
	resume,
	undo_release,
	undo_resume,
	undo_runs,
)
from verenigingen.services.remedy_mail import plan_mail, requeue_mail, undo_mail

TABLE = "tabWatchdog Action"
LOCK = "watchdog"
HEALTH = "monitoring_health"
MOST_SHOWN = 200

Memory = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Remedy:
	"""How a remedy is planned (raising NotFound when nothing is wrong any more), carried out and taken back."""

	plan: Callable[[Host, str], tuple[str, list[str], str, Memory]]
	apply: Callable[[Host, str, Memory], Memory]
	undo: Callable[[Host, Memory], str]


REMEDIES: Mapping[str, Remedy] = {
	"release_job": Remedy(plan_release, release, undo_release),
	"resume_scheduler": Remedy(plan_resume, resume, undo_resume),
	"requeue_mail": Remedy(plan_mail, requeue_mail, undo_mail),
	"close_runs": Remedy(plan_runs, close_runs, undo_runs),
}


def apply_remedy(host: Host, remedy: str, target: str, *, apply: bool) -> dict[str, Any]:
	"""Plans a remedy, and carries it out when `apply` is set.

	Result: {"remedy", "target", "summary", "touches", "mind", "applied", "action", "undo"}; `action` names the row that
	remembers it and `undo` the call that takes it back, both None for a plan. Raises BadArgument for a remedy or target
	that is none, NotFound when there is nothing (any more) to remedy, ReadOnlySite, QueueUnavailable.
	"""
	means = _remedy(remedy)
	_own(host)
	if not apply:
		summary, touches, mind, _ = means.plan(host, target)
		return _told(remedy, target, summary, touches, mind, None)
	action = uuid.uuid4().hex[:10]
	with host.store.transaction(LOCK):
		summary, touches, mind, memory = means.plan(host, target)
		memory = means.apply(host, target, memory)
		host.store.insert(
			TABLE,
			[
				{
					"name": action,
					"remedy": remedy,
					"target": target[:140],
					"state": "Applied",
					"summary": summary,
					"memory": json.dumps(memory),
					"applied_at": host.clock.now().replace(tzinfo=None),
					"applied_by": host.access.user().name,
				}
			],
		)
	_forget(host)
	return _told(remedy, target, summary, touches, mind, action)


def undo_remedy(host: Host, action: str) -> dict[str, Any]:
	"""Takes an applied remedy back: {"action", "remedy", "target", "undone"}, `undone` saying what was put back. Raises
	NotFound for an action that is not there or was taken back already, ReadOnlySite, QueueUnavailable."""
	_own(host)
	with host.store.transaction(LOCK):
		rows = host.store.query(
			f"SELECT remedy, target, memory FROM `{TABLE}` WHERE name = %s AND state = 'Applied'", (action,)
		)
		if not rows:
			raise NotFound(f"There is no applied action {action[:40]!r} to take back.")
		name, target, memory = (as_text(value) for value in rows[0])
		said = _remedy(name).undo(host, json.loads(memory))
		now = host.clock.now().replace(tzinfo=None)
		host.store.execute(
			f"UPDATE `{TABLE}` SET state = 'Undone', undone_at = %s, undone_by = %s WHERE name = %s",
			(now, host.access.user().name, action),
		)
	_forget(host)
	return {"action": action, "remedy": name, "target": target, "undone": said}


def _forget(host: Host) -> None:
	"""Answers computed before are no longer true."""
	for prefix in ("analytics_", HEALTH):
		host.cache.clear(prefix)


def list_actions(host: Host) -> list[dict[str, Any]]:
	"""The remedies applied, newest first, at most MOST_SHOWN."""
	zone = host.clock.now().tzinfo
	rows = host.store.query(
		"SELECT name, remedy, target, state, summary, applied_at, applied_by, undone_at, undone_by"
		f" FROM `{TABLE}` ORDER BY applied_at DESC LIMIT {MOST_SHOWN}"
	)
	keys = (
		"action",
		"remedy",
		"target",
		"state",
		"summary",
		"applied_at",
		"applied_by",
		"undone_at",
		"undone_by",
	)
	found = [dict(zip(keys, row, strict=True)) for row in rows]
	for row in found:
		for key in ("applied_at", "undone_at"):
			moment = as_datetime(row[key])
			row[key] = moment.replace(tzinfo=zone) if moment else None
	return found


def _remedy(name: str) -> Remedy:
	if name not in REMEDIES:
		raise BadArgument(f"remedy must be one of {', '.join(REMEDIES)}, not {name[:40]!r}.")
	return REMEDIES[name]


def _own(host: Host) -> None:
	if host.store is not host.db:
		raise ReadOnlySite("This site is only being audited; carry the remedy out on the site itself.")


def _told(
	name: str, target: str, summary: str, touches: list[str], mind: str, action: str | None
) -> dict[str, Any]:
	return {
		"remedy": name,
		"target": target,
		"summary": summary,
		"touches": touches,
		"mind": mind,
		"applied": action is not None,
		"action": action,
		"undo": {"action": action} if action else None,
	}
