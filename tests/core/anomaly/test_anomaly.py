"""Anomalies of a series: what is found, what is not, and that nothing looks ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.anomaly_world import FAULTS, QUIET, times_of
from verenigingen.core.anomaly import Anomaly, detect, explain
from verenigingen.core.anomaly.model import BREAK, DROP, MISSING, SHIFT, SPIKE, SPREAD

DAY = 86_400.0


def office(days: float, step: float = 600.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
	times = times_of(days, step)
	return times, QUIET["weekly"](times, np.random.default_rng(seed))


def first_after(found: list[Anomaly], begin: float) -> Anomaly:
	after = [one for one in found if one.at >= begin]
	assert after, "no alert"
	return after[0]


@pytest.mark.parametrize("kind", ["daily", "requests", "walk", "bursts", "sparse"])
@pytest.mark.parametrize("fault", ["shift", "still", "hole", "bend"])
def test_no_alert_depends_on_what_follows(kind: str, fault: str) -> None:
	times = times_of(12, 900)
	rng = np.random.default_rng([3, len(kind)])
	values = FAULTS["spike"](times, QUIET[kind](times, rng), 500, 9, rng)
	values = FAULTS[fault](times, values, 800, 1.5, rng)
	whole = detect(times, values)
	assert whole
	for end in range(300, len(times), 67):
		until = float(times[end - 1])
		early = [replace(one, ended=None) for one in whole if one.at <= until]
		assert [replace(one, ended=None) for one in detect(times[:end], values[:end])] == early


def test_what_follows_may_be_anything() -> None:
	times, values = office(20)
	values[2_000:2_020] += 500
	cut = 2_500
	wild = np.concatenate((values[:cut], 1e9 * np.random.default_rng(0).normal(size=len(values) - cut)))
	before = [replace(one, ended=None) for one in detect(times, values) if one.place < cut]
	assert before == [replace(one, ended=None) for one in detect(times, wild) if one.place < cut]


def test_a_spike_is_found_when_it_begins_and_told_with_numbers() -> None:
	times, values = office(28)
	at = int((22 * DAY + 10 * 3600 + 600) / 600)  # a Tuesday, 10:10
	values[at : at + 6] *= 4
	one = first_after(detect(times, values), times[at])
	assert (one.kind, one.at, one.began) == (SPIKE, times[at], times[at])
	assert one.weekly and 0.5 < one.score < 1
	assert one.low is not None and one.high is not None and one.low < one.expected < one.high < one.value
	assert one.ended is not None and times[at + 5] < one.ended < times[at] + DAY
	text = explain(one, "p95", " ms")
	assert "× its usual Tuesday 10–11 h" in text and text.endswith("began 10:10")
	assert (
		f"{one.value:.0f} ms instead of about {one.expected:.0f}"[:9] in text or "ms instead of about" in text
	)


def test_a_drop_in_office_hours_is_found_and_the_nights_and_weekends_are_not() -> None:
	times, values = office(28)
	at = int((23 * DAY + 11 * 3600) / 600)
	values[at : at + 18] = 4
	found = detect(times, values)
	one = first_after(found, times[at])
	assert one.kind == DROP and one.at <= times[at] + 1800
	assert "only" in explain(one, "requests")
	assert [
		other for other in found if other.at < times[at] and other.at > 8 * DAY and other.kind == DROP
	] == []


def test_a_small_shift_that_stays_is_a_level_shift() -> None:
	times = times_of(14, 300)
	values = 100 + 10 * np.random.default_rng(4).normal(size=len(times))
	values[3_000:] += 18  # less than two standard deviations: no single value tells
	one = first_after(detect(times, values), times[3_000])
	assert one.kind == SHIFT and one.rising and one.at < times[3_000] + DAY / 4
	assert one.value == pytest.approx(118, abs=8) and one.expected == pytest.approx(100, abs=5)
	assert "on average for the last" in explain(one, "load")


def test_a_sensor_that_stands_still_changes_its_variance() -> None:
	times = times_of(14, 300)
	values = 100 + 10 * np.random.default_rng(5).normal(size=len(times))
	values[3_000:3_300] = values[3_000]
	one = first_after(detect(times, values), times[3_000])
	assert one.kind == SPREAD and not one.rising
	assert one.value < 0.5 * one.expected
	assert "× as much as usual for 3 h" in explain(one, "temperature")


def test_unrest_without_a_new_level_changes_the_variance() -> None:
	times = times_of(20, 300)
	rng = np.random.default_rng(6)
	values = 100 + rng.normal(size=len(times))
	values[3_000:3_288] += np.where(np.arange(288) % 2, 1.4, -1.4)
	one = first_after(detect(times, values), times[3_000])
	assert one.kind == SPREAD and one.rising and one.at < times[3_288]
	assert "× as much as usual" in explain(one, "voltage")


def test_slow_growth_out_of_nothing_breaks_the_trend() -> None:
	times = times_of(40, 3_600)
	rng = np.random.default_rng(7)
	values = 500 + rng.normal(size=len(times))
	values += np.clip(np.arange(len(times)) - 600, 0, None) * 0.12
	kinds = {one.kind for one in detect(times, values) if times[600] <= one.at <= times[600] + 4 * DAY}
	assert kinds & {BREAK, SHIFT}


def test_missing_data_is_told_when_it_is_overdue_and_when_it_came_back() -> None:
	times, values = office(10)
	kept = np.ones(len(times), bool)
	kept[700:760] = False
	(one,) = (found for found in detect(times[kept], values[kept]) if found.kind == MISSING)
	assert (one.place, one.began, one.ended) == (699, times[699], times[760])
	assert times[700] < one.at < times[720]
	assert "no value for 50 min since" in explain(one, "heartbeat")
	empty = np.where(kept, values, np.nan)  # the same with the times there and no values
	assert [found for found in detect(times, empty) if found.kind == MISSING] == [one]
	assert [found for found in detect(times[kept], values[kept], until=times[-1] + 400)] == detect(
		times[kept], values[kept]
	)
	open_end = [f for f in detect(times[:700], values[:700], until=float(times[760])) if f.kind == MISSING]
	assert [f.ended for f in open_end] == [None]


def test_gaps_that_are_usual_are_no_alert() -> None:
	times, values = office(30)
	hour = times / 3600 % 24
	kept = (hour > 7) & (hour < 20)  # measured by day only
	found = [one for one in detect(times[kept], values[kept]) if one.kind == MISSING]
	assert [one for one in found if one.at > 2 * DAY] == []


@pytest.mark.parametrize("kind", sorted(QUIET))
def test_quiet_series_give_few_alerts(kind: str) -> None:
	times = times_of(70, 3_600)
	found = sum(
		len(detect(times, QUIET[kind](times, np.random.default_rng([11, seed])))) for seed in range(4)
	)
	assert found <= 40 * (0.6 if kind in ("heavy", "bursts") else 0.25)  # 40 series-weeks


@pytest.mark.parametrize(
	"kind", ["noise", "slow_noise", "daily", "weekly", "walk", "sawtooth", "flat", "ratio"]
)
@pytest.mark.parametrize("fault", ["spike", "drop", "shift"])
def test_twice_the_usual_range_is_never_missed(kind: str, fault: str) -> None:
	times = times_of(42, 3_600)
	rng = np.random.default_rng([13, len(kind)])
	values = FAULTS[fault](times, QUIET[kind](times, rng), 800, 2, rng)
	one = first_after(detect(times, values), times[800])
	assert one.at <= times[800] + DAY / 2


def test_the_same_spike_again_and_again_is_usual() -> None:
	times = times_of(30, 300)
	values = 10 + np.random.default_rng(8).normal(size=len(times))
	values[144::288] += 80  # a nightly job
	assert [one for one in detect(times, values) if one.at > 4 * DAY] == []


def test_a_constant_is_quiet_and_its_first_change_is_not() -> None:
	times = times_of(10, 300)
	values = np.full(len(times), 7.0)
	assert detect(times, values) == []
	values[2_000:] = 8
	one = first_after(detect(times, values), times[2_000])
	assert one.at == times[2_000] and one.kind == SPIKE
	values[2_000:] = 7.0001  # a change of nothing
	assert detect(times, values) == []


def test_scale_and_shift_of_the_values_change_nothing() -> None:
	times, values = office(20)
	values[2_000:2_020] += 500
	places = [(one.place, one.kind) for one in detect(times, values)]
	assert places
	assert [(one.place, one.kind) for one in detect(times, 1e6 * values)] == places


def test_what_cannot_be_judged_gives_nothing() -> None:
	assert detect(np.zeros(0), np.zeros(0)) == []
	assert detect(np.arange(100.0), np.full(100, np.nan)) == []
	assert detect(np.zeros(100), np.arange(100.0)) == []  # all at one moment
	with pytest.raises(ValueError, match="ascend"):
		detect(np.array([2.0, 1.0]), np.zeros(2))
	with pytest.raises(ValueError, match="equally long"):
		detect(np.zeros(3), np.zeros(2))


def test_wild_numbers_and_times_break_nothing() -> None:
	rng = np.random.default_rng(9)
	times = np.sort(rng.integers(0, 10**6, size=3_000).astype(float))  # repeated times and holes
	values = np.where(rng.random(3_000) < 0.01, 1e90, rng.normal(size=3_000)) * rng.choice([1, -1], 3_000)
	for one in detect(times, values):
		assert np.isfinite([one.score, one.decades, one.value, one.expected]).all()
		assert explain(one, "x")
	far = np.concatenate((np.arange(50.0), [1e12], 1e12 + np.arange(50.0)))
	assert isinstance(detect(far, np.arange(101.0)), list)
