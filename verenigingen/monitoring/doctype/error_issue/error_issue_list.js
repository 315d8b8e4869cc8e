frappe.listview_settings["Error Issue"] = {
	add_fields: ["status"],
	hide_name_column: true,
	get_indicator(doc) {
		const colors = { Open: "orange", Regressed: "red", Resolved: "green", Ignored: "gray", Merged: "gray" };
		return [__(doc.status), colors[doc.status], `status,=,${doc.status}`];
	},
};
