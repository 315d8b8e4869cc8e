"""The parts of the insights report that are not about errors: performance, capacity and what troubles cost.

Each can fail alone, and says so; the bulky curves of forecasts stay with `forecast_performance_trends`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from verenigingen.exceptions import MonitoringError
from verenigingen.host.port import Host
from verenigingen.services.advice import ORDER, performance_recommendations
from verenigingen.services.forecasts import forecast_performance_trends
from verenigingen.services.impact import business_impact
from verenigingen.settings import resolve

CURVES = ("history", "forecast")
MOST_SENTENCES = 3  # of each part in the executive summary

Part = dict[str, Any]


def performance_forecast(host: Host) -> Part:
	"""`forecast_performance_trends` without its curves; status "unknown" with a reason where nothing is known."""
	made = forecast_performance_trends(host)
	known = {
		section: {
			key: {name: value for name, value in row.items() if name not in CURVES}
			for key, row in rows.items()
		}
		for section, rows in made["forecasts"].items()
	}
	seen = made["status"] == "ok" or made["trend_alerts"] or made["capacity_planning"]["resources"]
	return {
		**made,
		"status": "ok" if seen else "unknown",
		"reason": None if seen else made["confidence"]["reason"],
		"forecasts": known,
	}


def parts(host: Host) -> dict[str, Part]:
	"""{"performance_forecast", "business_impact", "performance_recommendations"}; each has a status: ok, unknown or failed,
	the last two with a reason."""
	days = int(resolve("historical_days", host.config.get))
	return {
		"performance_forecast": _attempt(lambda: performance_forecast(host)),
		"business_impact": _attempt(lambda: business_impact(host, days)),
		"performance_recommendations": _attempt(lambda: performance_recommendations(host)),
	}


def _attempt(work: Callable[[], Part]) -> Part:
	try:
		return work()
	except MonitoringError as error:
		return {"status": "failed", "reason": str(error) or type(error).__name__}


def sentences(found: dict[str, Part]) -> list[str]:
	"""What of these parts belongs into the executive summary: trends, limits that come near, and harm done."""
	said: list[str] = []
	forecast = found["performance_forecast"]
	if forecast["status"] == "ok":
		said += [alert["statement"] for alert in forecast["trend_alerts"][:MOST_SENTENCES]]
	impact = found["business_impact"]
	if impact["status"] == "ok":
		said += impact["statements"][:MOST_SENTENCES]
	return said


def actions(found: dict[str, Part], errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
	"""What to do, about errors and performance together, by priority; errors first among equals."""
	advice = found["performance_recommendations"]
	rows = advice["recommendations"] if advice["status"] == "ok" else []
	mine = [{**row, "issue": None} for row in rows]
	return sorted([*errors, *mine], key=lambda row: ORDER.get(row["priority"], len(ORDER)))


def not_measured(found: dict[str, Part]) -> list[dict[str, str]]:
	"""The parts that are not known or failed, with the reason."""
	return [
		{"area": area, "reason": part["reason"]}
		for area, part in found.items()
		if part["status"] != "ok" and area != "performance_recommendations"
	]
