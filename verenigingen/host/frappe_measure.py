"""What Frappe calls around requests and jobs: measures each, for a few millionths of a second and no question to anybody.

Nothing here asks Redis or the database: sums are kept in the process (`host.measuring`) and sent by a thread; a job's
are sent when it ends, as its process ends too. Statements are counted on the connection object of the one request, the
cache's answers on the client of the process. Whatever goes wrong is logged: a monitor must not break what it watches.
"""

from __future__ import annotations

import inspect
import random
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from typing import Any

import frappe
from rq import get_current_job

from verenigingen.core.errors.entry import entry
from verenigingen.core.statements import PlanStep, may_be_explained, plan_text
from verenigingen.host.frappe_hooks import after_request as note_failure
from verenigingen.host.frappe_hooks import is_page
from verenigingen.host.frappe_measurements import sender
from verenigingen.host.measuring import JOBS, REQUESTS, Mark, Recorder, Senders
from verenigingen.host.sampling import Sample

# Monitoring that measured itself would show what it costs where nobody asked, and be most of what a quiet site does.
OWN = tuple(f"verenigingen.{place}." for place in ("services", "utils", "www", "monitoring", "standalone"))
OWN_PATHS = (*(f"/api/method/{place}" for place in OWN), "/monitoring_dashboard")
WORTH_A_PLAN = 0.001  # seconds; what is faster needs no index
MOST_PLANS = 2  # of one sampled request
MOST_EXPLAINED = 2_000  # statements of this process

MOST_LABELS = 5_000  # requests of this process whose endpoint is remembered
# What decides about the endpoint of a request beside its path, see core.errors.entry.
TELLING = ("cmd", "doctype", "dt", "reference_doctype", "parent_doctype", "method", "report_name")

_senders = Senders()
_here = threading.local()
_labels: dict[object, tuple[str, str] | None] = {}
_explained: dict[str, None] = {}


def before_request() -> None:
	"""Hook `before_request`."""
	try:
		local = frappe.local
		_begin(_recorder(local.site), local.request, local.db)
	except Exception:
		_here.mark = None
		_log("a request could not be measured")


def after_request(response: Any = None, request: Any = None) -> None:
	"""Hook `after_request`, of failed requests too: `response` is None when werkzeug answers. One hook for both, as each costs
	more to be called than what it does."""
	mark = _end(request)
	status = response.status_code if response is not None else 0
	if mark is not None:
		try:
			_note(mark, status, response, request)
		except Exception:
			mark.recorder.lose(REQUESTS)
			_log("a request could not be measured")
	if status >= 400 or not status:
		note_failure(response=response, request=request)


def _note(mark: Mark, status: int, response: Any, request: Any) -> None:
	label = _label(request.path, frappe.local.form_dict)
	if label is None:
		return
	body = response.response if response is not None else None
	size = sum(map(len, body)) if type(body) is list else None
	recorder = mark.recorder
	recorder.request(time.time(), (request.method, *label), status, mark, size)
	if mark.sample is not None:
		mark.sample.label = f"{request.method} {label[1]}"
		request.after_response.add(partial(_finish, recorder, mark.sample))
	elif recorder.late:
		request.after_response.add(recorder.flush)


def _label(path: str, form: Any) -> tuple[str, str] | None:
	"""DocType and route of a request; None for one of our own."""
	key: object = (path, *map(form.get, TELLING)) if form else path
	try:
		return _labels[key]
	except KeyError:
		pass
	except TypeError:  # a list in the form is no key
		key = None
	found = entry(path, form or {}, is_page)
	command = form.get("cmd") if form else None
	own = path.startswith(OWN_PATHS) or (isinstance(command, str) and command.startswith(OWN))
	label = None if own else (found.doctype, found.route)
	if key is not None:
		if len(_labels) >= MOST_LABELS:
			_labels.clear()
		_labels[key] = label
	return label


def before_job(method: str = "", kwargs: Any = None) -> None:
	"""Hook `before_job`."""
	try:
		_begin(_recorder(frappe.local.site), method, frappe.local.db)
	except Exception:
		_here.mark = None
		_log("a job could not be measured")


def after_job(method: str = "", kwargs: Any = None) -> None:
	"""Hook `after_job`: runs in a `finally`, so the exception of a failed job is at hand."""
	mark = _end(method)
	if mark is None:
		return
	failed = sys.exc_info()[0] is not None
	try:
		name = method
		if method.endswith(".run_scheduled_job") and isinstance(kwargs, dict):
			name = str(kwargs.get("job_type") or method)
		if name.startswith(OWN) or method.startswith(OWN):
			return
		recorder = mark.recorder
		job = get_current_job()
		queue = str(job.origin).rpartition(":")[2] if job is not None else ""
		recorder.job(time.time(), (name[:140], queue), failed, mark, _wait(job))
		if mark.sample is not None:
			mark.sample.label = name[:140]
			_finish(recorder, mark.sample)
		recorder.flush()  # the process of a job ends without a word
	except Exception:
		mark.recorder.lose(JOBS)
		_log("a job could not be measured")


