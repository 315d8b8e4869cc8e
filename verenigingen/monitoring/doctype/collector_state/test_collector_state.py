import frappe

from verenigingen.verenigingen.testing import IntegrationTestCase


class TestCollectorState(IntegrationTestCase):
	def test_a_collector_that_never_ran_says_so(self):
		state = frappe.get_doc(
			{"doctype": "Collector State", "name": frappe.generate_hash(length=8)}
		).insert()
		self.assertEqual(state.status, "never")
		self.assertIsNone(state.last_run)
		self.assertIsNone(state.watermark)
