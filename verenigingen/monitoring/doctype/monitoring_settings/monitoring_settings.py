"""Settings of the app; the fields follow `verenigingen.settings.SETTINGS`, which a test holds them to."""

from html import escape

import frappe
from frappe.model.document import Document

from verenigingen.core.errors.rules import FIELDS, read_rules
from verenigingen.exceptions import ConfigurationError
from verenigingen.settings import SETTINGS, TEXT_SETTINGS


class MonitoringSettings(Document):
	def validate(self):
		"""Refuses a value outside its range, and a rule that cannot be used; empty means: site config, else the default."""
		for setting in SETTINGS:
			value = self.get(setting.name)
			if value in (None, ""):
				continue
			_refuse(setting.check, value)
		for text in TEXT_SETTINGS:
			if self.get(text.name):
				_refuse(text.check, self.get(text.name).strip())
		_refuse(
			read_rules, [{field: row.get(field) for field in FIELDS} for row in self.error_grouping_rules]
		)

	def on_update(self):
		"""Answers computed under the old values are no longer true."""
		frappe.cache.delete_keys("analytics_")


def _refuse(check, value):
	try:
		check(value)
	except ConfigurationError as error:
		frappe.throw(escape(str(error), quote=False), frappe.ValidationError)
