"""`verenigingen forecast`: forecasts every series of a CSV file, without a site."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TextIO

import click
import numpy as np

from verenigingen.core.forecast import Forecast, TooLittleData, forecast
from verenigingen.exceptions import BadArgument

Point = tuple[float | datetime, float]
HEADER = ("series", "t", "mean", "lo80", "hi80", "lo95", "hi95", "method", "skill")
MOST_GAPS = 100_000  # points a series may be filled to: one wrong time must not ask for years of gaps


@click.command("forecast")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@click.option("--horizon", type=click.IntRange(1, 10_000), required=True, help="Points to forecast.")
@click.option(
	"--season",
	type=click.IntRange(1, 1_000),
	default=24,
	show_default=True,
	help="Points of a season: 24 for hourly values (their week is looked at as well), 1 for none.",
)
def forecast_file(file: TextIO, horizon: int, season: int) -> None:
	"""Forecasts the series in FILE, a CSV with the columns series, t and value ("-": standard input).

	t is a number or an ISO time, in any order; times that are missing between the others, and empty values, are gaps.
	Prints CSV: the mean, the bounds of the 80 % and 95 % intervals, the method and the skill (1 perfect, 0 no better
	than the seasonal naive forecast) of each point. A series that is too short is named on standard error; then the
	exit code is 1.
	"""
	out = csv.writer(sys.stdout, lineterminator="\n")
	out.writerow(HEADER)
	short = False
	for name, points in _read(file).items():
		times, values, step = _evenly(name, points)
		try:
			found = forecast(values, horizon, season=season)
		except TooLittleData as exc:
			click.echo(f"{name}: {exc}.", err=True)
			short = True
			continue
		out.writerows(_rows(name, times, step, found))
	if short:
		raise SystemExit(1)


def _read(file: TextIO) -> dict[str, list[Point]]:
	rows = csv.DictReader(file)
	missing = {"series", "t", "value"} - set(rows.fieldnames or ())
	if missing:
		raise BadArgument(
			f"The first line must name the columns series, t and value; missing: {sorted(missing)}."
		)
	found: dict[str, list[Point]] = {}
	for row in rows:
		line = rows.line_num
		found.setdefault(row["series"] or "", []).append((_time(row["t"], line), _value(row["value"], line)))
	return found


def _time(text: str | None, line: int) -> float | datetime:
	with suppress(ValueError):
		number = float(text or "")
		if np.isfinite(number):
			return number
	with suppress(ValueError):
		return datetime.fromisoformat((text or "").replace("Z", "+00:00"))
	raise BadArgument(f"Line {line}: t must be a number or an ISO time, not {text!r}.")


def _value(text: str | None, line: int) -> float:
	if not (text or "").strip():
		return float("nan")
	try:
		value = float(text or "")
	except ValueError:
		raise BadArgument(f"Line {line}: value must be a number or empty, not {text!r}.") from None
	if np.isinf(value):
		raise BadArgument(f"Line {line}: value must be finite, not {text!r}.")
	return value


def _evenly(name: str, points: list[Point]) -> tuple[float | datetime, np.ndarray, float | timedelta]:
	"""The last time, the values at even steps (NaN where there is none), and the step: the most common one."""
	try:
		points.sort(key=lambda point: point[0])  # type: ignore[arg-type,return-value]
	except TypeError:
		raise BadArgument(f"Series {name!r} mixes numbers, times and times with a zone in t.") from None
	times = [point[0] for point in points]
	steps = [later - earlier for earlier, later in pairwise(times)]  # type: ignore[operator]
	if any(not step for step in steps):
		raise BadArgument(f"Series {name!r} has two values for the same t.")
	step = max(set(steps), key=lambda each: (steps.count(each), each)) if steps else 1.0
	places = [round((moment - times[0]) / step) for moment in times]  # type: ignore[operator]
	if places[-1] > MOST_GAPS + len(points) or len(set(places)) < len(places):
		raise BadArgument(f"Series {name!r} is not evenly spaced: most steps are {step}, others do not fit.")
	values = np.full(places[-1] + 1, np.nan)
	values[places] = [point[1] for point in points]
	return times[-1], values, step


def _rows(
	name: str, last: float | datetime, step: float | timedelta, found: Forecast
) -> Iterator[list[object]]:
	columns = (found.mean, found.lo80, found.hi80, found.lo95, found.hi95)
	for index, numbers in enumerate(zip(*columns, strict=True), 1):
		moment = last + index * step  # type: ignore[operator]
		shown = moment.isoformat() if isinstance(moment, datetime) else f"{moment:g}"
		yield [name, shown, *(f"{number:.6g}" for number in numbers), found.method, f"{found.skill:.3f}"]
