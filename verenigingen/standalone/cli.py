"""The program `verenigingen`: the same collectors, analyses and doors without a bench."""

from __future__ import annotations

import ast
import json
import logging
from contextlib import ExitStack, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, TaskID

from verenigingen import __version__
from verenigingen.exceptions import BadArgument, MonitoringError
from verenigingen.host import current_host, use_host
from verenigingen.host.endpoint import REGISTRY
from verenigingen.host.on_local import local_file, open_host
from verenigingen.host.on_local.parts import SYSTEM, LogNotify
from verenigingen.services.backfill import backfill
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone import pages
from verenigingen.standalone.anomalies import anomalies
from verenigingen.standalone.api_keys import ApiKeys
from verenigingen.standalone.check import BROKEN, check_site
from verenigingen.standalone.demo.site import build_site
from verenigingen.standalone.forecast import forecast_file
from verenigingen.standalone.group import group
from verenigingen.standalone.hotspots import hotspots
from verenigingen.standalone.import_errors import import_errors
from verenigingen.standalone.redact import redact
from verenigingen.standalone.spikes import spikes
from verenigingen.standalone.work import work as work_on
from verenigingen.standalone.work import work_once
from verenigingen.standalone.wsgi import open_server, require_port

SITELESS = ("anomalies", "demo", "forecast", "group", "redact", "spikes")  # commands that need no site
DOORS = (
	"verenigingen.utils.analytics_engine",
	"verenigingen.utils.error_grouping",
	"verenigingen.utils.error_issues",
	"verenigingen.utils.error_sources",
	"verenigingen.utils.watchdog",
	"verenigingen.monitoring.zabbix_integration",
	"verenigingen.www.monitoring_dashboard",
)


class Program(click.Group):
	"""Shows our own errors as one line, not as a traceback."""

	def invoke(self, ctx: click.Context) -> Any:
		try:
			return super().invoke(ctx)
		except MonitoringError as error:
			raise click.ClickException(str(error)) from error


@click.group(cls=Program)
@click.version_option(__version__)
@click.option(
	"--site",
	type=click.Path(exists=True, path_type=Path),
	envvar="VERENIGINGEN_SITE",
	help="A site_config.json, or the folder that holds it. A site that is not our own is only read.",
)
@click.option(
	"--store", type=click.Path(path_type=Path), help="SQLite file for our tables when a site is audited."
)
@click.pass_context
def main(ctx: click.Context, site: Path | None, store: Path | None) -> None:
	"""Monitoring, analytics and compliance of an association's site, without a bench."""
	if ctx.invoked_subcommand in SITELESS:
		return
	if site is None:
		raise click.UsageError("Which site? Give --site, or build one with `verenigingen demo`.")
	if ctx.invoked_subcommand in ("check", "work"):
		return  # both go on while the site cannot be opened
	stack = ExitStack()
	ctx.call_on_close(stack.close)
	stack.enter_context(use_host(open_host(site, store=store)))


PORT = click.option(
	"--port",
	default=8642,
	show_default=True,
	type=click.IntRange(0, 65535),
	envvar="DEMO_PORT",
	help="0: any free port.",
)


@main.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True)
@click.option("--seed", default=2026, show_default=True)
@click.option(
	"--serve/--no-serve", "serving", default=True, help="Serve the dashboard, or end after the report."
)
@PORT
def demo(folder: Path, seed: int, serving: bool, port: int) -> None:
	"""Builds the demo site anew, collects its errors, prints the report and serves the dashboard."""
	if serving:
		require_port(port)  # a port that is taken is better known before the work than after
	with Progress() as bar:
		task = bar.add_task("")
		build_site(
			folder,
			seed=seed,
			progress=lambda done, total, title: bar.update(
				task, completed=done, total=total, description=title
			),
		)
	with use_host(open_host(folder)):
		collect_all(current_host(), 3600)
		_print_report(_call("verenigingen.utils.analytics_engine.generate_insights_report", {}))
		click.echo(f"\nThe site is in {folder}. More: verenigingen --site {folder} report --json")
		if serving:
			_serve(folder, None, port)


