"""Quantiles of many values in little room: a histogram with logarithmic bins, exact to 1 % of each value.

Bins are fixed for ever: a value's bin depends on the value alone. So merging two sketches gives exactly the sketch of
all their values, in whatever order hours and processes are put together. The number of bins is bounded by the range
of values: from one millionth to one thousand million, seconds or bytes.
"""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.signedinteger[Any]]

RELATIVE_ERROR = 0.01
GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
LOWEST = 1e-6  # what is smaller is counted as 0
HIGHEST = 1e9  # what is larger is counted as this
VERSION = "1"

_PER_LOG = 1 / math.log(GAMMA)
_FIRST = math.ceil(math.log(LOWEST) * _PER_LOG)
_LAST = math.ceil(math.log(HIGHEST) * _PER_LOG)
_ZERO = 0  # bins are numbered from 1; 0 holds what is below LOWEST
BINS = _LAST - _FIRST + 2
SHORT = 150  # characters of a text that is read faster without arrays
LONGEST = 20 * BINS  # characters of a text; counts up to 10^30 would fit
# the middle of a bin in the sense that its two ends are equally far from it in relative terms
_MIDDLES = [0.0, *(2 * GAMMA**index / (GAMMA + 1) for index in range(_FIRST, _LAST + 1))]


def bin_of(value: float) -> int:
	"""The bin of a value. Raises ValueError for one that is negative or no number."""
	if value < LOWEST:
		if value >= 0:
			return _ZERO
	elif value <= HIGHEST:
		return math.ceil(math.log(value) * _PER_LOG) - _FIRST + 1
	elif value > HIGHEST:
		return BINS - 1
	raise ValueError(f"a sketch holds numbers from 0 up, not {value!r}")


class Sketch:
	"""Counts by bin. Two sketches are equal when they hold the same counts."""

	__slots__ = ("bins",)

	def __init__(self, bins: Mapping[int, int] | None = None) -> None:
		self.bins: dict[int, int] = dict(bins or {})

	@classmethod
	def of(cls, values: Iterable[float]) -> Sketch:
		"""The sketch of some values."""
		made = cls()
		for value in values:
			made.add(value)
		return made

	def __eq__(self, other: object) -> bool:
		return isinstance(other, Sketch) and self.bins == other.bins

	__hash__ = None  # type: ignore[assignment]

	def __repr__(self) -> str:
		return f"<Sketch of {self.count} values>"

	@property
	def count(self) -> int:
		"""How many values it holds."""
		return sum(self.bins.values())

	def add(self, value: float, n: int = 1) -> None:
		"""Counts `value` `n` times. Raises ValueError for a value that is negative or no number, or an `n` below 1."""
		if n < 1:
			raise ValueError(f"a value is counted at least once, not {n} times")
		place = bin_of(value)
		self.bins[place] = self.bins.get(place, 0) + n

	def merge(self, other: Sketch) -> None:
		"""Takes in everything the other holds."""
		bins = self.bins
		for place, count in other.bins.items():
			bins[place] = bins.get(place, 0) + count

	def quantile(self, q: float) -> float | None:
		"""The value below which the share `q` of all lies, to 1 %: of n values the one with the rank q·(n − 1), counted from
		0 and rounded down. None when the sketch is empty. Raises ValueError for a `q` outside 0 to 1."""
		return self.quantiles(q)[0]

	def quantiles(self, *shares: float) -> list[float | None]:
		"""Several quantiles at once, see `quantile`."""
		for q in shares:
			if not 0 <= q <= 1:
				raise ValueError(f"a quantile is asked for by a share from 0 to 1, not {q!r}")
		if not self.bins:
			return [None] * len(shares)
		places = sorted(self.bins)
		seen = list(accumulate(self.bins[place] for place in places))
		ranks = [math.floor(q * (seen[-1] - 1)) for q in shares]
		return [_MIDDLES[places[bisect_right(seen, rank)]] for rank in ranks]

	def share_above(self, limit: float) -> float | None:
		"""Which share of the values lies above `limit`, to the width of one bin. None when the sketch is empty."""
		total = self.count
		if not total:
			return None
		edge = bin_of(limit)
		return sum(count for place, count in self.bins.items() if place > edge) / total

	def to_text(self) -> str:
		"""The sketch as ASCII text, about three characters per bin in use; empty for an empty sketch."""
		if not self.bins:
			return ""
		packed = bytearray()
		before = 0
		for place in sorted(self.bins):
			for number in (place - before, self.bins[place]):
				while number > 0x7F:
					packed.append(number & 0x7F | 0x80)
					number >>= 7
				packed.append(number)
			before = place
		return VERSION + b64encode(packed).decode().rstrip("=")

	@classmethod
	def from_text(cls, text: str | None) -> Sketch:
		"""The sketch of a text that `to_text` wrote; an empty one for None or "". Raises ValueError for any other text."""
		if not text or len(text) > SHORT:
			return cls.merged([text] if text else [])
		made, place, numbers = cls(), 0, _numbers(_packed(text))
		for step, count in zip(numbers[0::2], numbers[1::2], strict=False):
			place += step
			made.bins[place] = count
		if len(numbers) % 2 or place >= BINS or len(made.bins) * 2 != len(numbers) or 0 in numbers[1::2]:
			raise ValueError(f"a sketch with bins that do not exist: {text[:20]!r}")
		return made

	@classmethod
	def merged(cls, texts: Sequence[str]) -> Sketch:
		"""The sketch of everything that the sketches of some texts hold, much faster than one by one. Raises ValueError for
		what is no such text."""
		packed = [_packed(text) for text in texts if text]
		if not packed:
			return cls()
		lengths = np.array([len(part) for part in packed])
		places, counts, _ = _pairs(np.frombuffer(b"".join(packed), np.uint8), lengths)
		if len(packed) == 1:
			return cls(dict(zip(places.tolist(), counts.tolist(), strict=True)))
		added = np.zeros(BINS, np.int64)
		np.add.at(added, places, counts)
		kept = np.flatnonzero(added)
		return cls(dict(zip(kept.tolist(), added[kept].tolist(), strict=True)))


