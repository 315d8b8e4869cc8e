/* The one call the page makes, and what to tell people when it does not succeed. */

const METHOD = "/api/method/verenigingen.www.monitoring_dashboard.refresh_dashboard_data";
const PATIENCE = 45000;

function serverMessage(body) {
	try {
		const first = JSON.parse(JSON.parse(body._server_messages)[0]);
		return first.message || "";
	} catch {
		return body && typeof body.exception === "string" ? body.exception.slice(0, 300) : "";
	}
}

function plain(text) {
	return new DOMParser().parseFromString(text, "text/html").body.textContent.trim();
}

async function failure(response) {
	const body = await response.json().catch(() => ({}));
	const said = plain(serverMessage(body));
	if (response.status === 401 || response.status === 403) {
		const error = new Error(said || "Your session has ended or may not see this.");
		error.login = true;
		return error;
	}
	if (body.exc_type === "CSRFTokenError") return new Error("Your session has changed; reload the page.");
	return new Error(said || `The server answered ${response.status}.`);
}

/** All sections of the last `days` days. Rejects with an Error whose message can be shown. */
export async function load(days, token, signal) {
	const limit = AbortSignal.timeout ? AbortSignal.timeout(PATIENCE) : null;
	const stop = limit && AbortSignal.any ? AbortSignal.any([signal, limit]) : signal;
	let response;
	try {
		response = await fetch(`${METHOD}?days=${encodeURIComponent(days)}`, {
			method: "POST", // Frappe rolls a GET back, and with it the trace of who looked
			headers: { Accept: "application/json", "X-Frappe-CSRF-Token": token },
			credentials: "same-origin",
			signal: stop,
		});
	} catch (error) {
		if (signal.aborted) throw error;
		const late = error.name === "TimeoutError";
		throw new Error(late ? "The server took too long to answer." : "The server cannot be reached.");
	}
	if (!response.ok) throw await failure(response);
	const body = await response.json().catch(() => null);
	if (!body || !body.message || !body.message.sections) {
		throw new Error("The server answered with something that is not dashboard data.");
	}
	return body.message;
}
