"""A remedy of the watchdog that somebody applied: what was done, by whom, and what taking it back needs."""

from frappe.model.document import Document


class WatchdogAction(Document):
	"""Written by the service; nobody edits it, and it is not cleared: it is the record of who changed the site."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		applied_at: DF.Datetime | None
		applied_by: DF.Data | None
		memory: DF.LongText | None
		remedy: DF.Data
		state: DF.Literal["Applied", "Undone"]
		summary: DF.SmallText | None
		target: DF.Data
		undone_at: DF.Datetime | None
		undone_by: DF.Data | None
	# end: auto-generated types
