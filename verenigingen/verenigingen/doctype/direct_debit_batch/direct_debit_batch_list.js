frappe.listview_settings["Direct Debit Batch"] = {
	add_fields: ["status"],
	has_indicator_for_draft: true,
	has_indicator_for_cancelled: true,
	get_indicator(doc) {
		const colors = {
			Draft: "orange",
			Generated: "yellow",
			Submitted: "blue",
			Processed: "green",
			Failed: "red",
		};
		return [__(doc.status), colors[doc.status] || "gray", `status,=,${doc.status}`];
	},
};
