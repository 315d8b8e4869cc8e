"""What changed on a site shortly before an error began, the likeliest cause first. Pure.

A rank is a product of stated parts: how close before the onset the change was, how often changes of its kind break
things, how unusual such a change is on this site, and what it has to do with the error. The parts are chosen, not
learnt: they order a short list for a person who looks at it, and each says itself as evidence.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

WINDOW = timedelta(hours=48)
BASELINE = timedelta(days=14)  # how often a kind changes is judged over these days before the onset
HALF_LIFE = timedelta(
	hours=12
)  # most faults of a change show within a working day, some with the next nightly job
SESSION = timedelta(hours=1)  # who saves a document several times within it makes one change
UNSURE = timedelta(days=2)  # a rate is not believed much while less than this is on record
LISTED = 10
RELATED = 3.0  # a change that names what fails outweighs an unrelated one six times as fresh or so
UNRELATED_APP = 0.3
SHORTEST_NAME = 4  # shorter names turn up in texts by chance
LONGEST_TEXT = 20_000

APP_VERSION, APP_CODE, SITE_CONFIG, SCHEDULER, PATCHES = (
	"App Version",
	"App Code",
	"Site Config",
	"Scheduler",
	"Patches",
)
# How readily a change of a kind makes errors: code that runs on the server before what is seen in a browser.
PRIOR = {
	APP_VERSION: 1.0,
	APP_CODE: 1.0,
	"Server Script": 1.0,
	SITE_CONFIG: 0.8,
	PATCHES: 0.8,
	"DocType": 0.7,
	"Custom Field": 0.7,
	"Property Setter": 0.6,
	"System Settings": 0.6,
	"Workflow": 0.6,
	"Client Script": 0.5,
	"Print Format": 0.4,
	SCHEDULER: 0.4,
}
OTHER_KINDS = 0.3
RIGHTS = {"Role", "Role Profile", "Custom DocPerm", "DocPerm", "User", "User Permission"}
# Kinds that have to do with a category of errors, whatever they are called.
OF_CATEGORY = {
	"permission": frozenset(RIGHTS),
	"template": frozenset({"Print Format", "Letter Head", "Web Form"}),
	"mail": frozenset({"Email Account", "Notification", SITE_CONFIG}),
	"integration": frozenset({"Webhook", SITE_CONFIG}),
	"configuration": frozenset({SITE_CONFIG, "System Settings"}),
	"background_job": frozenset({SCHEDULER, "Scheduled Job Type"}),
}


@dataclass(frozen=True, slots=True)
class Change:
	"""One change on the site. Times are naive site time.

	`when` is its moment, or the latest it can have been; `earliest` then is the time it was not there yet. `subject` is the
	name of what changed (a pseudonym for persons), `doctype` the DocType it is about, `app` the app it belongs to,
	`fields` the names of what changed in it, `actor` a pseudonym. `count` changes of one moment stand together.
	"""

	kind: str
	subject: str
	action: str
	when: datetime
	earliest: datetime | None = None
	doctype: str | None = None
	app: str | None = None
	fields: tuple[str, ...] = ()
	actor: str | None = None
	before: str | None = None
	after: str | None = None
	count: int = 1


@dataclass(frozen=True, slots=True)
class Error:
	"""What is known of the error a cause is sought for; `text` is its title and redacted sample."""

	onset: datetime
	app: str | None
	category: str
	text: str
	doctypes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Suspect:
	"""A change with its rank (0 to 1 for one that is unrelated, at most RELATED times that) and why."""

	change: Change
	score: float
	evidence: tuple[str, ...]


def rank(error: Error, changes: Iterable[Change], *, recorded: timedelta = BASELINE) -> list[Suspect]:
	"""The suspects among `changes`, the likeliest first: at most LISTED, each thing that changed once, none from after the
	onset or before WINDOW.

	`recorded` tells how long before the onset changes are known at all, so that a kind's usual rate can be judged.
	"""
	known = [change for change in changes if _began(change) <= error.onset]
	days = max(min(recorded, BASELINE), timedelta(hours=1))
	suspects = []
	for change in known:
		lag = max(timedelta(0), error.onset - change.when)
		if lag <= WINDOW:
			others = sum(_is_another(other, change) for other in known)
			suspects.append(_suspect(error, change, lag, others, days))
	suspects.sort(key=lambda found: (-found.score, error.onset - found.change.when, found.change.subject))
	return _once_each(suspects)[:LISTED]


def _once_each(suspects: Sequence[Suspect]) -> list[Suspect]:
	"""The best of each thing that changed, which tells how often it changed beside that."""
	times = Counter((found.change.kind, found.change.subject) for found in suspects)
	best: dict[tuple[str, str], Suspect] = {}
	for found in suspects:
		key = found.change.kind, found.change.subject
		more = times[key] - 1
		said = (f"{more} more change{'s' if more > 1 else ''} of it within these hours",) if more else ()
		best.setdefault(key, replace(found, evidence=found.evidence + said))
	return list(best.values())


def _is_another(other: Change, change: Change) -> bool:
	same = other.subject == change.subject and abs(other.when - change.when) < SESSION
	return other.kind == change.kind and not same


def _began(change: Change) -> datetime:
	return change.when if change.earliest is None else change.earliest


def _suspect(error: Error, change: Change, lag: timedelta, others: int, days: timedelta) -> Suspect:
	near = 0.5 ** (lag / HALF_LIFE)
	rare = 1.0 / (1.0 + others * (HALF_LIFE / (days + UNSURE)))
	factor, relations = _relation(error, change)
	evidence = [_time_said(error, change, lag), *relations]
	many = (
		f"{others} other{'s' if others != 1 else ''} of this kind" if others else "the only one of its kind"
	)
	evidence.append(f"{many} in the {_days_said(days)} before")
	score = PRIOR.get(change.kind, OTHER_KINDS) * near * rare * factor
	return Suspect(change, round(score, 4), tuple(evidence))


def _relation(error: Error, change: Change) -> tuple[float, list[str]]:
	"""How much more (or less) likely what the change is about makes it, and the sentences that say so."""
	found = []
	if change.app and error.app and change.app == error.app:
		found.append(f"it is the app the error is in ({change.app})")
	if change.doctype and change.doctype in error.doctypes:
		found.append(f"the error has to do with the DocType {change.doctype}")
	elif change.doctype and _named(change.doctype, error.text):
		found.append(f"the error names the DocType {change.doctype}")
	found += [f"the error names {name}" for name in _names(change) if _named(name, error.text)]
	if change.kind == "Server Script" and "<serverscript" in error.text.casefold():
		found.append("a server script is in the error's stack")
	if change.kind in OF_CATEGORY.get(error.category, ()):
		found.append(f"{change.kind} bears on errors of the kind {error.category}")
	if found:
		return RELATED, found
	if change.app and error.app and change.app != "frappe":
		return UNRELATED_APP, [f"another app than the error's ({error.app})"]
	return 1.0, []


def _names(change: Change) -> list[str]:
	"""What a text may call the change by."""
	names = [change.subject, *(field for field in change.fields if "_" in field)]
	if change.doctype and change.subject.startswith(f"{change.doctype}-"):
		# how Custom Field and Property Setter are named; a single common word such as "options" proves nothing
		names += [part for part in change.subject[len(change.doctype) + 1 :].split("-") if "_" in part]
	return list(dict.fromkeys(name for name in names if name != change.doctype))


def _named(name: str, text: str) -> bool:
	"""Does the text hold the name as a word of its own, in either spelling (`Sales Invoice`, `sales_invoice`)?"""
	if len(name) < SHORTEST_NAME:
		return False
	text = text[:LONGEST_TEXT].casefold()
	plain = name.casefold()
	return any(_holds_word(text, form) for form in {plain, plain.replace(" ", "_").replace("-", "_")})


def _holds_word(text: str, word: str) -> bool:
	start = text.find(word)
	while start >= 0:
		end = start + len(word)
		before, after = text[start - 1 : start] if start else "", text[end : end + 1]
		if not (before.isalnum() or before == "_" or after.isalnum() or after == "_"):
			return True
		start = text.find(word, end)
	return False


def _time_said(error: Error, change: Change, lag: timedelta) -> str:
	if change.earliest is None:
		return f"{_span_said(lag)} before it began"
	if change.when > error.onset:
		return f"within the {_span_said(change.when - change.earliest)} in which the error began"
	return f"{_span_said(lag)} to {_span_said(error.onset - change.earliest)} before it began"


def _span_said(span: timedelta) -> str:
	minutes = math.ceil(span / timedelta(minutes=1))
	if minutes < 1:
		return "less than a minute"
	if minutes < 120:
		return f"{minutes} minute{'s' if minutes != 1 else ''}"
	return f"{round(minutes / 60)} hours"


def _days_said(days: timedelta) -> str:
	return f"{days.days} days" if days >= timedelta(days=2) else _span_said(days)


def statement(
	suspects: Sequence[Suspect], onset: datetime, since: datetime | None, unread: Sequence[str]
) -> str:
	"""One sentence: the first suspect, or that there is none on record, or that nothing can be known.

	`since` is since when changes are recorded (None: not at all); `unread` names sources that this site has not.
	"""
	hours = int(WINDOW / timedelta(hours=1))
	if suspects:
		first = suspects[0]
		more = f", and {len(suspects) - 1} more" if len(suspects) > 1 else ""
		said = f"{said_change(first.change)} {first.evidence[0]}{more}"
	elif since is None:
		said = "unknown: no change of this site is on record"
	elif since > onset:
		said = f"unknown: changes are recorded since {since:%Y-%m-%d %H:%M} only, the error began before"
	else:
		said = f"nothing changed on record in the {hours} h before"
	if unread:
		said += f" (not on record: {', '.join(unread)})"
	return said[0].upper() + said[1:] + "."


def said_change(change: Change) -> str:
	"""A change in words, without values of the site."""
	what = f"{change.kind} {change.subject}" if change.subject != change.kind else change.kind
	fields = f" ({', '.join(change.fields[:6])})" if change.fields else ""
	if change.kind == PATCHES:
		return f"{change.count} patch{'es' if change.count != 1 else ''} of {change.subject} ran"
	if change.before and change.after and change.kind in (APP_VERSION, APP_CODE, SCHEDULER):
		return f"{what} went from {change.before} to {change.after}"
	return f"{what} was {change.action}{fields}"