def _recorder(site: str) -> Recorder:
	found = _senders.recorders.get(site)
	if found is None:
		found = _senders.recorder(site, lambda: Recorder(sender()))
	return found


def _begin(recorder: Recorder, subject: object, db: Any) -> None:
	rate = recorder.settings["sql_sample_rate"]
	sample = Sample(frozenset(frappe.local.app_modules or ())) if rate and random.random() < rate else None
	if "execute_command" not in frappe.cache.__dict__:
		_count_cache(frappe.cache)
	mark = _here.mark = Mark(recorder, subject, sample)
	# On the object, as Frappe's recorder does it, and not on its class: other connections are none of our business.
	held = db.__dict__
	mark.restore = (held, held.get("sql"))
	held["sql"] = _counted(mark, db.sql) if sample is None else _sampled(mark, sample, db.sql)


def _end(subject: object) -> Mark | None:
	"""What was begun in this thread for `subject`; from now on its statements are not counted. None when a hook before ours
	failed, so that nothing was begun."""
	mark = getattr(_here, "mark", None)
	_here.mark = None
	if mark is None:
		return None
	held, before = mark.restore
	if before is not None:
		held["sql"] = before
	else:
		held.pop("sql", None)
	return mark if mark.subject is subject or mark.subject == subject else None


def _wait(job: Any) -> float | None:
	queued, started = getattr(job, "enqueued_at", None), getattr(job, "started_at", None)
	if not isinstance(queued, datetime) or not isinstance(started, datetime):
		return None
	return max(0.0, (_aware(started) - _aware(queued)).total_seconds())


def _aware(moment: datetime) -> datetime:
	return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _counted(mark: Mark, ask: Callable[..., Any]) -> Callable[..., Any]:
	"""`frappe.db.sql` that tells `mark` of each statement."""
	now = time.perf_counter

	def sql(*args: Any, **kwargs: Any) -> Any:
		began = now()
		try:
			return ask(*args, **kwargs)
		finally:
			mark.sql_seconds += now() - began
			mark.sql_statements += 1

	return sql


def _sampled(mark: Mark, sample: Sample, ask: Callable[..., Any]) -> Callable[..., Any]:
	"""The same, for a request whose statements are looked at one by one."""
	now = time.perf_counter

	def sql(query: Any, *args: Any, **kwargs: Any) -> Any:
		began, rows = now(), -1
		try:
			found = ask(query, *args, **kwargs)
			rows = len(found) if isinstance(found, list | tuple) else -1
			return found
		finally:
			took = now() - began
			mark.sql_seconds += took
			mark.sql_statements += 1
			if kwargs.get("run", True):
				sample.note(query, args[0] if args else kwargs.get("values"), took, rows)

	return sql


def _count_cache(cache: Any) -> None:
	"""Has the process's cache client tell whoever is measured what it found."""
	ask, here = cache.execute_command, _here

	def execute_command(*args: Any, **kwargs: Any) -> Any:
		found = ask(*args, **kwargs)
		if args[0] == "GET" or args[0] == "HGET":
			mark = getattr(here, "mark", None)
			if mark is not None:
				if found is None:
					mark.misses += 1
				else:
					mark.hits += 1
		return found

	cache.execute_command = execute_command  # nosemgrep: frappe-monkey-patching-not-allowed


def _finish(recorder: Recorder, sample: Sample) -> None:
	"""Asks for plans while the connection is open, and leaves the rest to the thread."""
	try:
		if frappe.db.db_type == "mariadb":
			_explain(sample)
	except Exception:
		_log("a plan could not be asked for")
	recorder.sampled(sample)


def _explain(sample: Sample) -> None:
	for sql, values, _, took, _ in sorted(sample.raw, key=lambda ran: -ran[3]):
		if took < WORTH_A_PLAN or len(sample.plans) >= MOST_PLANS:
			return
		if sql in _explained or not may_be_explained(sql):
			continue
		if len(_explained) >= MOST_EXPLAINED:
			_explained.clear()
		_explained[sql] = None
		given = () if values is None else (values,)
		# nosemgrep: frappe-using-db-sql - a statement that just ran, asked for its plan
		rows = frappe.db.sql(f"EXPLAIN {sql}", *given, as_dict=True)
		sample.plans[sql] = plan_text(
			PlanStep(str(row.table), str(row.type), row.key, int(row.rows or 0)) for row in rows if row.table
		)


def _log(message: str) -> None:
	frappe.logger("verenigingen").error(message, exc_info=True)


# frappe.call asks for the signature with each request; made anew each time it would cost far more than the hook
for _hook in (before_request, after_request, before_job, after_job):
	_hook.__signature__ = inspect.signature(_hook)  # type: ignore[attr-defined]
