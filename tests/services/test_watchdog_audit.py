"""The watchdog on somebody's real site, audited read-only: what a database tells is found, the rest is unknown."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import maria_config, write_config
from tests.support.servers import MariaServer
from verenigingen.exceptions import BadArgument, NotFound, ReadOnlySite
from verenigingen.host import Host, use_host
from verenigingen.host.on_local import open_host
from verenigingen.host.on_local.schema import create_table
from verenigingen.services import dashboard, executive
from verenigingen.services.monitoring import collect_all
from verenigingen.services.remedies import apply_remedy, undo_remedy
from verenigingen.services.watchdog import watchdog_report

TABLES = {
	"tabScheduled Job Type": {
		"method": "Data", "frequency": "Data", "cron_format": "Data", "last_execution": "Datetime", "stopped": "Check", "create_log": "Check",
	},
	"tabScheduled Job Log": {"scheduled_job_type": "Data", "status": "Data", "details": "Code"},
	"tabActivity Log": {"subject": "Data"},
	"tabEmail Queue": {"status": "Data", "send_after": "Datetime"},
	"tabEmail Queue Recipient": {"parent": "Data", "status": "Data"},
	"tabError Log": {"method": "Data"},
	"tabLogs To Clear": {"ref_doctype": "Data", "days": "Int"},
	"tabDefaultValue": {"parent": "Data", "defkey": "Data", "defvalue": "Code"},
}  # fmt: skip


@pytest.fixture
def config(mariadb: MariaServer) -> dict[str, object]:
	"""A Frappe site's tables in MariaDB, as far as the watchdog reads them."""
	return maria_config(mariadb)


def opened(folder: Path, config: dict[str, object], *, own: bool) -> Host:
	"""The site, ours or somebody's."""
	folder.mkdir(exist_ok=True)
	host = open_host(write_config(folder, **config, monitoring_own_site=own), store=folder / "store.db")
	if own:
		for table, fields in TABLES.items():
			create_table(host.store.execute, host.store.columns, "mariadb", table, fields)
	return host


def fill(host: Host) -> None:
	"""A site that has been silent for 17 hours, with stuck mail and a log that nothing cleared."""
	now = host.clock.now().replace(tzinfo=None)
	ago = now - timedelta(hours=17)
	add = host.store.insert
	add("tabSingles", [])
	host.store.execute(
		"INSERT INTO `tabSingles` (doctype, field, value) VALUES ('System Settings', 'enable_scheduler', '1')"
	)
	types = [
		{
			"name": name,
			"method": f"app.{name}",
			"frequency": often,
			"cron_format": cron,
			"last_execution": ago,
			"stopped": 0,
			"create_log": 1,
		}
		for name, often, cron in (("a", "Hourly", None), ("b", "Daily", None), ("c", "Cron", "*/5 * * * *"))
	]
	add("tabScheduled Job Type", types)
	add("tabActivity Log", [{"name": "1", "subject": "login", "creation": now, "modified": now}])
	add(
		"tabScheduled Job Log",
		[
			row("l1", ago, scheduled_job_type="a", status="Start"),
			row("l2", ago, scheduled_job_type="b", status="Complete"),
		],
	)
	add(
		"tabEmail Queue",
		[
			row("m1", ago, status="Sending"),
			row("m2", ago, status="Sending"),
			row("m3", now, status="Sending"),
		],
	)
	add(
		"tabEmail Queue",
		[
			row("m4", ago, status="Not Sent", send_after=None),
			row("m5", ago, status="Not Sent", send_after=now + timedelta(days=1)),
		],
	)
	add(
		"tabEmail Queue",
		[row("m6", ago, status="Error"), row("m7", now - timedelta(days=30), status="Error")],
	)
	add(
		"tabEmail Queue Recipient",
		[row("r1", ago, parent="m1", status="Not Sent"), row("r2", ago, parent="m2", status="Sent")],
	)
	add("tabLogs To Clear", [row("k", ago, ref_doctype="Error Log", days=14)])
	add("tabError Log", [row("old", now - timedelta(days=40), method="x")])


def row(name: str, when: datetime, **values: object) -> dict[str, object]:
	"""A row of that time."""
	return {"name": name, "creation": when, "modified": when, **values}


def found(host: Host) -> dict[str, dict[str, Any]]:
	"""Findings by check and subject."""
	with use_host(host):
		return {f"{row['check']} {row['subject']}": row for row in watchdog_report(host)["findings"]}


EXPECTED = {
	"scheduler silent": "critical",
	"unfinished_runs a": "high",
	"mail_stuck Sending": "high",
	"mail_waiting Not Sent": "high",
	"mail_given_up Error": "medium",
	"log_clearing Error Log": "medium",
}


