"""Plans when which bug strikes, lets it strike, and renders the Error Log rows Frappe would have.

Three ways into the table, as in Frappe v15: the app logs an error itself (owner is the user), a job fails (title is
the method), or a request fails (title is the message; the row is made a quarter of an hour later by Administrator).
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import bugs, rhythm
from .bugs import Bug, Site
from .faulty import dispatch
from .faulty.runtime import APP
from .manifest import incident
from .model import Change, World
from .people import OFFICE_USERS
from .writer import HashNames, Row, standard

MONITORED_DAYS = 30  # since then frappe.monitor runs, which gives errors a trace id
SNAPSHOTS = frozenset({"members.profile_card", "sepa.change_account", "portal.save_preferences"})
SPIKE_DAYS, SPIKE_FACTOR, SPIKE_HOURS = 9, 20, 3
CONFIG_DAYS, CONFIG_LEAD = 4, timedelta(minutes=20)
RESOLVED_FROM, RESOLVED_TO = 80, 60
GROWING_DAYS, GROWING_END = 45, 22.0
ONE_USER_DAYS = 40
_DAY = timedelta(days=1)
_EXPECTED = {
	"spike": ("error_spike", "many times the usual number of this error, for three hours only"),
	"new_after_change": (
		"new_error_after_change",
		"never seen before, goes on until now, and began shortly after a change of the System Settings",
	),
	"resolved": ("resolved_error", "occurred in these days only and is over since"),
	"growing": ("growing_error", "grows steadily and linearly until now"),
	"one_user": ("single_user_error", "met one single user"),
}


@dataclass(frozen=True)
class Strike:
	"""One error: when it happened, when its row was made, and the trace id if there is one."""

	happened: datetime
	logged: datetime
	bug: Bug
	trace: str | None


@dataclass(frozen=True)
class Trace:
	"""What frappe.monitor saw of a failing request or job."""

	when: datetime
	uuid: str
	entry: str
	method: str
	status: int


class Errors:
	"""The errors of the window. `plan` first (it changes settings), then `rows`, then `record`."""

	def __init__(self, world: World, *, incidents: bool = True) -> None:
		self.world = world
		self.now = world.now
		self._incidents = incidents
		self._plans: list[tuple[Bug, list[datetime]]] = []
		self._planted: dict[str, tuple[Bug, datetime, dict[str, object]]] = {}
		self.traces: list[Trace] = []
		self.counts: Counter[str] = Counter()
		self.rates: dict[str, float] = {}

	def plan(self) -> None:
		"""Decides all moments, and plants the change of settings that one of the errors follows; without incidents
		only the background strikes."""
		for bug in bugs.NOISE:
			self._steady(bug)
		if not self._incidents:
			return
		self._spike()
		self._after_change()
		self._resolved()
		self._growing()
		self._one_user()

	def _steady(self, bug: Bug) -> list[datetime]:
		generator = rhythm.generator(self.world.seed, f"bug {bug.name}")
		found = rhythm.steady(generator, bug.shape, bug.per_day, self.world.start, self.now)
		self._plans.append((bug, found))
		return found

	def _spike(self) -> None:
		bug = bugs.LOCKED
		self._steady(bug)
		start = rhythm.working_day(self.now - SPIKE_DAYS * _DAY).replace(
			hour=10, minute=0, second=0, microsecond=0
		)
		end = start + timedelta(hours=SPIKE_HOURS)
		expected = float(rhythm.rates(bug.shape, bug.per_day, start, end)[1].sum())
		rng = rhythm.rng(self.world.seed, "spike")
		extra = sorted(start + (end - start) * rng.random() for _ in range(round(expected * SPIKE_FACTOR)))
		self._plans.append((bug, extra))
		facts: dict[str, object] = {
			"until": end,
			"factor": SPIKE_FACTOR,
			"extra": len(extra),
			"usual_in_these_hours": round(expected, 2),
		}
		self._planted["spike"] = (bug, start, facts)

	def _after_change(self) -> None:
		bug = bugs.NUMBER_FORMAT
		start = rhythm.working_day(self.now - CONFIG_DAYS * _DAY).replace(
			hour=11, minute=24, second=31, microsecond=0
		)
		generator = rhythm.generator(self.world.seed, "after change")
		later = rhythm.moments(generator, bug.shape, bug.per_day, start, self.now)
		self._plans.append((bug, [start, *later]))
		user = OFFICE_USERS[1][0]
		changed = start - CONFIG_LEAD
		fields = (("number_format", "#,###.##", "#.###,##"),)
		self.world.changes.append(Change(changed, user, "System Settings", "System Settings", fields))
		facts: dict[str, object] = {
			"cause_doctype": "System Settings",
			"cause_field": "number_format",
			"cause_when": changed,
			"cause_user": user,
			"minutes_after_cause": CONFIG_LEAD.seconds // 60,
		}
		self._planted["new_after_change"] = (bug, start, facts)

	def _resolved(self) -> None:
		start = max(self.world.start, self.now - RESOLVED_FROM * _DAY)
		end = self.now - RESOLVED_TO * _DAY
		generator = rhythm.generator(self.world.seed, "resolved")
		bug = bugs.DUPLICATES
		self._plans.append((bug, rhythm.moments(generator, bug.shape, bug.per_day, start, end)))
		self._planted["resolved"] = (bug, start, {"until": end})

	def _growing(self) -> None:
		bug = bugs.QUEUE_FULL
		start = self.now - GROWING_DAYS * _DAY
		generator = rhythm.generator(self.world.seed, "growing")
		slope = (GROWING_END - bug.per_day) / GROWING_DAYS
		found = rhythm.steady(
			generator,
			bug.shape,
			bug.per_day,
			start,
			self.now,
			lambda day: (bug.per_day + slope * day) / bug.per_day,
		)
		self._plans.append((bug, found))
		facts: dict[str, object] = {
			"per_day_at_start": bug.per_day,
			"per_day_at_end": GROWING_END,
			"days": GROWING_DAYS,
		}
		self._planted["growing"] = (bug, start, facts)

	def _one_user(self) -> None:
		start = self.now - ONE_USER_DAYS * _DAY
		old = [person for person in self.world.people if person.user and person.joined < start - 30 * _DAY]
		person = rhythm.rng(self.world.seed, "one user").choice(old)
		bug = bugs.one_user(person)
		generator = rhythm.generator(self.world.seed, "one user")
		self._plans.append((bug, rhythm.moments(generator, bug.shape, bug.per_day, start, self.now)))
		facts: dict[str, object] = {"user": person.email, "doctype": "Member", "names": [person.name]}
		self._planted["one_user"] = (bug, start, facts)

	def rows(self, site: Site, names: HashNames) -> Iterator[Row]:
		"""Lets every bug strike, in the order of the rows."""
		rng = rhythm.rng(self.world.seed, "errors")
		for strike in self._strikes():
			bug = strike.bug
			arguments, user = bug.make(rng, site, strike.happened)
			enter = dispatch.request if bug.entry == "request" else dispatch.job
			entries = enter(bug.method, arguments, site.records)
			if len(entries) != 1:
				raise RuntimeError(f"the bug {bug.name} logged {len(entries)} errors instead of one")
			entry = entries[0]
			self.counts[bug.name] += 1
			if strike.trace:
				status = 500 if entry.deferred else 200
				trace = Trace(strike.happened, strike.trace, bug.entry, f"{APP}.{bug.method}", status)
				self.traces.append(trace)
			seen = int(rng.random() < 0.3 and self.now - strike.logged > 2 * _DAY)
			yield {
				**standard(names(), strike.logged, "Administrator" if entry.deferred else user),
				"seen": seen,
				"reference_doctype": entry.reference_doctype,
				"reference_name": entry.reference_name,
				"method": entry.title,
				"error": entry.text,
				"trace_id": strike.trace,
			}

	def _strikes(self) -> list[Strike]:
		rng = rhythm.rng(self.world.seed, "traces")
		strikes: list[Strike] = []
		for bug, moments in self._plans:
			for moment in moments:
				monitored = moment > self.now - MONITORED_DAYS * _DAY
				trace = str(uuid.UUID(int=rng.getrandbits(128), version=4)) if monitored else None
				logged = _next_flush(moment) if bug.method in SNAPSHOTS else moment
				# What waits for the next flush is not in the table yet.
				if logged <= self.now:
					strikes.append(Strike(moment, logged, bug, trace))
		return sorted(strikes, key=lambda strike: (strike.logged, strike.happened))

	def record(self) -> list[dict[str, object]]:
		"""Records the incidents with the true counts; returns the background bugs."""
		for name, (bug, when, facts) in self._planted.items():
			kind, expect = _EXPECTED[name]
			incident(self.world, f"error-{name}", kind, when, expect, {**self._facts(bug), **facts})
		background = [
			{**self._facts(bug), "per_working_day": bug.per_day, "rhythm": bug.shape} for bug in bugs.NOISE
		]
		incident(
			self.world,
			"background-noise",
			"background_noise",
			self.world.start,
			"none of these has a trend, a burst or a change: an alarm about one of them is a false alarm",
			{
				"bugs": [bug["bug"] for bug in background],
				"count": sum(self.counts[bug.name] for bug in bugs.NOISE),
			},
		)
		return background

	def _facts(self, bug: Bug) -> dict[str, object]:
		module, function = bug.culprit.split(".")
		return {
			"bug": bug.name,
			"exception": bug.exception,
			"culprit": function,
			"file": f"apps/{APP}/{APP}/{module}.py",
			"method": f"{APP}.{bug.method}",
			"count": self.counts[bug.name],
		}


def _next_flush(moment: datetime) -> datetime:
	"""When the row of a failed request is made: every 15 minutes, a few seconds after the quarter."""
	quarter = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0) + timedelta(minutes=15)
	flush = quarter + timedelta(seconds=2, microseconds=moment.microsecond)
	return flush if rhythm.exists(flush) else flush + timedelta(hours=1)
