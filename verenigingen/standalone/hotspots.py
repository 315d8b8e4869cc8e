"""`verenigingen hotspots`: where errors concentrate or rise, in words."""

from __future__ import annotations

import json
from typing import Any

import click

from verenigingen.utils.analytics_engine import identify_error_hotspots

TITLES = {
	"apps": "Apps",
	"modules": "Modules",
	"doctypes": "DocTypes",
	"roles": "User groups",
	"time_windows": "Time",
	"files": "Files",
	"functions": "Functions",
	"issues": "Issues",
}


@click.command()
@click.option("--days", default=7, show_default=True, help="Site-local days, today included.")
@click.option("--json", "as_json", is_flag=True, help="The whole result as JSON.")
def hotspots(days: int, as_json: bool) -> None:
	"""Where errors concentrate or rise: by area, user group, time, component and issue."""
	result: dict[str, Any] = identify_error_hotspots(days=days)
	if as_json:
		click.echo(json.dumps(result, indent=2))
		return
	click.echo(result["statement"])
	for name, section in result["hotspots"].items():
		click.echo(f"  {TITLES.get(name, name)}: {section['statement']}")
	for row in result["remediation_order"]:
		place = f" ({row['culprit']})" if row["culprit"] else ""
		click.echo(
			f"  {row['rank']}. [{row['severity']}, {row['severity_score']:g}] {row['title']}{place}: {row['count']}"
		)
		click.echo(f"      {row['action']}  {row['link']}")
