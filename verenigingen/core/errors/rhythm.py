"""When errors happen: by day, by hour and by weekday, always against the hours that were observed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .chance import bounded
from .trends import Growth, Trend, compare, daily_trend
from .window import Observed

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BUSINESS_WEEKDAYS = range(5)
BUSINESS_HOURS = range(9, 17)
BUSINESS_DEFINITION = "Monday to Friday, 09:00 to 17:00 in the site's time zone"
PEAK_FACTOR = 3.0  # a day with three times the mean is not everyday variation
NOT_COLLECTED = "not collected yet"


def daily_trends(seen: Observed, threshold: float, burst_days: Collection[int] = ()) -> dict[str, Any]:
	"""Series of the current period's days with its trend; uncovered days have the count None."""
	days, offset = seen.window.days, seen.window.days
	series = [
		{
			"date": seen.day(offset + index).isoformat(),
			"count": int(seen.per_day[offset + index]) if seen.covered[offset + index] else None,
			"complete": bool(seen.complete[offset + index]),
			"covered": bool(seen.covered[offset + index]),
		}
		for index in range(days)
	]
	whole = np.flatnonzero(seen.complete[offset:])
	counts = seen.per_day[offset:][whole].astype(np.float64)
	trend = Trend(None, None, "unknown", NOT_COLLECTED)
	if seen.collected:
		steady, late = seen.steady(offset + int(whole[0])) if len(whole) else (seen.per_day, 0)
		judged = steady[offset:][whole].astype(np.float64)
		trend = daily_trend(whole.astype(np.float64), judged, threshold=threshold)
		trend = trend._replace(reason=trend.reason + _without(late))
	return {
		"series": series,
		"total": seen.total if seen.collected else None,
		"mean_per_day": _rounded(float(counts.mean())) if len(counts) else None,
		"median_per_day": _rounded(float(np.median(counts))) if len(counts) else None,
		"complete_days": len(counts),
		"slope_per_day": _rounded(trend.slope),
		"p_value": None if trend.p_value is None else bounded(trend.p_value),
		"direction": trend.direction,
		"reason": trend.reason,
		"peak_day": _peak_day(seen, burst_days),
	}


def _without(late: int) -> str:
	return f"; without {late} errors of sources that are collected only since later" if late else ""


def _peak_day(seen: Observed, burst_days: Collection[int]) -> dict[str, Any] | None:
	counts = seen.per_day[seen.window.days :]
	if not seen.total:
		return None
	index = int(np.argmax(counts)) + seen.window.days
	others = np.flatnonzero(seen.covered & (np.abs(np.arange(len(seen.covered)) - index) > 1))
	usual, count = float(seen.per_day[others].mean()) if len(others) else 0.0, int(seen.per_day[index])
	return {
		"date": seen.day(index).isoformat(),
		"count": count,
		"unusual": index in burst_days and count >= PEAK_FACTOR * usual,
	}


def hourly_patterns(seen: Observed) -> dict[str, Any]:
	"""Counts and rates by local hour and weekday. A rate is None where no hour of that kind was observed."""
	offset = seen.window.days
	weekdays = (seen.window.first_day.weekday() + offset + np.arange(seen.window.days)) % 7
	exposure = seen.exposure[offset:]
	heatmap = np.zeros((7, 24), dtype=np.int64)
	hours = np.zeros((7, 24))
	np.add.at(heatmap, weekdays, seen.per_day_hour)
	np.add.at(hours, weekdays, exposure)
	by_hour = [
		{
			"hour": hour,
			"count": int(heatmap[:, hour].sum()) if seen.collected else None,
			"hours_observed": _rounded(float(hours[:, hour].sum()), 2),
			"rate_per_hour": _rate(int(heatmap[:, hour].sum()), float(hours[:, hour].sum())),
		}
		for hour in range(24)
	]
	by_weekday = [_weekday(seen, index, weekdays, heatmap) for index in range(7)]
	business = np.zeros((7, 24), dtype=np.bool_)
	business[np.ix_(BUSINESS_WEEKDAYS, BUSINESS_HOURS)] = True
	return {
		"by_hour": by_hour,
		"by_weekday": by_weekday,
		"heatmap": heatmap.tolist() if seen.collected else [[None] * 24 for _ in range(7)],
		"peak_hour": _peak(by_hour, "rate_per_hour", "hour"),
		"peak_weekday": _peak(by_weekday, "mean_per_day", "weekday"),
		"business_hours": _part(seen, BUSINESS_DEFINITION, heatmap, hours, business),
		"off_hours": _part(seen, f"all other hours than {BUSINESS_DEFINITION}", heatmap, hours, ~business),
	}


