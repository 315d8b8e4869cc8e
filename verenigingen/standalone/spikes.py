"""`verenigingen spikes FILE`: alerts for hourly counts from a CSV file, as the analysis of errors raises them."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from typing import IO, Any

import click
import numpy as np

from verenigingen.core.errors.chance import LEAST, bounded
from verenigingen.core.errors.spikes import Alert, Scan
from verenigingen.exceptions import BadArgument

COLUMNS = ["series", "hour", "count"]
MOST_HOURS = 24 * 366 * 20  # of one series; a typing error in a year is no reason to fill the memory
CELLS = 2_000_000  # scanned at once
_HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 5)  # a Monday

Series = dict[int, int]


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8-sig", errors="replace"))
def spikes(file: IO[str]) -> None:
	"""Alerts for the hourly counts in FILE (`-`: standard input), in order of time, one JSON object a line.

	The first line names the columns: series, hour, count. An hour is an ISO 8601 time, or a whole number (0 is then a
	Monday's first hour). Hours that are missing between the first and the last of a series count as 0; rows of the same
	hour are added up. An alert knows nothing of later hours.
	"""
	counts, texts = read(file)
	for alert in alerts(counts, texts):
		click.echo(json.dumps(alert))


def read(lines: Iterable[str]) -> tuple[dict[str, Series], dict[int, str]]:
	"""Counts by series and hour (a number), and each hour as it is written. Raises BadArgument with the line's number."""
	rows = csv.reader(lines)
	counts: dict[str, Series] = defaultdict(dict)
	texts: dict[int, str] = {}
	known: dict[str, int] = {}
	styles: set[bool] = set()
	try:
		header = [name.strip().lower() for name in next(rows, [])]
		if header != COLUMNS:
			raise BadArgument(
				f"line 1: the columns must be {','.join(COLUMNS)}, not {','.join(header)[:80]!r}."
			)
		for row in rows:
			if not row:
				continue
			if len(row) != len(COLUMNS):
				raise BadArgument(
					f"line {rows.line_num}: 3 values are needed (series,hour,count), not {len(row)}."
				)
			name, text, count = row
			hour = known.get(text)
			if hour is None:
				hour = known[text] = _hour(text, rows.line_num)
				texts.setdefault(hour, text.strip())
				styles.add(_is_number(text))
				if len(styles) > 1:
					raise BadArgument(
						f"line {rows.line_num}: hours are numbers or times, not both in one file."
					)
			series = counts[name]
			series[hour] = series.get(hour, 0) + _count(count, rows.line_num)
	except csv.Error as error:
		raise BadArgument(f"line {rows.line_num}: {error}.") from error
	return counts, texts


def _is_number(text: str) -> bool:
	return text.strip().lstrip("-").isdecimal()


def _hour(text: str, line: int) -> int:
	"""Hours since a Monday 00:00. A time's own clock counts, or UTC where it names its zone, so that no hour comes twice."""
	if _is_number(text) and len(text) < 16:
		return int(text)
	try:
		moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
	except ValueError:
		raise BadArgument(
			f"line {line}: {text[:40]!r} is no hour; write 2026-01-05T13:00, or a whole number."
		) from None
	if moment.tzinfo:
		moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
	return (moment - _EPOCH) // _HOUR


def _count(text: str, line: int) -> int:
	try:
		count = int(text)
	except ValueError:
		count = -1
	if not 0 <= count < 10**12:
		raise BadArgument(f"line {line}: {text[:40]!r} is no count; write a whole number from 0 on.")
	return count


def alerts(counts: dict[str, Series], texts: dict[int, str]) -> list[dict[str, Any]]:
	"""All alerts in order of time, then of the series in the file. Raises BadArgument for a series that is too long."""
	found: list[tuple[int, int, dict[str, Any]]] = []
	place = {name: index for index, name in enumerate(counts)}
	for names, first_day, days in _batches(counts):
		for alert in _scan([counts[name] for name in names], first_day, days):
			hour = 24 * first_day + alert.hour
			name = names[alert.row]
			found.append((hour, place[name], _row(name, texts[hour], alert)))
	return [row for _, _, row in sorted(found, key=lambda item: item[:2])]


def _batches(counts: dict[str, Series]) -> Iterator[tuple[list[str], int, int]]:
	"""Series that begin and end at about the same time, together: their names, first day and number of days."""
	spans = {}
	for name, series in counts.items():
		first, last = min(series), max(series)
		if last - first >= MOST_HOURS:
			raise BadArgument(
				f"Series {name[:40]!r} spans {(last - first) // 24} days; at most {MOST_HOURS // 24} can be."
			)
		spans[name] = (first // 24, last // 24)
	batch: list[str] = []
	begin = end = 0
	for name in sorted(spans, key=spans.__getitem__):
		low, high = min(begin, spans[name][0]), max(end, spans[name][1])
		if batch and (len(batch) + 1) * 24 * (high - low + 1) > CELLS:
			yield batch, begin, end - begin + 1
			batch = []
		if not batch:
			low, high = spans[name]
		begin, end = low, high
		batch.append(name)
	if batch:
		yield batch, begin, end - begin + 1


def _scan(batch: list[Series], first_day: int, days: int) -> list[Alert]:
	counts = np.zeros((len(batch), 24 * days))
	exposure = np.zeros_like(counts)
	for row, series in enumerate(batch):
		places = np.fromiter(series, dtype=np.int64, count=len(series)) - 24 * first_day
		counts[row, places] = np.fromiter(series.values(), dtype=np.float64, count=len(series))
		exposure[row, places.min() : places.max() + 1] = 1.0
	shape = (len(batch), days, 24)
	scan = Scan(counts.reshape(shape), exposure.reshape(shape), first_day % 7)
	return [episode.alert for episode in scan.run()]


def _row(name: str, hour: str, alert: Alert) -> dict[str, Any]:
	chance = bounded(alert.p_value)
	ratio = alert.events / alert.expected if alert.expected >= 0.0005 else None
	span = "in this hour" if alert.window == 1 else f"within {alert.window} hours"
	times = f" ({ratio:.1f} times)" if ratio else ""
	reason = f"{alert.events} events {span}, where {alert.expected:.2f} are usual{times}; chance {'<' if chance == LEAST else '='} {chance:.1e}"
	return {
		"series": name,
		"hour": int(hour) if _is_number(hour) else hour,
		"count": alert.events,
		"expected": round(alert.expected, 3),
		"ratio": round(ratio, 2) if ratio else None,
		"p_value": chance,
		"window_hours": alert.window,
		"reason": reason,
	}
