frappe.ui.form.on("Error Issue", {
	refresh(frm) {
		// Every field belongs to the collector; people decide with the buttons only.
		frm.disable_save();
		if (!frm.perm[0]?.write) return;

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
