"""`verenigingen forecast`: forecasts every series of a CSV file, without a site."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TextIO

import click
import numpy as np
from rich.console import Console
from rich.progress import Progress

from verenigingen.core.forecast import Forecast, TooLittleData, forecast
from verenigingen.exceptions import BadArgument

Point = tuple[float | datetime, float]
HEADER = ("series", "t", "mean", "lo80", "hi80", "lo95", "hi95", "method", "skill")
LARGEST = 1e150  # beyond it squares are no numbers any more
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
	than the seasonal naive forecast) of each point. A series that is too short, or whose times are not even, is named on
	standard error with the reason, and the others are forecast; then the exit code is 1.
	"""
	found = _read(file)
	out = csv.writer(sys.stdout, lineterminator="\n")
	out.writerow(HEADER)
	complete = bool(found)
	if not found:
		click.echo("There is no series in the file.", err=True)
	console = Console(stderr=True)
	with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
		for name, points in bar.track(found.items(), description="Forecasting", total=len(found)):
			try:
				times, values, step = _evenly(points)
				made = forecast(values, horizon, season=season)
			except (TooLittleData, Uneven) as exc:
				click.echo(f"{name}: {exc}.", err=True)
				complete = False
				continue
			out.writerows(_rows(name, times, step, made))
	if not complete:
		raise SystemExit(1)


class Uneven(ValueError):
	"""The times of a series do not lie at even steps; the message says where."""


def _read(file: TextIO) -> dict[str, list[Point]]:
	rows = csv.DictReader(file)
	found: dict[str, list[Point]] = {}
	try:
		missing = {"series", "t", "value"} - set(rows.fieldnames or ())
		if missing:
			raise BadArgument(
				f"The first line must name the columns series, t and value; missing: {sorted(missing)}."
			)
		for row in rows:
			line = rows.line_num
			point = _time(row["t"], line), _value(row["value"], line)
			found.setdefault(row["series"] or "", []).append(point)
	except UnicodeDecodeError as exc:
		raise BadArgument(f"The file is not text in UTF-8: {exc}.") from None
	except csv.Error as exc:
		raise BadArgument(f"Line {rows.line_num + 1} cannot be read as CSV: {exc}.") from None
	return found


def _number(text: str) -> float | None:
	"""A number as other programs write it; Python would also read 1_0, and digits of every script."""
	if not text.isascii() or "_" in text:
		return None
	try:
		return float(text)
	except ValueError:
		return None


def _time(text: str | None, line: int) -> float | datetime:
	number = _number(text or "")
	if number is not None and np.isfinite(number):
		return number
	with suppress(ValueError):
		return datetime.fromisoformat((text or "").strip().replace("Z", "+00:00"))
	raise BadArgument(f"Line {line}: t must be a number or an ISO time, not {_shown(text)}.")


def _value(text: str | None, line: int) -> float:
	if not (text or "").strip():
		return float("nan")
	value = _number(text or "")
	if value is None:
		raise BadArgument(f"Line {line}: value must be a number or empty, not {_shown(text)}.")
	if abs(value) > LARGEST:
		raise BadArgument(f"Line {line}: value must be finite and within ±{LARGEST:g}, not {_shown(text)}.")
	return value


def _shown(text: str | None) -> str:
	said = repr(text)
	return said if len(said) <= 60 else f"{said[:57]}..."


def _evenly(points: list[Point]) -> tuple[float | datetime, np.ndarray, float | timedelta]:
	"""The last time, the values at even steps (NaN where there is none), and the step: the most common one."""
	try:
		points.sort(key=lambda point: point[0])  # type: ignore[arg-type,return-value]
	except TypeError:
		raise Uneven("t mixes numbers, times and times with a zone") from None
	times = [point[0] for point in points]
	steps = Counter(later - earlier for earlier, later in pairwise(times))  # type: ignore[operator]
	twice = next((later for earlier, later in pairwise(times) if earlier == later), None)
	if twice is not None:
		raise Uneven(f"two values for the same t, {twice}")
	step = max(steps, key=lambda each: (steps[each], each)) if steps else 1.0
	places = [round((moment - times[0]) / step) for moment in times]  # type: ignore[operator]
	if places[-1] > MOST_GAPS + len(points) or len(set(places)) < len(places):
		raise Uneven(f"not evenly spaced: most steps are {step}, others do not fit")
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