class Bar(LogNotify):
	"""Shows the progress of a long run as a bar of rich."""

	def __init__(self, bar: Progress) -> None:
		self.bar = bar
		self.task: TaskID | None = None

	def progress(self, done: int, total: int, title: str) -> None:
		"""Moves the bar."""
		if self.task is None:
			self.task = self.bar.add_task(title)
		self.bar.update(self.task, completed=done, total=total)


@main.command()
@click.option("--seconds", default=3600.0, show_default=True, help="Longest time altogether.")
def collect(seconds: float) -> None:
	"""Takes in what the site logged since the last time; begun again, it goes on where it stopped."""
	with Progress(console=Console(stderr=True)) as bar:
		results = backfill(replace(current_host(), notify=Bar(bar)), seconds)
	for result in results:
		new = f"{result['measured']} values" if "measured" in result else f"{result['collected']} new rows"
		said = result["error"] or result["absent"] or new
		click.echo(f"{result['collector']}: {said}")
	if any(result["error"] for result in results):
		raise SystemExit(1)


@main.command("import-errors")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_errors_command(file: Path) -> None:
	"""Adds Error Log rows from a JSON-lines FILE (may be gzipped) to a site of our own, and collects them."""
	added, known = import_errors(current_host(), file)
	click.echo(f"{added} rows imported, {known} were there already")
	collect_all(current_host(), 3600)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON.")
@click.option(
	"--html",
	type=click.Path(path_type=Path, allow_dash=True),
	is_flag=False,
	flag_value="-",
	metavar="[FILE]",
	help="The report as one HTML file to keep, send or print; without FILE on standard output.",
)
def report(as_json: bool, html: Path | None) -> None:
	"""The insights report of the site."""
	result = _call("verenigingen.utils.analytics_engine.generate_insights_report", {})
	if html is not None:
		with click.open_file(str(html), "w", encoding="utf-8") as out:
			out.write(pages.report(result))
	if as_json:
		click.echo(json.dumps(result, indent=2))
	elif html is None:
		_print_report(result)


def _print_report(result: dict[str, Any]) -> None:
	summary = result["executive_summary"]
	actions = {action["reason"]: action for action in result["priority_actions"]}
	click.echo(f"Overall: {summary['overall_health']} (judged by {summary['basis']} only)")
	for line in summary["sentences"]:
		click.echo(f"  - {line}")
		if line in actions:
			click.echo(f"      [{actions[line]['priority']}] {actions[line]['action']}")
	_print_performance(result, set(summary["sentences"]))
	for gap in summary["not_measured"]:
		click.echo(f"  not measured: {gap['area']}: {gap['reason']}")


def _print_performance(result: dict[str, Any], told: set[str]) -> None:
	"""What the summary does not tell of forecasts, recommendations and impact."""
	forecast, advice = result["performance_forecast"], result["performance_recommendations"]
	impact = result["business_impact"]
	lines = [*(forecast["statements"] if forecast["status"] == "ok" else [])]
	lines += impact["statements"] if impact["status"] == "ok" else []
	rows = advice["recommendations"] if advice["status"] == "ok" else []
	lines += [
		f"[{row['priority']}] {row['action']} {row['reason']}" for row in rows if row["reason"] not in told
	]
	if lines:
		click.echo("Performance, capacity and impact:")
	for line in lines:
		if line not in told:
			click.echo(f"  - {line}")


@main.command()
@click.argument("path")
@click.option("--kwargs", "text", default="{}", help="Arguments as a Python or JSON dictionary.")
def execute(path: str, text: str) -> None:
	"""Calls one public function by its dotted PATH and prints its result as JSON."""
	arguments = _dictionary(text)
	click.echo(json.dumps(_call(path, arguments), indent=2))


