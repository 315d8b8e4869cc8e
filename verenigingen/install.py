"""Install, migrate and uninstall in Frappe. Each step may run again without harm."""

import frappe
from redis.exceptions import RedisError

from verenigingen.services import backfill

ROLES = ("Compliance Officer", "Monitoring Agent", "Verenigingen Administrator")
CACHE_PREFIXES = ("analytics_", "optimization_", "monitoring_")
MODULES = ("Verenigingen", "Monitoring")
SERIES = ("Assoc-Member-", "BATCH-", "MEMB-")  # what the names of our documents begin with
# What people and the desk leave about documents of a DocType: table and the field that names it.
NOTES = (
	("Comment", "reference_doctype"),
	("ToDo", "reference_type"),
	("Custom Field", "dt"),
	("Property Setter", "doc_type"),
)


def after_install():
	"""Roles, and the first collection as a job that shows its progress in the desk."""
	make_roles()
	queue_backfill()


def after_migrate():
	"""A site restored from an older backup may lack what a new version needs."""
	make_roles()


def queue_backfill():
	"""Queues the first collection; without a queue the scheduled one does the same work, a part each minute."""
	try:
		frappe.enqueue(
			backfill.METHOD,
			queue="long",
			timeout=backfill.JOB_SECONDS,
			job_id=backfill.JOB_ID,
			deduplicate=True,
			enqueue_after_commit=True,
		)
	except RedisError as error:
		print(f"The job queue does not answer ({error}); errors are collected by the scheduler instead.")


def make_roles():
	"""The roles our permissions name."""
	for role in ROLES:
		if not frappe.db.exists("Role", role):
			frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": 1}).insert(
				ignore_permissions=True
			)


def before_uninstall():
	"""What Frappe does not take along with the DocTypes: values of our Single, roles, log settings, job rows."""
	doctypes = frappe.get_all("DocType", filters={"module": ("in", MODULES)}, pluck="name")
	frappe.flags.verenigingen_doctypes = doctypes  # they are gone when after_uninstall wants their names
	frappe.db.delete("Singles", {"doctype": ("in", doctypes)})
	frappe.db.delete("Logs To Clear", {"ref_doctype": ("in", doctypes)})
	for table in ("Version", "Deleted Document"):
		field = "ref_doctype" if table == "Version" else "deleted_doctype"
		frappe.db.delete(table, {field: ("in", doctypes)})
	for table, field in NOTES:
		frappe.db.delete(table, {field: ("in", doctypes)})
	frappe.db.delete("Patch Log", {"patch": ("like", "verenigingen.%")})
	for prefix in SERIES:
		frappe.db.delete("Series", {"name": ("like", f"{prefix}%")})
	jobs = frappe.get_all("Scheduled Job Type", filters={"method": ("like", "verenigingen.%")}, pluck="name")
	for job in jobs:
		frappe.db.delete("Scheduled Job Log", {"scheduled_job_type": job})
		frappe.delete_doc("Scheduled Job Type", job, force=True, ignore_permissions=True)
	frappe.db.delete(
		"Deleted Document", {"deleted_doctype": "Scheduled Job Type", "deleted_name": ("in", jobs or [""])}
	)


def after_uninstall():
	"""Roles go last: the permissions that name them are gone by now. So do Frappe's own notes of what it deleted."""
	for kind, names in (("DocType", frappe.flags.verenigingen_doctypes or []), ("Module Def", MODULES)):
		frappe.db.delete("Deleted Document", {"deleted_doctype": kind, "deleted_name": ("in", [*names, ""])})
	for role in ROLES:
		frappe.db.delete("Has Role", {"role": role})
		frappe.delete_doc_if_exists("Role", role, force=True)
		frappe.db.delete("Deleted Document", {"deleted_doctype": "Role", "deleted_name": role})
	for prefix in CACHE_PREFIXES:
		frappe.cache.delete_keys(prefix)
	frappe.db.commit()  # nosemgrep: frappe-manual-commit - bench's uninstall does not commit after this hook
