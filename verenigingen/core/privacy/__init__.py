"""Redaction of personal data and secrets, as pure functions of text, a key and the names a site knows."""

from __future__ import annotations

from .names import NameIndex
from .redactor import Redactor, Stretches
from .tokens import KINDS, TOKEN, Span

__all__ = ["KINDS", "TOKEN", "NameIndex", "Redactor", "Span", "Stretches"]
