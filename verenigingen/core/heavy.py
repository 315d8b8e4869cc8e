"""Which names matter, when there may be any number of them: heavy hitters with bounded counters.

Counters are those of Space-Saving: a name that finds no room takes the place of the smallest, and inherits its count as
an error. What a name surely had is its count without that error. Counts fade, so that names may come and go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

ROOM = 2  # counters per name that is kept: the smallest change hands all the time, the kept ones must not
HALF_LIFE = 86_400.0  # seconds


class HeavyHitters:
	"""The `limit` names that surely had most, of all that were ever counted."""

	def __init__(self, limit: int, counters: Mapping[str, Iterable[float]] | None = None) -> None:
		self.limit = limit
		self._counters: dict[str, list[float]] = {name: list(pair) for name, pair in (counters or {}).items()}

	def add(self, name: str, count: float) -> None:
		"""Counts a name."""
		counters = self._counters
		if name in counters:
			counters[name][0] += count
		elif len(counters) < ROOM * self.limit:
			counters[name] = [count, 0.0]
		else:
			smallest = min(counters, key=lambda known: counters[known][0])
			floor = counters.pop(smallest)[0]
			counters[name] = [floor + count, floor]

	def fade(self, seconds: float) -> None:
		"""Lets `seconds` go by: what was counted a day ago weighs half."""
		left = 0.5 ** (max(0.0, seconds) / HALF_LIFE)
		for pair in self._counters.values():
			pair[0] *= left
			pair[1] *= left

	def kept(self) -> set[str]:
		"""The names to keep."""
		ranked = sorted(self._counters.items(), key=lambda item: (item[1][1] - item[1][0], item[0]))
		return {name for name, _ in ranked[: self.limit]}

	def counters(self) -> dict[str, list[float]]:
		"""What to make the same one of again."""
		return {name: [round(count, 3), round(error, 3)] for name, (count, error) in self._counters.items()}
