"""A time limit for work that may hang: the alarm signal interrupts it wherever it waits.

RQ ends jobs by the same signal, so its handler and what was left of its time are put back. Outside the main thread
there is no alarm; there the limits of the statements, and of Redis' clients, are all there is.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from verenigingen.exceptions import TookTooLong

SOON = 0.001  # seconds; 0 would switch a timer off


class _Alarm(BaseException):
	"""Not an Exception, so that no `except Exception` of the interrupted work swallows it."""


@contextmanager
def time_limit(seconds: float, what: str) -> Iterator[None]:
	"""Ends the block after `seconds` with TookTooLong, naming `what`."""
	if threading.current_thread() is not threading.main_thread():
		yield
		return
	theirs, (left, again) = signal.getsignal(signal.SIGALRM), signal.setitimer(signal.ITIMER_REAL, 0)
	began = time.monotonic()
	if 0 < left <= seconds:  # the whole job is to end before: its own alarm does
		signal.setitimer(signal.ITIMER_REAL, left, again)
		yield
		return
	signal.signal(signal.SIGALRM, _ring)
	try:
		signal.setitimer(signal.ITIMER_REAL, seconds)
		yield
	except _Alarm:
		raise TookTooLong(f"{what} was stopped after {seconds:g} seconds.") from None
	finally:
		signal.setitimer(signal.ITIMER_REAL, 0)
		signal.signal(signal.SIGALRM, signal.SIG_DFL if theirs is None else theirs)
		if left:
			signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), SOON), again)


def _ring(number: int, frame: FrameType | None) -> None:
	raise _Alarm
