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

from verenigingen.core.addresses import check_address
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
		"minute_retention_days",
		2,
		"days",
		1,
		31,
		"How long measurements by the minute are kept; hours and days are made of them.",
		"retention",
	),
	Setting(
		"hour_retention_days",
		90,
		"days",
		7,
		3_650,
		"How long measurements by the hour are kept.",
		"retention",
	),
	Setting(
		"day_retention_days",
		730,
		"days",
		31,
		3_650,
		"How long measurements by the day are kept.",
		"retention",
	),
	Setting(
		"watchdog_job_minutes",
		15,
		"minutes",
		1,
		1_440,
		"How late a scheduled job may be, and how long a run may leave its end open, before the watchdog tells.",
		"watchdog",
	),
	Setting(
		"watchdog_queue_minutes",
		15,
		"minutes",
		1,
		1_440,
		"How long the oldest job may wait in a queue before the watchdog tells.",
		"watchdog",
	),
	Setting(
		"watchdog_mail_minutes",
		60,
		"minutes",
		5,
		10_080,
		"How long a mail that could be sent may wait before the watchdog tells.",
		"watchdog",
	),
	Setting(
		"backup_hours",
		36,
		"hours",
		0,
		8_760,
		"How old the newest backup may be; 0: backups are made by other means and not looked for.",
		"watchdog",
	),
	Setting(
		"log_table_rows",
		1_000_000,
		"rows",
		1_000,
		1_000_000_000,
		"Rows from which a log table is called too large.",
		"watchdog",
	),
	Setting(
		"heartbeat_minutes",
		15,
		"minutes",
		2,
		1_440,
		"How old the last scheduled job and the last collection may be before health_check says down.",
		"watchdog",
	),
	Setting(
		"heartbeat_private",
		0,
		"(0 is no, 1 is yes)",
		0,
		1,
		"Whether heartbeat_url may be in a private network.",
		"watchdog",
	),
	Setting(
		"endpoint_limit",
		300,
		"endpoints",
		10,
		5_000,
		"Endpoints, and jobs, that are measured by name; the rest together as other.",
		"measuring",
	),
	Setting(
		"sql_sample_rate",
		0.01,
		"share",
		0,
		1,
		"Share of requests and jobs whose statements are looked at one by one; 0 is none.",
		"measuring",
	),
	Setting(
		"repeat_threshold",
		10,
		"executions",
		2,
		1_000,
		"Executions of one statement from one line in one request from which it counts as repeated.",
		"measuring",
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


@dataclass(frozen=True, slots=True)
class TextSetting:
	"""A setting that is a text; empty is none."""

	name: str
	help: str
	group: str
	check: Callable[[str], object]  # raises ConfigurationError


TEXT_SETTINGS: tuple[TextSetting, ...] = (
	TextSetting(
		"heartbeat_url",
		"Address called after each collection (GET, 5 seconds, no redirects), for a service outside that tells when the"
		" calls end: a scheduler that stopped cannot tell. Empty: none.",
		"watchdog",
		check_address,
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


def resolve_text(name: str, get: Callable[[str], Any]) -> str:
	"""The value in force of a setting that is a text; "" for none. Raises as `resolve`."""
	setting = next(setting for setting in TEXT_SETTINGS if setting.name == name)
	raw = get(name)
	if raw is None or raw == "":
		return ""
	if not isinstance(raw, str):
		raise ConfigurationError(f"{name} must be a text, not {type(raw).__name__}.")
	setting.check(raw.strip())
	return raw.strip()
