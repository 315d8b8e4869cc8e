/* What the watchdog found to be silent or stuck at this moment, and what it could not look at. */

import { h } from "./dom.js";
import { moment, plural, words } from "./format.js";

function alert(row) {
	const since = row.since ? ` Since ${moment(row.since)}.` : "";
	return h(
		"li",
		null,
		h("span", { class: `mon-badge mon-${row.severity}` }, words(row.severity)),
		h("strong", null, ` ${row.title}.`),
		h("p", null, row.explanation + since),
		h("p", { class: "mon-action" }, row.remedy),
	);
}

function unseen(rows) {
	const reasons = new Map();
	for (const row of rows) reasons.set(row.reason, [...(reasons.get(row.reason) || []), words(row.check)]);
	return h(
		"details",
		null,
		h("summary", null, `${plural(rows.length, "check")} could not be made`),
		h(
			"ul",
			null,
			[...reasons].map(([reason, checks]) => h("li", null, h("strong", null, `${checks.join(", ")}: `), reason)),
		),
	);
}

/** The alerts that are not errors (those have cards of their own). */
export function alerts(data) {
	const rows = data.alerts.filter((row) => row.source === "watchdog");
	const none = data.unknown.length ? "Nothing is wrong in what could be looked at." : "Nothing is wrong.";
	return h(
		"section",
		{ class: "mon-card mon-wide", "data-alerts": rows.length },
		h("h2", null, "Silent or stuck now"),
		rows.length ? h("ol", { class: "mon-todo" }, rows.map(alert)) : h("p", { class: "mon-empty" }, none),
		data.unknown.length > 0 && unseen(data.unknown),
	);
}
