"""One claim in a Direct Debit Batch."""

from frappe.model.document import Document


class DirectDebitBatchInvoice(Document):
	"""What is collected from whom; checked by Direct Debit Batch."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		amount: DF.Currency
		bank_account: DF.Data | None
		bic: DF.Data | None
		currency: DF.Link
		iban: DF.Data
		invoice: DF.Data
		mandate_reference: DF.Data
		member: DF.Link
		member_name: DF.Data | None
		membership: DF.Link
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		result_code: DF.Data | None
		result_message: DF.SmallText | None
		status: DF.Literal["Pending", "Processed", "Successful", "Failed"]
	# end: auto-generated types
