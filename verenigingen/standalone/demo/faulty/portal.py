"""The member portal of the demo app. Faults are named in the docstrings."""

from __future__ import annotations

from typing import Any

from .exceptions import FileTooLargeError
from .runtime import get_doc, log_error

MEGABYTE = 1024 * 1024
PHOTO_LIMIT = 5 * MEGABYTE


def dashboard(member: str, preferences: dict[str, Any], page: int) -> dict[str, Any]:
	"""The start page of a member."""
	doc = get_doc("Member", member)
	greeting = f"Dag {doc.first_name}"
	try:
		return {"greeting": greeting, "first_row": first_row(page, preferences["page_length"])}
	except TypeError:
		log_error("Dashboard could not be shown", reference_doctype="Member", reference_name=member)
		return {"greeting": greeting}


def first_row(page: int, page_length: int) -> int:
	"""Fault: one import stored this preference as text."""
	offset = 1
	return offset + page_length if page else offset


def save_preferences(member: str, display_name: str, newsletter: bool) -> bytes:
	"""Stores how a member wants to be called."""
	doc = get_doc("Member", member)
	email = doc.email
	cookie = preference_cookie(display_name, newsletter)
	return cookie if email else b""


def preference_cookie(display_name: str, newsletter: bool) -> bytes:
	"""Fault: names have accents."""
	value = f"name={display_name};newsletter={int(newsletter)}"
	return value.encode("ascii")


def upload_photo(member: str, filename: str, size: int) -> str | None:
	"""A passport photo for the membership card."""
	doc = get_doc("Member", member)
	uploaded_by = doc.email
	try:
		return store_photo(filename, size, uploaded_by)
	except FileTooLargeError as e:
		log_error(f"Photo refused: {e}", reference_doctype="Member", reference_name=member)
		return None


def store_photo(filename: str, size: int, uploaded_by: str) -> str:
	"""Fault: phones make photos above this limit, and the form does not say so."""
	if size > PHOTO_LIMIT:
		raise FileTooLargeError(
			f"{filename} has {size / MEGABYTE:.1f} MB, limit {PHOTO_LIMIT / MEGABYTE:.1f} MB"
		)
	return f"/private/files/{filename}?by={uploaded_by}"