def _dictionary(text: str) -> dict[str, Any]:
	for read in (json.loads, ast.literal_eval):
		with suppress(ValueError, SyntaxError):
			value = read(text)
			if isinstance(value, dict):
				return value
	raise BadArgument(f"--kwargs must be a dictionary such as \"{{'days': 7}}\", not {text!r}.")


@main.command()
@click.pass_context
def check(ctx: click.Context) -> None:
	"""What is configured, reachable and missing. Exits with 1 when something is broken, not when it is absent."""
	options = ctx.find_root().params
	broken = False
	for line in check_site(options["site"], options["store"]):
		click.echo(f"{line.state:6} {line.name}: {line.detail}")
		broken |= line.state == BROKEN
	if broken:
		raise SystemExit(1)


@main.command()
@click.option("--once", is_flag=True, help="Only what is due in this minute, and with Redis what waits.")
@click.pass_context
def work(ctx: click.Context, once: bool) -> None:
	"""Runs what is scheduled, each minute, until stopped: here, or as an RQ worker where redis_queue is set."""
	logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
	options = ctx.find_root().params
	if not once:
		work_on(options["site"], options["store"])
	elif failed := work_once(options["site"], options["store"]):
		raise MonitoringError(f"Not done, the next run tries again: {', '.join(failed)}.")


@main.command()
@PORT
@click.pass_context
def serve(ctx: click.Context, port: int) -> None:
	"""The dashboard and the API, for this machine only, until interrupted. `work` keeps the figures fresh beside it."""
	options = ctx.find_root().params
	_serve(options["site"], options["store"], port)


def _serve(site: Path, store: Path | None, port: int) -> None:
	logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
	load_doors()
	server, address = open_server(current_host(), REGISTRY, _api_keys(site, store), port=port)
	click.echo(
		f"\nOpen this address; whoever has it is logged in:\n\n    {address}\n\nCtrl+C stops the server."
	)
	with suppress(KeyboardInterrupt):
		server.serve_forever()


@main.group("api-key")
def api_key() -> None:
	"""Keys for programs that call the API: `Authorization: token <key>:<secret>`."""


@api_key.command("create")
@click.option("--user", default="api", show_default=True, help="Name in the access log.")
@click.option(
	"--role",
	"roles",
	type=click.Choice(sorted(SYSTEM.roles)),
	multiple=True,
	default=("System Manager",),
	show_default=True,
	help="What the key may do; may be repeated.",
)
@click.pass_context
def create_api_key(ctx: click.Context, user: str, roles: tuple[str, ...]) -> None:
	"""Prints a new key and its secret, which is shown this once only."""
	click.echo(":".join(_keys_of(ctx).create(user, roles)))


@api_key.command("list")
@click.pass_context
def list_api_keys(ctx: click.Context) -> None:
	"""The keys, without their secrets."""
	for key, row in _keys_of(ctx).all().items():
		click.echo(f"{key}  {row['created']}  {row['user']}  {', '.join(row['roles'])}")


@api_key.command("revoke")
@click.argument("key")
@click.pass_context
def revoke_api_key(ctx: click.Context, key: str) -> None:
	"""Ends KEY at once, also for a server that is running."""
	_keys_of(ctx).revoke(key.partition(":")[0])


def _api_keys(site: Path, store: Path | None) -> ApiKeys:
	return ApiKeys(local_file(site, ".api-keys.json", store=store))


def _keys_of(ctx: click.Context) -> ApiKeys:
	options = ctx.find_root().params
	return _api_keys(options["site"], options["store"])


main.add_command(anomalies)
main.add_command(forecast_file)
main.add_command(group)
main.add_command(hotspots)
main.add_command(spikes)
main.add_command(redact)


def load_doors() -> None:
	"""Imports the modules with public functions, which fills the registry."""
	for module in DOORS:
		import_module(module)


def _call(path: str, arguments: dict[str, Any]) -> Any:
	load_doors()
	if path not in REGISTRY:
		raise BadArgument(f"{path} is no public function. Public: {', '.join(sorted(REGISTRY))}.")
	return REGISTRY[path].function(**arguments)
