"""Where requests, background jobs and scheduled jobs of the demo app come in, and where their failures are logged.

The methods are looked up by name inside the call, never held in a variable: a function's repr in a traceback carries
an address, and the demo must come out the same in every run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import dues, imports, jobs, mailing, members, portal, sepa
from .runtime import APP, Entry, Records, get_traceback, log_error, running

METHODS: dict[str, Callable[..., object]] = {
	"dues.change_rate": dues.change_rate,
	"dues.generate_invoices": dues.generate_invoices,
	"dues.leave_mid_period": dues.leave_mid_period,
	"dues.recalculate_tiers": dues.recalculate_tiers,
	"imports.import_bank_file": imports.import_bank_file,
	"jobs.fetch_bank_statements": jobs.fetch_bank_statements,
	"jobs.send_renewal_reminders": jobs.send_renewal_reminders,
	"mailing.send_invoices": mailing.send_invoices,
	"mailing.send_newsletter": mailing.send_newsletter,
	"mailing.send_welcome": mailing.send_welcome,
	"members.merge_duplicates": members.merge_duplicates,
	"members.profile_card": members.profile_card,
	"members.update_address": members.update_address,
	"portal.dashboard": portal.dashboard,
	"portal.save_preferences": portal.save_preferences,
	"portal.upload_photo": portal.upload_photo,
	"sepa.add_to_batch": sepa.add_to_batch,
	"sepa.change_account": sepa.change_account,
	"sepa.mark_first_collections": sepa.mark_first_collections,
}


def call(method: str, arguments: Mapping[str, Any]) -> object:
	"""Runs a method by its name."""
	return METHODS[method](**arguments)


def handle_request(method: str, arguments: Mapping[str, Any]) -> object:
	"""One API request; what nobody caught is logged under its own message, later (a snapshot)."""
	try:
		return call(method, arguments)
	except Exception as e:
		log_error(str(e), deferred=True)
	return None


def execute_job(method: str, arguments: Mapping[str, Any]) -> object:
	"""One background job; what nobody caught is logged under the job's name."""
	try:
		return call(method, arguments)
	except Exception:
		log_error(f"{APP}.{method}")
	return None


def run_scheduled_job(method: str, arguments: Mapping[str, Any]) -> str | None:
	"""One run of a scheduled job; its failure is not logged but handed to the Scheduled Job Log."""
	try:
		call(method, arguments)
	except Exception:
		return get_traceback(with_context=True)
	return None


def request(method: str, arguments: Mapping[str, Any], records: Records) -> list[Entry]:
	"""What an API request leaves in the error log."""
	with running(records) as state:
		handle_request(method, arguments)
	return state.entries


def job(method: str, arguments: Mapping[str, Any], records: Records) -> list[Entry]:
	"""What a background job leaves in the error log."""
	with running(records) as state:
		execute_job(method, arguments)
	return state.entries


def scheduled(method: str, arguments: Mapping[str, Any], records: Records) -> str | None:
	"""The traceback of a failing scheduled job, which goes to the Scheduled Job Log; None when it succeeds."""
	with running(records):
		return run_scheduled_job(method, arguments)
