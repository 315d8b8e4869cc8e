"""Columns that only some builds of Frappe have: read where they are there, missed where they are not."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.services.test_collection import add_rows, now_of
from verenigingen.host import Host
from verenigingen.host.on_local.schema import create_table
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.import_errors import TABLE
from verenigingen.utils.error_issues import get_issue, list_issues

REQUEST = {
	"request": {"path": "/api/resource/Member/M-7?x=1", "method": "PUT", "user": "anna@club.example"},
	"trace_id": "t-1",
}
JOB = {"job": {"job_name": "club.tasks.collect", "user": "Administrator"}}


@pytest.fixture
def newer(host: Host) -> Host:
	"""A site whose Error Log has both columns."""
	store: Any = host.store
	create_table(
		store.execute, store.columns, store.dialect, TABLE, {"metadata": "JSON", "fingerprint": "Data"}
	)
	return host


def only_issue(host: Host) -> dict:
	assert {result["error"] for result in collect_all(host, 300)} == {None}
	(row,) = list_issues()["issues"]
	return get_issue(name=row["name"])


def values(found: dict, key: str) -> list[str]:
	return [item["value"] for item in found[key]["values"]]


def test_metadata_tells_entry_point_and_user_and_the_fingerprint_is_shown(newer: Host) -> None:
	when = now_of(newer) - timedelta(hours=1)
	add_rows(newer, ["a"], when, owner="Administrator", metadata=json.dumps(REQUEST), fingerprint="core-1")
	add_rows(newer, ["b"], when, owner="Administrator", metadata=json.dumps(JOB), fingerprint="core-2")
	found = only_issue(newer)
	assert found["events_total"] == 2, "their fingerprint does not part what is one error"
	assert set(values(found, "entry_points")) == {"PUT /api/resource/Member/{name}", "job club.tasks.collect"}
	assert set(values(found, "frappe_fingerprints")) == {"core-1", "core-2"}
	assert found["users"]["count"] == 1
	assert found["users"]["top"][0]["user"] == newer.secrets.pseudonym("anna@club.example")


@pytest.mark.parametrize(
	"metadata", ["", "{", "[1]", '"text"', '{"request": 5, "user": ["a"]}', "[" * 100_000]
)
def test_metadata_of_another_form_tells_nothing_and_harms_nothing(newer: Host, metadata: str) -> None:
	add_rows(newer, ["a"], metadata=metadata, fingerprint=None, owner="Administrator")
	found = only_issue(newer)
	assert (found["events_total"], found["users"]["count"]) == (1, None)
	assert values(found, "entry_points") == [] and found["frappe_fingerprints"]["reason"]


def test_a_site_without_the_columns_is_read_as_before(host: Host) -> None:
	add_rows(host, ["a"])
	found = only_issue(host)
	assert found["events_total"] == 1 and found["frappe_fingerprints"]["values"] == []
