/* The cards of the page, from the sections of one answer. A failed or unknown section is shown as such. */

import { alerts } from "./alerts.js";
import { categories, daily, hours } from "./charts.js";
import { h } from "./dom.js";
import { count, growth, moment, plural, share, words } from "./format.js";
import { issuesTable } from "./issues.js";

const HEALTH = {
	healthy: "Healthy",
	attention: "Needs attention",
	critical: "Critical",
	unknown: "Not known",
};
const UNMEASURED = ["performance_forecast", "compliance_status", "business_impact"];

function card(title, wide, ...children) {
	const size = wide ? " mon-wide" : "";
	return h("section", { class: `mon-card${size}` }, title && h("h2", null, title), ...children);
}

const note = (text) => h("p", { class: "mon-note" }, text);
const empty = (text) => h("p", { class: "mon-empty" }, text);

/** The section's data when it is ok; otherwise null and a card that says why there is none. */
function opened(section, title) {
	if (section && section.status === "ok") return { data: section.data, notice: null };
	const failed = !section || section.status === "failed";
	const said = section ? section.reason : "The server sent nothing for it.";
	const head = failed ? `${title}: could not be computed` : `${title}: not known`;
	const kind = failed ? "mon-failed" : "mon-unknown";
	const box = { class: `mon-card mon-wide ${kind}` };
	return { data: null, notice: h("section", box, h("h2", null, head), h("p", null, said)) };
}

/** The verdict and its short reasons; totals stand in the tiles, and what was found in full in the cards below. */
function health(data) {
	const state = HEALTH[data.overall_health] ? data.overall_health : "unknown";
	const reasons = data.reasons.map((text) => text.charAt(0).toUpperCase() + text.slice(1));
	return h(
		"section",
		{ class: `mon-card mon-wide mon-health mon-is-${state}` },
		h("p", { class: "mon-state" }, HEALTH[state]),
		h("p", null, data.sentences[0]),
		h("ul", null, reasons.map((text) => h("li", null, text))),
		note(`Judged by ${data.basis} only; errors over ${data.analysis_period}.`),
	);
}

function tile(label, value, detail, kind) {
	return h(
		"div",
		{ class: `mon-tile${kind ? ` mon-is-${kind}` : ""}` },
		h("span", { class: "mon-label" }, label),
		h("strong", null, value),
		detail && h("span", { class: "mon-detail" }, detail),
	);
}

function growthTile(data) {
	const kind = { growing: "attention", shrinking: "healthy" }[data.direction];
	const between = data.interval_95;
	const detail = between ? `95 % interval ${growth(between[0])} to ${growth(between[1])}` : data.reason;
	const told = between && data.direction === "stable" ? `${detail}; no significant change` : detail;
	return tile("Against the period before", growth(data.change_ratio), told, kind);
}

function tiles(data) {
	const young = data.data_since && Date.parse(data.data_since) > Date.parse(data.window.start);
	const known = young ? `, observed since ${moment(data.data_since)}` : "";
	return h(
		"div",
		{ class: "mon-tiles mon-wide" },
		tile("Errors", count(data.total_errors), `in ${data.analysis_period}${known}`),
		tile("Issues", count(data.total_issues), `${count(data.new_issues)} new in the period`),
		tile("Affected users", count(data.affected_users), data.affected_users_reason),
		growthTile(data.growth),
	);
}

function severity(data) {
	const rows = Object.entries(data);
	return h(
		"ul",
		{ class: "mon-severity" },
		rows.map(([level, row]) =>
			h(
				"li",
				null,
				h("span", { class: `mon-badge mon-${level}` }, words(level)),
				h("strong", null, count(row.count)),
				h("span", { class: "mon-detail" }, `${share(row.share)} · ${plural(row.issues, "issue")}`),
			),
		),
	);
}

/** A box for a chart; drawn once it is in the page, as a canvas needs its width. */
function chartBox(later, description, height, paint) {
	const box = h("div", { class: "mon-chart", role: "img", "aria-label": description });
	box.style.height = `${height}px`;
	later.push(() => paint(box));
	return box;
}

function kinds(data, later) {
	const rows = data.categories;
	const told = rows.map((row) => `${row.label} ${row.count}`).join(", ");
	const bars = rows.length
		? chartBox(later, `Errors by kind: ${told}`, 28 * rows.length + 16, (box) =>
				categories(box, rows),
			)
		: empty("No errors in this period.");
	return [card("Severity", false, severity(data.severity)), card("Kinds of errors", false, bars)];
}

