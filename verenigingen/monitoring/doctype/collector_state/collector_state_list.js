frappe.listview_settings["Collector State"] = {
	get_indicator(doc) {
		const colors = { ok: "green", failed: "red", never: "gray" };
		return [__(doc.status), colors[doc.status], `status,=,${doc.status}`];
	},
};
