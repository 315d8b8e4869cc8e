/* The page's life: which period, when to ask again, and what to say while waiting or after a failure. */

import { load } from "./api.js";
import { clear } from "./charts.js";
import { h } from "./dom.js";
import { moment } from "./format.js";
import { render } from "./sections.js";

const PERIODS = [7, 30, 90];
const USUAL = 30;
const EVERY = 60000;

function chosenDays() {
	const found = /(?:^#|&)days=(\d+)/.exec(window.location.hash);
	const days = found ? Number(found[1]) : USUAL;
	return PERIODS.includes(days) ? days : USUAL;
}

/** Brings the skeleton `root` to life. */
export function start(root) {
	const part = (name) => root.querySelector(`[data-${name}]`);
	const body = part("body");
	const banner = part("banner");
	const updated = part("updated");
	const button = part("refresh");
	const range = root.querySelector(".mon-range");
	let shown = null;
	let current = null;
	let asked = 0;

	const buttons = PERIODS.map((days) => {
		const choice = h("button", { type: "button", class: "mon-button" }, `${days} days`);
		choice.addEventListener("click", () => {
			window.location.hash = `days=${days}`;
		});
		range.append(choice);
		return [days, choice];
	});

	function mark() {
		const days = chosenDays();
		for (const [own, choice] of buttons) choice.setAttribute("aria-pressed", String(own === days));
	}

	function draw() {
		clear();
		render(body, shown, root.dataset.issues || "");
		updated.textContent = `As of ${moment(shown.generated_at)}, site time`;
	}

	function complain(error) {
		const stale = shown ? ` Shown is what was known at ${moment(shown.generated_at)}.` : "";
		const login = h("a", { href: "/login?redirect-to=/monitoring_dashboard" }, "Log in");
		banner.replaceChildren(`Not refreshed: ${error.message}${stale} `, ...(error.login ? [login] : []));
		banner.hidden = false;
		if (!shown) body.replaceChildren(h("p", { class: "mon-empty" }, "There is nothing to show yet."));
	}

	async function refresh() {
		if (current) current.abort();
		const own = new AbortController();
		current = own;
		asked = Date.now();
		root.setAttribute("aria-busy", "true");
		button.disabled = true;
		try {
			const answer = await load(chosenDays(), root.dataset.csrfToken, own.signal);
			if (current !== own) return;
			shown = answer;
			banner.hidden = true;
			draw();
		} catch (error) {
			if (current === own) complain(error);
		} finally {
			if (current === own) {
				current = null;
				root.setAttribute("aria-busy", "false");
				button.disabled = false;
			}
		}
	}

	const dueNow = () => document.visibilityState === "visible" && !current && Date.now() - asked >= EVERY;
	button.addEventListener("click", refresh);
	window.addEventListener("hashchange", () => {
		mark();
		refresh();
	});
	window.setInterval(() => dueNow() && refresh(), EVERY / 12);
	document.addEventListener("visibilitychange", () => dueNow() && refresh());
	window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shown && draw());
	mark();
	refresh();
}
