"""Which issues behave otherwise than they used to: bursts of a few hours, and steady growth over weeks.

Both compare an issue with itself, hour with the same hour and weekday with the same weekday, so that office hours, a
nightly job or a quiet weekend are no news. Every issue is tested, many times a day; so the limits are set for the whole
report, not for one look (Holm, Scand. J. Statist. 6 (1979) 65-70, over the issues that are tested for growth).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from .trends import seasonal_kendall
from .window import Observed, local, midnight, zone

BURST_EVENTS = 10
BURST_FACTOR = 5.0  # times what is usual at that hour
BURST_OVER_HIGHEST = 2.0  # times the most it ever had there: what comes in clumps every time is no burst
BURST_CHANCE = 1e-6  # a report looks at some hundred thousand hours
BASELINE_DAYS = 5  # comparable days that must be known
GROWTH_EVENTS = 15
GROWTH_DAYS = 21  # three of each weekday
GROWTH_ALPHA = (
	0.01  # for all issues together; a report is read every day, one false alarm a month is too many
)
GROWTH_FACTOR = 1.5  # last week against first week
LISTED = 20

Days = NDArray[np.int64]


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


def find_bursts(seen: Observed) -> list[Burst]:
	"""Bursts of the current period, latest first: single hours that stick out, else whole days."""
	found: list[Burst] = []
	for index, day in _worth_a_look(seen):
		found += _bursts_of(seen, index, day)
	return sorted(found, key=lambda burst: (-burst.start, burst.issue))


def _worth_a_look(seen: Observed) -> list[tuple[int, int]]:
	"""Issue and day of what is enough and many times the usual, by hour or by day; all issues in a few sums."""
	known = np.stack([_known_days(seen, index) for index in range(len(seen.issues))]) if seen.issues else None
	if known is None:
		return []
	usual = np.zeros(seen.counts.shape, dtype=np.int64)
	days = np.zeros(known.shape, dtype=np.int64)
	weekend = _weekend(seen)
	for kind in (weekend, ~weekend):
		among = known & kind
		counts = seen.counts * among[:, :, None]
		usual[:, kind] = (counts.sum(axis=1, keepdims=True) - _with_neighbours(counts))[:, kind]
		days[:, kind] = (among.sum(axis=1, keepdims=True) - _with_neighbours(among.astype(np.int64)))[:, kind]
	hours = _is_much(seen.counts, usual, days[:, :, None]).any(axis=2)
	whole = _is_much(seen.counts.sum(axis=2), usual.sum(axis=2), days)
	places = np.argwhere((hours | whole) & (days >= BASELINE_DAYS))
	return [(int(index), int(day)) for index, day in places if day >= seen.window.days]


def _is_much(counts: Days, usual: Days, days: Days) -> NDArray[np.bool_]:
	much: NDArray[np.bool_] = (counts >= BURST_EVENTS) & (counts * days >= BURST_FACTOR * (usual + 0.5))
	return much


def _with_neighbours(values: Days) -> Days:
	"""Each day's values (second axis) with those of the day before and after added."""
	summed: Days = values.copy()
	summed[:, 1:] += values[:, :-1]
	summed[:, :-1] += values[:, 1:]
	return summed


def _weekend(seen: Observed) -> NDArray[np.bool_]:
	weekend: NDArray[np.bool_] = (seen.window.first_day.weekday() + np.arange(seen.counts.shape[1])) % 7 >= 5
	return weekend


def _bursts_of(seen: Observed, index: int, day: int) -> list[Burst]:
	counts = seen.counts[index]
	totals = counts.sum(axis=1)
	others, unlike = _comparable(seen, _known_days(seen, index), day)
	spread = max(dispersion(counts[others]), dispersion(counts[unlike]))
	dense = np.flatnonzero(counts[day] >= BURST_EVENTS)
	hours = [int(hour) for hour in dense if is_unusual(int(counts[day, hour]), counts[others, hour], spread)]
	if hours:
		return _runs(index, day, counts, others, hours)
	if is_unusual(int(totals[day]), totals[others], max(spread, dispersion(totals[others, None]))):
		busy = np.flatnonzero(counts[day])
		return [_burst(index, day, counts, others, int(busy[0]), int(busy[-1]))]
	return []


