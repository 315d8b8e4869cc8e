frappe.listview_settings["Error Issue"] = {
	add_fields: ["status", "status_reason", "resolved_in", "ignored_left", "ignored_until"],
	hide_name_column: true,
	filters: [["status", "in", ["Open", "Regressed"]]],
	get_indicator(doc) {
		const colors = {
			Open: "orange",
			Regressed: "red",
			Resolved: "green",
			"Resolved in Version": "green",
			Ignored: "gray",
			Merged: "gray",
		};
		let label = __(doc.status);
		if (doc.status === "Resolved in Version") label = __("Resolved in {0}", [doc.resolved_in]);
		if (doc.status === "Ignored" && doc.ignored_left) label = __("Ignored, {0} left", [doc.ignored_left]);
		else if (doc.status === "Ignored" && doc.ignored_until)
			label = __("Ignored until {0}", [frappe.datetime.str_to_user(doc.ignored_until)]);
		return [frappe.utils.escape_html(label), colors[doc.status] || "gray", `status,=,${doc.status}`];
	},
};
