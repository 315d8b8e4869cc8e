/* Numbers and times as people read them. What was not measured is a dash, never a zero. */

const NOTHING = "–";
const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const change = new Intl.NumberFormat(undefined, {
	style: "percent",
	maximumFractionDigits: 0,
	signDisplay: "exceptZero",
});

const missing = (value) => value === null || value === undefined;

export const count = (value) => (missing(value) ? NOTHING : number.format(value));
export const share = (value) => (missing(value) ? NOTHING : percent.format(value));
export const growth = (value) => (missing(value) ? NOTHING : change.format(value));

/** A site-local ISO time as "2026-11-23 21:58": the site's wall clock, not the browser's. */
export const moment = (iso) => (iso ? String(iso).slice(0, 16).replace("T", " ") : NOTHING);

export const plural = (value, noun) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

export const words = (name) => {
	const text = String(name).replace(/_/g, " ");
	return text.charAt(0).toUpperCase() + text.slice(1);
};
