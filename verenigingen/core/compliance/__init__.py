"""Compliance rules, their checks and scores; pure."""
