"""Days on which banks settle: the TARGET calendar of the European Central Bank, unchanged since 2002.

Closed on Saturdays, Sundays, 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December. National holidays are
settlement days: King's Day and Liberation Day are none of the closing days.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from dateutil.easter import easter

FIRST_YEAR = 2002
_FIXED = ((1, 1), (5, 1), (12, 25), (12, 26))


def is_target_day(day: date) -> bool:
	"""Whether TARGET settles on a day. Raises ValueError for a year before 2002, when the calendar was another."""
	if day.year < FIRST_YEAR:
		raise ValueError(f"the TARGET calendar is known from {FIRST_YEAR} on, not for {day}")
	return day.weekday() < 5 and day not in _closed(day.year)


@lru_cache(maxsize=64)
def _closed(year: int) -> frozenset[date]:
	sunday = easter(year)
	moving = (sunday - timedelta(days=2), sunday + timedelta(days=1))
	return frozenset((*moving, *(date(year, month, day) for month, day in _FIXED)))


def next_target_day(day: date) -> date:
	"""The day itself or the first settlement day after it: where a bank shifts a due date to."""
	while not is_target_day(day):
		day += timedelta(days=1)
	return day


def target_days_before(day: date, count: int) -> date:
	"""The settlement day that lies `count` settlement days before a day; count 0 or more."""
	if count < 0:
		raise ValueError(f"count is 0 or more, not {count}")
	while count:
		day -= timedelta(days=1)
		count -= is_target_day(day)
	return day
