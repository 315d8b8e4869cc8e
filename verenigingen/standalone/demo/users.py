"""Users, their logins and what they exported; and the mails that announced the invoices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from . import rhythm
from .model import Person, World
from .money_rows import invoiced
from .people import OFFICE_USERS
from .writer import HashNames, Row, Writer, child, standard

ADMINISTRATOR = "Administrator"
MEMBER_ROLE = "Verenigingen Member"
OFFICE_LOGINS = 9
PORTAL_LOGINS = 48
EXPORTS = 5
MAIL_DAYS_BEFORE_WINDOW = 40  # notices of the first collections in the window
MAIL_SENDER = "Vereniging Voorbeeld <contributie@vereniging.example>"
_SETUP = datetime(2018, 1, 3, 8, 30)
_EXPORTED = ("Member", "Sales Invoice", "SEPA Mandate", "Membership Dues Schedule", "Direct Debit Batch")


def office_user(rng: Random) -> str:
	"""A user of the office; some are at their desks more often."""
	return rng.choices([user[0] for user in OFFICE_USERS], (3, 2, 8, 6, 2, 5))[0]


def ip_address(rng: Random) -> str:
	"""An address from the ranges kept for documentation."""
	return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randint(1, 254)}"


class UserRows:
	"""Renders users and their traces."""

	def __init__(self, world: World, names: HashNames) -> None:
		self.world = world
		self.names = names
		self.rng = rhythm.rng(world.seed, "users")
		self._portal = [person for person in world.people if person.user]
		self._full_names = {user[0]: f"{user[1]} {user[2]}" for user in OFFICE_USERS}
		self._full_names |= {str(person.user): person.full_name for person in self._portal}
		self._last_login: dict[str, datetime] = {}

	def write(self, writer: Writer) -> None:
		"""Writes these tables; users last, because their last login stands in them."""
		writer.add("Activity Log", self._logins())
		writer.add("Access Log", self._exports())
		writer.add("User", self._users())
		writer.add("Has Role", self._roles())
		mails = self._mails()
		writer.add("Email Queue", (mail for mail, _ in mails))
		writer.add("Email Queue Recipient", (recipient for _, recipient in mails))

	def _logins(self) -> Iterator[Row]:
		world = self.world
		events: list[tuple[datetime, str]] = []
		for label, shape, per_day in (
			("office", "office", OFFICE_LOGINS),
			("portal", "portal", PORTAL_LOGINS),
		):
			generator = rhythm.generator(world.seed, f"logins {label}")
			for moment in rhythm.moments(generator, shape, per_day, world.start, world.now):
				person = self.rng.choice(self._portal)
				if label == "office":
					events.append((moment, office_user(self.rng)))
				elif person.joined < moment and not (person.left and person.left < moment):
					events.append((moment, str(person.user)))
		for moment, user in sorted(events):
			ip = ip_address(self.rng)
			if self.rng.random() < 0.05:
				yield self._activity(moment, user, "Incorrect password", "Login", "Failed", ip)
				moment += timedelta(seconds=self.rng.randint(6, 40))
			if moment > world.now:
				continue
			name = self._full_names[user]
			yield self._activity(moment, user, f"{name} logged in", "Login", "Success", ip)
			self._last_login[user] = moment
			logout = moment + timedelta(minutes=self.rng.randint(2, 240))
			if self.rng.random() < 0.3 and logout < world.now:
				subject = f"{name} logged out: <strong>User Manually Logged Out</strong>"
				yield self._activity(logout, user, subject, "Logout", "Success", ip)

	def _activity(self, when: datetime, user: str, subject: str, operation: str, status: str, ip: str) -> Row:
		return {
			**standard(self.names(), when, user if status == "Success" else "Guest"),
			"subject": subject,
			"content": None,
			"communication_date": when,
			"operation": operation,
			"status": status,
			"reference_doctype": None,
			"reference_name": None,
			"reference_owner": None,
			"timeline_doctype": None,
			"timeline_name": None,
			"link_doctype": None,
			"link_name": None,
			"user": user,
			"full_name": self._full_names[user],
			"ip_address": ip,
		}

	def _exports(self) -> Iterator[Row]:
		world = self.world
		generator = rhythm.generator(world.seed, "exports")
		for moment in rhythm.moments(generator, "office", EXPORTS, world.start, world.now):
			user, doctype = office_user(self.rng), self.rng.choice(_EXPORTED)
			kind = self.rng.choice(("Excel", "CSV", "PDF"))
			yield {
				**standard(self.names(), moment, user),
				"export_from": doctype,
				"user": user,
				"timestamp": moment,
				"reference_document": None,
				"file_type": kind,
				"report_name": None if kind == "PDF" else f"{doctype} list",
				"page": None,
				"method": "PDF" if kind == "PDF" else "Export",
				"filters": '{"status": "Active"}',
				"columns": None,
			}

	def _users(self) -> Iterator[Row]:
		yield self._user(
			ADMINISTRATOR, "Administrator", "", "admin@vereniging.example", _SETUP, "System User"
		)
		yield self._user("Guest", "Guest", "", "guest@vereniging.example", _SETUP, "Website User")
		for email, first, last, _roles in OFFICE_USERS:
			yield self._user(email, first, last, email, _SETUP, "System User")
		for person in self._portal:
			created = person.joined + timedelta(minutes=9)
			yield self._user(
				person.email, person.first, person.last, person.email, created, "Website User", person
			)

	def _user(
		self,
		name: str,
		first: str,
		last: str,
		email: str,
		created: datetime,
		kind: str,
		person: Person | None = None,
	) -> Row:
		login = self._last_login.get(name)
		return {
			**standard(name, created),
			"enabled": int(not (person and person.left)),
			"email": email,
			"first_name": first,
			"last_name": last or None,
			"full_name": f"{first} {last}".strip(),
			"username": email.split("@")[0],
			"language": "nl",
			"time_zone": str(rhythm.ZONE),
			"user_type": kind,
			"mobile_no": person.phone if person else None,
			"birth_date": person.birth if person else None,
			"last_login": str(login) if login else None,
			"last_active": login,
			"last_ip": None,
			"api_key": None,
			"last_password_reset_date": None,
			"simultaneous_sessions": 2,
		}

	def _roles(self) -> Iterator[Row]:
		held = [(ADMINISTRATOR, ("System Manager",)), *((user[0], user[3]) for user in OFFICE_USERS)]
		held += [(person.email, (MEMBER_ROLE,)) for person in self._portal]
		for user, roles in held:
			for idx, role in enumerate(roles, 1):
				yield {
					**standard(self.names(), _SETUP, idx=idx),
					**child(user, "User", "roles"),
					"role": role,
				}

	def _mails(self) -> list[tuple[Row, Row]]:
		first = self.world.start - timedelta(days=MAIL_DAYS_BEFORE_WINDOW)
		found: list[tuple[Row, Row]] = []
		for person, item in invoiced(self.world):
			sent = item.posted + timedelta(seconds=self.rng.randint(240, 1500))
			if not first <= sent <= self.world.now or not item.amount:
				continue
			failed = self.rng.random() < 0.004
			found.append(self._mail(person, item.invoice, item.amount, str(item.due), sent, failed))
		return found

	def _mail(
		self, person: Person, invoice: str, amount: float, due: str, sent: datetime, failed: bool
	) -> tuple[Row, Row]:
		name = self.names()
		reason = f"SMTPRecipientsRefused: 550 5.1.1 {person.email}" if failed else None
		mail: Row = {
			**standard(name, sent),
			"sender": MAIL_SENDER,
			"show_as_cc": None,
			"message": f"To: {person.email}\nSubject: Factuur {invoice}\n\nBeste {person.first}, op {due} innen wij € {amount:.2f}.",
			"status": "Error" if failed else "Sent",
			"error": reason,
			"message_id": f"<{name}@vereniging.example>",
			"reference_doctype": "Sales Invoice",
			"reference_name": invoice,
			"send_after": None,
			"priority": 1,
			"retry": 3 if failed else 0,
			"email_account": "Contributie",
		}
		recipient: Row = {
			**standard(self.names(), sent, idx=1),
			**child(name, "Email Queue", "recipients"),
			"recipient": person.email,
			"status": "Not Sent" if failed else "Sent",
			"error": reason,
		}
		return mail, recipient
