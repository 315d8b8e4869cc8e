"""What a merge makes of the status of issues, and what is left of it once they are taken apart again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from verenigingen.core.errors.life import OPEN, Life, after_events
from verenigingen.core.model import as_datetime, as_text
from verenigingen.host.port import Host
from verenigingen.services.lives import LIFE_COLUMNS, columns_of, life_of
from verenigingen.services.rollup import ALIAS, ISSUE

UNSOLVED = ("Regressed", "Open")
_OPENED = "as what was merged into it"


def opened_by(statuses: Iterable[str]) -> Life | None:
	"""The life of a settled issue once others of these statuses are part of it: unsolved wins. None: nothing changes."""
	found = set(statuses)
	for status in UNSOLVED:
		if status in found:
			return Life(status, f"{status.lower()} {_OPENED}")
	return None


def keep_life(host: Host, name: str) -> None:
	"""Notes what was decided about an issue, before a merge opens it; what an earlier merge noted stays."""
	life = _life(host, name)
	if life.reason.endswith(_OPENED):
		return
	columns = {key: value and str(value) for key, value in columns_of(life).items()}
	host.store.upsert(ALIAS, [{"name": name, "life_before": json.dumps(columns)}])


def after_taking_out(host: Host, name: str, seen: datetime | None) -> dict[str, object]:
	"""The columns of an issue that something was taken out of, whose latest event now is the one `seen`: what was decided
	before the merge opened it, unless somebody decided since, or something unsolved is still part of it."""
	kept = host.store.query(f"SELECT life_before FROM `{ALIAS}` WHERE name = %s", (name,))
	packed = as_text(kept[0][0]) if kept else ""
	if not packed or not _life(host, name).reason.endswith(_OPENED):
		return {}
	rest = host.store.query(
		f"SELECT status_before FROM `{ALIAS}` WHERE issue = %s AND name <> %s", (name, name)
	)
	still = opened_by(as_text(row[0]) for row in rest)
	if still is not None:
		return {} if still.status == _life(host, name).status else columns_of(still)
	host.store.upsert(ALIAS, [{"name": name, "life_before": None}])
	before = json.loads(packed)
	life = life_of([before.get(column.strip()) for column in LIFE_COLUMNS.split(",")])
	return columns_of(after_events(life, [(seen, None)] if seen else []))


def since_then(host: Host, name: str, status: str, seen: datetime | None) -> Life:
	"""The life of an issue that had `status` when it was merged, once its latest event was `seen`."""
	life = replace(_life(host, name), status=status or OPEN)
	return after_events(life, [(seen, None)] if seen else [])


def last_seen(host: Host, issue: str) -> datetime | None:
	"""When the latest event of any part of an issue was."""
	found = host.store.query(f"SELECT MAX(last_seen) FROM `{ALIAS}` WHERE issue = %s", (issue,))
	return as_datetime(found[0][0])


def _life(host: Host, name: str) -> Life:
	return life_of(host.store.query(f"SELECT {LIFE_COLUMNS} FROM `{ISSUE}` WHERE name = %s", (name,))[0])
