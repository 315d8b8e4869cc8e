"""Scheduled jobs of the demo app. Faults are named in the docstrings."""

from __future__ import annotations

from datetime import date
from typing import Any

from .exceptions import BankConnectionError

GATEWAY = "https://psd2.bank.example/v2/accounts"


def fetch_bank_statements(account: str, day: date, status: int) -> str:
	"""Asks the bank for the statements of a day."""
	url = f"{GATEWAY}/{account}/statements/{day.isoformat()}"
	headers = {"Authorization": f"Bearer demo-{account[-6:]}", "Accept": "application/json"}
	return read_response(url, status, headers)


def read_response(url: str, status: int, headers: dict[str, str]) -> str:
	"""Fault: maintenance hours of the bank are not waited for."""
	if status >= 500 and headers:
		raise BankConnectionError(f"{status} from {url}")
	return "camt.053"


def send_renewal_reminders(renewals: list[dict[str, Any]], templates: dict[str, str]) -> list[str]:
	"""Reminds members whose membership ends."""
	sent: list[str] = []
	for row in renewals:
		sent.append(reminder(row["member"], row["email"], templates[row["language"]]))
	return sent


def reminder(member: str, email: str, template: str) -> str:
	"""One reminder. The fault lies in the caller: there is no template in Frisian."""
	return f"To: {email}\n{template} ({member})"
