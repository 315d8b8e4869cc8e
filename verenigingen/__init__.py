"""Monitoring, analytics, compliance and optimisation for membership associations on Frappe."""

__version__ = "0.1.0"
