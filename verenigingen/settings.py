"""Every setting, declared once as data.

From this one tuple follow the defaults, the validation, the fields of the Monitoring Settings DocType, the
table in docs/configuration.md and the two public dictionaries ANALYTICS_CONFIG and OPTIMIZER_CONFIG. A value is
resolved in the order: Monitoring Settings, site config, default.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from verenigingen.exceptions import ConfigurationError


@dataclass(frozen=True, slots=True)
class Setting:
	"""One setting: `name` is also its field in Monitoring Settings; `low` and `high` are both allowed values."""

	name: str
	default: float
	unit: str
	low: float
	high: float
	help: str
	group: str

	@property
	def whole(self) -> bool:
		"""Whole-number settings refuse 2.5; the default's type decides."""
		return isinstance(self.default, int)

	def check(self, value: object) -> float:
		"""The value as a number of this setting's type.

		Raises ConfigurationError naming the setting and its range when it is no number or out of range.
		"""
		number = _number(value)
		if number is None or not self.low <= number <= self.high or (self.whole and number != int(number)):
			kind = "a whole number" if self.whole else "a number"
			raise ConfigurationError(
				f"{self.name} must be {kind} from {self.low:g} to {self.high:g} {self.unit}, not {value!r}"
			)
		return int(number) if self.whole else number


def _number(value: object) -> float | None:
	if isinstance(value, bool) or not isinstance(value, int | float | str):
		return None
	try:
		number = float(value)
	except ValueError:
		return None
	return number if math.isfinite(number) else None


SETTINGS: tuple[Setting, ...] = (
	Setting(
		"default_days",
		30,
		"days",
		1,
		3650,
		"Period of an error analysis when none is asked for.",
		"error_analysis",
	),
	Setting(
		"trend_threshold",
		0.1,
		"per day",
		0,
		1,
		"Smallest daily change, as a share of the mean, that is called a trend.",
		"error_analysis",
	),
	Setting(
		"recurring_threshold",
		3,
		"events",
		2,
		10_000,
		"Events within the period from which an issue counts as recurring.",
		"error_analysis",
	),
	Setting(
		"confidence_threshold",
		0.6,
		"share",
		0,
		1,
		"Out-of-sample confidence below which a forecast raises no alert.",
		"forecasting",
	),
	Setting(
		"forecast_days", 7, "days", 1, 365, "Horizon of a forecast when none is asked for.", "forecasting"
	),
	Setting("historical_days", 30, "days", 1, 730, "History that a forecast reads.", "forecasting"),
	Setting(
		"sepa_threshold",
		90,
		"points",
		0,
		100,
		"SEPA score under which the area is a gap.",
		"compliance",
	),
	Setting(
		"audit_completeness_threshold",
		95,
		"percent",
		0,
		100,
		"Share of explained changes under which the audit trail is a gap.",
		"compliance",
	),
	Setting("member_ttl", 300, "seconds", 1, 86_400, "How long member data may be cached.", "caching"),
	Setting("sepa_ttl", 900, "seconds", 1, 86_400, "How long SEPA data may be cached, encrypted.", "caching"),
	Setting(
		"api_ttl", 120, "seconds", 0, 86_400, "How long an API response may be cached; 0 is never.", "caching"
	),
	Setting("batch_size", 100, "rows", 1, 10_000, "Rows handled per step of a batch job.", "database"),
	Setting(
		"query_timeout", 300, "seconds", 1, 3_600, "Longest time one of our statements may run.", "database"
	),
	Setting(
		"connection_pool_size",
		20,
		"connections",
		1,
		1_000,
		"Connections the site is planned for; compared with max_connections, nothing is pooled by it.",
		"database",
	),
	Setting(
		"memory_threshold",
		0.8,
		"share",
		0.1,
		1,
		"Share of memory in use above which advice is given.",
		"resources",
	),
	Setting("cleanup_interval", 3_600, "seconds", 60, 604_800, "Time between clean-up runs.", "resources"),
	Setting(
		"collect_seconds", 45, "seconds", 1, 3_600, "Longest time one collection run may take.", "collection"
	),
	Setting(
		"minute_rollup_days",
		2,
		"days",
		1,
		31,
		"How long measurements by minute are kept.",
		"rollups",
	),
	Setting(
		"hour_rollup_days",
		90,
		"days",
		2,
		730,
		"How long measurements by hour are kept.",
		"rollups",
	),
	Setting(
		"day_rollup_days",
		730,
		"days",
		30,
		3_650,
		"How long measurements by day are kept.",
		"rollups",
	),
	Setting(
		"endpoint_limit",
		300,
		"endpoints",
		10,
		5_000,
		"Endpoints, and jobs, that are measured by name; the rest together as other.",
		"rollups",
	),
	Setting(
		"sql_sample_rate",
		0.01,
		"share",
		0,
		1,
		"Share of requests and jobs whose statements are looked at one by one; 0 is none.",
		"rollups",
	),
	Setting(
		"repeat_threshold",
		10,
		"executions",
		2,
		1_000,
		"Executions of one statement from one line in one request from which it counts as repeated.",
		"rollups",
	),
	Setting(
		"redact_error_log",
		1,
		"(0 is no, 1 is yes)",
		0,
		1,
		"Whether personal data and secrets are taken out of Frappe's Error Log before it is written.",
		"privacy",
	),
)

BY_NAME: dict[str, Setting] = {setting.name: setting for setting in SETTINGS}

# The window asked of an analysis may reach beyond what is stored: the answer says since when data exists.
MAX_DAYS = 3650


def _group(name: str) -> dict[str, float]:
	return {setting.name: setting.default for setting in SETTINGS if setting.group == name}


ANALYTICS_CONFIG: dict[str, dict[str, float]] = {
	name: _group(name) for name in ("error_analysis", "forecasting", "compliance")
}
OPTIMIZER_CONFIG: dict[str, dict[str, float]] = {
	name: _group(name) for name in ("caching", "database", "resources")
}


def resolve(name: str, get: Callable[[str], Any]) -> float:
	"""The value in force of one setting.

	`get` answers the raw configured value of a name, or None (`host.config`). Raises KeyError for a name that is
	not declared, ConfigurationError for a configured value that is out of range: a bad value is never replaced
	silently.
	"""
	setting = BY_NAME[name]
	raw = get(name)
	return setting.default if raw is None or raw == "" else setting.check(raw)
