(() => {
	const doors = "verenigingen.utils.error_grouping";
	const escape = (text) => frappe.utils.escape_html(String(text ?? ""));

	const parts = (issue) => {
		const rows = Object.entries(issue.parts).map(([part, count]) => `${escape(part)}: ${escape(count)}`);
		return rows.length ? `<div class="text-muted small">${rows.join("<br>")}</div>` : "";
	};

	const issue_row = (issue) => `<tr>
		<td><a href="/app/error-issue/${encodeURIComponent(issue.issue)}">${escape(issue.title)}</a>${parts(issue)}</td>
		<td class="text-right">${issue.exact ? "" : "≥ "}${escape(issue.matching_events)}</td>
		<td class="text-right">${escape(issue.event_count)}</td>
		<td>${escape(issue.explanation)}</td></tr>`;

	const show = (preview) => {
		const heads = [__("Issue"), __("Matching"), __("Events"), __("What would happen")];
		const head = heads.map((label) => `<th>${label}</th>`).join("");
		const body = preview.issues.map(issue_row).join("");
		const table = `<table class="table table-bordered"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
		frappe.msgprint({
			title: __("{0} past issues, {1} events", [preview.touches, preview.events]),
			message: `${preview.notes.map((note) => `<p>${escape(note)}</p>`).join("")}${
				preview.issues.length ? table : `<p>${__("The rule touches no past issue.")}</p>`
			}`,
			wide: true,
		});
	};

	// What of a row makes the rule; the rest of the document is Frappe's.
	const rule_of = (row) => {
		const fields = frappe.meta
			.get_docfields("Error Grouping Rule")
			.filter((field) => !frappe.model.no_value_type.includes(field.fieldtype))
			.map((field) => [field.fieldname, row[field.fieldname] ?? null]);
		return JSON.stringify(Object.fromEntries(fields));
	};

	const said = (result) => {
		const merged = result.merged.reduce((sum, entry) => sum + entry.issues.length, 0);
		const left = result.left.map((entry) => `<li>${escape(entry.title)}: ${escape(entry.why)}</li>`).join("");
		frappe.msgprint({
			title: __("Rules Applied"),
			message: `<p>${__("{0} issues merged, {1} pinned.", [merged, result.pinned.length])}</p><ul>${left}</ul>`,
		});
	};

	const apply = () =>
		frappe.confirm(
			__(
				"Apply the grouping rules to past issues? Matching issues are merged or pinned; merged ones can be taken apart again."
			),
			() => frappe.xcall(`${doors}.apply_grouping_rules`).then(said)
		);

	const as_text = (frm) => JSON.stringify((frm.doc.error_grouping_rules || []).map(rule_of));

	frappe.ui.form.on("Monitoring Settings", {
		refresh(frm) {
			frm.grouping_rules = as_text(frm);
			if (frm.doc.error_grouping_rules?.length) {
				frm.add_custom_button(__("Apply Grouping Rules to Past Issues"), () =>
					frm.is_dirty() ? frappe.msgprint(__("Save the rules first.")) : apply()
				);
			}
		},
		before_save(frm) {
			frm.rules_changed = as_text(frm) !== frm.grouping_rules;
		},
		after_save(frm) {
			if (frm.rules_changed && frm.doc.error_grouping_rules?.length) apply();
			frm.rules_changed = false;
		},
	});

	frappe.ui.form.on("Error Grouping Rule", {
		test_it(frm, doctype, name) {
			frappe
				.xcall(`${doors}.preview_grouping_rule`, { rule: rule_of(locals[doctype][name]) })
				.then(show);
		},
	});
})();
