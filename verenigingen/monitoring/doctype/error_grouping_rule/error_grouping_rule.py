"""A rule of the users for grouping errors, a row of Monitoring Settings; see `core.errors.rules`."""

from frappe.model.document import Document


class ErrorGroupingRule(Document):
	"""Checked by Monitoring Settings with all its neighbours, as names must differ."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		action: DF.Literal["merge", "split", "pin"]
		app: DF.Data | None
		category: DF.Data | None
		description: DF.SmallText | None
		document_type: DF.Data | None
		enabled: DF.Check
		entry_point: DF.Data | None
		exception: DF.Data | None
		function: DF.Data | None
		issue: DF.Data | None
		message: DF.Data | None
		module: DF.Data | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		rule_name: DF.Data
		set_category: DF.Data | None
		severity: DF.Data | None
		split_by: DF.Data | None
		title: DF.Data | None
	# end: auto-generated types
