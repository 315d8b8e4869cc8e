"""Mail of the demo app: greetings, delivery, queue. Faults are named in the docstrings."""

from __future__ import annotations

from typing import Any

from .exceptions import MailServerError, QueueFullError
from .runtime import get_doc, get_traceback, log_error

WELCOME = "Beste {first_name} en {partner_name}, welkom bij onze vereniging."
QUEUE_LIMIT = 1500


def send_welcome(member: str, language: str) -> str:
	"""The first letter to a new member."""
	doc = get_doc("Member", member)
	values = {"first_name": doc.first_name, "last_name": doc.last_name, "email": doc.email}
	return render_greeting(WELCOME, values)


def render_greeting(template: str, values: dict[str, str]) -> str:
	"""Fault: the template of households is used for single persons too."""
	return template.format_map(values)


def send_invoices(member: str, invoice: str, host: str, port: int) -> str | None:
	"""Mails one invoice."""
	doc = get_doc("Member", member)
	recipient = f"{doc.first_name} {doc.last_name} <{doc.email}>"
	try:
		return deliver(recipient, invoice, host, port)
	except MailServerError:
		log_error(f"Invoice {invoice} not mailed", get_traceback())
		return None


def deliver(recipient: str, invoice: str, host: str, port: int) -> str:
	"""Fault: a busy server is not tried a second time."""
	try:
		open_connection(host, port)
	except ConnectionRefusedError as exc:
		raise MailServerError(f"450 4.2.1 {recipient}: {host} does not accept mail") from exc
	return invoice


def open_connection(host: str, port: int) -> None:
	"""The demo has no network: every server refuses."""
	raise ConnectionRefusedError(111, f"Connection refused by {host}:{port}")


def send_newsletter(edition: str, queued: int, recipients: list[dict[str, Any]]) -> int:
	"""Queues the newsletter."""
	first = recipients[0]["email"]
	return queue_messages(edition, queued, len(recipients)) if first else 0


def queue_messages(edition: str, queued: int, new: int) -> int:
	"""Fault: messages that failed stay in the queue for ever, so that it fills up."""
	total = queued + new
	if total > QUEUE_LIMIT:
		raise QueueFullError(f"{edition}: queue holds {queued} messages, limit {QUEUE_LIMIT}, {new} refused")
	return total
