"""Settings of the app; the fields follow `verenigingen.settings.SETTINGS`, which a test holds them to."""

import frappe
from frappe.model.document import Document

from verenigingen.exceptions import ConfigurationError
from verenigingen.settings import SETTINGS


class MonitoringSettings(Document):
	def validate(self):
		"""Refuses a value outside its range; empty means: site config, else the default."""
		for setting in SETTINGS:
			value = self.get(setting.name)
			if value in (None, ""):
				continue
			try:
				setting.check(value)
			except ConfigurationError as error:
				frappe.throw(frappe.utils.escape_html(str(error)), frappe.ValidationError)

	def on_update(self):
		"""Answers computed under the old values are no longer true."""
		frappe.cache.delete_keys("analytics_")
