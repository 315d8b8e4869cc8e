frappe.listview_settings["SEPA Mandate"] = {
	add_fields: ["status"],
	get_indicator(doc) {
		const colors = {
			Draft: "orange",
			Active: "green",
			Suspended: "yellow",
			Cancelled: "red",
		};
		return [__(doc.status), colors[doc.status] || "gray", `status,=,${doc.status}`];
	},
};
