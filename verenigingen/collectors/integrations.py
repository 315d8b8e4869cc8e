"""Calls to and from other systems that failed: Integration Request and Webhook Request Log.

Each attempt of a webhook is a row of its own there, and a failure of its own here.
"""

from __future__ import annotations

from verenigingen.collectors.table import TableSource, document, person
from verenigingen.core.model import ErrorRow, as_datetime, as_text
from verenigingen.host.port import Host
from verenigingen.services.collection import CollectResult, collect_source


class IntegrationRequestSource(TableSource):
	"""Reads `tabIntegration Request` of one site."""

	name = "Integration Request"
	table = "tabIntegration Request"
	failed = "status = 'Failed'"
	needs = ("creation", "modified", "owner", "status")
	optional = ("integration_request_service", "reference_doctype", "reference_docname")

	def row(self, name: str, values: dict[str, object], text: str) -> ErrorRow:
		"""The failure of one call."""
		service = as_text(values.get("integration_request_service")) or "unnamed service"
		return ErrorRow(
			name,
			as_datetime(values["modified"]) or as_datetime(values["creation"]),
			f"Integration request to {service} failed",
			text,
			person(values["owner"]),
			(
				("Entry Point", f"integration {service}"),
				*document(values.get("reference_doctype"), values.get("reference_docname")),
			),
		)


class WebhookSource(TableSource):
	"""Reads `tabWebhook Request Log` of one site; a row without an error was delivered."""

	name = "Webhook Request Log"
	table = "tabWebhook Request Log"
	failed = "error IS NOT NULL AND error <> ''"
	needs = ("creation", "modified")
	optional = ("webhook", "user")

	def row(self, name: str, values: dict[str, object], text: str) -> ErrorRow:
		"""The failure of one attempt."""
		return ErrorRow(
			name,
			as_datetime(values["creation"]) or as_datetime(values["modified"]),
			"Webhook could not be delivered",
			text,
			person(values.get("user")),
			(("Entry Point", f"webhook {as_text(values.get('webhook')) or 'unnamed'}"),),
		)


def collect_integrations(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in every failed Integration Request that was not counted before."""
	return collect_source(host, IntegrationRequestSource(host.db), seconds=seconds)


def collect_webhooks(host: Host, *, seconds: float) -> CollectResult:
	"""Takes in every failed webhook attempt that was not counted before."""
	return collect_source(host, WebhookSource(host.db), seconds=seconds)
