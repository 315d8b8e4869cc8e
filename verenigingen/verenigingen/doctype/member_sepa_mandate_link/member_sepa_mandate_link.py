"""One mandate in the list a Member carries."""

from frappe.model.document import Document


class MemberSEPAMandateLink(Document):
	"""Which mandate, and whether it is the current one; checked by Member."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		is_current: DF.Check
		mandate_reference: DF.Data | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		sepa_mandate: DF.Link
		status: DF.Data | None
		valid_from: DF.Date | None
		valid_until: DF.Date | None
	# end: auto-generated types
