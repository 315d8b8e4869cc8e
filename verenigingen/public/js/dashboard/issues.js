/* The table of recurring issues, each with its course as a small drawing. */

import { h, svg } from "./dom.js";
import { count, moment, share, words } from "./format.js";

const WIDTH = 110;
const HEIGHT = 24;

/** Bars of daily counts; days not covered are a grey field. */
function sparkline(trend) {
	const top = Math.max(1, ...trend.map((value) => value || 0));
	const step = WIDTH / Math.max(1, trend.length);
	const known = trend.filter((value) => value !== null);
	const told = `Daily counts: ${known.join(", ")}; ${trend.length - known.length} days not covered`;
	const bar = (kind, from, wide, tall) =>
		svg("rect", {
			class: kind,
			x: (from * step).toFixed(2),
			y: (HEIGHT - tall).toFixed(2),
			width: (wide * step).toFixed(2),
			height: tall.toFixed(2),
		});
	const bars = [];
	for (let index = 0; index < trend.length; index++) {
		const value = trend[index];
		if (value !== null) {
			bars.push(bar("mon-bar", index, 0.8, Math.max(value ? 2 : 0.5, (value / top) * HEIGHT)));
			continue;
		}
		const from = index;
		while (index + 1 < trend.length && trend[index + 1] === null) index++;
		bars.push(bar("mon-void", from, index + 1 - from, HEIGHT));
	}
	return svg(
		"svg",
		{
			class: "mon-spark",
			viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
			preserveAspectRatio: "xMinYMid",
			role: "img",
			"aria-label": told,
		},
		bars,
	);
}

function line(issue, base) {
	const place = [issue.app, issue.culprit].filter(Boolean).join(": ");
	const title = issue.title || issue.issue;
	const cell = (label, ...children) => h("td", { "data-label": label }, ...children);
	return h(
		"tr",
		null,
		cell(
			"Issue",
			base ? h("a", { href: base + encodeURIComponent(issue.issue) }, title) : title,
			place && h("span", { class: "mon-detail" }, place),
		),
		cell(
			"Severity",
			h(
				"span",
				{ class: `mon-badge mon-${issue.severity}`, title: issue.severity_reason },
				words(issue.severity),
			),
		),
		cell("Status", issue.status),
		cell("Errors", count(issue.count), h("span", { class: "mon-detail" }, share(issue.share))),
		cell("Users", count(issue.users)),
		cell("Course", sparkline(issue.trend)),
		cell("Last seen", moment(issue.last_seen)),
	);
}

/** A table, on a narrow screen a list; `base` is the address an issue's name is added to, or "". */
export function issuesTable(rows, base) {
	const heads = ["Issue", "Severity", "Status", "Errors", "Users", "Course", "Last seen"];
	return h(
		"table",
		{ class: "mon-table" },
		h(
			"thead",
			null,
			h(
				"tr",
				null,
				heads.map((text) => h("th", { scope: "col" }, text)),
			),
		),
		h("tbody", null, rows.map((row) => line(row, base))),
	);
}
