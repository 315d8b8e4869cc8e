"""One collection presented on a mandate."""

from frappe.model.document import Document


class SEPAMandateUsage(Document):
	"""Also kept when the collection failed: the 36 months of dormancy count from it all the same (MND-09)."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		amount: DF.Currency
		batch_reference: DF.Link | None
		failure_reason: DF.Data | None
		last_retry_date: DF.Date | None
		notes: DF.SmallText | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		processing_date: DF.Date | None
		reference_doctype: DF.Literal[
			"Membership", "Donation", "Sales Invoice", "Direct Debit Batch", "Other"
		]
		reference_name: DF.Data | None
		retry_count: DF.Int
		sequence_type: DF.Literal["FRST", "RCUR", "FNAL", "OOFF"]
		status: DF.Literal["Pending", "Processing", "Collected", "Failed", "Cancelled", "Returned"]
		usage_date: DF.Date
	# end: auto-generated types
