frappe.listview_settings["Member"] = {
	add_fields: ["status"],
	get_indicator(doc) {
		const colors = {
			Pending: "orange",
			Active: "green",
			Suspended: "yellow",
			Rejected: "red",
			Banned: "red",
		};
		return [__(doc.status), colors[doc.status] || "gray", `status,=,${doc.status}`];
	},
};
