"""How chances are told: as numbers that claim no more than the models behind them can know, and in words."""

from __future__ import annotations

LEAST = 1e-9  # what is smaller is the artefact of a formula; 0 would claim certainty


def bounded(p_value: float) -> float:
	"""A p-value for a report: three significant digits, from LEAST (which stands for "at most that") to 1."""
	return min(1.0, max(LEAST, float(f"{p_value:.3g}")))


def p_text(p_value: float) -> str:
	"""A p-value for people: "p < 0.001" or "p = 0.012"."""
	return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
