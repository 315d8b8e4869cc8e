"""Which issues behave otherwise than they used to: bursts of a few hours, and steady growth over weeks.

Both compare an issue with itself, hour with the same hour and weekday with the same weekday, so that office hours, a
nightly job or a quiet weekend are no news. Bursts are what `spikes` finds hour by hour. Every issue is tested, many times a
day; so the limits are set for the whole report, not for one look (bursts: Bonferroni over all hours of all issues; growth:
Holm, Scand. J. Statist. 6 (1979) 65-70, over the issues tested).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .baseline import WINDOWS
from .chance import bounded, p_text
from .life import OPEN
from .state import History, Judgement, judge, stated, verdicts
from .survey import Survey, survey
from .trends import seasonal_kendall
from .window import Observed, local, midnight, zone

BURST_EVENTS = 10  # fewer are no news in a report, however rare the issue
BURST_ALPHA = 0.01  # chance of any burst in a report without one: people read a report every day
GROWTH_EVENTS = 15
GROWTH_DAYS = 21  # three of each weekday
GROWTH_ALPHA = (
	0.01  # for all issues together; a report is read every day, one false alarm a month is too many
)
GROWTH_FACTOR = 1.5  # last week against first week
LISTED = 20


class Burst(NamedTuple):
	"""Issue's index, first and last hour (of `2 * days * 24`), events in them and how many are usual there."""

	issue: int
	start: int
	end: int
	events: int
	expected: float


class Climb(NamedTuple):
	"""An issue that grows: events a day in its first and last week of the days tested, and the p-value."""

	issue: int
	first: float
	last: float
	days: int
	p_value: float


def look(seen: Observed) -> Survey:
	"""Every issue, and in the last row all of them together, surveyed over both periods."""
	counts = np.concatenate([seen.counts, seen.counts.sum(axis=0, keepdims=True)])
	births = [
		max(
			(_aware(moment, seen) for moment in (facts.first_seen, facts.known_since) if moment), default=None
		)
		for facts in seen.issues
	]
	return survey(counts, seen.exposure, [*births, None], seen.window.now)


def states(seen: Observed, found: Survey, *, decided: bool = True) -> list[Judgement]:
	"""What each issue does now, in the order of `seen.issues`; without `decided` by its events alone."""
	histories = [
		History(
			facts.name,
			counts,
			facts.first_seen,
			facts.last_seen,
			facts.status if decided else OPEN,
			facts.resolved_at if decided else None,
			facts.known_since,
		)
		for facts, counts in zip(seen.issues, seen.counts, strict=True)
	]
	window = seen.window
	if window.data_since is None:
		return judge(histories, now=window.now, data_since=None)
	judged = verdicts(histories, found, now=window.now, data_since=window.data_since, gaps=window.gaps)
	return [
		verdict if facts.standing is None else stated(history, facts.standing, window.now)
		for facts, history, verdict in zip(seen.issues, histories, judged, strict=True)
	]


def find_bursts(seen: Observed, found: Survey) -> list[Burst]:
	"""Bursts of single issues in the current period, latest first: spikes that are no chance among all hours of all issues."""
	bursts = [burst for burst in _bursts(seen, found) if burst.issue < len(seen.issues)]
	return sorted(bursts, key=lambda burst: (-burst.start, burst.issue))