def is_unusual(count: int, others: Days, spread: float, factor: float = BURST_FACTOR) -> bool:
	"""Whether a count is no chance, many times the usual and well above the highest of comparable ones.

	The chance is that of a negative binomial with the mean of `others` and the dispersion `spread`, which also allows
	for the mean being known from these counts only (with spread 1 it is the Poisson prediction under a gamma prior).
	"""
	days = len(others)
	if days < BASELINE_DAYS or count < BURST_EVENTS:
		return False
	mean = (float(others.sum()) + 0.5) / days
	if count < factor * mean or count < BURST_OVER_HIGHEST * int(others.max()):
		return False
	wide = spread * (1 + 1 / days)
	return bool(betainc(count, mean / (wide - 1), (wide - 1) / wide) < BURST_CHANCE)


def dispersion(days: Days) -> float:
	"""Variance by mean within the columns of (days, hours), at least 1: errors of retries come in clumps of many.

	Without the fullest day, so that an earlier burst does not hide the next one.
	"""
	if len(days) < BASELINE_DAYS:
		return 1.0
	kept = np.delete(days, int(np.argmax(days.sum(axis=1))), axis=0).astype(np.float64)
	mean = kept.mean(axis=0)
	if not mean.any():
		return 1.0
	return max(1.0, float(((kept - mean) ** 2).sum()) / (len(kept) - 1) / float(mean.sum()))


def _known_days(seen: Observed, index: int) -> NDArray[np.bool_]:
	"""Days of both periods on which the issue could have happened: covered, and not before its first time."""
	first = seen.issues[index].first_seen
	known: NDArray[np.bool_] = np.array(seen.covered)
	if first is not None:
		where = zone(seen.window)
		first = first if first.tzinfo else first.replace(tzinfo=where)
		born = (first.astimezone(where).date() - seen.window.first_day).days
		known[: max(0, born)] = False
	return known


def _comparable(seen: Observed, known: NDArray[np.bool_], day: int) -> tuple[Days, Days]:
	"""Known days of the same kind (working day or weekend) and of the other, without the day and its neighbours."""
	weekend = _weekend(seen)
	free = known & (np.abs(np.arange(len(known)) - day) > 1)
	return np.flatnonzero(free & (weekend == weekend[day])), np.flatnonzero(free & (weekend != weekend[day]))


def _runs(index: int, day: int, counts: Days, others: Days, hours: list[int]) -> list[Burst]:
	"""Hours that stick out, joined where they adjoin, and widened to neighbours that are raised as well."""
	raised = counts[day] >= BURST_FACTOR * (counts[others].sum(axis=0) + 0.5) / len(others)
	found: list[Burst] = []
	end = -1
	for hour in hours:
		if hour <= end:
			continue
		start = end = hour
		while start > 0 and raised[start - 1]:
			start -= 1
		while end < 23 and raised[end + 1]:
			end += 1
		found.append(_burst(index, day, counts, others, start, end))
	return found


def _burst(index: int, day: int, counts: Days, others: Days, start: int, end: int) -> Burst:
	part = slice(start, end + 1)
	expected = float(counts[others, part].sum()) / len(others)
	return Burst(index, 24 * day + start, 24 * day + end, int(counts[day, part].sum()), expected)


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
			"p_value": round(climb.p_value, 6),
			"reason": f"from {climb.first:.1f} to {climb.last:.1f} a day within {climb.days} days,"
			f" same weekdays compared (p {_p(climb.p_value)})",
		}
		for climb in climbs[:LISTED]
	]


def _p(value: float) -> str:
	return "< 0.001" if value < 0.001 else f"= {value:.3f}"
