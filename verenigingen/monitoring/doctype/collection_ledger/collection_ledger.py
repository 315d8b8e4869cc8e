"""A page of the ledger of source rows that have been counted; see `verenigingen.services.ledger`."""

from frappe.model.document import Document


class CollectionLedger(Document):
	"""Keys of counted rows. Deleting a page makes the collector count its rows again."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		page: DF.Int
		row_count: DF.Int
		row_keys: DF.LongText | None
		source: DF.Data
	# end: auto-generated types
