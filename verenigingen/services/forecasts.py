"""Forecasts of the site's performance and business, from rollups to what a report says.

Nothing is read but rollups, and what is too short or was not measured says so, series by series.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from verenigingen.core.forecast import Forecast, TooLittleData, forecast_of
from verenigingen.core.measures import DAY, HOUR
from verenigingen.host.endpoint import json_safe
from verenigingen.host.port import Host
from verenigingen.services import capacity, trends
from verenigingen.services.measures import BUSINESS, MEASURES, SECTIONS, Loaded, Measure, load
from verenigingen.services.series import Grid, Values, by_endpoint, known_days
from verenigingen.services.wording import days as so_many_days
from verenigingen.settings import resolve

LEAST_DAYS = 14  # of hours or days: two of each weekday
LEAST_HOURS = 100
HOURLY_DAYS = 14  # further ahead than this a forecast by the hour says no more than one by the day
MOST_HOURLY_DAYS = 83  # two thousand hours, which is what a forecast looks at
CAPACITY_HISTORY = 365  # days
ENDPOINTS = 15  # those on which most time is spent are watched for trends
DIGITS = 5
_WHEN = ("earliest", "most_likely", "latest", "probability", "limit", "horizon_days")

Report = dict[str, Any]


def forecast_performance_trends(
	host: Host, days_back: int | None = None, forecast_days: int | None = None
) -> Report:
	"""See the door of the same name for what is answered. Defaults: settings `historical_days` and `forecast_days`.

	Only whole hours are looked at, so that an answer is kept until the next one begins.
	"""
	back = days_back or int(resolve("historical_days", host.config.get))
	ahead = forecast_days or int(resolve("forecast_days", host.config.get))
	now = host.clock.now()
	threshold = resolve("confidence_threshold", host.config.get)
	key = f"analytics_forecasts:{back}:{ahead}:{threshold:g}:{now:%Y%m%d%H}"
	kept: Report | None = host.cache.get(key)
	if kept is not None:
		return kept
	made: Report = json_safe(_computed(host, back, ahead))
	host.cache.put(key, made, 3_600 - now.minute * 60 - now.second)
	return made


def _computed(host: Host, back: int, ahead: int) -> Report:
	now = host.clock.now().replace(tzinfo=None)
	by_day = load(host, Grid.back(now, DAY, max(back, CAPACITY_HISTORY)), capacity.LIMITS)
	shown_days = _latest(by_day, back)
	hourly = load(host, Grid.back(now, HOUR, min(back, MOST_HOURLY_DAYS))) if ahead <= HOURLY_DAYS else None
	courses = trends.courses(shown_days, by_endpoint(host, shown_days.grid, ENDPOINTS))
	verdicts = trends.directions(courses)
	of_measure = {
		course.key: trends.trend_row(course, verdict)
		for course, verdict in zip(courses, verdicts, strict=True)
		if not course.where
	}
	forecasts: dict[str, dict[str, Report]] = {section: {} for section in SECTIONS}
	for measure in MEASURES:
		loaded = shown_days if hourly is None or measure.section == BUSINESS else hourly
		forecasts[measure.section][measure.key] = {
			**_series(host, measure, loaded, ahead),
			"trend": of_measure.get(measure.key),
		}
	planning = capacity.capacity_planning(host, by_day, ahead)
	confidence = _confidence(forecasts)
	alerts, withheld = _alerts(host, planning, trends.trend_alerts(courses, verdicts), ahead, confidence)
	return {
		"generated_at": host.clock.now().isoformat(timespec="seconds"),
		"days_back": back,
		"forecast_days": ahead,
		"status": "ok" if confidence["series"] else "insufficient",
		"forecasts": forecasts,
		"trend_alerts": alerts,
		"withheld_alerts": withheld,
		"capacity_planning": planning,
		"confidence_score": confidence["score"],
		"confidence": confidence,
		"statements": _statements(forecasts, alerts, planning, confidence),
	}


def _latest(loaded: Loaded, days: int) -> Loaded:
	"""The last `days` of daily values."""
	grid = loaded.grid
	skip = grid.count - min(days, grid.count)

	def cut(group: Any) -> Any:
		return type(group)(*(getattr(group, name)[skip:] for name in group.__slots__))

	return Loaded(
		Grid(grid.resolution, grid.start + skip * grid.step, grid.count - skip),
		cut(loaded.requests),
		{key: cut(gauge) for key, gauge in loaded.gauges.items()},
	)


def _series(host: Host, measure: Measure, loaded: Loaded, ahead: int) -> Report:
	values, grid = measure.read(loaded), loaded.grid
	row: Report = {
		"metric": measure.key,
		"title": measure.title,
		"unit": measure.unit,
		"resolution": grid.resolution,
		"status": "ok",
		"reason": None,
		"known_days": known_days(values, grid),
		"history": None,
		"forecast": None,
		"method": None,
		"skill": None,
		"coverage_80": None,
		"coverage_95": None,
		"confidence": None,
	}
	why = _too_little(measure, values, grid)
	if why:
		return row | why
	first = int(np.flatnonzero(np.isfinite(values))[0])
	values = values[first:]
	season = 24 if grid.resolution == HOUR else 7
	horizon = ahead * (24 if grid.resolution == HOUR else 1)
	try:
		made = forecast_of(values, horizon, measure.kind, season=season)
	except TooLittleData as exc:
		return row | {"status": "insufficient", "reason": f"{exc}."}
	zone = host.clock.now().tzinfo

	def line(start: Any, **columns: Values) -> Report:
		return {
			"start": start.replace(tzinfo=zone).isoformat(),
			"step_seconds": int(grid.step.total_seconds()),
			**{name: rounded(column) for name, column in columns.items()},
		}

	return row | {
		"history": line(grid.start + first * grid.step, values=values),
		"forecast": line(
			grid.end, mean=made.mean, lo80=made.lo80, hi80=made.hi80, lo95=made.lo95, hi95=made.hi95
		),
		"daily": _daily(made, grid),
		"method": made.method,
		**_quality(made),
	}


def _too_little(measure: Measure, values: Values, grid: Grid) -> Report | None:
	known = int(np.isfinite(values).sum())
	if not known:
		reason = f"Nothing was measured in the period; it needs {measure.source}."
		return {"status": "unknown", "reason": reason, "needs_days": LEAST_DAYS}
	have = known_days(values, grid)
	what = "hours" if grid.resolution == HOUR else "daily values"
	if have < LEAST_DAYS:
		reason = f"needs at least {LEAST_DAYS} days of {what}; there {'is' if have == 1 else 'are'} {have}."
		return {"status": "insufficient", "reason": reason, "needs_days": LEAST_DAYS}
	if grid.resolution == HOUR and known < LEAST_HOURS:
		reason = f"needs at least {LEAST_HOURS} hours with enough requests; there are {known}."
		return {"status": "insufficient", "reason": reason, "needs_days": LEAST_DAYS}
	return None


def _quality(made: Forecast) -> Report:
	return {
		"skill": round(made.skill, 4),
		"coverage_80": round(made.coverage80, 4),
		"coverage_95": round(made.coverage95, 4),
		"confidence": None if made.confidence is None else round(made.confidence, 4),
		"held_back": made.origins,
		"mean_error": float(f"{made.error:.{DIGITS}g}"),
	}


def _daily(made: Forecast, grid: Grid) -> list[Report]:
	"""Per day ahead its mean, and the lowest and highest edge of the 80 % interval within it."""
	per_day = 24 if grid.resolution == HOUR else 1
	found = []
	first = grid.end.hour if per_day == 24 else 0
	edges = [0, *range(per_day - first, len(made.mean), per_day), len(made.mean)]
	for start, stop in pairwise(edges):
		if start < stop:
			found.append(
				{
					"date": (grid.end + start * grid.step).date().isoformat(),
					"mean": float(f"{made.mean[start:stop].mean():.{DIGITS}g}"),
					"lo80": float(f"{made.lo80[start:stop].min():.{DIGITS}g}"),
					"hi80": float(f"{made.hi80[start:stop].max():.{DIGITS}g}"),
				}
			)
	return found


def rounded(values: Values) -> list[float | None]:
	"""Five significant digits; null where nothing was measured."""
	return [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values.tolist()]


def _confidence(forecasts: dict[str, dict[str, Report]]) -> Report:
	"""The mean over all series that could be judged, and how many those are."""
	scores = {
		row["metric"]: row["confidence"]
		for section in forecasts.values()
		for row in section.values()
		if row["confidence"] is not None
	}
	forecast = sum(row["status"] == "ok" for section in forecasts.values() for row in section.values())
	reason = None
	if not scores:
		reason = (
			"Every series that was forecast stood still: there was nothing to be right about."
			if forecast
			else "No series has enough history to be forecast and to hold back a part of it."
		)
	return {
		"score": round(sum(scores.values()) / len(scores), 4) if scores else None,
		"reason": reason,
		"series": forecast,
		"by_series": scores,
	}


def _alerts(
	host: Host, planning: Report, found: list[Report], ahead: int, confidence: Report
) -> tuple[list[Report], list[Report]]:
	"""Alerts, the most pressing first, and those withheld because forecasts of their series are not to be believed
	enough. A series whose confidence could not be measured (it stood still until now) withholds nothing."""
	threshold = resolve("confidence_threshold", host.config.get)
	until = (host.clock.now() + timedelta(days=ahead)).date().isoformat()
	limits = []
	for row in planning["resources"]:
		soon = row["most_likely"] is not None and row["most_likely"] <= until
		if soon or row["status"] == "reached":
			limits.append(
				{
					"kind": "limit",
					"metric": row["metric"],
					"endpoint": None,
					"title": row["resource"],
					"severity": "high" if soon else "medium",
					"statement": row["statement"],
					"evidence": {key: row[key] for key in _WHEN},
				}
			)
	scores = confidence["by_series"]
	doubtful = [alert for alert in limits if scores.get(alert["metric"], 1.0) < threshold]
	why = (
		"The confidence of this series' forecast is {:.0%}, under the setting confidence_threshold of {:.0%}."
	)
	withheld = [{**alert, "reason": why.format(scores[alert["metric"]], threshold)} for alert in doubtful]
	return [alert for alert in limits if alert not in doubtful] + found, withheld


def _statements(
	forecasts: dict[str, dict[str, Report]], alerts: list[Report], planning: Report, confidence: Report
) -> list[str]:
	"""The result in a few sentences, the most important first."""
	said = [alert["statement"] for alert in alerts[:3]]
	if planning["statement"] not in said:
		said.append(planning["statement"])
	missing = sum(row["status"] != "ok" for section in forecasts.values() for row in section.values())
	total = sum(map(len, forecasts.values()))
	if confidence["series"]:
		if not alerts:
			said.insert(0, "No series grows in its bad direction, and no line is passed within the forecast.")
		score = confidence["score"]
		sure = "" if score is None else f", with a confidence of {score:.0%} on held-back data"
		said.append(f"{confidence['series']} of {total} series are forecast{sure}; {missing} lack history.")
	else:
		said.append(f"Nothing is forecast: {confidence['reason']} {so_many_days(LEAST_DAYS)} are needed.")
	return said
