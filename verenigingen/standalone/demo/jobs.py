"""Scheduled jobs: their types, their runs, one that grows slower every day, and two that fail now and then."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from . import rhythm
from .faulty import dispatch
from .faulty.runtime import APP, Records
from .manifest import incident
from .model import World
from .writer import HashNames, Row, Writer, standard

GROWING = f"{APP}.jobs.refresh_payment_history"
GROWTH = 2.2  # at the end of the window the growing job takes 3.2 times as long
BANK = f"{APP}.jobs.fetch_bank_statements"
REMINDERS = f"{APP}.jobs.send_renewal_reminders"
BANK_ACCOUNT = "NL02ABNA0123456789"
_SETUP = datetime(2018, 1, 3, 9, 30)


@dataclass(frozen=True)
class JobType:
	"""A scheduled job: how often it runs and how many seconds it takes."""

	method: str
	frequency: str
	seconds: float
	spread: float = 0.15
	failing: float = 0.0  # share of runs

	@property
	def name(self) -> str:
		"""As Frappe names it: the last two parts of the path."""
		return ".".join(self.method.split(".")[-2:])

	@property
	def step(self) -> timedelta:
		"""Time between two runs."""
		days = {"Hourly": 1 / 24, "Daily": 1, "Daily Long": 1, "Weekly": 7, "All": 1 / 360}
		return timedelta(days=days[self.frequency])


@dataclass(frozen=True)
class Run:
	"""One run of a job; `failure` is the traceback, `wait` the seconds in the queue."""

	job: JobType
	start: datetime
	seconds: float
	wait: float
	uuid: str
	failure: str | None = None


JOB_TYPES = (
	JobType(GROWING, "Daily", 41.0, 0.05),
	JobType(BANK, "Hourly", 6.5, 0.3, failing=0.025),
	JobType(REMINDERS, "Daily", 18.0, failing=0.08),
	JobType(f"{APP}.dues.generate_daily_invoices", "Daily Long", 96.0, 0.2),
	JobType(f"{APP}.sepa.prepare_collections", "Daily", 12.0),
	JobType(f"{APP}.members.expire_memberships", "Daily", 4.2),
	JobType(f"{APP}.mailing.weekly_digest", "Weekly", 33.0),
	JobType("frappe.utils.global_search.sync_global_search", "Hourly", 1.4, 0.35),
	JobType("frappe.integrations.doctype.webhook.webhook.retry_failed", "Hourly", 0.4, 0.4),
	JobType("frappe.core.doctype.log_settings.log_settings.run_log_clean_up", "Daily", 7.5),
	JobType("frappe.desk.doctype.event.event.send_event_digest", "Daily", 1.1),
	JobType("frappe.email.queue.flush", "All", 0.25, 0.5),
)


def add_runs(world: World, records: Records) -> list[Run]:
	"""All runs of the window, in order. Jobs of the `All` event are left out: Frappe does not log them."""
	runs: list[Run] = []
	for job in JOB_TYPES:
		rng = rhythm.rng(world.seed, f"job {job.name}")
		if job.frequency != "All":
			runs += [
				_run(rng, world, job, moment, records)
				for moment in _moments(rng, world.start, world.now, job)
			]
	_record(world, runs)
	return sorted(runs, key=lambda run: (run.start, run.job.name))


def queue_runs(world: World, start: datetime) -> Iterator[Run]:
	"""The runs that leave no Scheduled Job Log, which frappe.monitor sees all the same."""
	job = JOB_TYPES[-1]
	rng = rhythm.rng(world.seed, f"job {job.name}")
	for moment in _moments(rng, start, world.now, job):
		yield _run(rng, world, job, moment, {})


def _moments(rng: Random, start: datetime, now: datetime, job: JobType) -> Iterator[datetime]:
	"""Shortly after the full hour, midnight or Sunday midnight; the scheduler is some seconds late."""
	moment = start.replace(minute=0, second=0, microsecond=0)
	if job.step >= timedelta(days=1):
		moment = moment.replace(hour=0)
	if job.frequency == "Weekly":
		moment -= timedelta(days=(moment.weekday() + 1) % 7)
	while moment < now:
		late = rng.uniform(1, 600) if "Long" in job.frequency else rng.uniform(1, 55)
		found = moment + timedelta(seconds=late)
		if start <= found < now and rhythm.exists(found):
			yield found
		moment += job.step


def _run(rng: Random, world: World, job: JobType, start: datetime, records: Records) -> Run:
	seconds = job.seconds * rng.lognormvariate(0, job.spread)
	if job.method == GROWING:
		seconds *= 1 + GROWTH * ((start - world.start) / (world.now - world.start))
	identifier = str(uuid.UUID(int=rng.getrandbits(128), version=4))
	failure = _failure(rng, job, start, records) if rng.random() < job.failing else None
	return Run(job, start, seconds, rng.expovariate(2.0) + 0.02, identifier, failure)


def _failure(rng: Random, job: JobType, start: datetime, records: Records) -> str:
	"""Runs the job for real, on input that makes it fail."""
	if job.method == BANK:
		status = rng.choice((502, 503, 504))
		arguments = {"account": BANK_ACCOUNT, "day": start.date(), "status": status}
		text = dispatch.scheduled("jobs.fetch_bank_statements", arguments, records)
	else:
		members = rng.sample(sorted(records["Member"]), 3)
		renewals = [
			{"member": name, "email": records["Member"][name]["email"], "language": language}
			for name, language in zip(members, ("nl", "nl", "fy"), strict=True)
		]
		templates = {"nl": "Uw lidmaatschap loopt af.", "en": "Your membership ends."}
		arguments = {"renewals": renewals, "templates": templates}
		text = dispatch.scheduled("jobs.send_renewal_reminders", arguments, records)
	if text is None:
		raise RuntimeError(f"{job.method} was meant to fail")
	return text


def _record(world: World, runs: list[Run]) -> None:
	growing = [run for run in runs if run.job.method == GROWING]
	incident(
		world,
		"job-slower",
		"job_duration_growth",
		world.start,
		"the duration of this job grows steadily through the whole window, the others stay as they are",
		{
			"job": growing[0].job.name,
			"method": GROWING,
			"runs": len(growing),
			"first_week_seconds": round(sum(run.seconds for run in growing[:7]) / len(growing[:7]), 1),
			"last_week_seconds": round(sum(run.seconds for run in growing[-7:]) / len(growing[-7:]), 1),
		},
	)
	_record_failures(world, runs)


def _record_failures(world: World, runs: list[Run]) -> None:
	for method, exception, culprit in (
		(BANK, "BankConnectionError", "jobs.read_response"),
		(REMINDERS, "KeyError", "jobs.send_renewal_reminders"),
	):
		failed = [run for run in runs if run.job.method == method and run.failure and _end(run) <= world.now]
		if not failed:
			continue
		incident(
			world,
			f"job-fails-{method.rsplit('.', 1)[-1]}",
			"job_failures",
			min(run.start for run in failed),
			"runs of this job failed; the tracebacks stand in Scheduled Job Log only, not in Error Log",
			{
				"job": failed[0].job.name,
				"method": method,
				"exception": exception,
				"culprit": culprit,
				"count": len(failed),
				"runs": sum(run.job.method == method for run in runs),
			},
		)


def _end(run: Run) -> datetime:
	return run.start + timedelta(seconds=run.seconds)


def write(world: World, runs: list[Run], names: HashNames, writer: Writer) -> None:
	"""Writes the types, and a log row for every run."""
	last = {run.job.name: run.start for run in runs}
	writer.add("Scheduled Job Type", (_type_row(job, last.get(job.name, world.now)) for job in JOB_TYPES))
	writer.add("Scheduled Job Log", (_log_row(world, run, names()) for run in runs))


def _type_row(job: JobType, last: datetime) -> Row:
	return {
		**standard(job.name, _SETUP),
		"method": job.method,
		"stopped": 0,
		"create_log": int(job.frequency != "All"),
		"last_execution": last,
		"cron_format": None,
		"frequency": job.frequency,
		"server_script": None,
	}


def _log_row(world: World, run: Run, name: str) -> Row:
	"""Frappe inserts the row at the start and sets its status at the end: `modified - creation` is the duration."""
	ended = _end(run) <= world.now
	status = "Start" if not ended else "Failed" if run.failure else "Complete"
	modified = _end(run) if ended else min(world.now, run.start + timedelta(milliseconds=12))
	return {
		**standard(name, run.start, modified=modified),
		"status": status,
		"details": run.failure if ended else None,
		"scheduled_job_type": run.job.name,
		"debug_log": None,
	}
