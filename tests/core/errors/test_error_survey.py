"""A survey remembers the days that are over; what it says must not depend on what it remembers."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np
import pytest

from verenigingen.core.errors import survey as module
from verenigingen.core.errors.survey import Survey, survey

NOW = datetime(2026, 11, 25, 23, 59, tzinfo=timezone.utc)
DAYS, ISSUES = 40, 12


@pytest.fixture
def counts() -> np.ndarray:
	rng = np.random.default_rng(5)
	made = rng.poisson(0.4, (ISSUES, DAYS, 24)).astype(np.float64)
	made[3, -1, 5:9] += 30  # a spike today
	made[4, -2, 22:] += 30  # one that began yesterday and goes on
	made[4, -1, :3] += 30
	made[5, -3:] = 0  # one that has gone silent
	return made


def said(found: Survey) -> tuple[object, ...]:
	return (
		found.episodes,
		*(part.tolist() for part in (found.chance, found.days, found.count, found.expected)),
	)


def fresh(counts: np.ndarray, seen: np.ndarray) -> tuple[object, ...]:
	module.forget()
	return said(survey(counts, seen, [None] * ISSUES, NOW))


def test_a_survey_says_the_same_whether_it_remembers_the_past_or_not(counts):
	seen = np.ones((DAYS, 24))
	cold = fresh(counts, seen)
	assert len({episode.alert.row for episode in cold[0]} & {3, 4}) == 2
	for _ in range(3):
		assert said(survey(counts, seen, [None] * ISSUES, NOW)) == cold


def test_what_happens_later_today_is_seen(counts):
	seen = np.ones((DAYS, 24))
	fresh(counts, seen)
	later = counts.copy()
	later[7, -1, 20:] += 40
	warm = said(survey(later, seen, [None] * ISSUES, NOW))
	assert warm == fresh(later, seen)
	assert 7 in {episode.alert.row for episode in warm[0]}


def test_a_past_that_changed_is_looked_at_anew(counts):
	seen = np.ones((DAYS, 24))
	before = fresh(counts, seen)
	late = counts.copy()
	late[8, -5, 10:13] += 40  # rows that arrived late
	warm = said(survey(late, seen, [None] * ISSUES, NOW))
	assert warm == fresh(late, seen) != before
	gap = seen.copy()
	gap[10, 4:9] = 0
	warm = said(survey(counts, gap, [None] * ISSUES, NOW))
	assert warm == fresh(counts, gap) != before


def test_no_more_is_remembered_than_a_few_pasts(counts):
	seen = np.ones((DAYS, 24))
	for place in range(module.REMEMBERED + 3):
		other = counts.copy()
		other[0, 0, 0] += place
		survey(other, seen, [None] * ISSUES, NOW)
	assert len(module._pasts) == module.REMEMBERED
