"""What systems that watch from outside read. Thin: each function is a door to `services`."""

# no `from __future__ import annotations` here: the door checks real types

from typing import Any

from verenigingen.host import answer_with, current_host
from verenigingen.host.endpoint import endpoint
from verenigingen.services import pulse


@endpoint(guest=True)
def health_check() -> dict[str, Any]:
	"""Is the site up? HTTP status 200 with {"status": "up"}, 503 with {"status": "down"}.

	Users with the role System Manager or Monitoring Agent also get `parts` (database, cache, queue, workers, scheduler,
	collection: each {"status": "up", "down" or "unknown", "detail"}), `last_scheduler_event`, `last_collection` and
	`checked_at`. Down is: database, queue, or in a bench the cache, do not answer; no worker is alive; the scheduler is
	switched off, or no scheduled job has begun or no collector has run for longer than the setting `heartbeat_minutes`.
	What cannot be known is "unknown" and makes nothing down. An answer may be five seconds old.
	"""
	host = current_host()
	found = pulse.health(host, parts=not pulse.READERS.isdisjoint(host.access.user().roles))
	if found["status"] != "up":
		answer_with(503)
	return found
