"""An invented association with 90 days of life, for `make demo` and for tests.

Everything in it is made from a seed: people, mandates, money, and errors that demo code really raised. What was planted
on purpose stands in the manifest that `build` returns, so that an analysis can be compared with the truth.
"""

from __future__ import annotations

from .build import build

__all__ = ["build"]
