"""A job that takes its time, so that a test can do something to its worker meanwhile."""

import time
from pathlib import Path


def sleep(seconds, started=""):
	"""Sleeps; `started` is a file it makes when it begins."""
	if started:
		Path(started).touch()
	time.sleep(seconds)


def for_long():
	"""A scheduled job that is at work until its worker is killed."""
	time.sleep(300)
