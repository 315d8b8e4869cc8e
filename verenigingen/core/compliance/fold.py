"""One pass over many rows for several checks: each sees every chunk, keeps what it needs, and answers at the end.

A check that crashes answers ERROR and harms no other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from .model import Finding, Result, State, judged

log = logging.getLogger("verenigingen")

Row = TypeVar("Row")
Seen = TypeVar("Seen", contravariant=True)


class Check(Protocol[Seen]):
	"""A check of one rule that is fed rows."""

	@property
	def number(self) -> str:
		"""Its rule."""

	def see(self, rows: Sequence[Seen]) -> None:
		"""The next rows, in the order of the pass; each row once."""

	def result(self) -> Result:
		"""The answer, after the last row."""


class Tally(Generic[Row]):
	"""What most checks keep: how many records were judged, how many broke the rule, and the first of them."""

	def __init__(self, number: str, what: str, most: int) -> None:
		self.number, self.what, self.most = number, what, most
		self.applicable = self.failed = 0
		self.findings: list[Finding] = []

	def add(self, finding: Finding | None) -> None:
		"""One record that was judged: what is wrong with it, or None."""
		self.applicable += 1
		if finding is not None:
			self.failed += 1
			if len(self.findings) < self.most:
				self.findings.append(finding)

	def result(self) -> Result:
		"""PASS, FAIL or NOT_APPLICABLE."""
		return judged(self.number, self.applicable, self.findings, self.what, failed=self.failed)


def fold(chunks: Iterable[Sequence[Row]], checks: Sequence[Check[Row]]) -> list[Result]:
	"""Answers of all checks, in their order, after one pass. Errors of reading the rows are the caller's."""
	crashed: dict[str, Result] = {}
	for rows in chunks:
		for check in checks:
			if check.number in crashed:
				continue
			try:
				check.see(rows)
			except (
				Exception
			) as error:  # a mistake in one check must not silence the others; it is shown as ERROR
				crashed[check.number] = crash(check.number, error)
	return [crashed.get(check.number) or _answer(check) for check in checks]


def _answer(check: Check[Row]) -> Result:
	try:
		return check.result()
	except Exception as error:
		return crash(check.number, error)


def crash(number: str, error: Exception) -> Result:
	"""ERROR of a check that crashed; what it said is logged, not told: it may hold personal data."""
	log.error("the check of %s crashed", number, exc_info=error)
	return Result(
		number, State.ERROR, f"The check itself failed ({type(error).__name__}); the log tells why."
	)
