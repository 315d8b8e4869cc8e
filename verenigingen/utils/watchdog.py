"""Remedies of the watchdog: shown, carried out when told to, taken back. Thin: each function is a door to `services`."""

# no `from __future__ import annotations` here: the door checks real types

from typing import Any

from verenigingen.host import current_host
from verenigingen.host.endpoint import WRITE, endpoint
from verenigingen.services import remedies


@endpoint(methods=WRITE)
def apply_remedy(remedy: str, target: str, apply: bool = False) -> dict[str, Any]:
	"""Shows what a remedy would change, and with `apply` true changes it. A finding's `remedy_call` holds remedy and target.

	Remedies: "release_job" lays a dead job (its id) among the failed ones, so that the next can be queued;
	"resume_scheduler" switches "pause_scheduler" or "enable_scheduler" back; "requeue_mail" puts mail stuck in "Sending" or
	given up ("Error") back, 200 at a time; "close_runs" closes rows of Scheduled Job Log that a job type's killed runs left open.
	Result: {"remedy", "target", "summary", "touches", "mind", "applied", "action", "undo"}; `mind` says what to mind, `undo`
	holds the arguments of `undo_remedy`. Raises HTTP 404 when there is nothing (any more) to remedy, 409 on an audited site.
	"""
	return remedies.apply_remedy(current_host(), remedy, target, apply=apply)


@endpoint(methods=WRITE)
def undo_remedy(action: str) -> dict[str, Any]:
	"""Takes an applied remedy back: {"action", "remedy", "target", "undone"}. What went on meanwhile (a mail that was sent, a
	job whose next run was queued) is left alone. Raises HTTP 404 for an action that is not there or was taken back."""
	return remedies.undo_remedy(current_host(), action)


@endpoint()
def list_watchdog_actions() -> dict[str, Any]:
	"""The remedies applied, newest first, at most 200: {"actions": [{"action", "remedy", "target", "state", "summary",
	"applied_at", "applied_by", "undone_at", "undone_by"}]}."""
	return {"actions": remedies.list_actions(current_host())}
