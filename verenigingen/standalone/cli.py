"""The program `verenigingen`: the same collectors, analyses and doors without a bench."""

from __future__ import annotations

import ast
import json
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress, TaskID

from verenigingen import __version__
from verenigingen.exceptions import BadArgument, MonitoringError
from verenigingen.host import current_host, use_host
from verenigingen.host.endpoint import REGISTRY
from verenigingen.host.on_local import open_host
from verenigingen.services.monitoring import check_components, collect_all
from verenigingen.standalone.demo.site import build_site
from verenigingen.standalone.import_errors import import_errors

DOORS = ("verenigingen.utils.analytics_engine", "verenigingen.www.monitoring_dashboard")


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
	if ctx.invoked_subcommand == "demo":
		return
	if site is None:
		raise click.UsageError("Which site? Give --site, or build one with `verenigingen demo`.")
	stack = ExitStack()
	ctx.call_on_close(stack.close)
	stack.enter_context(use_host(open_host(site, store=store)))


@main.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True)
@click.option("--seed", default=2026, show_default=True)
def demo(folder: Path, seed: int) -> None:
	"""Builds the demo site anew, collects its errors and prints the report."""
	with Progress() as bar:
		tasks: dict[str, TaskID] = {}

		def progress(done: int, total: int, title: str) -> None:
			task = tasks.setdefault("build", bar.add_task("")) if not tasks else tasks["build"]
			bar.update(task, completed=done, total=total, description=title)

		build_site(folder, seed=seed, progress=progress)
	with use_host(open_host(folder)):
		collect_all(current_host(), 3600)
		_print_report(_call("verenigingen.utils.analytics_engine.generate_insights_report", {}))
	click.echo(f"The site is in {folder}; look further with: verenigingen --site {folder} report --json")


@main.command()
@click.option("--seconds", default=3600.0, show_default=True, help="Longest time per collector.")
def collect(seconds: float) -> None:
	"""Takes in what the site logged since the last time."""
	results = collect_all(current_host(), seconds)
	for result in results:
		click.echo(f"{result['collector']}: {result['error'] or str(result['collected']) + ' new rows'}")
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
def report(as_json: bool) -> None:
	"""The insights report of the site."""
	result = _call("verenigingen.utils.analytics_engine.generate_insights_report", {})
	if as_json:
		click.echo(json.dumps(result, indent=2))
	else:
		_print_report(result)


def _print_report(result: dict[str, Any]) -> None:
	summary = result["executive_summary"]
	actions = {action["reason"]: action for action in result["priority_actions"]}
	click.echo(f"Overall: {summary['overall_health']} (judged by {summary['basis']} only)")
	for line in summary["sentences"]:
		click.echo(f"  - {line}")
		if line in actions:
			click.echo(f"      [{actions[line]['priority']}] {actions[line]['action']}")
	for gap in summary["not_measured"]:
		click.echo(f"  not measured: {gap['area']}: {gap['reason']}")


@main.command()
@click.argument("path")
@click.option("--kwargs", "text", default="{}", help="Arguments as a Python or JSON dictionary.")
def execute(path: str, text: str) -> None:
	"""Calls one public function by its dotted PATH and prints its result as JSON."""
	try:
		arguments = ast.literal_eval(text)
	except (ValueError, SyntaxError) as exc:
		raise BadArgument(f"--kwargs must be a dictionary such as \"{{'days': 7}}\", not {text!r}.") from exc
	if not isinstance(arguments, dict):
		raise BadArgument(f"--kwargs must be a dictionary such as \"{{'days': 7}}\", not {text!r}.")
	click.echo(json.dumps(_call(path, arguments), indent=2))


@main.command()
def check() -> None:
	"""What is reachable, and what is missing."""
	result = check_components(current_host())
	for name, part in result["components"].items():
		click.echo(f"{'ok ' if part['ok'] else 'BAD'} {name}: {part['detail']}")
	if not result["ok"]:
		raise SystemExit(1)


def _call(path: str, arguments: dict[str, Any]) -> Any:
	for module in DOORS:
		import_module(module)
	if path not in REGISTRY:
		raise BadArgument(f"{path} is no public function. Public: {', '.join(sorted(REGISTRY))}.")
	return REGISTRY[path].function(**arguments)
