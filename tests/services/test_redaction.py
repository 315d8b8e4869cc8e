"""Planted values on a stand-alone site: what is collected from its errors holds none of them, nor does any answer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from verenigingen.core.errors import identify
from verenigingen.exceptions import DatabaseUnavailable
from verenigingen.host import Host
from verenigingen.host.endpoint import REGISTRY
from verenigingen.services import redaction
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.import_errors import TABLE
from verenigingen.utils import analytics_engine

DOORS = [door for path, door in REGISTRY.items() if path.startswith(analytics_engine.__name__)]
CANARIES = (
	"canary.kwartel@thuis.example",
	"NL91ABNA0417164300",
	"06-48151623",
	"111222333",
	"Zonnedauwpad",
	"Kwartelmeester",
	"canary-Geheim-42",
	"1979-05-23",
	"198.51.100.77",
)
TRACEBACK = """Traceback with variables (most recent call last):
  File "apps/club/club/dues.py", line 12, in collect
    raise ValueError(f"{person['full_name']} cannot pay from {iban}")
      person = {'full_name': 'Xaveria van der Kwartelmeester', 'street': 'Zonnedauwpad 3', 'bsn': '111222333',
        'email': 'canary.kwartel@thuis.example', 'login': [{'password': 'canary-Geheim-42'}], 'birth_date': '1979-05-23'}
      iban = 'NL91ABNA0417164300'
      phone = '06-48151623'
      client_ip = '198.51.100.77'
builtins.ValueError: Xaveria van der Kwartelmeester cannot pay from NL91ABNA0417164300"""
PLAIN = "Mail to Kwartelmeester, Xaveria van der <canary.kwartel@thuis.example> (06-48151623) refused: password=canary-Geheim-42"


@pytest.fixture
def members(host: Host) -> Host:
	"""The site knows one member by name."""
	host.store.insert(
		"tabMember", [{"name": "Assoc-Member-1", "full_name": "Xaveria van der Kwartelmeester"}]
	)
	redaction.forget_names(host)
	return host


def log(host: Host, name: str, title: str, text: str) -> None:
	now = host.clock.now().replace(tzinfo=None)
	row = {"name": name, "method": title, "error": text, "owner": "a@b.example"}
	host.store.insert(TABLE, [row | {"creation": now, "modified": now}])


def tables(host: Host) -> list[str]:
	if "sqlite" in type(host.store).__name__.lower():
		return [row[0] for row in host.store.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
	return [row[0] for row in host.store.query("SHOW TABLES")]


def test_no_planted_value_is_kept_or_answered(members: Host) -> None:
	log(members, "canary-1", "Xaveria van der Kwartelmeester cannot pay", TRACEBACK)
	log(members, "canary-2", PLAIN, PLAIN)
	collect_all(members, 300)
	said = json.dumps([door.function() for door in DOORS])
	assert "ValueError" in said
	kept = {
		table: repr(members.store.query(f"SELECT * FROM `{table}`"))
		for table in tables(members)
		if table not in (TABLE, "tabMember")
	}
	assert "tabError Issue" in kept and "ValueError" in kept["tabError Issue"]
	for canary in CANARIES:
		assert canary not in said
		assert [table for table, rows in kept.items() if canary in rows] == []


def test_an_error_is_redacted_and_stays_the_same_error(members: Host) -> None:
	title, text = redaction.protect(members, PLAIN, TRACEBACK)
	assert not [canary for canary in CANARIES if canary in title + text]
	assert 'File "apps/club/club/dues.py", line 12, in collect' in text
	assert identify(PLAIN, TRACEBACK).fingerprint == identify(title, text).fingerprint


def test_redaction_can_be_turned_off(members: Host) -> None:
	assert redaction.protect(with_setting(members, 0), PLAIN, TRACEBACK) == (PLAIN, TRACEBACK)
	assert redaction.protect(with_setting(members, "nonsense"), PLAIN, TRACEBACK)[1] != TRACEBACK


def with_setting(host: Host, value: object) -> Host:
	class Config:
		def get(self, name: str) -> object:
			return value if name == "redact_error_log" else None

	return replace(host, config=Config())


def test_when_names_cannot_be_read_the_stack_is_kept_and_no_value(members: Host) -> None:
	class Down:
		def query(self, sql: str, params: object = ()) -> list[tuple[object, ...]]:
			raise DatabaseUnavailable("gone")

		def columns(self, table: str) -> frozenset[str]:
			raise DatabaseUnavailable("gone")

	redaction.forget_names(members)
	title, text = redaction.protect(replace(members, db=Down()), "Dues failed", TRACEBACK)
	assert title and text.startswith(redaction.NOT_KEPT)
	assert "club/dues.py, collect" in text and "ValueError" in text
	assert not [canary for canary in CANARIES if canary in title + text and canary != "Kwartelmeester"]


def test_a_text_of_megabytes_is_cut_and_says_so(members: Host) -> None:
	text = redaction.protect(members, "big", "x" * 10_000_000)[1]
	assert len(text) < redaction.TEXT_LIMIT + 200
	assert f"{10_000_000 - redaction.TEXT_LIMIT} characters were not kept" in text
