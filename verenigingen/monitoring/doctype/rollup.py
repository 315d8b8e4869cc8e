"""What the rollup DocTypes share: names that always fit, and deletion by age.

Their rows are written by the collector, not through the desk; the controllers only name and age them.
"""

from datetime import date, datetime

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Min
from frappe.utils import add_days, now_datetime

from verenigingen.monitoring.indexes import COMPOSITE

NAME_LENGTH = 140  # of every name column in Frappe
ISSUE_NAME_LENGTH = 100  # leaves room for what the names of its rollups append


def join_name(*parts: str) -> str:
	"""The parts as one document name; refuses what the name column would cut or reject."""
	name = "-".join(parts)
	check_name(name, NAME_LENGTH)
	return name


def check_name(name: str, limit: int) -> None:
	"""Refuses a name over `limit` characters."""
	if len(name) > limit:
		frappe.throw(
			_("The name must not exceed {0} characters, it has {1}.").format(limit, len(name)),
			frappe.CharacterLengthExceededError,
		)


def days_ago(days: int) -> datetime:
	"""That many days before now, in the site's time zone, as all our times are."""
	return add_days(now_datetime(), -days)


def delete_older(doctype: str, fieldname: str, limit: date | datetime) -> None:
	"""Deletes the rows whose `fieldname` is before `limit`; a row without a value is kept."""
	table = DocType(doctype)
	frappe.qb.from_(table).delete().where(table[fieldname] < limit).run()


def add_composite_index(doctype: str) -> None:
	"""Makes the index that a JSON file cannot declare, unless it is there."""
	columns = COMPOSITE[doctype]
	frappe.db.add_index(doctype, columns, f"{columns[0]}_and_more")


def oldest(doctype: str, fieldname: str = "creation") -> datetime | None:
	"""The smallest value of a column, or None for an empty table."""
	table = DocType(doctype)
	return frappe.qb.from_(table).select(Min(table[fieldname])).run()[0][0]
