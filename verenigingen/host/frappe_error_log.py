"""Frappe's Error Log, redacted before it is written: hooks.py puts this class in the place of Frappe's own.

Errors take two ways into the table: most are inserted; those of failed requests wait as JSON in Redis first
(`deferred_insert`) and are inserted by a job later. Both begin here, so that neither the table nor Redis ever holds the
raw text. Nothing but Frappe is imported with this module: logging an error must work when the app does not.
"""

from __future__ import annotations

from typing import Any

from frappe.core.doctype.error_log.error_log import ErrorLog
from frappe.utils.html_utils import sanitize_html

TITLE_LENGTH = 140  # of the column; Frappe 15 loses an error whose title is longer


class RedactedErrorLog(ErrorLog):  # type: ignore[misc]
	"""An Error Log whose title and text went through the site's redactor."""

	method: str
	error: str

	def before_insert(self) -> None:
		"""On the way into the table."""
		self._redact()
		inherited = getattr(super(), "before_insert", None)  # Frappe has none yet
		if inherited is not None:
			inherited()

	def deferred_insert(self) -> None:
		"""On the way into Redis."""
		self._redact()
		super().deferred_insert()

	def _redact(self) -> None:
		from verenigingen.host import current_host
		from verenigingen.services.redaction import protect

		host = current_host()
		title, text = protect(host, _text(self.method), _text(self.error))
		if not _fits(title):
			# as Frappe 16 does it, so that nothing of it is lost
			text = f"{title}\n{text}"
			title = _shortened(title)
		self.method, self.error = title, text
		metadata = self.get("metadata")  # newer builds note the request there
		if isinstance(metadata, str) and metadata:
			self.metadata = protect(host, "", metadata)[1]


def _fits(title: str) -> bool:
	"""Whether the column holds the title. Frappe writes `<` of a document as `&lt;`, and refuses what is too long then."""
	return len(title) <= TITLE_LENGTH and len(sanitize_html(title)) <= TITLE_LENGTH


def _shortened(title: str) -> str:
	kept = title[: TITLE_LENGTH - 1]
	while not _fits(f"{kept}…"):
		kept = kept[:-4]
	return f"{kept}…"


def _text(value: Any) -> str:
	return "" if value is None else str(value)
