import frappe

from verenigingen.host import current_host
from verenigingen.settings import SETTINGS, TEXT_SETTINGS, resolve
from verenigingen.verenigingen.testing import IntegrationTestCase


class TestMonitoringSettings(IntegrationTestCase):
	def test_every_setting_has_a_field_with_its_range(self):
		meta = frappe.get_meta("Monitoring Settings")
		for setting in SETTINGS:
			with self.subTest(setting.name):
				field = meta.get_field(setting.name)
				self.assertIsNotNone(field)
				self.assertIn(f"{setting.low:g} to {setting.high:g}", field.description)

	def test_an_address_that_may_not_be_called_is_refused(self):
		for setting in TEXT_SETTINGS:
			self.assertIsNotNone(frappe.get_meta("Monitoring Settings").get_field(setting.name))
		settings = frappe.get_single("Monitoring Settings")
		settings.heartbeat_url = "ftp://example.org/x"
		with self.assertRaisesRegex(frappe.ValidationError, "https"):
			settings.save()

	def test_a_bad_value_is_refused_with_the_allowed_range(self):
		settings = frappe.get_single("Monitoring Settings")
		settings.default_days = "0"
		with self.assertRaisesRegex(frappe.ValidationError, "from 1 to 3650"):
			settings.save()

	def test_settings_win_over_site_config_and_empty_falls_through(self):
		settings = frappe.get_single("Monitoring Settings")
		before = settings.default_days
		try:
			frappe.conf.default_days = 14
			settings.default_days = "21"
			settings.save()
			self.assertEqual(resolve("default_days", current_host().config.get), 21)
			settings.default_days = ""
			settings.save()
			self.assertEqual(resolve("default_days", current_host().config.get), 14)
		finally:
			frappe.conf.pop("default_days", None)
			settings.default_days = before
			settings.save()
