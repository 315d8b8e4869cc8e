"""Direct debit in the demo app: accounts, sequences, batches. Faults are named in the docstrings."""

from __future__ import annotations

from typing import Any

from .exceptions import BankAccountError, LockTimeoutError
from .runtime import get_doc, log_error


def change_account(member: str, iban: str, account_holder: str) -> str:
	"""A member gives another account on the portal."""
	doc = get_doc("Member", member)
	return check_account_holder(iban, account_holder, doc.last_name)


def check_account_holder(iban: str, account_holder: str, last_name: str) -> str:
	"""Fault: partners with another name share an account, which is no mistake."""
	if last_name.split()[-1] not in account_holder:
		raise BankAccountError(f"{iban} is in the name of {account_holder}, not of {last_name}")
	return iban


def mark_first_collections(mandates: list[dict[str, Any]]) -> list[str]:
	"""Sets FRST where a mandate was never used; one bad mandate must not stop the others."""
	done: list[str] = []
	for mandate in mandates:
		try:
			done.append(sequence_type(mandate["usages"], mandate["iban"]))
		except IndexError:
			log_error(
				"Sequence type not set",
				reference_doctype="SEPA Mandate",
				reference_name=mandate["mandate_id"],
			)
	return done


def sequence_type(usages: list[dict[str, Any]], iban: str) -> str:
	"""Fault: a mandate without usage has no last usage."""
	last_usage = usages[-1]
	return "RCUR" if last_usage["status"] == "Collected" and iban else "FRST"


def add_to_batch(batch: str, member: str, amount: float, attempt: int) -> str | None:
	"""Puts an invoice into the batch that is open."""
	doc = get_doc("Member", member)
	debtor = {"name": f"{doc.first_name} {doc.last_name}", "iban": doc.iban, "amount": amount}
	try:
		return lock_batch(batch, waited=50.0 + attempt, debtor=debtor)
	except LockTimeoutError:
		log_error(
			"Direct Debit Batch is locked", reference_doctype="Direct Debit Batch", reference_name=batch
		)
		return None


def lock_batch(batch: str, waited: float, debtor: dict[str, Any]) -> str:
	"""Fault: the lock is asked for once per invoice and held until the file is made."""
	limit = 50.0
	if waited >= limit:
		raise LockTimeoutError(f"Lock wait timeout exceeded for {batch} after {waited:.1f} s")
	return f"{batch}: {debtor['amount']}"
