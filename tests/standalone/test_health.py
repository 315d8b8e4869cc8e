"""`/health` and the door behind it: up or down for everybody, the parts for those who may know."""

from __future__ import annotations

from datetime import timedelta

from tests.standalone.conftest import Served
from verenigingen.services.pulse import KEY

DOOR = "/api/method/verenigingen.monitoring.zabbix_integration.health_check"
FINDINGS = "/api/method/verenigingen.utils.analytics_engine.get_watchdog_findings"
ALERTS = "/api/method/verenigingen.www.monitoring_dashboard.get_active_alerts"


def collected(served: Served, ago: timedelta) -> None:
	"""Makes the last collection so long ago."""
	when = served.host.clock.now().replace(tzinfo=None) - ago
	served.host.store.execute("UPDATE `tabCollector State` SET last_run = %s", (when,))
	served.host.cache.clear(KEY)


def test_up_then_down_with_status_503(served: Served) -> None:
	collected(served, timedelta(0))
	for path in ("/health", DOOR):
		answer = served.client.ask(path)
		assert (answer.status, answer.json) == (
			200,
			{"status": "up"} if path == "/health" else {"message": {"status": "up"}},
		)
		assert answer.headers["Cache-Control"] == "no-store"
	collected(served, timedelta(hours=3))
	assert (served.client.ask("/health").status, served.client.ask(DOOR).status) == (503, 503)
	told = served.client.ask(DOOR, headers=served.key("Monitoring Agent"))
	message = told.json["message"]
	assert (told.status, message["status"]) == (503, "down")
	assert message["parts"]["collection"] == {
		"status": "down",
		"detail": "the collectors ran last 3 hours ago",
	}
	assert message["parts"]["queue"]["status"] == message["parts"]["scheduler"]["status"] == "unknown"
	assert message["parts"]["database"]["status"] == "up"
	assert message["last_collection"] and message["last_scheduler_event"] is None
	assert served.client.ask(FINDINGS, headers=served.key("System Manager")).status == 200, (
		"the status is of one answer"
	)
	collected(served, timedelta(0))


def test_others_learn_no_parts(served: Served) -> None:
	assert served.client.ask(DOOR, headers=served.key("Compliance Officer")).json == {
		"message": {"status": "up"}
	}
	assert served.client.ask(FINDINGS, headers=served.key("Monitoring Agent")).status == 403
	assert served.client.ask(ALERTS).status == 403


def test_findings_and_alerts_over_http(served: Served) -> None:
	collected(served, timedelta(hours=3))
	key = served.key("System Manager")
	report = served.client.ask(FINDINGS, headers=key).json["message"]
	[stopped] = [row for row in report["findings"] if row["subject"] == "stopped"]
	assert (stopped["check"], stopped["severity"]) == ("collection", "high")
	blind = {row["check"]: row["reason"] for row in report["unknown"]}
	assert "no Scheduled Job Type" in blind["scheduler"] and "cannot be seen" in blind["workers"]
	assert "site_config.json" in blind["backups"] and "no Email Queue" in blind["mail_stuck"]
	alerts = served.client.ask(ALERTS, headers=key).json["message"]
	assert [alert["title"] for alert in alerts["alerts"] if alert["source"] == "watchdog"] == [
		row["title"] for row in report["findings"]
	]
	assert alerts["unknown"] == report["unknown"]
	collected(served, timedelta(0))
