/* ECharts drawings. Tooltips are text on the canvas (richText), so labels are never parsed as HTML. */

import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

import { count, plural, share } from "./format.js";

use([BarChart, LineChart, HeatmapChart]);
use([GridComponent, TooltipComponent, VisualMapComponent, CanvasRenderer]);

const MEAN_DAYS = 7;
const live = new Set();

/** The page's colours, read from CSS so that dark mode has one home. */
function palette(node) {
	const style = getComputedStyle(node);
	const read = (name) => style.getPropertyValue(`--mon-${name}`).trim();
	return {
		ink: read("ink"),
		muted: read("muted"),
		line: read("line"),
		card: read("card"),
		accent: read("accent"),
		accentSoft: read("accent-soft"),
		mean: read("mean"),
		void: read("void"),
		zero: read("zero"),
	};
}

function draw(node, option) {
	const chart = init(node, null, { renderer: "canvas" });
	const colours = palette(node);
	const { fontFamily } = getComputedStyle(node); // a canvas inherits nothing
	chart.setOption({ animation: false, textStyle: { fontFamily }, ...option(colours) });
	const watcher = new ResizeObserver(() => chart.resize());
	watcher.observe(node);
	live.add({ chart, watcher });
}

/** Releases every chart; called before the page is drawn anew. */
export function clear() {
	for (const { chart, watcher } of live) {
		watcher.disconnect();
		chart.dispose();
	}
	live.clear();
}

const tooltip = (c, formatter, trigger = "item") => ({
	trigger,
	formatter,
	renderMode: "richText",
	confine: true,
	backgroundColor: c.card,
	borderColor: c.line,
	textStyle: { color: c.ink, fontSize: 12 },
});
const labels = (c, more) => ({ color: c.muted, fontSize: 11, ...more });

/** Mean of the last seven complete days, null where there are fewer. */
function runningMean(series) {
	return series.map((_, index) => {
		const week = series.slice(Math.max(0, index - MEAN_DAYS + 1), index + 1);
		if (week.length < MEAN_DAYS || week.some((day) => !day.complete)) return null;
		return week.reduce((sum, day) => sum + day.count, 0) / MEAN_DAYS;
	});
}

/** Errors a day. Days without collection are a grey field, not a zero. */
export function daily(node, series) {
	const dates = series.map((day) => day.date.slice(5));
	const means = runningMean(series);
	const said = (rows) => {
		const index = rows[0].dataIndex; // the same on both axes
		const day = series[index];
		if (day.count === null) return `${day.date}\nnot covered`;
		const part = day.complete ? "" : " so far or in part";
		const mean = means[index] === null ? "" : `\n7-day mean ${count(means[index])}`;
		return `${day.date}\n${plural(day.count, "error")}${part}${mean}`;
	};
	draw(node, (c) => ({
		grid: { left: 8, right: 8, top: 14, bottom: 4, containLabel: true },
		tooltip: tooltip(c, said, "axis"),
		xAxis: [
			{
				type: "category",
				data: dates,
				axisLabel: labels(c, { hideOverlap: true }),
				axisLine: { lineStyle: { color: c.line } },
				axisTick: { show: false },
			},
			{ type: "category", data: dates, show: false, axisLabel: { show: false } },
		],
		yAxis: [
			{
				type: "value",
				minInterval: 1,
				axisLabel: labels(c, { formatter: (value) => count(value) }),
				splitLine: { lineStyle: { color: c.line } },
			},
			{ type: "value", min: 0, max: 1, show: false, axisLabel: { show: false } },
		],
		series: [
			{
				name: "not covered",
				type: "bar",
				xAxisIndex: 1, // axes of its own: full width and height whatever the counts are
				yAxisIndex: 1,
				data: series.map((day) => (day.count === null ? 1 : null)),
				itemStyle: { color: c.void, borderColor: c.void, borderWidth: 1 },
				barWidth: "100%",
				silent: true,
			},
			{
				name: "errors",
				type: "bar",
				barWidth: "70%",
				data: series.map((day) => ({
					value: day.count,
					itemStyle: { color: day.complete ? c.accent : c.accentSoft },
				})),
			},
			{
				name: "7-day mean",
				type: "line",
				data: means,
				showSymbol: false,
				connectNulls: false,
				lineStyle: { color: c.mean, width: 2 },
				itemStyle: { color: c.mean },
			},
		],
	}));
}

/** Events by weekday and hour of the site's clock; hours never observed stay empty. */
export function hours(node, rows, weekdays) {
	const shown = (value) => (value === null ? "-" : value); // "-" is how ECharts writes an empty cell
	const cells = rows.flatMap((row, day) => row.map((value, hour) => [hour, day, shown(value)]));
	const top = Math.max(1, ...rows.flat().map((value) => value || 0));
	const names = weekdays.map((name) => name.slice(0, 3));
	const said = ({ value: [hour, day, number] }) => {
		const next = String((hour + 1) % 24).padStart(2, "0");
		const amount = number === "-" ? "not covered" : plural(number, "error");
		return `${weekdays[day]} ${String(hour).padStart(2, "0")}:00–${next}:00\n${amount}`;
	};
	draw(node, (c) => ({
		grid: { left: 8, right: 8, top: 4, bottom: 4, containLabel: true },
		tooltip: tooltip(c, said),
		xAxis: {
			type: "category",
			data: Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0")),
			axisLabel: labels(c, { hideOverlap: true }),
			axisLine: { show: false },
			axisTick: { show: false },
		},
		yAxis: {
			type: "category",
			data: names,
			inverse: true,
			axisLabel: labels(c),
			axisLine: { show: false },
			axisTick: { show: false },
		},
		visualMap: { show: false, min: 0, max: top, inRange: { color: [c.zero, c.accentSoft, c.accent] } },
		series: [{ type: "heatmap", data: cells, itemStyle: { borderColor: c.card, borderWidth: 2 } }],
	}));
}

/** One bar per category of error, the largest on top. */
export function categories(node, rows) {
	const said = ({ dataIndex }) => {
		const row = rows[dataIndex];
		const amount = `${plural(row.count, "error")} (${share(row.share)})`;
		return `${row.label}\n${amount}, ${plural(row.issues, "issue")}`;
	};
	draw(node, (c) => ({
		grid: { left: 8, right: 48, top: 4, bottom: 4, containLabel: true },
		tooltip: tooltip(c, said),
		xAxis: { type: "value", show: false },
		yAxis: {
			type: "category",
			inverse: true,
			data: rows.map((row) => row.label),
			axisLabel: labels(c, { color: c.ink, width: 130, overflow: "truncate" }),
			axisLine: { show: false },
			axisTick: { show: false },
		},
		series: [
			{
				type: "bar",
				data: rows.map((row) => row.count),
				barMaxWidth: 18,
				itemStyle: { color: c.accent, borderRadius: 2 },
				label: {
					show: true,
					position: "right",
					color: c.ink,
					formatter: ({ value }) => count(value),
				},
			},
		],
	}));
}
