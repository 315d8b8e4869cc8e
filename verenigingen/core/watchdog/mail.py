"""Mail that does not leave: taken up and never finished, waiting too long, given up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from verenigingen.core.watchdog.model import LISTED, Finding, Limits, Offer, counted, span, spoken

STUCK, BACKLOG, GIVEN_UP = "mail_stuck", "mail_waiting", "mail_given_up"
SENDING = timedelta(
	minutes=30
)  # the job that sends may take five; with its longest custom limits half an hour


@dataclass(frozen=True, slots=True)
class MailFacts:
	"""Email Queue as it is.

	sending: name and time (aware) since which rows say Sending, the oldest first, at most as many as were read;
	sending_total: all older than SENDING. waiting_total and waiting_since: mail that could have been sent longer ago than
	the limit. given_up and given_up_since: Error of the last week. suspended: is sending switched off in the site's
	defaults? muted: in its configuration?
	"""

	sending: Sequence[tuple[str, datetime]]
	sending_total: int
	waiting_total: int
	waiting_since: datetime | None
	given_up: int
	given_up_since: datetime | None
	suspended: bool
	muted: bool


def check_mail(facts: MailFacts, now: datetime, limits: Limits) -> list[Finding]:
	"""What is wrong with outgoing mail. No address and no subject is ever part of it."""
	return [*_stuck(facts, now), *_waiting(facts, now, limits), *_given_up(facts)]


def _stuck(facts: MailFacts, now: datetime) -> Iterator[Finding]:
	if not facts.sending_total:
		return
	since = facts.sending[0][1]
	number = counted(facts.sending_total, "mail")
	yield Finding(
		STUCK,
		"Sending",
		"high",
		f"{number} stuck in Sending",
		since,
		f"{number} {'was' if facts.sending_total == 1 else 'were'} taken up by a worker that never came back, the oldest"
		f" {spoken(span(since, now))} ago. Frappe only sends what is Not Sent or Partially Sent, so these are never tried again.",
		"Put them back to Not Sent, or Partially Sent where some recipients have theirs; recipients marked Sent get nothing twice. One"
		" recipient of each mail may: the one who was being served when the worker ended.",
		{
			"mails": facts.sending_total,
			"names": [name for name, _ in facts.sending[:LISTED]],
			"oldest_seconds": round(span(since, now).total_seconds()),
		},
		Offer("requeue_mail", "Sending"),
	)


def _waiting(facts: MailFacts, now: datetime, limits: Limits) -> Iterator[Finding]:
	since = facts.waiting_since
	if not facts.waiting_total or since is None:
		return
	number = counted(facts.waiting_total, "mail")
	if facts.suspended:
		why, remedy = (
			"Sending is suspended (suspend_email_queue in the site's defaults).",
			"Resume Sending in the list of Email Queue.",
		)
	elif facts.muted:
		why, remedy = (
			"mute_emails is set in the site's configuration.",
			"Take mute_emails out of site_config.json if mail is to leave.",
		)
	else:
		why = "Nothing is switched off: the job that sends does not run, or sending fails and is tried again."
		remedy = "See whether the scheduler and the workers run, and what field Error of these rows and Email Account say."
	yield Finding(
		BACKLOG,
		"Not Sent",
		"high" if span(since, now) > 4 * limits.mail else "medium",
		f"{number} not sent for {spoken(span(since, now))}",
		since,
		f"{number} could have been sent more than {spoken(limits.mail)} ago, the oldest {spoken(span(since, now))} ago. {why}",
		remedy,
		{
			"mails": facts.waiting_total,
			"oldest_seconds": round(span(since, now).total_seconds()),
			"suspended": facts.suspended,
			"muted": facts.muted,
		},
	)


def _given_up(facts: MailFacts) -> Iterator[Finding]:
	if not facts.given_up:
		return
	number = counted(facts.given_up, "mail")
	yield Finding(
		GIVEN_UP,
		"Error",
		"medium",
		f"{number} given up in the last 7 days",
		facts.given_up_since,
		f"{number} failed at every try and will not be tried again; nobody is told unless they look into Email Queue.",
		"See what field Error of these rows says and correct it (account, address). They can then be queued again.",
		{"mails": facts.given_up},
		Offer("requeue_mail", "Error"),
	)
