"""An anomaly in words with numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from verenigingen.core.anomaly.model import BREAK, DROP, MISSING, SHIFT, SPREAD, Anomaly

EPOCH = datetime(1970, 1, 5)  # a Monday; seconds count from here where a series has real times
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TIMES_FROM = 1.5  # a ratio nearer to 1 says less than the difference


def seconds_of(moment: datetime) -> float:
	"""A naive time as the seconds that series are measured in."""
	return (moment - EPOCH).total_seconds()


def moment_of(seconds: float) -> datetime:
	"""The naive time of seconds of a series."""
	return EPOCH + timedelta(seconds=seconds)


def explain(
	one: Anomaly, name: str, show: Callable[[float], str] | None = None, *, began: str | None = None
) -> str:
	"""One sentence: what is unusual, by how much, what would be usual, and when it began. show: a value with its unit.
	began: how the beginning is written where the series has no real times, only numbers; else None."""
	show = show or number
	calendar = began is None
	began = _clock(one.began, one.at) if began is None else began
	if one.kind == MISSING:
		return f"{name}: no value for {span(one.seconds)} since {began}, where one comes every {span(one.expected)}"
	if one.kind == SPREAD:
		return f"{_spread(one, name, show)}; began {began}"
	if one.kind == BREAK:
		way = "rose" if one.rising else "fell"
		return (
			f"{name}: its median {way} from {show(one.expected)} to {show(one.value)} within {span(one.seconds)},"
			f" faster than ever seen; began {began}"
		)
	mean = f" on average for the last {span(one.seconds)}" if one.kind == SHIFT else ""
	return f"{name} is {_size(one, show, calendar)}{mean}: {_instead(one, show)}; began {began}"


def _size(one: Anomaly, show: Callable[[float], str], calendar: bool) -> str:
	of = "its median of the last day"
	if one.seasonal:
		of = f"its usual {_when(one)}" if calendar else "what is usual at this place of the season"
	ratio = one.value / one.expected if one.expected > 0 and one.value >= 0 else 0.0
	if ratio >= _TIMES_FROM:
		return f"{ratio:.1f}× {of}" if ratio < 100 else f"{ratio:.0f}× {of}"
	if one.kind == DROP and one.expected > 0 and one.value >= 0 and ratio <= 1 / _TIMES_FROM:
		return f"only {ratio:.0%} of {of}"
	side = "above" if one.value >= one.expected else "below"
	return f"{show(abs(one.value - one.expected))} {side} {of}"


def _when(one: Anomaly) -> str:
	hour = moment_of(one.at).hour
	hours = f"{hour}–{hour + 1} h"
	return f"{_DAYS[moment_of(one.at).weekday()]} {hours}" if one.weekly else hours


def _instead(one: Anomaly, show: Callable[[float], str]) -> str:
	text = f"{show(one.value)} instead of about {show(one.expected)}"
	if one.low is None or one.high is None:
		return text
	low = max(one.low, 0.0) if one.value >= 0 and one.expected >= 0 else one.low
	return f"{text} (usual {show(low)} to {show(one.high)})"


def _spread(one: Anomaly, name: str, show: Callable[[float], str]) -> str:
	if not one.rising and one.value <= 0.01 * one.expected:
		return f"{name} has hardly changed for {span(one.seconds)}, where it usually moves {show(one.expected)} a step"
	ratio = one.value / one.expected if one.expected > 0 else 0.0
	much = f"{ratio:.1f}× as much as usual" if ratio >= 0.1 else f"{ratio:.1%} as much as usual"
	return f"{name} varies {much} for {span(one.seconds)}: {show(one.value)} a step instead of {show(one.expected)}"


def _clock(seconds: float, near: float) -> str:
	moment, other = moment_of(seconds), moment_of(near)
	return f"{moment:%H:%M}" if moment.date() == other.date() else f"{moment:%Y-%m-%d %H:%M}"


def span(seconds: float) -> str:
	"""A duration as people say it."""
	for size, unit in ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min")):
		if seconds >= 2 * size or (seconds >= size and seconds % size == 0):
			return f"{seconds / size:.3g} {unit}"
	return f"{seconds:.3g} s"


def number(value: float) -> str:
	"""Three significant digits, never in powers of ten where people would not."""
	return f"{value:.0f}" if 1_000 <= abs(value) < 1e9 else f"{value:.3g}"
