// Merging by hand in the list of Error Issue; loaded after the list's own script.
(() => {
	const settings = (frappe.listview_settings["Error Issue"] ??= {});
	const loaded = settings.onload;
	settings.filters ??= [["status", "!=", "Merged"]];

	const merge = (names, into) =>
		frappe
			.xcall("verenigingen.utils.error_grouping.merge_issues", { names: JSON.stringify(names), into })
			.then((result) => {
				frappe.show_alert({
					message: __("{0} issues merged", [result.merged.length]),
					indicator: "green",
				});
			});

	const ask = (listview, issues) => {
		const options = issues.map((issue) => ({ value: issue.name, label: `${issue.title} (${issue.name})` }));
		frappe.prompt(
			{
				fieldname: "into",
				fieldtype: "Select",
				label: __("The issue that stays"),
				description: __("It counts the events of all of them from now on. Unmerge takes this back."),
				options,
				default: issues[0].name,
				reqd: 1,
			},
			({ into }) =>
				merge(
					issues.map((issue) => issue.name),
					into
				).then(() => listview.refresh()),
			__("Merge {0} Issues", [issues.length]),
			__("Merge")
		);
	};

	settings.onload = (listview) => {
		loaded?.(listview);
		if (!frappe.model.can_write("Error Issue")) return;
		listview.page.add_actions_menu_item(
			__("Merge"),
			() => {
				const issues = listview.get_checked_items();
				if (issues.length < 2) frappe.msgprint(__("Select two or more issues to merge."));
				else ask(listview, issues);
			},
			false
		);
	};
})();