def _weekday(
	seen: Observed, index: int, weekdays: NDArray[np.int64], heatmap: NDArray[np.int64]
) -> dict[str, Any]:
	offset = seen.window.days
	whole = seen.complete[offset:] & (weekdays == index)
	days = int(whole.sum())
	return {
		"weekday": WEEKDAYS[index],
		"index": index,
		"count": int(heatmap[index].sum()) if seen.collected else None,
		"days_observed": days,
		# over complete days only: a day cut short by the present would lower the mean
		"mean_per_day": _rounded(float(seen.per_day[offset:][whole].sum()) / days) if days else None,
	}


def _part(
	seen: Observed,
	definition: str,
	heatmap: NDArray[np.int64],
	hours: NDArray[np.float64],
	mask: NDArray[np.bool_],
) -> dict[str, Any]:
	count = int(heatmap[mask].sum())
	observed = float(hours[mask].sum())
	return {
		"definition": definition,
		"count": count if seen.collected else None,
		"share": _rounded(count / seen.total) if seen.total else None,
		"hours_observed": _rounded(observed, 2),
		"rate_per_hour": _rate(count, observed),
	}


def growth_trends(seen: Observed, threshold: float) -> dict[str, Any]:
	"""The current period's complete days against the same days one period earlier.

	Each complete day is compared with the one `days` days before, so that both sides hold the same days of
	the period; today is left out. Unknown unless every one of the earlier days was covered as a whole.
	"""
	days = seen.window.days
	now = np.flatnonzero(seen.complete[days:]) + days
	before = now - days
	growth, compared, counts = Growth(None, None, "unknown", NOT_COLLECTED), False, seen.per_day
	if seen.collected and len(now) == 0:
		growth = Growth(None, None, "unknown", "the period has no complete day yet")
	elif seen.collected and not seen.complete[before].all():
		growth = Growth(None, None, "unknown", "the previous period is not covered by collection as a whole")
	elif seen.collected:
		compared = True
		counts, late = seen.steady(int(before[0]))
		current, previous = counts[now].astype(np.float64), counts[before].astype(np.float64)
		exposed = float(seen.exposure[now].sum()), float(seen.exposure[before].sum())
		first = seen.window.first_day.weekday()
		weekdays = (first + now) % 7, (first + before) % 7
		growth = compare(current, previous, exposed, threshold=threshold, weekdays=weekdays)
		growth = growth._replace(reason=growth.reason + _without(late))
	here = int(counts[now].sum()) if len(now) else None
	there = int(counts[before].sum()) if compared else None
	return {
		"current": here,
		"previous": there,
		"days_compared": len(now) if compared else 0,
		"change": here - there if here is not None and there is not None else None,
		"change_ratio": _rounded(growth.ratio),
		"interval_95": [_rounded(bound) for bound in growth.interval] if growth.interval else None,
		"direction": growth.direction,
		"reason": growth.reason,
	}


def _peak(rows: list[dict[str, Any]], measure: str, name: str) -> Any:
	rated = [row for row in rows if row[measure]]
	return max(rated, key=lambda row: row[measure])[name] if rated else None


def _rate(count: int, hours: float) -> float | None:
	return _rounded(count / hours) if hours > 0 else None


def _rounded(value: float | None, digits: int = 4) -> float | None:
	return None if value is None else round(value, digits)
