"""Indexes over several columns, which a DocType's JSON cannot declare: by DocType the columns, in order.

Each holds all that a report asks of the table, so that the rows themselves are not read. Pure data: a bench makes them
in `on_doctype_update`, the stand-alone schema with the table.
"""

COMPOSITE: dict[str, tuple[str, ...]] = {
	"Error Issue User": ("issue", "user", "last_seen"),
	"Error Issue Facet": ("kind", "day", "issue", "value"),
}
