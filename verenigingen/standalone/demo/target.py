"""Days on which banks of the TARGET system settle: not at weekends and not on six holidays."""

from __future__ import annotations

from datetime import date, timedelta

_FIXED = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})


def easter(year: int) -> date:
	"""Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
	a, (b, c) = year % 19, divmod(year, 100)
	d, e = divmod(b, 4)
	g = (8 * b + 13) // 25
	h = (19 * a + b - d - g + 15) % 30
	i, k = divmod(c, 4)
	m = (32 + 2 * e + 2 * i - h - k) % 7
	n = (a + 11 * h + 22 * m) // 451
	month, day = divmod(h + m - 7 * n + 114, 31)
	return date(year, month, day + 1)


def is_open(day: date) -> bool:
	"""Whether money moves on this day."""
	if day.weekday() >= 5 or (day.month, day.day) in _FIXED:
		return False
	return (day - easter(day.year)).days not in (-2, 1)


def next_open(day: date) -> date:
	"""This day, or the first open one after it."""
	while not is_open(day):
		day += timedelta(days=1)
	return day


def add_months(day: date, months: int) -> date:
	"""The same day of another month; the last day of it where the month is shorter."""
	years, month = divmod(day.month - 1 + months, 12)
	first = date(day.year + years, month + 1, 1)
	length = (date(first.year + first.month // 12, first.month % 12 + 1, 1) - first).days
	return first.replace(day=min(day.day, length))