function recurring(data, base) {
	const rows = data.recurring_issues;
	const hidden = data.recurring_total - rows.length;
	return card(
		"Recurring issues",
		true,
		rows.length ? issuesTable(rows, base) : empty("No issue came back often enough to count."),
		hidden > 0 && note(`${plural(hidden, "further issue")} not listed.`),
		data.notes.length > 0 &&
			h(
				"details",
				null,
				h("summary", null, "How to read these numbers"),
				h(
					"ul",
					null,
					data.notes.map((text) => h("li", null, text)),
				),
			),
	);
}

function course(data, later) {
	const series = data.daily_trends.series;
	const uncovered = series.filter((day) => day.count === null).length;
	const trend = data.daily_trends;
	const told = `Trend ${trend.direction}: ${trend.reason}.`;
	const gap = uncovered ? ` Grey: ${plural(uncovered, "day")} not covered by collection.` : "";
	return card(
		"Errors a day",
		true,
		chartBox(later, `Errors a day. ${told}${gap}`, 240, (box) => daily(box, series)),
		note(`${told}${gap} Faint bar: a day not complete. Line: mean of 7 complete days.`),
	);
}

function week(data, later) {
	const pattern = data.hourly_patterns;
	const names = pattern.by_weekday.map((row) => row.weekday);
	const peak = pattern.peak_hour === null ? "" : ` Most errors per observed hour: ${pattern.peak_hour}:00.`;
	const said = `In the site's time zone, ${data.window.time_zone}.${peak}`;
	return card(
		"Hours of the week",
		true,
		chartBox(later, `Errors by weekday and hour. ${said}`, 230, (box) =>
			hours(box, pattern.heatmap, names),
		),
		note(said),
	);
}

/** What was found, the most important first, each with what to do about it. */
function findings(data, base) {
	const actions = new Map(data.recommendations.map((row) => [row.reason, row]));
	const rows = data.insights.map((found) => {
		const todo = actions.get(found.statement);
		return h(
			"li",
			null,
			issueLink(found, base),
			todo &&
				h(
					"p",
					{ class: "mon-action" },
					h("span", { class: `mon-badge mon-${todo.priority}` }, words(todo.priority)),
					h("strong", null, todo.action),
				),
		);
	});
	const list = rows.length ? h("ol", { class: "mon-todo" }, rows) : empty("Nothing stands out.");
	return card("What stands out, and what to do", true, list);
}

function issueLink(found, base) {
	if (!base || !found.issue) return h("span", null, found.statement);
	return h("a", { href: base + encodeURIComponent(found.issue) }, found.statement);
}

function collector(row) {
	// what is measured rather than counted has neither rows nor a beginning
	const counted = row.collected_rows ? `, ${plural(row.collected_rows, "row")} counted` : "";
	const since = row.data_since ? `, data since ${moment(row.data_since)}` : "";
	return h(
		"li",
		null,
		h("strong", null, `${row.collector}:`),
		` ${row.status}, last run ${moment(row.last_run)}${counted}${since}`,
		row.error && h("p", { class: row.status === "absent" ? "mon-note" : "mon-error" }, row.error),
	);
}

function collection(data) {
	const rows = data.collectors;
	const list = h("ul", null, rows.map(collector));
	const first = data.backfill;
	const under = first && !first.finished && first.total ? note(first.statement) : null;
	return card("Collection", true, under, rows.length ? list : empty("No collector has run yet."));
}

function unmeasured(sections) {
	const rows = UNMEASURED.filter((name) => sections[name] && sections[name].status !== "ok");
	if (!rows.length) return null;
	const list = rows.map((name) =>
		h("li", null, h("strong", null, `${words(name)}: `), sections[name].reason),
	);
	return card("Not measured", true, h("ul", null, list));
}

/** Replaces what is in `target` by the cards of `answer`; `base` is where issues are shown, or "". */
export function render(target, answer, base) {
	const { sections } = answer;
	const later = [];
	const state = opened(sections.executive_summary, "Overall state");
	const watched = opened(sections.active_alerts, "Scheduler, jobs, mail, backups and logs");
	const errors = opened(sections.error_summary, "Errors");
	const analysed = opened(sections.analytics_summary, "Analytics");
	const collected = opened(sections.collection, "Collection");
	const cards = [
		state.data ? health(state.data) : state.notice,
		watched.data ? alerts(watched.data) : watched.notice,
		errors.data ? tiles(errors.data) : errors.notice,
		analysed.data ? [findings(analysed.data, base), course(analysed.data, later)] : analysed.notice,
		errors.data && [recurring(errors.data, base), kinds(errors.data, later)],
		analysed.data && week(analysed.data, later),
		collected.data ? collection(collected.data) : collected.notice,
		unmeasured(sections),
	];
	target.replaceChildren(...cards.flat(2).filter(Boolean));
	for (const paint of later) paint();
}
