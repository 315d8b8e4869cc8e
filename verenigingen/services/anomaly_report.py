"""What was unusual, as a report: anomalies that began together are one incident."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from verenigingen.host.port import Host
from verenigingen.services.anomalies import HISTORY_DAYS, find_anomalies, judged_until

TOGETHER = timedelta(hours=1)
_TIMES = ("at", "began", "ended")


def identify_anomalies(host: Host, days: int) -> dict[str, Any]:
	"""Result: as the door `utils.analytics_engine.identify_anomalies` has it."""
	now = host.clock.now()
	local = now.replace(tzinfo=None)
	since = (local - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
	judged = judged_until(host)
	found = find_anomalies(host, since, local)
	anomalies = [_aware(one, now) for one in found]
	open_ones = sum(one["ended"] is None for one in found)
	return {
		"statement": _statement(len(found), open_ones, days, judged),
		"anomalies": anomalies,
		"incidents": [_incident(group, now) for group in together(found)],
		"judged_until": None if judged is None else judged.replace(tzinfo=now.tzinfo),
		"analysis_period": f"{days} days",
		"reason": None
		if judged
		else "No hour was judged yet: nothing was measured, or collection has not run.",
	}


def together(found: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
	"""Anomalies, each group of which began within an hour of its first; the group that began last first."""
	groups: list[list[dict[str, Any]]] = []
	for one in sorted(found, key=lambda one: (_begin(one), -one["score"], one["name"])):
		if groups and _begin(one) - _begin(groups[-1][0]) <= TOGETHER:
			groups[-1].append(one)
		else:
			groups.append([one])
	return groups[::-1]


def _begin(one: dict[str, Any]) -> datetime:
	begin = one["began"] or one["at"]
	assert isinstance(begin, datetime)
	return begin


def _incident(group: Sequence[dict[str, Any]], now: datetime) -> dict[str, Any]:
	first = max(group, key=lambda one: (one["score"], one["name"]))
	ends = [one["ended"] for one in group]
	others = f", and {len(group) - 1} more with it" if len(group) > 1 else ""
	return {
		"began": _begin(group[0]).replace(tzinfo=now.tzinfo),
		"ended": None if None in ends else max(ends).replace(tzinfo=now.tzinfo),
		"score": first["score"],
		"statement": first["explanation"] + others,
		"anomalies": [one["name"] for one in group],
	}


def _aware(one: dict[str, Any], now: datetime) -> dict[str, Any]:
	return one | {name: one[name] and one[name].replace(tzinfo=now.tzinfo) for name in _TIMES}


def _statement(count: int, going_on: int, days: int, judged: datetime | None) -> str:
	if judged is None:
		return "Whether anything was unusual is not known yet."
	if not count:
		return f"Nothing unusual was measured in {days} days, by what the {HISTORY_DAYS} days before let one expect."
	still = f"; {going_on} going on" if going_on else ""
	return f"{count} anomalies in {days} days{still}."