def quantiles_of(texts: Sequence[str], *shares: float) -> list[list[float | None]]:
	"""Quantiles (see `Sketch.quantile`) of the sketch of each text, much faster than one by one."""
	packed = [_packed(text) if text else b"" for text in texts]
	lengths = np.array([len(part) for part in packed if part])
	if not len(lengths):
		return [[None] * len(shares) for _ in texts]
	places, counts, firsts = _pairs(np.frombuffer(b"".join(packed), np.uint8), lengths)
	parts = zip(np.split(places, firsts[1:]), np.split(counts, firsts[1:]), strict=True)
	made: list[list[float | None]] = []
	for part in packed:
		if not part:
			made.append([None] * len(shares))
			continue
		bins, held = next(parts)
		seen = np.cumsum(held)
		ranks = [math.floor(q * (int(seen[-1]) - 1)) for q in shares]
		made.append([_MIDDLES[bins[place]] for place in np.searchsorted(seen, ranks, side="right")])
	return made


def _packed(text: str) -> bytes:
	if text[0] != VERSION or len(text) > LONGEST:
		raise ValueError(f"a sketch of a kind this version does not know: {text[:20]!r}")
	try:
		packed = b64decode(text[1:] + "=" * (-(len(text) - 1) % 4), validate=True)
	except ValueError as exc:
		raise ValueError(f"not a sketch: {text[:20]!r}") from exc
	if not packed or packed[-1] > 0x7F:
		raise ValueError(f"a sketch that is cut off: {text[:20]!r}")
	return packed


def _numbers(packed: bytes) -> list[int]:
	"""Numbers of seven bits a byte, low ones first."""
	found = []
	number = shift = 0
	for byte in packed:
		number |= (byte & 0x7F) << shift
		shift += 7
		if byte < 0x80:
			found.append(number)
			number = shift = 0
	return found


def _pairs(packed: Bytes, lengths: Numbers) -> tuple[Numbers, Numbers, Numbers]:
	"""Bins and counts of sketches one after another, of the given lengths in bytes, and where each begins among them: the
	numbers are alternately steps to the next bin and counts."""
	ends = np.flatnonzero(packed < 0x80)
	starts = np.concatenate(([0], ends[:-1] + 1))
	widths = ends - starts + 1
	if widths.max() > 8:
		raise ValueError("a sketch with a number that is too large")
	shifts = 7 * (np.arange(len(packed)) - np.repeat(starts, widths))
	numbers = np.add.reduceat((packed & 0x7F).astype(np.int64) << shifts, starts)
	# how many numbers each sketch has: those that end within its bytes
	held = np.diff(np.searchsorted(ends, np.cumsum(lengths)), prepend=0)
	if (held % 2).any() or (numbers[1::2] < 1).any():
		raise ValueError("a sketch whose bins have no counts")
	steps, counts = numbers[0::2], numbers[1::2]
	firsts = np.concatenate(([0], np.cumsum(held // 2)[:-1]))
	later = np.ones(len(steps), bool)
	later[firsts] = False
	walked = np.cumsum(steps)
	places = walked - np.repeat(walked[firsts] - steps[firsts], held // 2)
	if places.max() >= BINS or (steps[later] < 1).any():
		raise ValueError("a sketch with bins that do not exist")
	return places, counts, firsts
