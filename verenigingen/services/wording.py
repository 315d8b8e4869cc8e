"""Numbers, days and periods as a report says them."""

from __future__ import annotations

from datetime import date

_BYTES = ("bytes", "kB", "MB", "GB", "TB", "PB")


def figure(value: float, unit: str) -> str:
	"""A value with its unit: "2.8 s", "140 ms", "31.2 GB", "84 %", "1,240 members"."""
	if unit == "ms":
		return f"{value / 1000:.2f} s" if abs(value) >= 1000 else f"{value:.3g} ms"
	if unit == "ratio":
		return f"{value:.2%}" if 0 < abs(value) < 0.02 or 0.98 < abs(value) < 1 else f"{value:.0%}"
	if unit == "bytes":
		for name in _BYTES:
			if abs(value) < 1000 or name == _BYTES[-1]:
				return f"{value:.3g} {name}"
			value /= 1000
	number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
	return number if unit in ("", "amount") else f"{number} {unit}"


def day(moment: date) -> str:
	"""3 March 2027."""
	return f"{moment.day} {moment:%B %Y}"


def between(first: date, last: date) -> str:
	"""between 3 and 19 March 2027; the month and year are said once where they are the same."""
	if first == last:
		return f"on {day(first)}"
	if (first.year, first.month) == (last.year, last.month):
		return f"between {first.day} and {day(last)}"
	start = f"{first.day} {first:%B}" if first.year == last.year else day(first)
	return f"between {start} and {day(last)}"


def days(count: int) -> str:
	"""1 day, 2 days."""
	return f"{count} day{'' if count == 1 else 's'}"
