"""Backups: none, an old one, an empty one, one that suddenly became small."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from verenigingen.core.watchdog.model import Finding, Limits, counted, span, spoken

BACKUPS = "backups"
DATABASE = re.compile(r"(\d{8}_\d{6})-.{1,200}-database(?:-enc)?\.(?:sql(?:\.gz)?|db\.gz)\Z")
PARTIAL = "-partial-database"
LEAST = 1_000  # bytes; a dump of an empty Frappe site has hundreds of thousands
SHRUNK = 0.5
ENOUGH = 2  # earlier backups that a size is compared with


@dataclass(frozen=True, slots=True)
class Backup:
	"""A dump of the site's database: file name, size in bytes, when it was made (aware)."""

	name: str
	size: int
	made: datetime


def database_backups(files: Sequence[tuple[str, int, datetime]], zone: datetime) -> list[Backup]:
	"""The whole dumps among the files (name, size, changed), newest first. Frappe writes the time into the name, in the
	zone of `zone`; a copied file keeps it. Names that are not Frappe's are left out."""
	found = []
	for name, size, changed in files:
		match = DATABASE.match(name)
		if match is None or PARTIAL in name:
			continue
		try:
			made = datetime.strptime(match[1], "%Y%m%d_%H%M%S").replace(tzinfo=zone.tzinfo)
		except ValueError:
			made = changed
		found.append(Backup(name, size, made))
	return sorted(found, key=lambda backup: (backup.made.timestamp(), backup.name), reverse=True)


def check_backups(
	backups: Sequence[Backup], now: datetime, limits: Limits, elsewhere: Sequence[str]
) -> list[Finding]:
	"""What is wrong with the backups, newest first. elsewhere: services switched on that carry backups away."""
	if limits.backup is None:
		return []
	away = (
		f" {', '.join(elsewhere)} {'is' if len(elsewhere) == 1 else 'are'} switched on; what lies there cannot be seen."
		if elsewhere
		else ""
	)
	if not backups:
		return [
			Finding(
				BACKUPS,
				"missing",
				"medium" if elsewhere else "high",
				"There is no backup of this site on its machine",
				None,
				"The site's folder of backups holds no dump of the database."
				f"{away} Copies made by other means (volumes, replicas) cannot be seen either.",
				"bench --site <site> backup --with-files makes one; have it run daily and carry it to another machine. If backups are"
				" made by other means, set backup_hours to 0.",
				{"backups": 0, "elsewhere": list(elsewhere)},
			)
		]
	return [*_old(backups, now, limits, away), *_size(backups, now)]


def _old(backups: Sequence[Backup], now: datetime, limits: Limits, away: str) -> list[Finding]:
	newest = backups[0]
	age = span(newest.made, now)
	if limits.backup is None or age <= limits.backup:
		return []
	return [
		Finding(
			BACKUPS,
			"old",
			"high" if age > 3 * limits.backup else "medium",
			f"The newest backup is {spoken(age)} old",
			newest.made + limits.backup,
			f"{newest.name} was made {spoken(age)} ago, and none has been made since; {counted(len(backups), 'dump')} are kept.{away}",
			"See whether the cron entry for `bench backup` (bench setup backups) exists and what it says; then make one now.",
			{
				"newest": newest.name,
				"age_seconds": round(age.total_seconds()),
				"size_bytes": newest.size,
				"backups": len(backups),
			},
		)
	]


def _size(backups: Sequence[Backup], now: datetime) -> list[Finding]:
	newest = backups[0]
	facts: dict[str, object] = {"newest": newest.name, "size_bytes": newest.size, "backups": len(backups)}
	if newest.size < LEAST:
		return [
			Finding(
				BACKUPS,
				"empty",
				"critical",
				"The newest backup holds nothing",
				newest.made,
				f"{newest.name} has {newest.size:,} bytes; even an empty site's dump has some hundred thousand. The dump failed.",
				"Run bench --site <site> backup by hand and read what it says: a full disk and a wrong password are usual.",
				facts,
			)
		]
	earlier = [backup.size for backup in backups[1:]]
	usual = median(earlier) if len(earlier) >= ENOUGH else None
	if usual is None or newest.size >= SHRUNK * usual:
		return []
	return [
		Finding(
			BACKUPS,
			"shrunk",
			"high",
			f"The newest backup has {newest.size / usual:.0%} of the usual size",
			newest.made,
			f"{newest.name} has {newest.size:,} bytes, the {counted(len(earlier), 'earlier one')} kept have {usual:,.0f} (median). It"
			" was broken off, or much was deleted from the site.",
			"Compare with what was deleted lately; restore it on a test site before older ones are cleared away.",
			facts | {"usual_bytes": round(usual)},
		)
	]
