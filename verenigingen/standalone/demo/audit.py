"""The trail of the office: edits with their Versions, deletions with their traces, and two gaps that are planted."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from . import names, rhythm
from .manifest import incident
from .model import Change, Person, World
from .people import OFFICE_USERS, REGISTRAR
from .rows import MemberRows
from .stamps import Stamps
from .writer import HashNames, Row, Writer, standard

EDITS_PER_DAY = 24
SETTINGS = "System Settings"
SECRET_EDITOR = OFFICE_USERS[1][0]
# Harmless changes of settings (days before now, field, old, new): not every change is a cause.
OLD_SETTINGS = (
	(71, "session_expiry", "170:00", "24:00"),
	(33, "email_retry_limit", 3, 5),
	(17, "max_file_size", 10, 5),
)


def add_edits(world: World) -> None:
	"""Changes that the office saved in the window, each with the value that came after it."""
	rng = rhythm.rng(world.seed, "edits")
	when = rhythm.moments(
		rhythm.generator(world.seed, "edits"), "office", EDITS_PER_DAY, world.start, world.now
	)
	edits: dict[str, list[tuple[datetime, Person]]] = defaultdict(list)
	for moment in when:
		person = rng.choice(world.people)
		while person.joined > moment or (person.left and person.left < moment):
			person = rng.choice(world.people)
		edits[person.name].append((moment, person))
	for moments in edits.values():
		_chain(rng, world, moments)
	for days, fieldname, old, new in OLD_SETTINGS:
		moment = rhythm.working_day(world.now - timedelta(days=days)).replace(hour=15, minute=12)
		if moment >= world.start:
			world.changes.append(
				Change(moment, OFFICE_USERS[0][0], SETTINGS, SETTINGS, ((fieldname, old, new),))
			)


def _chain(rng: Random, world: World, moments: list[tuple[datetime, Person]]) -> None:
	"""Walks back from today's phone number, so that every new value is the next one's old value."""
	value = moments[0][1].phone
	for moment, person in reversed(moments):
		before = names.phone(rng)
		while before == value:
			before = names.phone(rng)
		user = rng.choices((REGISTRAR, *(user[0] for user in OFFICE_USERS)), (10, 1, 1, 1, 3, 0, 1))[0]
		world.changes.append(
			Change(moment, user, "Member", person.name, (("contact_number", before, value),))
		)
		value = before


def plant_silent_change(world: World, stamps: Stamps) -> None:
	"""A member changed by `db_set`: `modified` moved, no Version."""
	old = world.now - timedelta(days=400)
	untouched = [
		person
		for person in world.people
		if person.joined < old and not person.left and not stamps.is_changed("Member", person.name)
	]
	person = rhythm.rng(world.seed, "silent").choice(untouched)
	when = rhythm.working_day(world.now - timedelta(days=12)).replace(hour=16, minute=47, second=9)
	stamps.plant_unexplained(Change(when, SECRET_EDITOR, "Member", person.name, ()))
	incident(
		world,
		"audit-silent-change",
		"audit_change_without_version",
		when,
		"the member was modified after creation, and no Version explains it",
		{"doctype": "Member", "names": [person.name], "count": 1, "modified_by": SECRET_EDITOR},
	)


def write_deletions(world: World, rows: MemberRows, names: HashNames, writer: Writer) -> None:
	"""Deleted members: a Comment for each, and a Deleted Document for all but the last."""
	rng = rhythm.rng(world.seed, "deletions")
	days = [rng.uniform(6, (world.now - world.start).days - 2) for _ in world.deleted]
	when = [_working_moment(rng, world.now - timedelta(days=offset)) for offset in days]
	pairs = list(zip(world.deleted, when, strict=True))
	writer.add("Deleted Document", _deleted_documents(rows, pairs[:-1], names))
	writer.add("Comment", (_comment(person, moment, names) for person, moment in pairs))
	person, moment = pairs[-1]
	incident(
		world,
		"audit-permanent-delete",
		"audit_permanent_delete",
		moment,
		"a Comment tells of a deletion for which there is no Deleted Document",
		{"doctype": "Member", "names": [person.name], "count": 1, "deleted_properly": len(pairs) - 1},
	)


def _working_moment(rng: Random, moment: datetime) -> datetime:
	day = rhythm.working_day(moment)
	return day.replace(hour=rng.randint(9, 16), minute=rng.randrange(60), second=rng.randrange(60))


def _deleted_documents(
	rows: MemberRows, pairs: list[tuple[Person, datetime]], names: HashNames
) -> Iterator[Row]:
	for person, moment in pairs:
		data = {"doctype": "Member", **rows.member(person)}
		yield {
			**standard(names(), moment, REGISTRAR),
			"deleted_name": person.name,
			"deleted_doctype": "Member",
			"restored": 0,
			"new_name": None,
			"data": json.dumps(data, default=str, indent=1, ensure_ascii=False, sort_keys=True),
		}


def _comment(person: Person, moment: datetime, names: HashNames) -> Row:
	return {
		**standard(names(), moment + timedelta(milliseconds=40), REGISTRAR),
		"comment_type": "Deleted",
		"comment_email": REGISTRAR,
		"subject": f"Member {person.name}",
		"comment_by": REGISTRAR,
		"published": 0,
		"seen": 0,
		"reference_doctype": "Member",
		"reference_name": None,
		"reference_owner": None,
		"content": None,
		"ip_address": None,
	}
