"""What Frappe calls during requests: notes each failed one for the collectors, and nothing of the others.

The work is done after the answer was sent, never in SQL, and whatever goes wrong here is only logged: a monitor must
not break what it watches. What waits is bounded; what finds no room, or no Redis, is counted as lost.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import time
import traceback
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import frappe
from frappe.monitor import get_trace_id
from frappe.utils import get_bench_path, get_datetime, now_datetime

from verenigingen.core.errors.entry import Entry, entry
from verenigingen.core.errors.twins import clipped
from verenigingen.host.frappe_spool import FrappeSpool

QUARTER = 900  # seconds
DEFERRED = "insert_queue_for_Error Log"  # where Frappe keeps the error until a job writes it into Error Log
NEWEST = 4  # deferred rows looked at: ours was written just now
JUST_NOW = 5.0  # seconds
_PAGE = re.compile(r"(/[a-z0-9_-]{1,40}){1,6}/?\Z", re.ASCII)


def after_request(response: Any = None, request: Any = None) -> None:
	"""Hook `after_request`: has a failed request noted once its answer is out. `response` is None when werkzeug answers."""
	status = response.status_code if response is not None else 0
	# a monitor that asks whether the site is up would else fill the errors it asks about
	if 0 < status < 400 or status == getattr(frappe.local, "monitoring_status_meant", None):
		return
	later = getattr(request, "after_response", None)
	if later is None:
		_note(status, time.time())
	else:
		later.add(partial(_note, status, time.time()))


def note_page_error(context: Any = None) -> None:
	"""Hook `update_website_context`: a page that reports an error is made while the exception is still at hand."""
	if sys.exc_info()[0] is not None:
		frappe.local.monitoring_page_error = _traceback()


def _note(status: int, moment: float) -> None:
	spool = FrappeSpool()
	try:
		request = frappe.local.request
		found = entry(request.path, frappe.local.form_dict or {}, is_page)
		label = f"{int(moment // QUARTER)}|{status}|{request.method}|{found.doctype}|{found.route}"
		spool.keep(label, _entry(status, moment, found) if status >= 500 else "")
	except Exception:  # whatever it is, the request is over and must end well
		spool.lose()
		frappe.logger("verenigingen").error("a failed request could not be noted", exc_info=True)


def _entry(status: int, moment: float, found: Entry) -> str:
	user = getattr(frappe.session, "user", None) or "Guest"
	trace = get_trace_id() or ""
	title, text, exact = _text(user, trace)
	return json.dumps(
		{
			"id": uuid4().hex,
			"at": moment,
			"status": status,
			"verb": frappe.local.request.method,
			"route": found.route,
			"doctype": found.doctype,
			"document": found.document,
			"user": user,
			"trace": trace,
			"title": title[:2_000],
			"text": clipped(text),
			"exact": exact,
			"versions": _versions(),
		}
	)


def _text(user: str, trace: str) -> tuple[str, str, bool]:
	"""Title and text of the error, and whether it is word for word what Error Log will hold.

	The exception itself is gone by now. Frappe left it in its queue for Error Log (with local variables), in the answer
	when tracebacks are shown, or our hook on pages saw it; an answer that only names the exception's class has no text.
	"""
	# the record in the queue went through the redactor on its way there; what was shown to the user did not
	shown = _redacted(_shown())
	kind = str(frappe.local.response.get("exc_type") or "")
	for raw in reversed(frappe.cache.lrange(DEFERRED, -NEWEST, -1)):
		record = json.loads(raw)
		if isinstance(record, dict) and _is_ours(record, user, trace, kind, shown):
			title, text = str(record.get("method") or ""), str(record.get("error") or "")
			# v16 moves a title that is too long to the text
			return title, f"{title}\n{text}" if len(title) > 140 else text, True
	title = shown.strip().rpartition("\n")[2] if shown else kind
	return title, shown, False


def _redacted(text: str) -> str:
	from verenigingen.host import current_host
	from verenigingen.services.redaction import protect

	return protect(current_host(), "", text)[1] if text else ""


def _is_ours(record: dict[str, Any], user: str, trace: str, kind: str, shown: str) -> bool:
	# creation and owner are filled in when the row is written, which is too late for both
	if record.get("modified_by") != user or (record.get("trace_id") or "") != trace:
		return False
	age = (now_datetime() - get_datetime(record.get("modified"))).total_seconds()
	if not -JUST_NOW <= age <= JUST_NOW:
		return False
	text = str(record.get("error") or "")
	if shown:
		return shown.strip().rpartition("\n")[2] in text
	return not kind or f"{kind}:" in text or text.rstrip().endswith(kind)


def _shown() -> str:
	page = getattr(frappe.local, "monitoring_page_error", None)
	if page:
		return str(page)
	for shown in reversed(getattr(frappe.local, "error_log", None) or []):
		text = shown.get("exc") if isinstance(shown, dict) else shown
		if text:
			return str(text)
	for shown in frappe.local.response.get("errors") or []:  # version 2 of the API
		if isinstance(shown, dict) and shown.get("exception"):
			return str(shown["exception"])
	return ""


def _traceback() -> str:
	return "".join(traceback.format_exception(*sys.exc_info())).replace(f"{get_bench_path()}/", "")


def _versions() -> dict[str, str]:
	"""Versions of the apps whose code this process runs."""
	apps = getattr(frappe.local, "app_modules", None) or {}
	found = {app: getattr(sys.modules.get(app), "__version__", None) for app in apps}
	return {app: str(version) for app, version in found.items() if version}


@lru_cache(maxsize=1_000)
def is_page(path: str) -> bool:
	"""Does an app of the bench ship this page? A path that no app ships may be the name of a person."""
	if not _PAGE.match(path):
		return False
	inner = path.strip("/")
	for app in frappe.get_all_apps():
		base = Path(frappe.get_app_path(app, "www"))
		for ending in (".html", ".py", ".md", "/index.html", "/index.py", "/index.md"):
			if (base / f"{inner}{ending}").is_file():
				return True
	return False


# frappe.call asks for the signature with each request; made anew each time it would cost far more than the hook
after_request.__signature__ = inspect.signature(after_request)  # type: ignore[attr-defined]
