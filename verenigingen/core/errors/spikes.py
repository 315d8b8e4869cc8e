"""Spikes of single issues, found hour by hour from the past alone: far more events than usual, and not by chance.

Each hour the sums over the last 1 to 24 hours are compared with what `Baseline` expects of them; the chance of so many
is that of a negative binomial whose variance covers clumps, shifting rates and what the baseline cannot know yet. What
came at the same hours of the week before is no spike. One rise is one episode and raises one alert; its events do not
become usual, unless they last for two days: then they are the new level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from .baseline import WINDOWS, Baseline

# Chance at which a look at one hour raises an alert, and each window's share of it: one false alert in about 70 weeks of an
# issue (measured, benchmarks/spikes.py). Most of it for three hours, as short spikes of rare errors need it.
ALARM = 2e-4
SHARES = np.array([1.0, 1.5, 2.0, 1.0, 0.2, 0.05])
LEAST_EVENTS = 3  # within the window; one or two of a rare error are no spike
LEAST_RATIO = 1.5
RAISED = 2.0  # standard deviations above the mean
WORTH_TESTING = 3.3  # standard deviations; below it no negative binomial is as rare as ALARM
KNOWN_HOURS = 12  # of history before anything is judged, and a whole day since the first hour
NEWBORN = 24
WEEK = 168
MOST_WEEKS = 4  # looked back over gaps of what was observed
LIKE_LAST_WEEK = 0.05  # chance above which a count is taken for the repetition of last week's
UNKNOWN_RATIO = 5.0  # times the highest count so far, where no week before is known
CALM = 1.5  # standard deviations above the mean over three hours: below that a spike is over
REFRACTORY = 6  # hours after a spike in which a further rise belongs to it
LASTING = 48  # hours after which a spike is the new level
CAPPED = 10.0  # standard deviations that the first hour of a spike may add to the spread learned

Vector = NDArray[np.float64]
_TODAY = 24  # place of today's first hour in what is held: yesterday and today
_THREE = WINDOWS.index(3)


class Alert(NamedTuple):
	"""Raised at `hour`: `events` within the last `window` hours where `expected` are usual; chance of so many."""

	row: int
	hour: int
	window: int
	events: int
	expected: float
	p_value: float


@dataclass(slots=True)
class Episode:
	"""A spike from its first hour to its last one; `over` when it has ended. Events in it, usual ones and variance."""

	alert: Alert
	start: int
	end: int
	count: float
	expected: float
	variance: float
	shared: float
	over: bool = False

	@property
	def p_value(self) -> float:
		"""Chance of so many events in the whole episode."""
		wide = self.variance + self.shared * self.expected**2
		whole = tail(np.array(self.count), np.array(self.expected), np.array(wide))
		return min(float(whole), self.alert.p_value)


def tail(count: Vector, mean: Vector, variance: Vector) -> Vector:
	"""Chance of `count` events or more under a negative binomial of this mean and variance (Poisson at the least)."""
	shape, share = _shape(mean, variance)
	found: Vector = betainc(np.maximum(count, 1e-9), shape, 1 - share)
	return np.where(count <= 0, 1.0, found)


def at_most(count: Vector, mean: Vector, variance: Vector) -> Vector:
	"""Chance of `count` events or fewer, as `tail`."""
	shape, share = _shape(mean, variance)
	found: Vector = betainc(shape, count + 1.0, share)
	return found


def _shape(mean: Vector, variance: Vector) -> tuple[Vector, Vector]:
	mean = np.maximum(mean, 1e-9)
	wide = np.maximum(variance, mean * 1.0001)
	shape = mean**2 / (wide - mean)
	return shape, shape / (mean + shape)


class Scan:
	"""One pass over issues' days, each step knowing the past only.

	Args: counts and the hours observed, both (issues, days, 24), 0 observed before an issue existed; weekday of the first
	day (Monday 0); the chance at which an alert is raised. After `run`, `episodes` holds the spikes in order of their hour.
	"""

	def __init__(self, counts: Vector, exposure: Vector, weekday: int, *, alarm: float = ALARM) -> None:
		self.counts, self.exposure, self.weekday, self.alarm = counts, exposure, weekday, alarm
		size = len(counts)
		self.baseline = Baseline(size)
		self.episodes: list[Episode] = []
		self._raw, self._clean, self._odd, self._mean, self._variance = np.zeros((5, size, 2 * _TODAY))
		self._shared = np.zeros(size)
		self._open: dict[int, Episode] = {}
		self._last: dict[int, Episode] = {}
		self._age = np.zeros(size)

	def run(self, days: int | None = None) -> list[Episode]:
		"""Look at all days, or at the first `days`; returns the episodes."""
		for day in range(self.counts.shape[1] if days is None else days):
			self.step(day)
		return self.episodes

	def step(self, day: int) -> None:
		"""Look at a day, then learn it."""
		weekday, seen = (self.weekday + day) % 7, self.exposure[:, day]
		mean, variance, self._shared = self.baseline.expect(weekday)
		today = self.counts[:, day]
		held = (self._raw, self._clean, self._odd, self._mean, self._variance)
		for values, added in zip(held, (today, today, today, mean * seen, variance * seen), strict=True):
			values[:, :_TODAY] = values[:, _TODAY:]
			values[:, _TODAY:] = added
		means = _sums(self._mean)
		wide = _sums(self._variance) + self._shared[:, None, None] * means**2
		rows = np.flatnonzero(
			self._rare(_sums(self._clean), means, wide) & (self.baseline.known >= KNOWN_HOURS)
		)
		for row in sorted({*rows.tolist(), *self._open}):
			self._watch(row, day, means[row], wide[row])
		self.baseline.learn(
			weekday, self._clean[:, _TODAY:], seen, self._odd[:, _TODAY:], self._mean[:, _TODAY:]
		)
		self.baseline.learn_swing(self._clean[:, _TODAY:], self._mean[:, _TODAY:], self._variance[:, _TODAY:])
		self._age += (seen > 0).sum(axis=1)

	def _rare(self, sums: Vector, means: Vector, wide: Vector) -> NDArray[np.bool_]:
		"""Issues of which any hour of the day may raise an alert."""
		places = np.nonzero(_far(sums, means, wide))
		chance = tail(sums[places], means[places], wide[places]) < self.alarm * SHARES[places[2]]
		rows = np.zeros(len(sums), dtype=np.bool_)
		rows[places[0][chance]] = True
		return rows

	def _watch(self, row: int, day: int, means: Vector, wide: Vector) -> None:
		hour = 0
		while hour < 24:
			episode = self._open.get(row)
			if episode is not None:
				hour = self._follow(episode, 24 * day, hour, means, wide)
			else:
				hour = self._find(row, 24 * day, hour, means, wide)

	def _find(self, row: int, first: int, hour: int, means: Vector, wide: Vector) -> int:
		"""Open an episode at the next hour that calls for one; returns the hour after it, 24 if there is none."""
		sums = _sums(self._clean[row : row + 1])[0]
		look = _far(sums, means, wide) & (self._clean[row, _TODAY:] > self._mean[row, _TODAY:])[:, None]
		look[: max(hour, int(NEWBORN - self._age[row]))] = False
		chance = np.ones_like(sums)
		chance[look] = tail(sums[look], means[look], wide[look])
		for at in np.flatnonzero((chance < self.alarm * SHARES).any(axis=1)):
			best = int((chance[at] / SHARES).argmin())
			count, mean = float(sums[at, best]), float(means[at, best])
			alert = Alert(row, first + int(at), WINDOWS[best], round(count), mean, float(chance[at, best]))
			if not self._like_before(alert, float(wide[at, best])):
				self._begin(alert, _TODAY + int(at))
				return int(at) + 1
		return 24

	def _like_before(self, alert: Alert, variance: float) -> bool:
		"""Whether as many events, but for chance, came a week before, an hour sooner or later; or in the week before that,
		where nobody looked then.

		Where no week is known, a weekly rhythm cannot be told from a spike: then only what is many times the highest count
		so far is none.
		"""
		flat = self.counts[alert.row].reshape(-1)
		if self._age[alert.row] + alert.hour % 24 < WEEK:
			sums = np.convolve(flat[: alert.hour + 1 - alert.window], np.ones(alert.window))
			return alert.events < UNKNOWN_RATIO * float(sums.max())
		ends = [alert.hour - self._known_week(alert) + shift + 1 for shift in (-1, 0, 1)]
		before = max(float(flat[max(0, end - alert.window) : end].sum()) for end in ends) + 0.5
		spread = 2 * before * max(1.0, variance / alert.expected)
		return bool(tail(np.array(float(alert.events)), np.array(before), np.array(spread)) > LIKE_LAST_WEEK)

	def _known_week(self, alert: Alert) -> int:
		"""Hours back to the latest of the last weeks in which the same hours were observed."""
		seen = self.exposure[alert.row].reshape(-1)
		for back in range(WEEK, MOST_WEEKS * WEEK + 1, WEEK):
			end = alert.hour - back + 1
			if end >= alert.window and seen[end - alert.window : end].all():
				return back
		return WEEK

	def _begin(self, alert: Alert, at: int) -> None:
		"""Open the episode of an alert, or go on with one that seemed over."""
		row = alert.row
		raw, mean = self._raw[row], self._mean[row]
		places = np.arange(at - alert.window + 1, at + 1)
		raised = places[self._raised(row, places)]
		start = int(raised[0]) if len(raised) else int(places[0])
		last = self._last.get(row)
		if last is not None and alert.hour - last.end <= REFRACTORY + 3:
			last.over = False
			self._open[row] = episode = last
			start = max(start, at - (alert.hour - last.end) + 1)
		else:
			self._odd[row, at] = min(raw[at], mean[at] + CAPPED * float(np.sqrt(self._variance[row, at])))
			episode = Episode(alert, alert.hour - at + start, alert.hour, 0.0, 0.0, 0.0, self._shared[row])
			self._open[row] = episode
			self.episodes.append(episode)
		part = slice(start, at + 1)
		self._add(episode, alert.hour, raw[part].sum(), mean[part].sum(), self._variance[row, part].sum())
		self._clean[row, places] = np.minimum(self._clean[row, places], mean[places])

	def _raised(self, row: int, place: Any) -> Any:
		"""Whether hours, each by itself, are well above the usual; of such hours an episode is made."""
		excess = self._raw[row, place] - self._mean[row, place]
		above = (excess > 0) & (excess**2 > RAISED**2 * self._variance[row, place])
		return above & (self._raw[row, place] > LEAST_RATIO * self._mean[row, place])

	@staticmethod
	def _add(episode: Episode, hour: int, count: float, expected: float, variance: float) -> None:
		episode.end = hour
		episode.count += count
		episode.expected += expected
		episode.variance += variance

	def _follow(self, episode: Episode, first: int, hour: int, means: Vector, wide: Vector) -> int:
		"""Go on with an open episode until it ends or the day does; returns the hour after."""
		row = episode.alert.row
		raw, mean, variance = self._raw[row], self._mean[row], self._variance[row]
		while hour < 24:
			at = _TODAY + hour
			self._clean[row, at] = self._odd[row, at] = mean[at]
			if self._raised(row, at):
				part = slice(max(0, at - (first + hour - episode.end) + 1), at + 1)
				self._add(episode, first + hour, raw[part].sum(), mean[part].sum(), variance[part].sum())
			limit = means[hour, _THREE] + CALM * np.sqrt(wide[hour, _THREE])
			calm = raw[at - 2 : at + 1].sum() <= limit
			lasting = first + hour - episode.start >= LASTING
			if calm or lasting:
				episode.over = True
				self._last[row] = self._open.pop(row)
				if not calm:
					self._settle(row, at)
					return 24
				return hour + 1
			hour += 1
		return 24

	def _settle(self, row: int, at: int) -> None:
		"""What has lasted is the level now: the rest of the day is learned as it is, and compared with that level."""
		day = slice(at - 23, at + 1)
		factor = self._raw[row, day].sum() / max(float(self._mean[row, day].sum()), 1e-9)
		self.baseline.rescale(row, float(self._raw[row, day].sum()), factor)
		self._mean[row] *= factor
		self._variance[row] *= factor**2
		self._clean[row, _TODAY:] = self._odd[row, _TODAY:] = self._raw[row, _TODAY:]


def _sums(values: Vector) -> Vector:
	"""Sums of (issues, 48) over the WINDOWS that end at each of the last 24 hours: (issues, 24, windows)."""
	total = np.zeros((len(values), 2 * _TODAY + 1))
	np.cumsum(values, axis=1, out=total[:, 1:])
	sums = np.empty((len(values), _TODAY, len(WINDOWS)))
	for place, hours in enumerate(WINDOWS):
		np.subtract(total[:, _TODAY + 1 :], total[:, _TODAY + 1 - hours : -hours], out=sums[:, :, place])
	return sums


def _far(sums: Vector, means: Vector, variances: Vector) -> NDArray[np.bool_]:
	above = sums - means
	far: NDArray[np.bool_] = (sums >= LEAST_EVENTS) & (sums >= LEAST_RATIO * means)
	return far & (above > 0) & (above * above > WORTH_TESTING**2 * variances)
