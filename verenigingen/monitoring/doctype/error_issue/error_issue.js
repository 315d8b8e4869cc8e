frappe.ui.form.on("Error Issue", {
	refresh(frm) {
		// Every field belongs to the collector; people decide with the buttons only.
		frm.disable_save();
		if (!frm.perm[0]?.write) return;

		const change = (label, method, args) =>
			frm.add_custom_button(label, () =>
				frappe
					.xcall(`verenigingen.utils.error_grouping.${method}`, { name: frm.docname, ...args })
					.then(() => frm.reload_doc())
			);
		if (frm.doc.merged_into) {
			change(__("Unmerge"), "unmerge_issue");
			return;
		}
		if (frm.doc.pinned) change(__("Unpin"), "pin_issue", { pinned: 0 });
		else change(__("Pin"), "pin_issue", { pinned: 1 });
		const decide = (label, method) =>
			frm.add_custom_button(label, () =>
				frappe
					.xcall("run_doc_method", { dt: frm.doctype, dn: frm.docname, method })
					.then(() => frm.reload_doc())
			);
		if (frm.doc.status !== "Resolved") decide(__("Resolve"), "resolve");
		if (frm.doc.status !== "Ignored") decide(__("Ignore"), "ignore");
		if (frm.doc.status !== "Open") decide(__("Reopen"), "reopen");
	},
});
