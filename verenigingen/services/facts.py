"""What the site knows about an event beside its record: the version of the app at fault, the roles of the user."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from verenigingen.core.errors import Identity
from verenigingen.core.model import ErrorRow, as_datetime, as_text
from verenigingen.host.port import Host, in_chunks, marks
from verenigingen.services.batch import Facets

INSTALLED, HAS_ROLE = "tabInstalled Application", "tabHas Role"
AUTOMATIC = {"All", "Guest", "Desk User"}  # everybody has them, so they tell nothing
USERS_PER_QUERY = 500


class SiteFacts:
	"""Further facets of events of one source; reads the site once per run, and roles once per user."""

	def __init__(self, host: Host, source: str) -> None:
		self.host, self.source = host, source
		self._roles: dict[str, Facets] = {}
		self._knows_roles = {"parent", "role", "parenttype"} <= host.db.columns(HAS_ROLE)
		self._versions = _installed(host)

	def prepare(self, rows: Iterable[ErrorRow]) -> None:
		"""Reads the roles of users not met before."""
		fresh = sorted({row.user for row in rows if row.user} - self._roles.keys())
		if not self._knows_roles:
			return
		for chunk in in_chunks(fresh, USERS_PER_QUERY):
			found: dict[str, set[str]] = {user: set() for user in chunk}
			for user, role in self.host.db.query(
				f"SELECT parent, role FROM `{HAS_ROLE}` WHERE parenttype = %s AND parent IN ({marks(len(chunk))})",
				("User", *chunk),
			):
				found.setdefault(user, set()).add(as_text(role))
			for user, roles in found.items():
				self._roles[user] = tuple(("Role", role) for role in sorted(roles - AUTOMATIC) if role)

	def __call__(self, row: ErrorRow, identity: Identity, when: datetime) -> Facets:
		"""Source, app version and roles of one event."""
		facets: Facets = (("Source", self.source),)
		version = self._version(row, identity.app, when)
		if version:
			facets += (("App Version", f"{identity.app} {version}"),)
		return facets + self._roles.get(row.user or "", ())

	def _version(self, row: ErrorRow, app: str | None, when: datetime) -> str:
		if not app:
			return ""
		running = dict(row.versions).get(app)
		if running:
			return running
		version, since = self._versions.get(app, ("", None))
		# Frappe notes the versions at each migration; which ran before the last one is not known
		return version if since is not None and since <= when else ""


def _installed(host: Host) -> dict[str, tuple[str, datetime | None]]:
	if not {"app_name", "app_version", "creation"} <= host.db.columns(INSTALLED):
		return {}
	rows = host.db.query(f"SELECT app_name, app_version, creation FROM `{INSTALLED}`")
	return {as_text(app): (as_text(version), as_datetime(since)) for app, version, since in rows}
