"""Is the site up, as somebody outside must know: its parts, and whether its scheduler still gives signs of life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from verenigingen.core.watchdog.model import span, spoken

UP, DOWN, UNKNOWN = "up", "down", "unknown"


@dataclass(frozen=True, slots=True)
class Part:
	"""One part: UP, DOWN or UNKNOWN, and why."""

	status: str
	detail: str


def heartbeat(moment: datetime | None, now: datetime, limit: timedelta, *, what: str, never: str) -> Part:
	"""A part that must have given a sign of life (aware `moment`) within `limit`; `never` when there was none at all."""
	if moment is None:
		return Part(UNKNOWN, never)
	age = span(moment, now)
	return Part(UP if age <= limit else DOWN, f"{what} {spoken(age)} ago")


def verdict(parts: Mapping[str, Part]) -> str:
	"""DOWN when any part is. What cannot be known makes nobody down: an outside watch must not cry wolf."""
	return DOWN if any(part.status == DOWN for part in parts.values()) else UP


def told(parts: Mapping[str, Part]) -> dict[str, Any]:
	"""The parts as the API gives them."""
	return {name: {"status": part.status, "detail": part.detail} for name, part in parts.items()}
