"""What an issue does now: new, ongoing, spiking, fading, or regressed, each with the reason and the numbers that decided.

Spiking and fading are judged against the issue's own past, as `spikes` finds spikes, and over all issues together
(Holm, Scand. J. Statist. 6 (1979) 65-70), so that a site with a thousand issues has no more alarms by chance than one with
ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from .baseline import WINDOWS
from .chance import bounded, p_text
from .spikes import REFRACTORY, Episode
from .standing import Standing
from .survey import Survey, survey
from .window import Counts, Gap, Hours, observed_hours

STATES = ("regressed", "new", "spiking", "fading", "ongoing", "resolved", "unknown")
ALPHA = 0.01
FRESH = timedelta(days=7)  # so long an issue is new
# After collection starts every error looks new, as nothing before it is known.
SETTLING = timedelta(days=2)
LOOKS = 24 * len(WINDOWS)  # at an issue within a day
RARE = 0.05
WEEK = 7  # days


@dataclass(frozen=True, slots=True, eq=False)
class History:
	"""One issue as it is judged.

	counts has the shape (days, 24): events by local day and local hour, the last day is that of `now`; all issues judged
	together have equally many days (28 or more make a pattern of the week known). status is that of the Error Issue.
	known_since is when the earliest of its sources began to be collected, None: with the rest. Times are aware, or naive in
	the site's time.
	"""

	name: str
	counts: Counts
	first_seen: datetime | None
	last_seen: datetime | None
	status: str = "Open"
	resolved_at: datetime | None = None
	known_since: datetime | None = None


class Judgement(NamedTuple):
	"""State (one of STATES), the reason in words, and its numbers.

	evidence holds what decided: `count`, `expected`, `ratio`, `p_value` (corrected for the number of looks and issues),
	`since` and `until` (ISO); what was not measured is missing.
	"""

	issue: str
	state: str
	reason: str
	evidence: dict[str, Any]


def judge(
	issues: Sequence[History],
	*,
	now: datetime,
	data_since: datetime | None,
	gaps: Sequence[Gap] = (),
	alpha: float = ALPHA,
) -> list[Judgement]:
	"""The state of each issue at `now` (aware, in the site's zone), in the order given.

	data_since: since when events are collected (aware), None if they are not: then every issue is "unknown". gaps: spans
	after it (start, end; aware) of which nothing is known. alpha: chance that any of the issues is called spiking (or
	fading) when none is. Raises ValueError for a naive `now` or unequal shapes.

	- regressed: the status says so, or an event is later than `resolved_at` of a resolved issue, by the event's own time;
	- new: first seen in the last 7 days, when collection had run for two days;
	- spiking: far more events than usual, until some hours ago at the longest; fading: far fewer over the last days;
	- ongoing: none of these; resolved: no event since it was resolved.
	"""
	if now.tzinfo is None:
		raise ValueError("now must be aware, in the zone of the site")
	if not issues:
		return []
	if data_since is None:
		return [Judgement(issue.name, "unknown", "errors are not collected yet", {}) for issue in issues]
	counts = np.stack([issue.counts for issue in issues])
	if counts.ndim != 3 or counts.shape[2] != 24:
		raise ValueError(f"counts of an issue must have the shape (days, 24), not {counts.shape[1:]}")
	first_day = now.date() - timedelta(days=counts.shape[1] - 1)
	seen, _ = observed_hours(first_day, counts.shape[1], data_since, now, gaps)
	births = [_aware(issue.first_seen, now) for issue in issues]
	found = survey(counts, seen, births, now)
	return verdicts(issues, found, now=now, data_since=data_since, gaps=gaps, alpha=alpha)


def verdicts(
	issues: Sequence[History],
	found: Survey,
	*,
	now: datetime,
	data_since: datetime,
	gaps: Sequence[Gap] = (),
	alpha: float = ALPHA,
) -> list[Judgement]:
	"""As `judge`, from a survey that is there already and begins with these issues."""
	days = issues[0].counts.shape[0] if issues else 0
	spiking = _spiking(found.episodes, len(issues), 24 * (days - 1) + now.hour, now, alpha)
	fading = _fading(found, len(issues), alpha)
	judged = []
	for row, issue in enumerate(issues):
		verdict = (
			_regressed(issue, now)
			or _new(issue, now, data_since, gaps)
			or spiking.get(row)
			or fading.get(row)
			or _ongoing(issue.counts)
		)
		judged.append(Judgement(issue.name, *verdict))
	return judged


def stated(issue: History, standing: Standing, now: datetime) -> Judgement:
	"""The state of an issue that was judged before, as what people decided since leaves it."""
	found = standing.state, standing.state_reason, standing.evidence
	return Judgement(issue.name, *(_regressed(issue, now) or found))


_Verdict = tuple[str, str, dict[str, Any]]


def _aware(moment: datetime | None, now: datetime) -> datetime | None:
	return moment.replace(tzinfo=now.tzinfo) if moment is not None and moment.tzinfo is None else moment


def _regressed(issue: History, now: datetime) -> _Verdict | None:
	resolved, last = _aware(issue.resolved_at, now), _aware(issue.last_seen, now)
	status = issue.status.lower()
	evidence = {"since": _iso(resolved, now), "until": _iso(last, now)}
	if status == "regressed" or (status == "resolved" and resolved and last and last > resolved):
		if resolved is None or last is None:
			return "regressed", "it was resolved and came back", evidence
		return "regressed", f"resolved {_when(resolved, now)}, last seen {_when(last, now)}", evidence
	if status.startswith("resolved"):
		when = f" {_when(resolved, now)}" if resolved else ""
		return "resolved", f"resolved{when}, no event that counts since", evidence
	return None


def _new(issue: History, now: datetime, data_since: datetime, gaps: Sequence[Gap]) -> _Verdict | None:
	"""New, with the chance that an error this frequent had stayed unseen until then, had it been there before."""
	first, began = _aware(issue.first_seen, now), _aware(issue.known_since, now)
	data_since = max(data_since, began) if began else data_since
	if first is None or first < max(now - FRESH, data_since + SETTLING):
		return None
	count = int(issue.counts.sum())
	since = _watched(first, now, gaps) / timedelta(hours=1) + 24
	before = _watched(data_since, first, gaps) / timedelta(hours=1)
	chance = (since / (since + before)) ** max(count - 0.5, 0.5)
	reason = f"first seen {_when(first, now)}, after {before / 24:.0f} days without"
	if chance > RARE:
		reason += f"; so rare ({_events(count)}) that it may have been there before"
	return "new", reason, {"count": count, "since": _iso(first, now), "p_value": bounded(chance)}


def _watched(start: datetime, end: datetime, gaps: Sequence[Gap]) -> timedelta:
	"""Time between two moments that lies in no gap (gaps do not overlap)."""
	lost = sum((max(timedelta(0), min(end, b) - max(start, a)) for a, b in gaps), timedelta(0))
	return max(timedelta(0), end - start - lost)


def _spiking(
	episodes: Sequence[Episode], size: int, hour: int, now: datetime, alpha: float
) -> dict[int, _Verdict]:
	"""Spikes that go on at `hour` or ended some hours before, by issue."""
	recent = {
		episode.alert.row: episode
		for episode in episodes
		if episode.alert.row < size and hour - episode.end <= REFRACTORY
	}
	chances = np.ones(size)
	for row, episode in recent.items():
		chances[row] = min(1.0, episode.p_value * LOOKS)
	found: dict[int, _Verdict] = {}
	for row, p_value in holm(chances, alpha).items():
		episode = recent[row]
		start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hour - episode.start)
		usual = _usual(episode.expected)
		reason = f"{_events(round(episode.count))} since {_when(start, now)}, {usual} ({p_text(p_value)})"
		evidence = _numbers(episode.count, episode.expected, p_value)
		found[row] = ("spiking", reason, evidence | {"since": _iso(start, now)})
	return found


def _fading(survey: Survey, size: int, alpha: float) -> dict[int, _Verdict]:
	"""Issues with far fewer events over the last days than before, by issue."""
	found: dict[int, _Verdict] = {}
	for row, p_value in holm(survey.chance[:size], alpha).items():
		days, had, usual = int(survey.days[row]), float(survey.count[row]), float(survey.expected[row])
		span = "today" if days == 1 else f"in the last {days} days"
		reason = f"{_events(round(had))} {span}, {_usual(usual)} ({p_text(p_value)})"
		found[row] = ("fading", reason, _numbers(had, usual, p_value) | {"days": days})
	return found


def holm(chances: Hours, alpha: float) -> dict[int, float]:
	"""Rows that stand out among all at once, each with its corrected p-value, at most `alpha` (Holm)."""
	found: dict[int, float] = {}
	worst = 0.0
	for place, row in enumerate(np.argsort(chances, kind="stable")):
		worst = max(worst, float(chances[row]) * (len(chances) - place))
		if worst > alpha:
			break
		found[int(row)] = worst
	return found


def _ongoing(counts: Counts) -> _Verdict:
	count, days = int(counts[-WEEK:].sum()), min(WEEK, len(counts))
	return (
		"ongoing",
		f"{_events(count)} in the last {days} days, nothing unusual",
		{"count": count, "days": days},
	)


def _numbers(count: float, expected: float, p_value: float) -> dict[str, Any]:
	return {
		"count": round(count),
		"expected": round(float(expected), 2),
		"ratio": round(float(count / expected), 2) if expected >= 0.005 else None,
		"p_value": bounded(p_value),
	}


def _events(count: int) -> str:
	return f"{count} event{'' if count == 1 else 's'}"


def _usual(expected: float) -> str:
	return f"where {expected:.1f} are usual" if expected >= 0.05 else "where none are usual"


def _iso(moment: datetime | None, now: datetime) -> str | None:
	return moment.astimezone(now.tzinfo).isoformat(timespec="seconds") if moment else None


def _when(moment: datetime, now: datetime) -> str:
	return moment.astimezone(now.tzinfo).isoformat(sep=" ", timespec="minutes")[:16]
