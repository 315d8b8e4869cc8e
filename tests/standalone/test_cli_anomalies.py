"""`verenigingen anomalies` as a user of CSV files meets it."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.support.shared_data import shared_data
from verenigingen.standalone.cli import main

BEGIN = datetime(2026, 3, 2)


def run(*arguments: str, text: str | bytes | None = None) -> Result:
	return CliRunner().invoke(main, ["anomalies", *arguments], input=text)


def table(spike: int = 1_500, header: str = "timestamp,value", name: str = "") -> str:
	rng = np.random.default_rng(2)
	lines = [header]
	for index in range(2_000):
		moment = BEGIN + timedelta(minutes=10 * index)
		value = 100 + rng.normal() + (40 if spike <= index < spike + 5 else 0)
		lines.append(f"{name}{moment},{value:.3f}")
	return "\n".join(lines) + "\n"


def rows(result: Result) -> list[dict[str, object]]:
	assert result.exit_code == 0, result.output
	return [json.loads(line) for line in result.stdout.splitlines()]


def test_an_alert_bears_a_time_of_the_file_a_score_and_words(tmp_path: Path) -> None:
	file = tmp_path / "queue.csv"
	file.write_text(table())
	(row,) = rows(run(str(file)))
	assert row["series"] == "queue" and row["kind"] == "spike" and row["direction"] == "up"
	assert row["timestamp"] == row["began"] == str(BEGIN + timedelta(minutes=10 * 1_500))
	assert 0.5 <= float(str(row["score"])) < 1
	assert "queue is 4" in str(row["explanation"]) and "began 10:00" in str(row["explanation"])


def test_plain_gzip_standard_input_and_named_series_say_the_same(tmp_path: Path) -> None:
	packed = tmp_path / "queue.csv.gz"
	packed.write_bytes(gzip.compress(table().encode()))
	expected = rows(run(str(packed)))
	assert [row["series"] for row in expected] == ["queue"]
	assert rows(run("-", text=table(header="series,t,value", name="queue,"))) == expected
	assert (
		rows(run("-", text=gzip.compress(table(header="series,time,value", name="queue,").encode())))
		== expected
	)


def test_rows_may_come_in_any_order_and_without_values() -> None:
	head, *lines = table(header="series,t,value", name="a,").splitlines()
	lines += [line.replace("a,", "b,") for line in lines]
	lines[100] = lines[100].rpartition(",")[0] + ","
	found = rows(run("-", text="\n".join([head, *reversed(lines)]) + "\n"))
	assert sorted(str(row["series"]) for row in found) == ["a", "b"]


def test_numbers_are_hours_unless_told_otherwise() -> None:
	lines = "\n".join(
		f"s,{index / 6:.6f},{100 + (index % 7) + (90 if index == 900 else 0)}" for index in range(1_000)
	)
	(row,) = rows(run("-", text=f"series,t,value\n{lines}\n"))
	assert row["timestamp"] == "150.000000" and "began 150" in str(row["explanation"])
	minutes = "\n".join(
		f"s,{10 * index},{100 + (index % 7) + (90 if index == 900 else 0)}" for index in range(1_000)
	)
	(row,) = rows(run("-", "--unit", "minutes", text=f"series,t,value\n{minutes}\n"))
	assert row["timestamp"] == "9000"


def test_more_evidence_gives_fewer_alerts() -> None:
	assert rows(run("-", "--evidence", "20", text=table())) == [] or len(rows(run("-", text=table()))) >= 1
	result = run("-", "--evidence", "0", text=table())
	assert result.exit_code == 2 and "evidence" in result.stderr


def test_missing_data_is_told_at_the_time_it_was_overdue() -> None:
	head, *lines = table(spike=9_999).splitlines()
	(row,) = rows(run("-", text="\n".join([head, *lines[:1_000], *lines[1_100:]]) + "\n"))
	assert row["kind"] == "missing data"
	assert str(BEGIN + timedelta(minutes=9_990)) == row["began"] < str(row["timestamp"])
	assert row["ended"] == str(BEGIN + timedelta(minutes=11_000))


@pytest.mark.parametrize(
	("text", "said"),
	[
		("", "line 1: the first line must name the columns"),
		("a,b\n1,2\n", "it names 'a,b'"),
		("timestamp,value\n2026-01-01,x\n", "line 2: 'x' is no value"),
		("timestamp,value\n2026-01-01,inf\n", "line 2: 'inf' is no value"),
		("timestamp,value\nsoon,1\n", "line 2: 'soon' is no time"),
		("timestamp,value\n2026-01-01,1\n7,1\n", "line 3: series '-' has times and numbers"),
		("timestamp,value\n2026-01-01\n", "line 2: 2 columns are needed, not 1"),
		(b"\x1f\x8b broken", "cannot be read"),
		(b"timestamp,value\n\x00\xff,1\n", "line 2"),
	],
)
def test_bad_input_is_named(text: str | bytes, said: str) -> None:
	result = run("-", text=text)
	assert result.exit_code == 1
	assert said in result.stderr


def test_labelled_series_reach_what_is_promised() -> None:
	"""The figures of docs/anomaly.md, on what the scorer of the data counts as an event."""
	folder = shared_data("anomaly")
	windows = json.loads((folder / "windows.json").read_text())
	hit = total = false = 0
	for name in [name for name in sorted(windows) if name.startswith(("realTraffic", "realAdExchange"))]:
		times = [
			datetime.fromisoformat(str(row["timestamp"]))
			for row in rows(run(str(folder / f"{name}.csv.gz")))
			if row["kind"] != "missing data"
		]
		spans = [tuple(datetime.fromisoformat(part) for part in window) for window in windows[name]]
		total += len(spans)
		hit += sum(any(low <= time <= high for time in times) for low, high in spans)
		false += sum(not any(low <= time <= high for low, high in spans) for time in times)
	assert hit >= 0.6 * total and false <= hit
