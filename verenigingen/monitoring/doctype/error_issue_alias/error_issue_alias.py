"""A fingerprint whose events are counted under another one's issue, and what it brought there."""

from frappe.model.document import Document


class ErrorIssueAlias(Document):
	"""Named like the issue that was merged. An issue that others were merged into has a row for itself as well, so
	that its own part is known when they are taken out again. Written by `services.grouping` and the collector."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		algorithm: DF.Data | None
		event_count: DF.Int
		fingerprint: DF.Data | None
		first_seen: DF.Datetime | None
		issue: DF.Link
		last_seen: DF.Datetime | None
		life_before: DF.SmallText | None
		merged_at: DF.Datetime | None
		reason: DF.SmallText | None
		sources: DF.SmallText | None
		status_before: DF.Data | None
	# end: auto-generated types
