frappe.listview_settings["Membership Dues Schedule"] = {
	add_fields: ["status"],
	get_indicator(doc) {
		const colors = {
			Active: "green",
			Paused: "yellow",
			Cancelled: "red",
			Test: "blue",
		};
		return [__(doc.status), colors[doc.status] || "gray", `status,=,${doc.status}`];
	},
};
