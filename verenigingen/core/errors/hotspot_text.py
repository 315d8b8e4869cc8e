"""What a report on hotspots says in words, and in which order the issues behind them are to be repaired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .insights import named

EXPLAINS = 0.25  # an issue with that much of a hotspot's events is one to repair for it

Row = dict[str, Any]

ACTIONS = {
	"permission": "See whether these users ought to have this right: give them the role, or do not offer the step.",
	"validation": "See which input is refused and guide it where it is entered.",
	"database": "Look at the statement, at its locks and at the server at these hours.",
	"integration": "Check the other system, the credentials for it, and what is tried again.",
	"timeout": "Find what takes long: the query, the remote answer or the amount of work.",
	"background_job": "Look at the job's arguments, and make it safe to run again.",
	"mail": "Check the e-mail account, its limits, and the server's answer.",
	"template": "Render the template with a document of the sample: a value is missing or of another type.",
	"data_import": "Compare the file with the columns the import expects.",
	"configuration": "Put right what the message names: a setting, a file, or a resource of the server.",
	"code_defect": "Repair the code: the sample shows the case it does not expect.",
}
READ = "Read the sample of this issue and decide what it is."


def reasons(row: Row) -> list[str]:
	"""Why a row stands out, each with its figures."""
	said = []
	if row["rising"] and row["ratio"] is None:
		said.append(f"{row['count']} errors, and none in the days before that are known")
	elif row["rising"]:
		low, high = row["ratio_interval_95"]
		said.append(
			f"{row['count']} errors where {row['usual']:.1f} are usual"
			f" ({row['ratio']:.1f} times, 95 % interval {low:.1f} to {high:.1f})"
		)
	if row["concentrated"]:
		low, high = row["share_interval_95"]
		said.append(f"{row['share']:.0%} of {row['share_of']} (95 % interval {low:.0%} to {high:.0%})")
	if row["stands_out"] and not said:
		said.append(row["severity_reason"])
	return said


def section_statement(
	many: str, rows: Sequence[Row], values: int, total: int, of: str, rise_known: bool
) -> str:
	"""One sentence on a dimension: what stands out, or that nothing does. `values` had `total` events of the kind `of`
	altogether, `rows` are those that are shown."""
	out = [row for row in rows if row["stands_out"]]
	if out:
		return "; ".join(f"{label(row)}: {', '.join(row['reasons'])}" for row in out[:3]) + _more(out[3:])
	if not total:
		return "No errors in the period."
	if not rows:
		return f"None of {of} names one of the {many}."
	most = rows[0]
	if values == 1:
		return (
			f"Only one of the {many} has errors: {label(most)}, {most['count']} of {total} ({of})."
			+ _rise(rise_known)
		)
	between = most["share_interval_95"]
	share = f"{most['share']:.0%}" + (
		f", 95 % interval {between[0]:.0%} to {between[1]:.0%}" if between else ""
	)
	said = f"Nothing stands out among {values} {many}; most on {label(most)} ({share} of {of})."
	return said + _rise(rise_known)


def _rise(known: bool) -> str:
	return (
		""
		if known
		else " Whether that is more than usual is not known: under 14 whole days before the period."
	)


def _more(rows: Sequence[Row]) -> str:
	return f"; and {len(rows)} more." if rows else "."


def label(row: Row) -> str:
	"""A row's value as a sentence names it; an issue by its title."""
	if row["dimension"] == "issues" and row["top_issues"]:
		return named(row["top_issues"][0])
	return str(row["value"])


def statement(report: Mapping[str, Any], rows: Sequence[Row]) -> str:
	"""The whole report in a sentence or two."""
	total, period = report["total_errors"], report["analysis_period"]
	if total is None:
		return "Not known: errors are not collected yet."
	if not total:
		return f"No errors in {period}: no hotspots."
	errors = f"{total} error{'' if total == 1 else 's'} in {period}"
	if not rows:
		rise = (
			"" if report["baseline_days"] >= 14 else ", as far as that is known without two weeks before them"
		)
		return f"{errors}; nothing stands out{rise}."
	kinds: dict[str, int] = {}
	for row in rows:
		kinds[row["kind"]] = kinds.get(row["kind"], 0) + 1
	found = ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in kinds.items())
	critical = len(report["critical"])
	first = report["remediation_order"][:1]
	said = f"{errors}; what stands out: {found}; {critical or 'none'} of it critical."
	return said + (f" First to repair: {named(first[0])}." if first else "")


def order(rows: Sequence[Row], facts: Mapping[str, Row]) -> list[Row]:
	"""The issues behind what stands out, most severe first, each with the hotspots it explains and what to do.

	An issue explains a hotspot with a quarter of its events or more. What people chose to ignore is left out.
	"""
	explains: dict[str, list[Row]] = {}
	for row in rows:
		for issue in row["top_issues"]:
			if issue["count"] >= EXPLAINS * row["count"]:
				spot = {"dimension": row["dimension"], "value": row["value"], "events": issue["count"]}
				explains.setdefault(issue["issue"], []).append(spot)
	found = [
		{**facts[issue], "hotspots": spots, "action": ACTIONS.get(facts[issue]["category"], READ)}
		for issue, spots in explains.items()
		if issue in facts and facts[issue]["status"].lower() != "ignored"
	]
	found.sort(key=lambda row: (-row["severity_score"], -row["count"], row["issue"]))
	return [{"rank": rank, **row} for rank, row in enumerate(found, 1)]
