"""Where the grouping rules of a site stand: in Monitoring Settings, else in the site config."""

from __future__ import annotations

from typing import Any

from verenigingen.core.errors.rules import FIELDS, Rule, read_rules
from verenigingen.host.port import Host

RULE_TABLE = "tabError Grouping Rule"
SITE_CONFIG_KEY = "error_grouping_rules"


def load_rules(host: Host) -> list[Rule]:
	"""The rules of the site in order, disabled ones included.

	Raises ConfigurationError for a rule that cannot be used: left out, its errors would be grouped otherwise in silence.
	"""
	columns = ", ".join(f"`{field}`" for field in FIELDS)
	found = host.store.query(
		f"SELECT {columns} FROM `{RULE_TABLE}` WHERE parent = %s ORDER BY idx", ("Monitoring Settings",)
	)
	if found:
		return read_rules([dict(zip(FIELDS, row, strict=True)) for row in found])
	configured: Any = host.config.get(SITE_CONFIG_KEY)
	return read_rules(configured or [])
