"""`verenigingen spikes` on files as people have them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from verenigingen.standalone import spikes
from verenigingen.standalone.cli import main

START = datetime(2026, 3, 2)  # a Monday
HOURS = 24 * 21


def run(lines: list[str]) -> Result:
	return CliRunner().invoke(main, ["spikes", "-"], input="\n".join(["series,hour,count", *lines]))


def found(result: Result) -> list[dict[str, Any]]:
	assert result.exit_code == 0, result.output
	return [json.loads(line) for line in result.stdout.splitlines()]


def counts(seed: int, *spikes: int) -> list[int]:
	values = np.random.default_rng(seed).poisson(2, HOURS)
	for hour in spikes:
		values[hour : hour + 3] = 25
	return [int(value) for value in values]


def rows(name: str, values: list[int], first: int = 0) -> list[str]:
	return [f"{name},{first + hour},{value}" for hour, value in enumerate(values)]


def test_alerts_come_in_order_of_time_whatever_the_order_of_rows(tmp_path: Path) -> None:
	lines = rows("a", counts(1, 300)) + rows("b", counts(2, 250, 400))
	mixed = list(np.random.default_rng(3).permutation(lines))
	file = tmp_path / "counts.csv"
	file.write_text("\ufeffSeries, Hour, Count\r\n" + "\r\n".join(mixed) + "\r\n\r\n")
	from_file = found(CliRunner().invoke(main, ["spikes", str(file)]))
	assert from_file == found(run(lines))
	assert [(row["series"], row["hour"]) for row in from_file] == [("b", 250), ("a", 300), ("b", 400)]


def test_an_alert_says_how_many_where_how_many_are_usual_and_the_chance() -> None:
	(row,) = found(run(rows("a", counts(1, 300))))
	assert list(row)[:5] == ["series", "hour", "count", "expected", "ratio"]
	assert row["count"] == 25 and 1 < row["expected"] < 3 and row["p_value"] < 1e-6
	assert row["ratio"] == pytest.approx(25 / row["expected"], rel=0.01)
	assert row["reason"].startswith("25 events in this hour, where ") and "times" in row["reason"]


def test_hours_may_be_times_and_are_given_back_as_written() -> None:
	values = counts(1, 300)
	for form in ("%Y-%m-%dT%H:00", "%Y-%m-%d %H:30:00", "%Y-%m-%dT%H:00:00+01:00", "%Y-%m-%dT%H:00:00Z"):
		times = [(START + timedelta(hours=hour)).strftime(form) for hour in range(HOURS)]
		(row,) = found(run([f"a,{time},{value}" for time, value in zip(times, values, strict=True)]))
		assert row["hour"] == times[300]


def test_missing_hours_are_zero_and_rows_of_one_hour_add_up() -> None:
	values = counts(1, 300)
	values[100:200] = [0] * 100
	full = rows("a", values)
	sparse = [line for line in full if not line.endswith(",0")]
	split = [
		part
		for hour, value in enumerate(values)
		for part in (f"a,{hour},{value // 2}", f"a,{hour},{value - value // 2}")
	]
	assert found(run(full)) == found(run(sparse)) == found(run(split)) != []


def test_a_series_begins_with_its_first_hour_wherever_that_is() -> None:
	values = counts(1, 300)
	for first in (-500, 5, 1000, 500_000):
		moved = found(run([*rows("other", counts(4)), *rows("a", values, first=first)]))
		assert [row["hour"] for row in moved] == [first + 300]


def test_the_future_changes_nothing() -> None:
	lines = rows("a", counts(1, 300, 450)) + rows("b", counts(2, 250))
	early = [line for line in lines if int(line.split(",")[1]) < 320]
	assert found(run(early)) == [row for row in found(run(lines)) if row["hour"] < 320] != []


def test_many_series_are_scanned_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
	lines = [line for n in range(7) for line in rows(f"s{n}", counts(n, 200 + 20 * n), first=1000 * (n % 3))]
	whole = found(run(lines))
	monkeypatch.setattr(spikes, "CELLS", 3 * HOURS)
	assert found(run(lines)) == whole and len(whole) == 7


WRONG = [
	("a,x,1", "line 2: 'x' is no hour"),
	("a,1,-3", "line 2: '-3' is no count"),
	("a,1,2.5", "line 2: '2.5' is no count"),
	("a,1", "line 2: 3 values are needed"),
	("a,1,2\nb,2026-01-01T00:00,1", "line 3: hours are numbers or times"),
	("a,0,1\na,99999999,1", "spans 4166666 days"),
	('a,0,1\n"a', "line 3: "),
]


@pytest.mark.parametrize(("lines", "message"), WRONG, ids=[row[0] for row in WRONG])
def test_what_cannot_be_read_is_named_with_its_line(lines: str, message: str) -> None:
	result = run([lines])
	assert result.exit_code == 1 and message in result.output and "Traceback" not in result.output


def test_other_columns_are_refused_and_nothing_is_nothing() -> None:
	result = CliRunner().invoke(main, ["spikes", "-"], input="name,when,n\na,1,2\n")
	assert result.exit_code == 1 and "line 1: the columns must be series,hour,count" in result.output
	assert found(run([])) == []
