"""An event of the last days, kept so that another source's record of it is not counted again."""

from frappe.model.document import Document


class ErrorEvent(Document):
	"""Holds digests, pseudonyms and where the event was counted; the collector deletes it after two days."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		close_digest: DF.Data | None
		exact_digest: DF.Data | None
		facets: DF.SmallText | None
		issue: DF.Link | None
		job_method: DF.Data | None
		joined: DF.SmallText | None
		occurred: DF.Datetime
		source: DF.Data
		trace_id: DF.Data | None
		user: DF.Data | None
	# end: auto-generated types
