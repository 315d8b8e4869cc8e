"""`verenigingen anomalies`: alerts for every series of CSV files, without a site."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import click
import numpy as np

from verenigingen.core.anomaly import ENOUGH, Anomaly, detect, explain, moment_of, seconds_of
from verenigingen.exceptions import BadArgument

TIME_COLUMNS = ("timestamp", "t", "time")
UNITS = {"seconds": 1.0, "minutes": 60.0, "hours": 3_600.0, "days": 86_400.0}
MANY = 20  # series; fewer need no progress bar


@dataclass(slots=True)
class Series:
	"""Times as they are written and as seconds, and values, in the order of the file. calendar: real times, no numbers."""

	calendar: bool
	texts: list[str] = field(default_factory=list)
	seconds: list[float] = field(default_factory=list)
	values: list[float] = field(default_factory=list)


@click.command()
@click.argument(
	"files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, allow_dash=True)
)
@click.option(
	"--unit",
	type=click.Choice(list(UNITS)),
	default="hours",
	show_default=True,
	help="What numbers in the time column count.",
)
@click.option(
	"--evidence",
	type=click.FloatRange(1, 20),
	default=ENOUGH,
	show_default=True,
	help="Decades of evidence an alert needs: more for fewer alerts.",
)
def anomalies(files: tuple[str, ...], unit: str, evidence: float) -> None:
	"""Alerts for the series in FILES, in order of time for each series, one JSON object a line.

	A file is CSV, plain or gzip ("-": standard input), whose first line names its columns: timestamp (or t, or time) and
	value, and series where it holds several; without, the file's name is the series' name. A time is ISO 8601, on the clock of the place that is
	measured, or a number (see --unit). An empty value, as a time that is not there, is missing.
	An alert at a time knows only of the values up to it. `score` is 0.5 at the threshold and goes towards 1; `decades` is
	the evidence it comes from. An alert for missing data bears the time at which the value was overdue.
	"""
	series: dict[str, Series] = {}
	for name in files:
		with ExitStack() as stack:
			read(_open(name, stack), Path(name).name, unit, series)
	with ExitStack() as stack:
		names: Any = series
		if len(series) > MANY and sys.stderr.isatty():
			names = stack.enter_context(click.progressbar(series, label="Series", file=sys.stderr))
		for name in names:
			for row in rows(name, series[name], unit, evidence):
				click.echo(json.dumps(row, ensure_ascii=False))


def _open(name: str, stack: ExitStack) -> TextIO:
	if name == "-":
		raw: Any = io.BufferedReader(sys.stdin.buffer)  # type: ignore[type-var]
	else:
		raw = stack.enter_context(closing(open(name, "rb")))
	plain = gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == b"\x1f\x8b" else raw
	return io.TextIOWrapper(plain, encoding="utf-8-sig", errors="replace", newline="")


def read(file: TextIO, name: str, unit: str, series: dict[str, Series]) -> None:
	"""Adds a file's series. Raises BadArgument with the file and line of what cannot be read."""
	lines = csv.reader(file)
	try:
		place = _columns(next(lines, []), name)
		for row in lines:
			if not row:
				continue
			if len(row) < place.width:
				raise BadArgument(f"{place.width} columns are needed, not {len(row)}.")
			own = row[place.series].strip() if place.series is not None else place.name
			_add(series, own, row[place.time], row[place.value], unit)
	except BadArgument as error:
		raise BadArgument(f"{name}, line {max(1, lines.line_num)}: {error}") from None
	except csv.Error as error:
		raise BadArgument(f"{name}, line {lines.line_num}: {error}.") from error
	except (OSError, EOFError, zlib.error) as error:
		raise BadArgument(f"{name} cannot be read: {error}.") from error


@dataclass(frozen=True, slots=True)
class _Columns:
	time: int
	value: int
	series: int | None
	width: int
	name: str


def _columns(header: list[str], file: str) -> _Columns:
	found = {text.strip().lower(): index for index, text in enumerate(header)}
	time = next((found[known] for known in TIME_COLUMNS if known in found), None)
	if time is None or "value" not in found:
		raise BadArgument(
			"the first line must name the columns timestamp (or t) and value, and series where there are several;"
			f" it names {','.join(header)[:80]!r}."
		)
	name = file.removesuffix(".gz").removesuffix(".csv")
	value, series = found["value"], found.get("series")
	return _Columns(time, value, series, 1 + max(time, value, series or 0), name)


def _add(series: dict[str, Series], name: str, text: str, value: str, unit: str) -> None:
	seconds, calendar = _seconds(text, unit)
	one = series.setdefault(name, Series(calendar))
	if one.calendar != calendar:
		raise BadArgument(f"series {name[:40]!r} has times and numbers in one column.")
	one.texts.append(text.strip())
	one.seconds.append(seconds)
	one.values.append(_value(value))


def _seconds(text: str, unit: str) -> tuple[float, bool]:
	"""A time as seconds, and whether it is a real time. A time that names its zone counts as its own clock shows."""
	text = text.strip()
	with suppress(ValueError):
		number = float(text)
		if math.isfinite(number) and abs(number) < 1e15:
			return number * UNITS[unit], False
	with suppress(ValueError):
		return seconds_of(datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None)), True
	raise BadArgument(f"{text[:40]!r} is no time; write 2026-01-05 13:00:00, or a number.")


def _value(text: str) -> float:
	text = text.strip()
	if text.lower() in ("", "nan", "null"):
		return math.nan
	with suppress(ValueError):
		number = float(text)
		if abs(number) < 1e100:
			return number
	raise BadArgument(f"{text[:40]!r} is no value; write a number, or nothing where none was measured.")


def rows(name: str, series: Series, unit: str, evidence: float) -> Iterator[dict[str, Any]]:
	"""The alerts of one series, ready for JSON."""
	seconds = np.array(series.seconds)
	order = np.argsort(seconds, kind="stable")
	for one in detect(seconds[order], np.array(series.values)[order], enough=evidence):
		own = float(seconds[order[one.place]]) == one.at
		at = series.texts[order[one.place]] if own else _text(one.at, series, unit)
		yield _row(name, at, one, series, unit)


def _text(seconds: float, series: Series, unit: str) -> str:
	if not series.calendar:
		return f"{seconds / UNITS[unit]:.12g}"
	separator = "T" if "T" in series.texts[0] else " "
	return (moment_of(seconds) + timedelta(milliseconds=500)).isoformat(separator, "seconds")


def _row(name: str, at: str, one: Anomaly, series: Series, unit: str) -> dict[str, Any]:
	began = _text(one.began, series, unit)
	return {
		"series": name,
		"timestamp": at,
		"kind": one.kind,
		"direction": "up" if one.rising else "down",
		"score": round(one.score, 4),
		"decades": round(one.decades, 2),
		"value": one.value,
		"expected": one.expected,
		"low": one.low,
		"high": one.high,
		"began": began,
		"ended": None if one.ended is None else _text(one.ended, series, unit),
		"explanation": explain(one, name, began=None if series.calendar else began),
	}