def test_a_real_site_is_judged_from_its_tables(config: dict[str, object], tmp_path: Path) -> None:
	fill(opened(tmp_path / "own", config, own=True))
	audit = opened(tmp_path / "audit", config, own=False)
	rows = found(audit)
	assert {key: row["severity"] for key, row in rows.items()} == EXPECTED
	assert rows["mail_stuck Sending"]["evidence"] | {"oldest_seconds": 0} == {
		"mails": 2,
		"names": ["m1", "m2"],
		"oldest_seconds": 0,
	}
	assert (
		rows["mail_waiting Not Sent"]["evidence"]["mails"],
		rows["mail_given_up Error"]["evidence"]["mails"],
	) == (1, 1)
	unknown = {row["check"]: row["reason"] for row in watchdog_report(audit)["unknown"]}
	assert set(unknown) == {"queue_age", "workers", "dead_jobs", "long_jobs", "backups"}
	with pytest.raises(ReadOnlySite):
		apply_remedy(audit, "requeue_mail", "Sending", apply=True)


def test_the_verdict_is_the_same_through_every_door(config: dict[str, object], tmp_path: Path) -> None:
	host = opened(tmp_path / "own", config, own=True)
	fill(host)
	with use_host(host):
		collect_all(host, 60)
		report = executive.generate_insights_report(host)["executive_summary"]
		page = dashboard.refresh(host, 30)["sections"]["executive_summary"]["data"]
		told = [report, page, dashboard.executive_summary(host, 30)]
		told.append(dashboard.detailed_report(host, 30)["executive_summary"])
	assert {(each["overall_health"], each["basis"]) for each in told} == {
		("critical", "errors and the watchdog")
	}
	assert any(reason.startswith("critical: ") for reason in page["reasons"])


def test_backups_beside_the_configuration_are_seen(config: dict[str, object], tmp_path: Path) -> None:
	host = opened(tmp_path / "own", config, own=True)
	folder = tmp_path / "own" / "private" / "backups"
	folder.mkdir(parents=True)
	assert found(host)["backups missing"]["severity"] == "high"
	(folder / "20200101_000000-x-database.sql.gz").write_bytes(b"x" * 5_000)
	assert found(host)["backups old"]["severity"] == "high"


def test_each_remedy_is_planned_applied_and_taken_back(config: dict[str, object], tmp_path: Path) -> None:
	host = opened(tmp_path / "own", config, own=True)
	fill(host)
	before = found(host)
	for key in ("mail_stuck Sending", "mail_given_up Error", "unfinished_runs a"):
		call = before[key]["remedy_call"]
		plan = apply_remedy(host, **call, apply=False)
		assert (plan["applied"], plan["action"]) == (False, None) and key in found(host)
		done = apply_remedy(host, **call, apply=True)
		assert done["touches"] == plan["touches"] and key not in found(host)
		with pytest.raises(NotFound):
			apply_remedy(host, **call, apply=True)
		undo_remedy(host, done["action"])
		assert key in found(host)
	states = dict(host.db.query("SELECT name, status FROM `tabEmail Queue`"))
	assert states == {
		"m1": "Sending",
		"m2": "Sending",
		"m3": "Sending",
		"m4": "Not Sent",
		"m5": "Not Sent",
		"m6": "Error",
		"m7": "Error",
	}
	assert host.db.query("SELECT status, details FROM `tabScheduled Job Log` WHERE name = 'l1'") == [
		("Start", None)
	]


def test_mail_that_went_out_meanwhile_is_left_alone(config: dict[str, object], tmp_path: Path) -> None:
	host = opened(tmp_path / "own", config, own=True)
	fill(host)
	done = apply_remedy(host, "requeue_mail", "Sending", apply=True)
	assert dict(host.db.query("SELECT name, status FROM `tabEmail Queue` WHERE name < 'm3'")) == {
		"m1": "Not Sent",
		"m2": "Partially Sent",
	}
	host.store.execute("UPDATE `tabEmail Queue` SET status = 'Sent' WHERE name = 'm1'")
	assert undo_remedy(host, done["action"])["undone"].startswith("1 mail")
	assert dict(host.db.query("SELECT name, status FROM `tabEmail Queue` WHERE name < 'm3'")) == {
		"m1": "Sent",
		"m2": "Sending",
	}


def test_the_scheduler_is_resumed_in_the_configuration_file(
	config: dict[str, object], tmp_path: Path
) -> None:
	host = opened(tmp_path / "own", config, own=True)
	fill(host)
	path = tmp_path / "own" / "site_config.json"
	values = json.loads(path.read_text())
	path.write_text(json.dumps({**values, "pause_scheduler": 1}))
	paused = found(host)["scheduler pause_scheduler"]
	assert paused["evidence"]["overdue"] == 3
	done = apply_remedy(host, **paused["remedy_call"], apply=True)
	assert json.loads(path.read_text()) == {**values, "pause_scheduler": 0}
	undo_remedy(host, done["action"])
	assert json.loads(path.read_text())["pause_scheduler"] == 1
	with pytest.raises(BadArgument, match="target must be"):
		apply_remedy(host, "resume_scheduler", "maintenance_mode", apply=True)
