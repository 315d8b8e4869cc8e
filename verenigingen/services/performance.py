"""How fast the site answers: what requests, jobs and statements cost, from the rollups alone.

Every figure says how many measurements it rests on; what was not measured is None with a reason. Quantiles come from
merged sketches, exact to 1 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from verenigingen.core.model import as_datetime, as_text
from verenigingen.core.rollups import ALL, JOBS, OTHER, REQUESTS, Key, Measured, Shape, bucket, name_range
from verenigingen.core.sketch import Sketch, quantiles_of
from verenigingen.core.statements import rows_scanned
from verenigingen.host.port import Host, marks
from verenigingen.services.system import performance_part

TOP = 20
API_TARGET, API_ALERT = 0.2, 0.5  # seconds: what requests should take on average, and what is called slow
FINE_HOURS, HOUR_HOURS = 3, 7 * 24  # up to these, the series is by minute and by hour
MANY_HOURS = 48  # up to this, endpoints and jobs are added up from hours, beyond it from days
MANY_ROWS = 1_000  # to read fewer of a table one by one is no worse than an index
NOT_MEASURED = "Nothing was measured in this time: requests are measured inside a bench, or read from logs/monitor.json.log."
Row = dict[str, Any]
Values = tuple[Any, ...]  # of a row of a table


def performance_metrics(host: Host, hours: int = 24, *, top: int = TOP) -> dict[str, Any]:
	"""Requests and jobs of the last `hours`: {"window", "requests", "endpoints", "jobs", "slow_statements",
	"repeated_statements", "system"}.

	requests: totals with p50, p95 and p99 in seconds, `error_rate`, shares of time, a `series` by bucket, and
	`reason` where nothing was measured; endpoints: those that took most of all time; jobs: the same by function.
	"""
	zone = host.clock.now().tzinfo
	resolution, start, end = window(host, hours)
	series = _series(host, resolution, start, end)
	ran = statements(host, days=max(1, -(-hours // 24)))
	return {
		"window": {
			"hours": hours,
			"resolution": resolution,
			"start": _aware(zone, start),
			"end": _aware(zone, end),
		},
		"requests": _requests(host, series),
		"endpoints": endpoints(host, hours, top=top),
		"jobs": jobs(host, hours, top=top),
		"slow_statements": slow_statements(ran, top=top),
		"repeated_statements": repeated_statements(ran, top=top),
		"system": performance_part(host, resolution, start, end),
	}


def window(host: Host, hours: int) -> tuple[str, datetime, datetime]:
	"""Resolution, start and end (naive site time) of the last `hours`, the present bucket included."""
	now = host.clock.now().replace(tzinfo=None)
	resolution = "minute" if hours <= FINE_HOURS else "hour" if hours <= HOUR_HOURS else "day"
	return resolution, bucket(now - timedelta(hours=hours), resolution), now + timedelta(minutes=1)


def endpoints(host: Host, hours: int = 24, *, top: int = TOP) -> list[Row]:
	"""The endpoints of the last `hours` (whole hours or days, the present one included) that took most of all time, each
	with counts, quantiles and what it consists of."""
	found, whole = _heaviest(host, REQUESTS, hours, "wall_seconds", top)
	return [
		{
			"endpoint": endpoint,
			"method": verb,
			**_request_figures(measured),
			"share": measured.sums[3] / whole if whole else None,
		}
		for (endpoint, verb), measured in found
	]


def jobs(host: Host, hours: int = 24, *, top: int = TOP) -> list[Row]:
	"""The jobs of the last `hours` that ran longest in all, with waits and run times."""
	rows = []
	for (job, queue), measured in _heaviest(host, JOBS, hours, "run_seconds", top)[0]:
		runs, failures, waited, wait, run, traced, cpu, sql, _ = measured.sums
		waits, ran = measured.sketches
		rows.append(
			{
				"job": job,
				"queue": queue or None,
				"runs": int(runs),
				"failures": int(failures),
				"total_seconds": run,
				"mean_seconds": run / runs if runs else None,
				"p95_seconds": ran.quantile(0.95),
				"mean_wait_seconds": wait / waited if waited else None,
				"p95_wait_seconds": waits.quantile(0.95),
				"cpu_share": cpu / run if traced == runs and run else None,
				"sql_share": sql / run if traced == runs and run else None,
			}
		)
	return rows


def slow_statements(found: list[Row], *, top: int = TOP) -> list[Row]:
	"""Of `statements` those that took most of all time: normalised text, the line that asked, count, mean and p95
	in seconds, rows, and the plan where the database was asked for it (`full_scan`: does it read all of
	a table that is not small; None where it was not asked)."""
	whole = sum(row["seconds"] for row in found) or 1.0
	rows = [_statement_figures(row) | {"share": row["seconds"] / whole} for row in found]
	return sorted(rows, key=lambda row: -row["total_seconds"])[:top]


def repeated_statements(found: list[Row], *, top: int = TOP) -> list[Row]:
	"""Of `statements` those that one line asks again and again within one request (N+1), by the time this took: `requests`
	sampled requests did it, `share_of_requests` of those that ran the statement, `mean_repeats` and `most_repeats` times
	each."""
	rows = []
	for row in found:
		if not row["repeated"]:
			continue
		mean = row["repeated_executions"] / row["repeated"]
		rows.append(
			_statement_figures(row)
			| {
				"requests": int(row["repeated"]),
				"share_of_requests": min(1.0, row["repeated"] / row["sampled"]) if row["sampled"] else None,
				"mean_repeats": mean,
				"most_repeats": int(row["most_repeats"]),
				"repeated_seconds": row["seconds"] * row["repeated_executions"] / row["executions"],
				"advice": _advice(row["caller"], mean),
			}
		)
	return sorted(rows, key=lambda row: -row["repeated_seconds"])[:top]


def statements_without_index(found: list[Row], *, top: int = TOP) -> list[Row]:
	"""Of `statements` those of which the database says that it reads every row of a table."""
	return [row for row in slow_statements(found, top=len(found)) if row["full_scan"]][:top]


def _advice(caller: str, times: float) -> str:
	if caller.startswith("frappe/"):
		return f"Frappe's own {caller} asks this {times:.0f} times in one request: see whether the cache keeps what it needs."
	return f"{caller or 'One line'} asks this {times:.0f} times in one request: fetch all rows with one statement before the loop."


def _series(host: Host, resolution: str, start: datetime, end: datetime) -> list[tuple[datetime, Values]]:
	"""The totals of each bucket, in order."""
	found = host.store.query(
		f"SELECT at, {', '.join(REQUESTS.columns)} FROM `tabRequest Rollup`"
		" WHERE endpoint = %s AND name >= %s AND name < %s ORDER BY name",
		(ALL, *name_range(resolution, start, end)),
	)
	timed = [(as_datetime(at), tuple(values)) for at, *values in found]
	return [(at, values) for at, values in timed if at is not None]


def _requests(host: Host, series: Sequence[tuple[datetime, Values]]) -> dict[str, Any]:
	if not series:
		return {"requests": None, "reason": NOT_MEASURED, "series": []}
	whole = _together(REQUESTS, [values for _, values in series])
	figures = _request_figures(whole)
	return {
		**figures,
		"share_above_target": whole.sketches[0].share_above(API_TARGET),
		"share_above_alert": whole.sketches[0].share_above(API_ALERT),
		"target_seconds": API_TARGET,
		"reason": None,
		"series": _points(host, series),
	}


def _points(host: Host, series: Sequence[tuple[datetime, Values]]) -> list[Row]:
	zone = host.clock.now().tzinfo
	quantiles = quantiles_of([as_text(values[-1]) for _, values in series], 0.5, 0.95)
	return [
		{
			"at": _aware(zone, at),
			"requests": int(values[0]),
			"errors": int(values[2]),
			"mean_seconds": float(values[3]) / int(values[0]) if values[0] else None,
			"p50_seconds": p50,
			"p95_seconds": p95,
		}
		for (at, values), (p50, p95) in zip(series, quantiles, strict=True)
	]


def _request_figures(measured: Measured) -> Row:
	count, refused, failed, wall, traced, cpu, sql, statements, hits, misses, size = measured.sums
	p50, p95, p99 = measured.sketches[0].quantiles(0.5, 0.95, 0.99)
	asked = hits + misses
	# parts of the time are known of traced requests only; of a mixture no share can be told
	known = traced == count and wall > 0
	return {
		"requests": int(count),
		"client_errors": int(refused),
		"server_errors": int(failed),
		"error_rate": failed / count if count else None,
		"total_seconds": wall,
		"mean_seconds": wall / count if count else None,
		"p50_seconds": p50,
		"p95_seconds": p95,
		"p99_seconds": p99,
		"traced": int(traced),
		"cpu_share": cpu / wall if known else None,
		"sql_share": sql / wall if known else None,
		"mean_cpu_seconds": cpu / traced if traced else None,
		"mean_sql_seconds": sql / traced if traced else None,
		"statements_per_request": statements / traced if traced else None,
		"mean_statement_seconds": sql / statements if statements else None,
		"cache_hit_rate": hits / asked if asked else None,
		"response_bytes": int(size),
	}


def _statement_figures(row: Row) -> Row:
	plan = row["plan"]
	return {
		"statement": row["statement"],
		"digest": row["digest"],
		"caller": row["caller"] or None,
		"endpoint": row["endpoint"] or None,
		"sampled_requests": int(row["sampled"]),
		"executions": int(row["executions"]),
		"total_seconds": row["seconds"],
		"mean_seconds": row["seconds"] / row["executions"],
		"p95_seconds": row["sketch"].quantile(0.95),
		"slowest_seconds": row["slowest_seconds"],
		"rows_per_execution": row["rows_returned"] / row["executions"],
		"plan": plan or None,
		"full_scan": rows_scanned(plan) >= MANY_ROWS if plan else None,
	}


def statements(host: Host, *, days: int = 1) -> list[Row]:
	"""What sampled requests of the last `days` ran, by statement and calling line: sums, for the three functions above."""
	now = host.clock.now().replace(tzinfo=None)
	resolution = "hour" if days <= 2 else "day"
	first, beyond = name_range(
		resolution, bucket(now - timedelta(days=days), resolution), now + timedelta(minutes=1)
	)
	sums = ("sampled", "executions", "seconds", "rows_returned", "repeated", "repeated_executions")
	highest = ("slowest_seconds", "most_repeats")
	columns = ", ".join(
		("digest", "caller", "statement", "endpoint", "plan", "seconds_sketch", *sums, *highest)
	)
	found: dict[tuple[str, str], Row] = {}
	for digest, caller, statement, endpoint, plan, sketch, *numbers in host.store.query(
		f"SELECT {columns} FROM `tabStatement Rollup` WHERE name >= %s AND name < %s AND digest <> %s ORDER BY name",
		(first, beyond, OTHER),
	):
		row = found.setdefault(
			(digest, caller), defaultdict(float, digest=digest, caller=as_text(caller), sketch=Sketch())
		)
		row["sketch"].merge(Sketch.from_text(as_text(sketch)))
		for name, value in zip((*sums, *highest), numbers, strict=True):
			row[name] = max(row[name], float(value)) if name in highest else row[name] + float(value)
		for name, value in (("statement", statement), ("endpoint", endpoint), ("plan", plan)):
			row[name] = as_text(value) or row.get(name, "")
	return [row for row in found.values() if row["executions"]]


def _heaviest(
	host: Host, shape: Shape, hours: int, weight: str, top: int
) -> tuple[list[tuple[Key, Measured]], float]:
	"""The `top` keys of a window by the sum of one column, that heaviest first, and the sum over all keys.

	The database adds that one column; everything else is read of the heaviest only.
	"""
	now = host.clock.now().replace(tzinfo=None)
	resolution = "hour" if hours <= MANY_HOURS else "day"  # minutes would be too many rows
	start, end = bucket(now - timedelta(hours=hours), resolution), now + timedelta(minutes=1)
	keys, first = ", ".join(shape.keys), shape.keys[0]
	added = host.store.query(
		f"SELECT {keys}, SUM({weight}) FROM `tab{shape.table}` WHERE name >= %s AND name < %s AND {first} <> %s"
		f" GROUP BY {keys}",
		(*name_range(resolution, start, end), ALL),
	)
	ranked = sorted(added, key=lambda row: (-float(row[-1]), row[:-1]))
	found: dict[Key, list[Values]] = {tuple(map(as_text, row[:-1])): [] for row in ranked[:top]}
	if found:
		names = sorted({key[0] for key in found})
		condition = f"{first} IN ({marks(len(names))})"
		for key, values in _values(host, shape, resolution, start, end, condition, names):
			if key in found:
				found[key].append(values)
	return [(key, _together(shape, rows)) for key, rows in found.items()], sum(
		float(row[-1]) for row in added
	)


def _together(shape: Shape, rows: Sequence[Values]) -> Measured:
	"""What many rows of a shape without highest and texts hold."""
	made = Measured.nothing(shape)
	counted = len(shape.sums)
	made.sums = [sum(map(float, column)) for column in zip(*(row[:counted] for row in rows), strict=True)]
	texts = zip(*(row[counted:] for row in rows), strict=True)
	made.sketches = [Sketch.merged(list(map(as_text, column))) for column in texts]
	return made


def _values(
	host: Host,
	shape: Shape,
	resolution: str,
	start: datetime,
	end: datetime,
	where: str,
	bound: Iterable[object],
) -> Iterator[tuple[Key, Values]]:
	columns = ", ".join((*shape.keys, *shape.columns))
	width = len(shape.keys)
	for row in host.store.query(
		f"SELECT {columns} FROM `tab{shape.table}` WHERE name >= %s AND name < %s AND {where}",
		(*name_range(resolution, start, end), *bound),
	):
		yield tuple(map(as_text, row[:width])), row[width:]


def _aware(zone: tzinfo | None, moment: datetime) -> str:
	return moment.replace(tzinfo=zone).isoformat()
