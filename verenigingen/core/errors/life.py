"""The life of an issue: what people decide about it, and what later events make of the decision. Pure.

The time of an event counts, not its arrival: a row that turns up late, of an error before the repair, is no
regression. Every state carries its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from verenigingen.exceptions import BadArgument

OPEN, RESOLVED, RESOLVED_IN, IGNORED, REGRESSED = (
	"Open",
	"Resolved",
	"Resolved in Version",
	"Ignored",
	"Regressed",
)
STATUSES = (OPEN, RESOLVED, RESOLVED_IN, IGNORED, REGRESSED)
MOST_EVENTS = 1_000_000_000  # fits the Int column
_VERSION = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,5})([-.+_]?[A-Za-z][0-9A-Za-z.+-]{0,30})?\Z")


@dataclass(frozen=True, slots=True)
class Life:
	"""Where an issue stands; times are naive site time.

	`changed` is when the status came to be. `resolved_in` goes with "Resolved in Version". `ignored_for` is the number
	of further events an issue is ignored for, `ignored_left` how many of them are still to come; both None when it is
	not ignored by number. `regressed` is the time of the event that showed a resolved issue to be back.
	"""

	status: str = OPEN
	reason: str = ""
	changed: datetime | None = None
	resolved: datetime | None = None
	resolved_in: str | None = None
	ignored_for: int | None = None
	ignored_left: int | None = None
	ignored_until: datetime | None = None
	regressed: datetime | None = None

	@property
	def settled(self) -> bool:
		"""Nobody needs to look at it now."""
		return self.status in (RESOLVED, RESOLVED_IN, IGNORED)


Event = tuple[
	datetime, str | None
]  # when it happened, and the version of the app that ran, where known


def resolve(life: Life, now: datetime, *, in_version: str | None = None) -> Life:
	"""Marks an issue as solved at `now`, or with `in_version` by that version of its app: events of the version or of
	an older one are then no regression either. Raises BadArgument when it is solved that way already, or when
	`in_version` is no version number."""
	if in_version is None:
		_refuse_same(life, life.status == RESOLVED)
		return Life(RESOLVED, f"resolved on {_said(now)}", now, resolved=now)
	version = in_version.strip()
	if not _VERSION.match(version):
		raise BadArgument(f"in_version must be a version such as 1.4.0, not {version[:60]!r}.")
	_refuse_same(life, life.status == RESOLVED_IN and life.resolved_in == version)
	reason = f"resolved in version {version}, decided on {_said(now)}"
	return Life(RESOLVED_IN, reason, now, resolved=now, resolved_in=version)


def ignore(life: Life, now: datetime, *, more: int | None = None, until: datetime | None = None) -> Life:
	"""Leaves an issue out of sight: for `more` further events, until a moment, whichever comes first, or for ever.
	Raises BadArgument when it is ignored just so already, or the moment is not ahead."""
	if until is not None and until <= now:
		raise BadArgument(f"until_date must lie ahead, {_said(until)} does not.")
	if more is not None and not 1 <= more <= MOST_EVENTS:
		raise BadArgument(f"until_count must be a whole number from 1 to {MOST_EVENTS}, not {more}.")
	same = (life.ignored_for, life.ignored_until) == (more, until)
	_refuse_same(life, life.status == IGNORED and same)
	terms = [f"for {more} more event{'s' if more > 1 else ''}"] if more else []
	terms += [f"until {_said(until)}"] if until else []
	reason = f"ignored {' or '.join(terms) or 'for ever'}, decided on {_said(now)}"
	return Life(IGNORED, reason, now, ignored_for=more, ignored_left=more, ignored_until=until)


def reopen(life: Life, now: datetime) -> Life:
	"""Takes a decision back. Raises BadArgument when the issue is open already."""
	_refuse_same(life, life.status == OPEN)
	return Life(OPEN, f"opened again on {_said(now)}", now)


def _refuse_same(life: Life, same: bool) -> None:
	if same:
		raise BadArgument(f"The issue is {life.status} already: {life.reason or 'nothing was decided yet'}.")


def as_of(life: Life, now: datetime) -> Life:
	"""The state at `now` if nothing happens: an issue ignored until a moment is open after it."""
	if life.status == IGNORED and life.ignored_until is not None and life.ignored_until <= now:
		return Life(OPEN, f"was ignored until {_said(life.ignored_until)}", life.ignored_until)
	return life


def after_events(life: Life, events: Iterable[Event]) -> Life:
	"""The state once further events are known, in whatever order they arrive."""
	if life.status in (RESOLVED, RESOLVED_IN):
		return _regression(life, events)
	if life.status == REGRESSED and life.regressed is not None:
		earlier = [when for when, _ in _come_back(life, events) if when < life.regressed]
		return replace(life, regressed=min(earlier)) if earlier else life
	if life.status == IGNORED:
		return _woken(life, sorted(when for when, _ in events))
	return life


def _regression(life: Life, events: Iterable[Event]) -> Life:
	again = _come_back(life, events)
	if not again:
		return life
	when, version = min(again, key=lambda event: event[0])
	running = f" with version {version}" if version else ""
	if life.resolved_in is not None and version is None:
		running = ", the version that ran is unknown"
	reason = f"seen again on {_said(when)}{running}; it was {life.reason}"
	return replace(life, status=REGRESSED, reason=reason, changed=when, regressed=when)


def _come_back(life: Life, events: Iterable[Event]) -> list[Event]:
	"""The events that contradict a resolution."""
	return [
		(when, version)
		for when, version in events
		if (life.resolved is None or when > life.resolved)
		and not (life.resolved_in is not None and runs_at_most(version, life.resolved_in))
	]


def _woken(life: Life, moments: Sequence[datetime]) -> Life:
	counted = [when for when in moments if life.changed is None or when > life.changed]
	ends = []
	if life.ignored_left is not None and len(counted) >= life.ignored_left:
		came = f"was ignored for {life.ignored_for} more events, which have come"
		ends.append((counted[life.ignored_left - 1], came))
	if life.ignored_until is not None and counted and counted[-1] >= life.ignored_until:
		ends.append((life.ignored_until, f"was ignored until {_said(life.ignored_until)}"))
	if ends:
		when, reason = min(ends)
		return Life(OPEN, reason, when)
	if life.ignored_left is None:
		return life
	return replace(life, ignored_left=life.ignored_left - len(counted))


def without(life: Life, when: datetime, last: datetime | None) -> Life:
	"""The state without an event that was counted at `when`: its source now tells another time, or that there was none.
	`last` is when the issue was last seen beside it, as far as is known."""
	if life.status == REGRESSED and life.regressed == when and life.resolved is not None:
		reason = f"resolved on {_said(life.resolved)}; what was seen since then was of another time"
		status = RESOLVED_IN if life.resolved_in else RESOLVED
		back = replace(life, status=status, reason=reason, changed=life.resolved, regressed=None)
		return after_events(back, [(last, None)] if last else [])
	if life.status == IGNORED and life.ignored_left is not None and life.ignored_for is not None:
		if life.changed is None or when > life.changed:
			return replace(life, ignored_left=min(life.ignored_left + 1, life.ignored_for))
	return life


def runs_at_most(version: str | None, limit: str) -> bool:
	"""Is a running version known to be `limit` or an older one? What cannot be compared is not known to be."""
	if version is None:
		return False
	if version == limit:
		return True
	ours, theirs = _key(version), _key(limit)
	return ours is not None and theirs is not None and ours <= theirs


def _key(version: str) -> tuple[tuple[int, ...], int, str] | None:
	"""Sorts versions; one with letters behind the numbers (dev, beta, rc) comes before the same numbers alone."""
	found = _VERSION.match(version.strip())
	if found is None:
		return None
	numbers = [int(part) for part in found[1].split(".")]
	while len(numbers) > 1 and not numbers[-1]:
		numbers.pop()
	suffix = (found[2] or "").strip("-._+").lower()
	build = (found[2] or "").startswith("+") or suffix.startswith("post")
	return tuple(numbers), 1 if build or not suffix else 0, suffix


def app_version(facets: Iterable[tuple[str, str]], app: str | None) -> str | None:
	"""The version of `app` among facets "App Version" that read "<app> <version>"; None where it is not told."""
	if app is None:
		return None
	for kind, value in facets:
		if kind == "App Version":
			name, _, version = value.partition(" ")
			if name == app and version:
				return version
	return None


def _said(moment: datetime) -> str:
	return f"{moment:%Y-%m-%d %H:%M}"