def burst_days(seen: Observed, found: Survey) -> set[int]:
	"""Days, by index, on which all errors together had a burst."""
	return {
		day
		for burst in _bursts(seen, found)
		if burst.issue == len(seen.issues)
		for day in range(burst.start // 24, burst.end // 24 + 1)
	}


def _bursts(seen: Observed, found: Survey) -> list[Burst]:
	first = 24 * seen.window.days
	looks = first * len(WINDOWS) * max(1, int((seen.per_issue > 0).sum()))
	current = [
		episode for episode in found.episodes if episode.end >= first and episode.count >= BURST_EVENTS
	]
	chances = np.array([min(1.0, episode.p_value * looks) for episode in current])
	return [
		Burst(episode.alert.row, episode.start, episode.end, round(episode.count), float(episode.expected))
		for episode in (current[index] for index in np.flatnonzero(chances < BURST_ALPHA))
	]


def _known_days(seen: Observed, index: int) -> NDArray[np.bool_]:
	"""Days of both periods on which the issue could have happened: covered, and not before its first time."""
	first = seen.issues[index].first_seen
	known: NDArray[np.bool_] = np.array(seen.covered)
	if first is not None:
		born = (_aware(first, seen).astimezone(zone(seen.window)).date() - seen.window.first_day).days
		known[: max(0, born)] = False
	return known


def find_climbs(seen: Observed) -> list[Climb]:
	"""Issues that grow over the weeks of both periods, the largest increase first; new ones are left to that list."""
	tested: list[tuple[Climb, bool]] = []
	for index in np.flatnonzero(seen.per_issue >= GROWTH_EVENTS):
		test = _climb(seen, int(index))
		if test is not None:
			tested.append(test)
	tested.sort(key=lambda item: item[0].p_value)
	found: list[Climb] = []
	for place, (climb, up) in enumerate(tested):
		if climb.p_value >= GROWTH_ALPHA / (len(tested) - place):
			break
		# the weeks compared must differ by more than chance spreads their counts
		enough = 7 * (climb.last - climb.first) >= BURST_EVENTS
		if up and enough and climb.last >= GROWTH_FACTOR * climb.first:
			found.append(climb)
	return sorted(found, key=lambda climb: (climb.first - climb.last, climb.issue))


def _climb(seen: Observed, index: int) -> tuple[Climb, bool] | None:
	facts = seen.issues[index]
	if facts.first_seen is not None and _aware(facts.first_seen, seen) >= seen.period_start:
		return None
	known = np.flatnonzero(_known_days(seen, index) & seen.complete)
	if len(known) < GROWTH_DAYS:
		return None
	counts = seen.counts[index].sum(axis=1)[known].astype(np.float64)
	score, p_value = seasonal_kendall(counts, known % 7)
	climb = Climb(index, float(counts[:7].mean()), float(counts[-7:].mean()), len(known), p_value)
	return climb, score > 0


def _aware(moment: datetime, seen: Observed) -> datetime:
	return moment if moment.tzinfo else moment.replace(tzinfo=zone(seen.window))


def moment_of(seen: Observed, hour: int) -> datetime:
	"""The local moment at which an hour of the window begins."""
	day, clock = divmod(hour, 24)
	return midnight(seen.day(day), zone(seen.window)).replace(hour=clock)


def burst_rows(seen: Observed, bursts: list[Burst]) -> list[dict[str, object]]:
	"""What a report says of bursts, beside the issue: times, counts and the reason."""
	rows: list[dict[str, object]] = []
	for burst in bursts[:LISTED]:
		hours = burst.end - burst.start + 1
		usual = f"{burst.expected:.1f}" if burst.expected >= 0.05 else "none"
		reason = (
			f"{burst.events} events within {hours} hour{'' if hours == 1 else 's'}, where {usual} are usual"
		)
		rows.append(
			{
				"start": local(moment_of(seen, burst.start), seen.window),
				"until": local(moment_of(seen, burst.end) + timedelta(hours=1), seen.window),
				"burst_count": burst.events,
				"expected": round(burst.expected, 2),
				"reason": reason,
			}
		)
	return rows


def climb_rows(climbs: list[Climb]) -> list[dict[str, object]]:
	"""What a report says of growing issues, beside the issue: rates a day and the reason."""
	return [
		{
			"from_per_day": round(climb.first, 2),
			"to_per_day": round(climb.last, 2),
			"days_tested": climb.days,
			"p_value": bounded(climb.p_value),
			"reason": f"from {climb.first:.1f} to {climb.last:.1f} a day within {climb.days} days,"
			f" same weekdays compared ({p_text(climb.p_value)})",
		}
		for climb in climbs[:LISTED]
	]
