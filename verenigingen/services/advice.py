"""What would make the site faster or keep it running, each from evidence: a number, the reason, and where to look.

Nothing is advised that was not measured; where there is nothing to say, that is said, with what was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from verenigingen.core.measures import DAY
from verenigingen.host.port import Host
from verenigingen.services import performance
from verenigingen.services.capacity import is_likely
from verenigingen.services.forecasts import forecast_performance_trends
from verenigingen.services.measures import BY_KEY, LINES, load
from verenigingen.services.series import Grid
from verenigingen.services.wording import days as so_many_days
from verenigingen.services.wording import figure
from verenigingen.settings import resolve

LISTED = 5  # of each kind: what takes most time first
LEAST_REQUESTS = 20  # fewer say little about an endpoint
LEAST_SHARE = 0.01  # of all request time; what takes less is not worth anyone's time
ORDER = {"high": 0, "medium": 1, "low": 2}

Advice = dict[str, Any]


def performance_recommendations(host: Host) -> dict[str, Any]:
	"""{"status", "reason", "period", "statement", "recommendations", "looked_at"}.

	Each recommendation: `area`, `priority` (high, medium, low), `action`, `reason` (with its figures), `evidence`,
	`where`. looked_at says of each source whether it was measured.
	"""
	days = int(resolve("historical_days", host.config.get))
	forecast = forecast_performance_trends(host)
	endpoints = performance.endpoints(host, 24 * days, top=50)
	ran = performance.statements(host, days=days)
	repeated = performance.repeated_statements(ran, top=LISTED)
	scans = performance.statements_without_index(ran, top=LISTED)
	slow = performance.slow_statements(ran, top=50)
	found = [
		*_trends(forecast),
		*_capacity(forecast),
		*_repeated(repeated),
		*_slow_endpoints(endpoints),
		*_scans(scans),
		*_slow_statements(slow, {row["digest"] for row in [*repeated, *scans]}),
		*_ratios(host, days),
	]
	found.sort(key=lambda row: ORDER[row["priority"]])
	looked = {
		"requests": bool(endpoints),
		"statements": bool(slow),
		"forecasts": forecast["status"] == "ok",
		"limits": bool(forecast["capacity_planning"]["resources"]),
	}
	return {
		"status": "ok" if any(looked.values()) else "unknown",
		"reason": None if any(looked.values()) else performance.NOT_MEASURED,
		"period": so_many_days(days),
		"statement": _statement(found, looked, days),
		"recommendations": found,
		"looked_at": looked,
	}


def _statement(found: list[Advice], looked: dict[str, bool], days: int) -> str:
	if not any(looked.values()):
		return f"Nothing can be recommended: {performance.NOT_MEASURED}"
	seen = ", ".join(name for name, there in looked.items() if there)
	if not found:
		return f"Nothing to recommend: {seen} of {so_many_days(days)} show nothing outside its targets."
	count = len(found)
	return f"{count} recommendation{'' if count == 1 else 's'} from {seen} of {so_many_days(days)}."


def _advice(
	area: str, priority: str, action: str, reason: str, evidence: dict[str, Any], where: str
) -> Advice:
	return {
		"area": area,
		"priority": priority,
		"action": action,
		"reason": reason,
		"evidence": evidence,
		"where": where,
	}


def _trends(forecast: dict[str, Any]) -> Iterator[Advice]:
	for alert in forecast["trend_alerts"]:
		if alert["kind"] != "trend":
			continue
		endpoint = alert["endpoint"]
		action = (
			"Find what this endpoint does for each of a growing number of rows."
			if endpoint
			else "Find what grows with it before it passes its target."
		)
		where = endpoint or f"forecasts: {alert['metric']}"
		yield _advice("trend", alert["severity"], action, alert["statement"], alert["evidence"], where)


def _capacity(forecast: dict[str, Any]) -> Iterator[Advice]:
	for row in forecast["capacity_planning"]["resources"]:
		if not is_likely(row):
			continue
		full = row["unit"] in ("bytes", "connections")
		action = (
			f"Make room or raise the limit ({row['limit_source']})."
			if full
			else "Look for what takes the time."
		)
		if row["unit"] == "ratio":
			action = "Look for what has changed: the line is a target of this site."
		priority = "high" if row["status"] == "passed" and full else "medium"
		evidence = {
			key: row[key] for key in ("current", "limit", "earliest", "latest", "probability", "horizon_days")
		}
		yield _advice(
			"capacity", priority, action, row["statement"], evidence, f"capacity_planning: {row['resource']}"
		)


def _repeated(rows: list[dict[str, Any]]) -> Iterator[Advice]:
	for row in rows:
		reason = (
			f"One line runs the same statement {row['mean_repeats']:.0f} times in a request (at most"
			f" {row['most_repeats']}), in {row['requests']} sampled request{'' if row['requests'] == 1 else 's'}:"
			f" {_short(row['statement'])}"
		)
		evidence = {
			key: row[key]
			for key in ("digest", "requests", "mean_repeats", "most_repeats", "repeated_seconds")
		}
		where = ", in ".join(part for part in (row["caller"], row["endpoint"]) if part) or "unknown line"
		yield _advice(
			"database",
			"high",
			"Fetch all rows with one statement before the loop (N+1).",
			reason,
			evidence,
			where,
		)


def _slow_endpoints(rows: list[dict[str, Any]]) -> Iterator[Advice]:
	(target, _), (alert, _) = LINES["api_mean_ms"]
	slow = [
		row
		for row in rows
		if row["requests"] >= LEAST_REQUESTS
		and row["mean_seconds"] * 1e3 > target
		and (row["share"] or 0) >= LEAST_SHARE
	]
	for row in sorted(slow, key=lambda row: -(row["mean_seconds"] - target / 1e3) * row["requests"])[:LISTED]:
		mean = row["mean_seconds"] * 1e3
		over, line = ("alert line", alert) if mean > alert else ("target", target)
		sql = f"; {row['sql_share']:.0%} of it in the database" if row["sql_share"] is not None else ""
		reason = (
			f"{row['endpoint']} takes {figure(mean, 'ms')} on average (p95 {figure(row['p95_seconds'] * 1e3, 'ms')}, target"
			f" {figure(target, 'ms')}) in {row['requests']:,} requests: {row['share']:.0%} of all request time{sql}."
		)
		keys = ("requests", "mean_seconds", "p95_seconds", "share", "sql_share", "statements_per_request")
		yield _advice(
			"endpoint",
			"high" if line == alert else "medium",
			f"Make this endpoint faster: it is over its {over} of {figure(line, 'ms')}.",
			reason,
			{key: row[key] for key in keys},
			row["endpoint"],
		)


def _scans(rows: list[dict[str, Any]]) -> Iterator[Advice]:
	for row in rows:
		reason = (
			f"The database reads every row for this statement ({row['plan']}): {_short(row['statement'])}"
		)
		yield _advice(
			"database",
			"medium",
			"Give the columns it selects by an index, or select by others.",
			reason,
			{key: row[key] for key in ("digest", "sampled_requests", "total_seconds")},
			row["caller"] or row["endpoint"] or "unknown line",
		)


def _slow_statements(rows: list[dict[str, Any]], told: set[str]) -> Iterator[Advice]:
	alert = LINES["sql_mean_ms"][1][0]
	slow = [row for row in rows if row["digest"] not in told and row["mean_seconds"] * 1e3 > alert]
	for row in slow[:LISTED]:
		yield _advice(
			"database",
			"medium",
			"Make this statement faster, or ask it less often.",
			f"A statement takes {figure(row['mean_seconds'] * 1e3, 'ms')} on average (alert line {figure(alert, 'ms')}):"
			f" {_short(row['statement'])}",
			{key: row[key] for key in ("digest", "total_seconds", "mean_seconds", "sampled_requests")},
			row["caller"] or row["endpoint"] or "unknown line",
		)


def _ratios(host: Host, days: int) -> Iterator[Advice]:
	"""The cache of a week against its target, from sums; a ratio of few look-ups says nothing."""
	loaded = load(host, Grid.back(host.clock.now().replace(tzinfo=None), DAY, min(days, 7)))
	hits, misses = (
		float(part[part == part].sum()) for part in (loaded.requests.cache_hits, loaded.requests.cache_misses)
	)
	target, alert = (line for line, _ in LINES["cache_hit_ratio"])
	if hits + misses < 1_000 or hits / (hits + misses) >= target:
		return
	ratio = hits / (hits + misses)
	yield _advice(
		"cache",
		"high" if ratio < alert else "medium",
		"Find what is asked of the cache and never put there, or expires too soon.",
		f"{BY_KEY['cache_hit_ratio'].title}: {figure(ratio, 'ratio')} of {hits + misses:,.0f} within 7 days, target"
		f" {figure(target, 'ratio')}.",
		{"ratio": ratio, "lookups": hits + misses, "target": target},
		"cache of the requests",
	)


def _short(statement: str) -> str:
	return statement if len(statement) <= 160 else f"{statement[:157]}..."
