"""What fails on purpose: entries for the tests that need a real request, job or page to go wrong."""

import frappe


def _only_in_tests():
	if not frappe.conf.allow_tests:
		raise frappe.PermissionError("This site does not allow tests.")


@frappe.whitelist()
def request(message, log_first=None):
	"""A request that ends with HTTP 500, or logs its error itself before."""
	_only_in_tests()
	try:
		_raise(message)
	except RuntimeError:
		if log_first:
			frappe.log_error("tests: request", frappe.get_traceback(with_context=True))
		raise


@frappe.whitelist()
def refuse(message):
	"""A request that is refused with HTTP 417."""
	_only_in_tests()
	frappe.throw(message)


@frappe.whitelist(allow_guest=True)
def ask(times):
	"""A request that asks the same again and again."""
	_only_in_tests()
	for number in range(min(int(times), 100)):
		frappe.db.sql("select name from `tabMember` where email = %s", (f"vtest-secret-{number}",))


def job(message="a scheduled job failed"):
	"""A background or scheduled job that fails."""
	_raise(message)


def _raise(message):
	raise RuntimeError(message)
