"""Writes the pages of docs/ that follow from the code: configuration.md, metrics.md and api.md. `make docs` runs it."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

from verenigingen.core.metrics import METRICS
from verenigingen.host.endpoint import REGISTRY, Endpoint
from verenigingen.settings import SETTINGS, TEXT_SETTINGS
from verenigingen.standalone.cli import DOORS

HERE = Path(__file__).parent
NOTE = "<!-- Written by `make docs` from the code; edit there. -->\n"


def configuration() -> str:
	"""The settings as a table."""
	rows = [
		f"| `{s.name}` | {s.default:g} | {s.unit} | {s.low:g} to {s.high:g} | {s.help} |" for s in SETTINGS
	]
	rows += [f"| `{s.name}` | none | text | | {s.help} |" for s in TEXT_SETTINGS]
	head = (
		f"{NOTE}\n# Settings\n\nA value is taken from Monitoring Settings in the desk, else from `site_config.json` under the same name,\n"
		"else it is the default. A value outside its range is refused with the range, never replaced.\n\n"
		"| name | default | unit | range | what it decides |\n|---|---|---|---|---|"
	)
	return "\n".join([head, *rows, ""])


def api() -> str:
	"""Every public function with arguments, roles, result and three ways to call it."""
	for module in DOORS:
		import_module(module)
	head = (
		f"{NOTE}\n# API\n\nEvery function answers at `/api/method/<dotted name>` in a bench and stand-alone. Results come as\n"
		'`{"message": …}`, errors as `{"exc_type", "exception", "_server_messages"}` with their HTTP status: 401 no valid login,\n'
		"403 no role, 404 no such function (in a bench 417, as Frappe answers), 417 an argument out of range, 503 a service is\n"
		"down. Python callers get the same values and exceptions.\n"
	)
	return "\n".join([head, *(_function(door) for _, door in sorted(REGISTRY.items()))])


def _function(door: Endpoint) -> str:
	signature = inspect.signature(inspect.unwrap(door.function))
	example = {
		name: parameter.default
		for name, parameter in signature.parameters.items()
		if parameter.default not in (None, inspect.Parameter.empty)
	}
	query = "?" + "&".join(f"{name}={value}" for name, value in example.items()) if example else ""
	kwargs = f' --kwargs "{example!r}"' if example else ""
	said = inspect.cleandoc(inspect.unwrap(door.function).__doc__ or "")
	return "\n".join(
		[
			f"## `{door.path}`",
			"",
			said,
			"",
			f"Roles: {', '.join(door.roles) or 'none, guests may call'}. Methods: {', '.join(door.methods)}. {_arguments(door, signature)}",
			"",
			"```sh",
			f'curl -H "Authorization: token <key>:<secret>" "https://<site>/api/method/{door.path}{query}"',
			f"bench --site <site> execute {door.path}{kwargs}",
			f"verenigingen --site <folder> execute {door.path}{kwargs}",
			"```",
			"",
		]
	)


def _arguments(door: Endpoint, signature: inspect.Signature) -> str:
	if not signature.parameters:
		return "No arguments."
	said = []
	for name, parameter in signature.parameters.items():
		low_high = door.ranges.get(name)
		allowed = f", {low_high[0]:g} to {low_high[1]:g} {low_high[2]}" if low_high else ""
		default = "" if parameter.default is inspect.Parameter.empty else f", default {parameter.default}"
		said.append(f"`{name}`{allowed}{default}")
	return f"Arguments: {'; '.join(said)}."


METRICS_HEAD = """
# What is measured

The collectors' pass of each minute reads every source that is due: once per minute, hour or day. Each source is read by itself,
for at most 5 seconds (by the hour 20, by the day 60); one that fails or hangs leaves the others alone. Collector State says
of each whether it is ok, failed or absent on this site, and why; `collector_up` remembers it.

Values are kept in the DocType Metric Rollup: minutes for `minute_retention_days`, folded into hours for `hour_retention_days`
and days for `day_retention_days`, each with samples, total, low, high and last. A gauge's mean is total / samples. Of a counter,
`total` is what was added in the bucket: the difference between two looks at what the server has counted since it began. The
first look gives none, nor does one after more than five intervals without; after a restart what was counted since is taken when
the restart lies between the two looks. A share (hit ratio, processors) is that of what was added since the last look.

What a site cannot tell is not written at all, never as 0; `verenigingen.www.monitoring_dashboard.get_system_metrics` gives the
reason. Another app adds a source by naming a `verenigingen.core.gauges.GaugeSource` in its hook `monitoring_gauges`.

In the hour that the clocks go back the second pass through it overwrites the minutes of the first.

| metric | kind | unit | of each | interval | source | what it is |
|---|---|---|---|---|---|---|"""


def metrics() -> str:
	"""Every metric as a table."""
	rows = [
		f"| `{m.name}` | {m.kind} | {m.unit} | {m.label} | {m.every} | {m.source} | {m.help} |"
		for m in METRICS
	]
	return "\n".join([NOTE + METRICS_HEAD, *rows, ""])


PAGES = {"configuration.md": configuration, "api.md": api, "metrics.md": metrics}


def main() -> None:
	"""Writes the pages."""
	for name, page in PAGES.items():
		(HERE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
	main()
