"""Builds the demo site: invents the association, then writes it table by table, and says what was planted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from . import audit, breaches, jobs, measurements, money, people, rhythm
from .bugs import Site
from .errors import Errors
from .faulty.runtime import APP
from .manifest import breaches as breaches_by_rule
from .manifest import json_safe
from .model import World
from .money_rows import MoneyRows, number_invoices
from .rows import MemberRows
from .stamps import Stamps
from .traffic import LOG, Traffic
from .users import ADMINISTRATOR, UserRows
from .writer import HashNames, Write, Writer

MANIFEST_VERSION = 1
MIN_DAYS = 85  # the error that is long resolved lies 60 to 80 days back
MIN_MEMBERS = 600
Progress = Callable[[int, int, str], None]


def build(
	write: Write,
	*,
	now: datetime,
	seed: int = 2026,
	members: int = 2500,
	days: int = 90,
	site_dir: Path,
	progress: Progress,
	error_incidents: bool = True,
) -> dict[str, Any]:
	"""Writes the demo site through `write(table, rows)` and returns the manifest.

	`now` is aware; moments in rows are naive and in Europe/Amsterdam. The request log goes to `site_dir`/logs. The same
	seed and `now` give the same rows. Without `error_incidents` only the background of errors strikes, so that every
	alarm about errors is a false one; what is planted elsewhere stays. Raises ValueError when the site would be too small to plant everything.
	"""
	if now.tzinfo is None:
		raise ValueError("now must be aware")
	if members < MIN_MEMBERS or days < MIN_DAYS:
		raise ValueError(f"the demo needs at least {MIN_MEMBERS} members and {MIN_DAYS} days")
	local = rhythm.local(now)
	world = World(seed, now=local, start=local - timedelta(days=days))
	steps = _Steps(progress)
	steps.next("Inventing members")
	people.add_members(world, members)
	steps.next("Inventing payments")
	_invent_money(world)
	errors = Errors(world, incidents=error_incidents)
	errors.plan()
	audit.add_edits(world)
	return _write_all(world, errors, Writer(write), site_dir, steps)


def _invent_money(world: World) -> None:
	money.add_items(world)
	breaches.plant(world)
	money.add_batches(world)
	breaches.plant_in_batches(world)
	number_invoices(world)


def _write_all(world: World, errors: Errors, writer: Writer, site_dir: Path, steps: _Steps) -> dict[str, Any]:
	names = HashNames(rhythm.rng(world.seed, "names"))
	stamps = Stamps(world)
	audit.plant_silent_change(world, stamps)
	steps.next("Writing members and mandates")
	members = MemberRows(world, names, stamps)
	members.write(writer)
	steps.next("Writing invoices and collections")
	MoneyRows(world, names, stamps).write(writer)
	steps.next("Writing users and the audit trail")
	UserRows(world, names).write(writer)
	writer.add("Version", stamps.versions(names))
	audit.write_deletions(world, members, names, writer)
	steps.next("Running scheduled jobs")
	site = Site(world)
	runs = jobs.add_runs(world, site.records)
	jobs.write(world, runs, names, writer)
	steps.next("Raising errors")
	writer.add("Error Log", errors.rows(site, names))
	background = errors.record()
	steps.next("Writing measurements")
	writer.add("Metric Rollup", measurements.rows(world))
	steps.next("Writing the request log")
	lines = Traffic(world, site_dir.name).write(site_dir, runs, errors.traces)
	steps.done()
	return _manifest(world, writer, background, site_dir, lines)


class _Steps:
	"""Reports progress in whole steps."""

	TOTAL = 9

	def __init__(self, progress: Progress) -> None:
		self._progress = progress
		self._done = -1

	def next(self, title: str) -> None:
		"""Begins a step."""
		self._done += 1
		self._progress(self._done, self.TOTAL, title)

	def done(self) -> None:
		"""Ends the last step."""
		self._progress(self.TOTAL, self.TOTAL, "Demo site is ready")


def _manifest(
	world: World, writer: Writer, background: list[dict[str, object]], site_dir: Path, lines: int
) -> dict[str, Any]:
	office = [{"name": user[0], "roles": list(user[3])} for user in people.OFFICE_USERS]
	manifest = {
		"version": MANIFEST_VERSION,
		"seed": world.seed,
		"site": site_dir.name,
		"app": APP,
		"time_zone": str(rhythm.ZONE),
		"start": world.start,
		"now": world.now,
		"users": [{"name": ADMINISTRATOR, "roles": ["System Manager"]}, *office],
		"tables": dict(sorted(writer.counts.items())),
		"request_log": {"path": str(LOG), "lines": lines},
		"incidents": world.incidents,
		"sepa_breaches": breaches_by_rule(world),
		"background": background,
	}
	return json_safe(manifest)  # type: ignore[return-value]
