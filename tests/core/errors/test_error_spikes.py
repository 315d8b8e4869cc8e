"""Spikes hour by hour: what is one, what only looks like one, and that no alert knows the future."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from verenigingen.core.errors.spikes import Alert, Episode, Scan, at_most, tail

Counts = np.ndarray
DAYS = 28
HOUR = np.arange(24 * DAYS) % 24
DAY = np.arange(24 * DAYS) // 24


def scan(*series: Counts, first: int = 0, weekday: int = 0) -> list[Episode]:
	counts = np.array(series, dtype=float).reshape(len(series), -1, 24)
	seen = np.ones_like(counts)
	seen.reshape(len(series), -1)[:, :first] = 0
	return Scan(counts, seen, weekday).run()


def alerts(*series: Counts, first: int = 0) -> list[Alert]:
	return [episode.alert for episode in scan(*series, first=first)]


def steady(seed: int, rate: float = 2.0) -> Counts:
	return np.random.default_rng(seed).poisson(rate, 24 * DAYS)


def office(seed: int, busy: float = 8.0) -> Counts:
	open_hours = (HOUR >= 9) & (HOUR < 17) & (DAY % 7 < 5)
	return np.random.default_rng(seed).poisson(np.where(open_hours, busy, 0.2))


def nightly(counts: Counts) -> None:
	counts[HOUR == 2] += 40


def on_mondays(counts: Counts) -> None:
	counts[(HOUR == 9) & (DAY % 7 == 0)] += 90


def in_clumps(counts: Counts) -> None:
	random = np.random.default_rng(9)
	counts[:] = random.poisson(0.3, len(counts)) * random.integers(1, 9, len(counts))


def slowly_more(counts: Counts) -> None:
	counts[:] = np.random.default_rng(3).poisson(np.linspace(2, 8, len(counts)))


USUAL: list[tuple[str, Callable[[Counts], None]]] = [
	("every night", nightly),
	("every Monday", on_mondays),
	("in clumps of retries", in_clumps),
	("slowly more", slowly_more),
]


@pytest.mark.parametrize("change", [row[1] for row in USUAL], ids=[row[0] for row in USUAL])
def test_what_is_usual_raises_no_alert_from_the_second_week_on(change: Callable[[Counts], None]) -> None:
	counts = office(1)
	change(counts)
	assert [alert for alert in alerts(counts) if alert.hour >= 7 * 24] == []


def test_office_hours_and_mondays_after_weekends_seldom_alarm() -> None:
	"""At most 0.03 false alerts in a week of an issue."""
	weeks = 100 * DAYS / 7
	assert len(alerts(*(office(seed, 4.0) for seed in range(100)))) <= 0.03 * weeks


def test_a_spike_raises_one_alert_at_once_and_has_its_bounds() -> None:
	counts = office(2)
	counts[500:506] = [60, 70, 65, 60, 80, 70]  # from Sunday 20:00 on
	(episode,) = scan(counts)
	assert (episode.alert.hour, episode.alert.window, episode.alert.events) == (500, 1, 60)
	assert (episode.start, episode.end, episode.over) == (500, 505, True)
	assert episode.count == 405 and episode.expected < 10 and episode.p_value < 1e-20


def test_a_small_rise_is_found_over_several_hours() -> None:
	counts = steady(4, 0.5)
	counts[400:424] = np.random.default_rng(1).poisson(2.5, 24)
	(found,) = alerts(counts)
	assert 401 <= found.hour < 412 and found.window > 1 and found.expected < found.events / 2


def test_two_spikes_are_two_alerts_and_the_first_does_not_hide_the_second() -> None:
	counts = steady(5)
	counts[300:324] = np.random.default_rng(2).poisson(20, 24)
	counts[420:423] = 20
	first, second = alerts(counts)
	assert (first.hour, second.hour) == (300, 420) and second.expected < 4


def test_a_pause_within_a_spike_does_not_make_it_two() -> None:
	counts = steady(6)
	counts[400:412] = 25
	counts[404:407] = 2
	assert [alert.hour for alert in alerts(counts)] == [400]


def test_what_lasts_becomes_the_new_level() -> None:
	counts = steady(7)
	counts[400:] = np.random.default_rng(3).poisson(12, len(counts) - 400)
	(found,) = alerts(counts)
	assert found.hour <= 401
	counts[600:606] = 90
	assert [alert.hour for alert in alerts(counts)] == [found.hour, 600]


def test_an_alert_knows_the_past_alone() -> None:
	random = np.random.default_rng(11)
	series = [random.negative_binomial(1, 1 / (1 + rate), 24 * DAYS) for rate in (0.5, 1, 2, 4, 8, 16) * 5]
	for counts in series:
		start = int(random.integers(200, 600))
		counts[start : start + 12] *= 5
	whole = alerts(*series)
	assert len(whole) > 10
	for day in (9, 15, 16, 22):
		cut = [counts[: 24 * day] for counts in series]
		assert alerts(*cut) == [alert for alert in whole if alert.hour < 24 * day]
	changed = [np.concatenate([counts[:400], counts[400:][::-1] * 3]) for counts in series]
	assert [a for a in alerts(*changed) if a.hour < 400] == [a for a in whole if a.hour < 400]


def test_an_issue_is_judged_alike_alone_and_among_others() -> None:
	series = [steady(seed, rate) for seed, rate in enumerate((0.5, 2, 9))]
	series[1][450:455] = 15
	together = [alert._replace(row=0) for alert in alerts(*series) if alert.row == 1]
	assert together == alerts(series[1]) and len(together) == 1


def test_a_beginning_is_no_spike() -> None:
	counts = steady(12)
	counts[:100] = 0
	assert alerts(counts, first=100) == []
	assert scan(np.zeros(24 * DAYS)) == []


def test_tails_are_those_of_the_distributions() -> None:
	mean, spread = np.array([0.5, 3.0, 40.0]), np.array([1.3, 4.0, 300.0])
	size, share = mean**2 / (spread - mean), mean / spread
	for count in (1, 4, 30, 120):
		many = np.full(3, float(count))
		assert tail(many, mean, spread) == pytest.approx(nbinom.sf(count - 1, size, share), rel=1e-6)
		assert at_most(many, mean, spread) == pytest.approx(nbinom.cdf(count, size, share), rel=1e-6)
		assert tail(many, mean, mean) == pytest.approx(poisson.sf(count - 1, mean), rel=0.05, abs=1e-30)
	assert tail(np.zeros(1), np.ones(1), np.ones(1)) == 1
