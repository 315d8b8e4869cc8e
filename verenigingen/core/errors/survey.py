"""Many issues looked at for spikes and for silence, in portions that fit the memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from .baseline import Baseline
from .spikes import Episode, Scan, at_most
from .window import Counts, Hours

CELLS = 2_000_000  # hours of issues held at once
FEW_EVENTS = 10  # in all days: neither more nor less than that can be told from chance
FADING_DAYS = (1, 3, 7)
FADED = 0.5  # of what is usual; less of a loss is no news
ENOUGH_HOURS = 7 * 24  # of history before the days that may have faded
REMEMBERED = 4  # pasts, each of some megabytes

# The scan of all days but the last and the baseline of `_scan_past`, by a digest of what went into them.
_pasts: dict[bytes, tuple[Scan, Baseline | None]] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
	"""Spikes by row and hour; and by row the chance that so few events came by chance (over `days`), those and the usual."""

	episodes: list[Episode]
	chance: Hours
	days: Counts
	count: Hours
	expected: Hours


def survey(counts: Counts, seen: Hours, births: Sequence[datetime | None], now: datetime) -> Survey:
	"""Scan issues' days.

	Args: counts (issues, days, 24), the last day is that of `now` (aware, in the site's zone); the hours observed by day
	and hour; when each issue was first seen (aware or None: before these days).
	"""
	size, days = counts.shape[:2]
	weekday = (now.weekday() - days + 1) % 7
	found = Survey([], np.ones(size), np.zeros(size, dtype=np.int64), np.zeros(size), np.zeros(size))
	busy = np.flatnonzero(counts.sum(axis=(1, 2)) >= FEW_EVENTS)
	step = max(1, CELLS // (24 * days))
	for begin in range(0, len(busy), step):
		rows = busy[begin : begin + step]
		exposure = lived(seen, [births[row] for row in rows], now)
		scan, frozen = _scan(np.where(exposure > 0, counts[rows], 0.0), exposure, weekday)
		for episode in scan.episodes:
			row = int(rows[episode.alert.row])
			found.episodes.append(replace(episode, alert=episode.alert._replace(row=row)))
		if frozen is not None:
			for whole, part in zip(
				(found.chance, found.days, found.count, found.expected), _faded(scan, frozen), strict=True
			):
				whole[rows] = part
	return found


def forget() -> None:
	"""Forgets the pasts that were scanned, as a new process has none."""
	with _lock:
		_pasts.clear()


def lived(seen: Hours, births: Sequence[datetime | None], now: datetime) -> Hours:
	"""Hours observed of each issue, (issues, days, 24): those of `seen` (days, 24) since the hour it was first seen."""
	exposure = np.repeat(seen[None], len(births), axis=0)
	last = seen.shape[0] - 1
	for row, birth in enumerate(births):
		if birth is not None:
			here = birth.astimezone(now.tzinfo)
			day = last - (now.date() - here.date()).days
			if day >= 0:
				exposure[row].reshape(-1)[: 24 * day + here.hour] = 0
	return exposure


def _scan(counts: Hours, exposure: Hours, weekday: int) -> tuple[Scan, Baseline | None]:
	"""The scan of all days, and the baseline as it was before the days that may have faded.

	Days that are over do not change: from one report to the next only the last day is looked at anew.
	"""
	past, frozen = _past(counts, exposure, weekday)
	scan = deepcopy(past)
	scan.counts, scan.exposure = counts, exposure
	scan.step(counts.shape[1] - 1)
	return scan, copy(frozen)  # asking it changes it, and another thread may


def _past(counts: Hours, exposure: Hours, weekday: int) -> tuple[Scan, Baseline | None]:
	"""What `_scan_past` makes of these days, remembered; nobody may change it."""
	made_of = hashlib.blake2b(repr((counts.shape, weekday)).encode(), digest_size=16)
	for days in (counts[:, :-1], exposure[:, :-1]):
		made_of.update(np.ascontiguousarray(days).data)
	key = made_of.digest()
	with _lock:
		known = _pasts.pop(key, None)
	if known is None:
		known = _scan_past(counts, exposure, weekday)
	with _lock:
		_pasts[key] = known  # the latest last, so that the first is the one to forget
		while len(_pasts) > REMEMBERED:
			del _pasts[next(iter(_pasts))]
	return known


def _scan_past(counts: Hours, exposure: Hours, weekday: int) -> tuple[Scan, Baseline | None]:
	"""The scan of all days but the last, without the arrays it was made of, and the baseline as `_scan` returns it."""
	scan, frozen = Scan(counts, exposure, weekday), None
	for day in range(counts.shape[1] - 1):
		if day == counts.shape[1] - FADING_DAYS[-1]:
			frozen = deepcopy(scan.baseline)
		scan.step(day)
	kept = copy(scan)
	kept.counts = kept.exposure = np.empty((0, 0, 0))  # whoever goes on brings them
	return kept, frozen


def _faded(scan: Scan, frozen: Baseline) -> tuple[Hours, Counts, Hours, Hours]:
	"""Chance of so few events over the last days, how many days, those events, and the usual ones; all by issue."""
	size, days = scan.counts.shape[:2]
	mean, variance, count = np.zeros((3, size, FADING_DAYS[-1]))
	shared = np.zeros(size)
	for place, day in enumerate(range(days - FADING_DAYS[-1], days)):
		rate, spread, shared = frozen.expect((scan.weekday + day) % 7)
		seen = scan.exposure[:, day]
		mean[:, place], variance[:, place] = (rate * seen).sum(axis=1), (spread * seen).sum(axis=1)
		count[:, place] = scan.counts[:, day].sum(axis=1)
	chance, best = np.ones(size), np.full(size, FADING_DAYS[-1])
	for length in FADING_DAYS:
		usual, had = mean[:, -length:].sum(axis=1), count[:, -length:].sum(axis=1)
		wide = variance[:, -length:].sum(axis=1) + shared * usual**2
		fewer = np.minimum(1.0, len(FADING_DAYS) * at_most(had, usual, wide))
		fewer[(had > FADED * usual) | (frozen.known < ENOUGH_HOURS)] = 1.0
		better = fewer < chance
		chance, best = np.where(better, fewer, chance), np.where(better, length, best)
	within = np.arange(FADING_DAYS[-1], 0, -1)[None, :] <= best[:, None]
	return chance, best, (count * within).sum(axis=1), (mean * within).sum(axis=1)
