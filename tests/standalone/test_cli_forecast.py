"""`verenigingen forecast` as a user of a CSV file meets it."""

from __future__ import annotations

import csv
import io
import math
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from verenigingen.standalone.cli import main


def run(text: str, *options: str) -> Result:
	return CliRunner().invoke(main, ["forecast", "-", "--horizon", "6", *options], input=text)


def table(*series: tuple[str, list[str], list[object]]) -> str:
	lines = [
		f"{name},{t},{value}"
		for name, times, values in series
		for t, value in zip(times, values, strict=True)
	]
	return "series,t,value\n" + "\n".join(lines) + "\n"


def wave(count: int) -> list[object]:
	return [round(50 + 20 * math.sin(i / 24 * 2 * math.pi), 3) for i in range(count)]


def rows(result: Result) -> list[dict[str, str]]:
	assert result.exit_code == 0, result.output
	return list(csv.DictReader(io.StringIO(result.stdout)))


def test_every_series_gets_its_horizon_in_order() -> None:
	times = [str(i) for i in range(200)]
	found = rows(run(table(("b", times, wave(200)), ("a", times, [5] * 200))))
	assert [row["series"] for row in found] == ["b"] * 6 + ["a"] * 6
	assert [row["t"] for row in found[:6]] == ["200", "201", "202", "203", "204", "205"]
	first = found[0]
	assert float(first["lo95"]) <= float(first["lo80"]) <= float(first["mean"]) <= float(first["hi80"])
	assert first["method"]
	assert float(found[6]["mean"]) == pytest.approx(5)


def test_times_go_on_and_missing_hours_are_gaps() -> None:
	begin = datetime(2026, 3, 1)
	times = [(begin + timedelta(hours=i)).isoformat() for i in range(300)]
	values = wave(300)
	values[40] = ""
	del times[100:110], values[100:110]
	found = rows(run(table(("s", times, values))))
	assert found[0]["t"] == (begin + timedelta(hours=300)).isoformat()
	expected = [50 + 20 * math.sin(i / 24 * 2 * math.pi) for i in range(300, 306)]
	assert [float(row["mean"]) for row in found] == pytest.approx(expected, abs=2)


def test_a_short_series_is_named_and_the_others_are_forecast() -> None:
	result = run(table(("short", ["1", "2"], [1, 2]), ("long", [str(i) for i in range(60)], wave(60))))
	assert result.exit_code == 1
	assert "short: 2 points are known, at least 8 are needed" in result.stderr
	assert result.stdout.count("long") == 6


@pytest.mark.parametrize(
	("text", "said"),
	[
		("", "missing: ['series', 't', 'value']"),
		("a,b\n1,2\n", "missing: ['series', 't', 'value']"),
		("series;t;value\ns;1;2\n", "missing: ['series', 't', 'value']"),
		("series,t,value\n", "There is no series"),
		("series,t,value\ns,1,x\n", "Line 2: value must be a number"),
		("series,t,value\ns,1,1_0\n", "Line 2: value must be a number"),
		("series,t,value\ns,1,inf\n", "Line 2: value must be finite"),
		("series,t,value\ns,1,-1e200\n", "Line 2: value must be finite"),
		("series,t,value\ns,soon,1\n", "Line 2: t must be a number or an ISO time"),
		("series,t,value\ns,1,1\ns,1,2\n", "s: two values for the same t, 1.0"),
		("series,t,value\ns,1,1\ns,2026-01-01,2\n", "mixes numbers, times"),
		("series,t,value\ns,1,1\ns,2,1\ns,3,1\ns,9999999999,2\n", "not evenly spaced"),
		("series,t,value\ns,1,1\ns,2,1\ns,3,1\ns,3.4,1\n", "not evenly spaced"),
		("series,t,value\ns,1,1\n", "1 point is known"),
		("series,t,value\n" + "".join(f"s,{t},nan\n" for t in range(30)), "0 points are known"),
		(f"series,t,value\n{'s' * 200_000},1,1\n", "cannot be read as CSV"),
	],
)
def test_bad_input_is_named(text: str, said: str) -> None:
	result = run(text)
	assert result.exit_code == 1
	assert said in result.stderr
	assert len(result.stderr) < 500


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
	file = tmp_path / "series.csv"
	file.write_bytes(b"series,t,value\n\xff\xfe\x00,1,1\n")
	result = CliRunner().invoke(main, ["forecast", str(file), "--horizon", "3"])
	assert result.exit_code == 1
	assert "not text in UTF-8" in result.stderr


def test_an_uneven_series_does_not_keep_the_others_back() -> None:
	uneven = table(("bad", ["1", "1"], [1, 2]), ("good", [str(i) for i in range(40)], wave(40)))
	result = run(uneven)
	assert result.exit_code == 1
	assert result.stdout.count("good,") == 6
	assert "bad: two values" in result.stderr


@pytest.mark.parametrize("value", ["1e149", "-1e149", "1e-149"])
def test_huge_and_tiny_values_stay_numbers(value: str) -> None:
	signs = [f"{'-' if i % 7 == 0 and value[0] != '-' else ''}{value}" for i in range(60)]
	found = rows(run(table(("s", [str(i) for i in range(60)], signs))))
	assert all(math.isfinite(float(row[key])) for row in found for key in ("mean", "lo95", "hi95", "skill"))


def test_many_steps_of_different_lengths_are_refused_at_once() -> None:
	times = [str(i * i) for i in range(60_000)]
	result = run(table(("s", times, [1] * 60_000)))
	assert result.exit_code == 1
	assert "s: not evenly spaced" in result.stderr
