const DOORS = "verenigingen.utils.error_issues";
const SETTLED = ["Resolved", "Resolved in Version", "Ignored"];

frappe.ui.form.on("Error Issue", {
	refresh(frm) {
		// Every field belongs to the collector; people decide with the buttons only.
		frm.disable_save();
		show_analysis(frm);
		if (!frm.perm[0]?.write) return;

		if (frm.doc.merged_into) {
			regroup(frm, __("Unmerge"), "unmerge_issue");
			return;
		}
		if (frm.doc.pinned) regroup(frm, __("Unpin"), "pin_issue", { pinned: 0 });
		else regroup(frm, __("Pin"), "pin_issue", { pinned: 1 });
		if (!["Resolved", "Resolved in Version"].includes(frm.doc.status)) {
			frm.add_custom_button(__("Resolve"), () => decide(frm, "resolve_issue"));
			frm.add_custom_button(__("Resolve in Version…"), () => ask_version(frm));
		}
		if (frm.doc.status !== "Ignored") frm.add_custom_button(__("Ignore…"), () => ask_ignore(frm));
		if (frm.doc.status === "Regressed" || SETTLED.includes(frm.doc.status))
			frm.add_custom_button(__("Reopen"), () => decide(frm, "reopen_issue"));
	},
});

function decide(frm, door, args = {}) {
	return frappe.xcall(`${DOORS}.${door}`, { name: frm.doc.name, ...args }).then(() => {
		frm.reload_doc();
	});
}

function regroup(frm, label, door, args = {}) {
	frm.add_custom_button(label, () =>
		frappe
			.xcall(`verenigingen.utils.error_grouping.${door}`, { name: frm.doc.name, ...args })
			.then(() => frm.reload_doc())
	);
}

function ask_version(frm) {
	frappe.prompt(
		{
			fieldname: "in_version",
			fieldtype: "Data",
			label: frm.doc.app ? __("Version of {0}", [frm.doc.app]) : __("Version"),
			description: __("Events of this version, or of an older one, will be no regression."),
			reqd: 1,
		},
		({ in_version }) => decide(frm, "resolve_issue", { in_version }),
		__("Resolve in Version"),
		__("Resolve")
	);
}

function ask_ignore(frm) {
	frappe.prompt(
		[
			{
				fieldname: "until_count",
				fieldtype: "Int",
				label: __("For So Many More Events"),
				description: __("Leave both empty to ignore it for ever."),
			},
			{ fieldname: "until_date", fieldtype: "Datetime", label: __("Until") },
		],
		({ until_count, until_date }) =>
			decide(frm, "ignore_issue", {
				...(until_count ? { until_count } : {}),
				...(until_date ? { until_date } : {}),
			}),
		__("Ignore"),
		__("Ignore")
	);
}

function show_analysis(frm) {
	const field = frm.get_field("analysis");
	field.html(`<p class="text-muted">${__("Loading…")}</p>`);
	frappe.xcall(`${DOORS}.get_issue`, { name: frm.doc.name }).then((issue) => {
		if (issue.name === frm.doc.name) field.html(analysis(issue));
	});
}

// Texts of logs are hostile: everything that is shown passes through here.
const text = (value) => frappe.utils.escape_html(String(value ?? ""));

function analysis(issue) {
	const tables = [
		["users", __("Affected Users"), issue.users.top.map((row) => [row.user, row.events]), issue.users.reason],
		...[
			["entry_points", __("Entry Points")],
			["app_versions", __("App Versions")],
			["doctypes", __("DocTypes")],
			["documents", __("Documents")],
			["roles", __("Roles")],
			["sources", __("Sources")],
			...(issue.frappe_fingerprints.values.length
				? [["frappe_fingerprints", __("Frappe's Own Fingerprints")]]
				: []),
		].map(([key, label]) => [
			key,
			label,
			issue[key].values.map((row) => [row.value, row.events]),
			issue[key].reason,
		]),
	];
	return `${suspects(issue.suspects)}<div class="row">${tables.map(table).join("")}</div>`;
}

function suspects(found) {
	const rows = found.suspects
		.map(
			(suspect) =>
				`<tr><td>${text(suspect.change)}</td><td>${suspect.evidence.map(text).join("; ")}</td>
				<td class="text-right">${text(suspect.score)}</td></tr>`
		)
		.join("");
	return `<h5>${__("Suspect Changes")}</h5><p>${text(found.statement)}</p>${
		rows ? `<table class="table table-bordered small"><tbody>${rows}</tbody></table>` : ""
	}`;
}

function table([, label, values, reason]) {
	const rows = values
		.slice(0, 8)
		.map(
			([value, events]) => `<tr><td>${text(value)}</td><td class="text-right">${text(events)}</td></tr>`
		)
		.join("");
	return `<div class="col-sm-6"><h5>${label}</h5>${
		rows
			? `<table class="table table-bordered small"><tbody>${rows}</tbody></table>`
			: `<p class="text-muted">${__("Unknown")}: ${text(reason)}</p>`
	}</div>`;
}
