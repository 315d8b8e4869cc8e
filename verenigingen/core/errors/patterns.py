"""The analysis of a window of errors: from values to the report that every door shows."""

from __future__ import annotations

from typing import Any

from .breakdown import (
	active_critical,
	burst_issues,
	drivers,
	error_types,
	growing_issues,
	new_issues,
	ranks,
	recurring_issues,
	severity_distribution,
	user_impact,
)
from .changes import burst_days, find_bursts, find_climbs, look, states
from .insights import insights, recommendations
from .rhythm import NOT_COLLECTED, daily_trends, growth_trends, hourly_patterns
from .state import SETTLING
from .window import ErrorWindow, Observed, local, observe


def analyse_patterns(
	window: ErrorWindow, *, recurring_threshold: int = 3, trend_threshold: float = 0.1
) -> dict[str, Any]:
	"""Patterns, insights and recommendations of the window's current period.

	Args: the window; how many events make an issue recurring; the smallest relative change that is called a
	trend or growth. Returns plain JSON values: string keys, ISO 8601 times with offset, no NaN or infinity.
	What was not observed is None with a reason, never 0: days before `data_since` have no count, and without
	`data_since` nothing has. Events dated to such days are left out of every figure and named in the notes.
	"""
	seen = observe(window)
	found = look(seen)
	bursts, climbs = find_bursts(seen, found), find_climbs(seen)
	ranked = ranks(seen, bursts, climbs)
	recurring, recurring_total = recurring_issues(seen, ranked, states(seen, found), recurring_threshold)
	report: dict[str, Any] = {
		"total_errors": seen.total if seen.collected else None,
		"total_issues": int((seen.per_issue > 0).sum()) if seen.collected else None,
		"analysis_period": f"{window.days} day{'' if window.days == 1 else 's'}",
		"window": {
			"start": local(seen.period_start, window),
			"end": local(window.now, window),
			"time_zone": str(window.now.tzinfo),
			"days": window.days,
		},
		"data_since": local(window.data_since, window),
		"notes": _notes(seen),
		"patterns": {
			"daily_trends": daily_trends(seen, trend_threshold, burst_days(seen, found)),
			"hourly_patterns": hourly_patterns(seen),
			"error_types": error_types(seen),
			"user_impact": user_impact(seen),
			"recurring_issues": recurring,
			"recurring_total": recurring_total if seen.collected else None,
			"new_issues": new_issues(seen, ranked),
			"active_critical": active_critical(seen, ranked),
			"bursts": burst_issues(seen, ranked, bursts),
			"growing_issues": growing_issues(seen, ranked, climbs),
			"severity_distribution": severity_distribution(seen, ranked),
			"growth_trends": growth_trends(seen, trend_threshold),
		},
	}
	growth = report["patterns"]["growth_trends"]
	growth["drivers"] = drivers(seen, ranked) if growth["direction"] == "growing" else []
	report["insights"] = insights(report)
	report["recommendations"] = recommendations(report)
	return report


def _notes(seen: Observed) -> list[str]:
	window = seen.window
	if window.data_since is None:
		return [f"Errors are {NOT_COLLECTED}; no figure is known."]
	since = local(window.data_since, window)
	if not seen.collected:
		return [f"Errors are {NOT_COLLECTED}: collection starts at {since}."]
	notes = []
	if window.data_since > seen.period_start:
		notes.append(
			f"Data exists since {since}; earlier days of the period are not covered and have no count."
		)
	if window.data_since + SETTLING > seen.period_start:
		notes.append(f"Only errors first seen {SETTLING.days} days after collection began are called new.")
	for start, end in window.gaps:
		if end > seen.period_start:
			notes.append(
				f"Nothing is known from {local(start, window)} to {local(end, window)}: collection did not run, and the"
				" site had cleared its log before it ran again."
			)
	if seen.left_out:
		notes.append(f"{seen.left_out} events dated to days that were not collected are not counted.")
	notes.append("Today is not over; trends and growth use complete days only.")
	return notes
