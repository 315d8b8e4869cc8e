"""How far each collector has come, and whether its books balance."""

from frappe.model.document import Document


class CollectorState(Document):
	"""One row per collector, named like it and written by it alone."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		collected_rows: DF.Int
		data_since: DF.Datetime | None
		gaps: DF.LongText | None
		joined_rows: DF.Int
		last_duration: DF.Float
		last_error: DF.SmallText | None
		last_run: DF.Datetime | None
		lost_events: DF.Int
		memory: DF.LongText | None
		reconciled_at: DF.Datetime | None
		source_rows: DF.Int
		status: DF.Literal["ok", "failed", "absent", "never"]
		watermark: DF.Datetime | None
	# end: auto-generated types
