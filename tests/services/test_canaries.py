"""Planted values on a stand-alone site, searched for in every form in all that is kept, answered, shown and printed."""

from __future__ import annotations

import html
import json
from datetime import timedelta
from inspect import signature, unwrap
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from click.testing import CliRunner

from tests.services.test_redaction import tables
from verenigingen.host import Host
from verenigingen.host.endpoint import REGISTRY
from verenigingen.services import redaction
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.cli import load_doors, main
from verenigingen.standalone.import_errors import TABLE
from verenigingen.tests.canaries import FIRST, LAST, NEEDLES, PERSON, found_in, sentence

load_doors()
RULE = {"rule_name": "all", "action": "pin", "message": "*a*"}
TRACEBACK = f"""Traceback with variables (most recent call last):
  File "apps/club/club/dues.py", line 12, in collect
    raise ValueError(message)
      person = {PERSON!r}
      rows = [{json.dumps(PERSON)}]
      query = "SELECT * FROM tabMember WHERE email = '{PERSON["email"]}' AND iban = '{PERSON["iban"]}'"
      address = 'https://club.example/pay?name={quote_plus(PERSON["full_name"])}&iban={quote(PERSON["iban"])}'
builtins.ValueError: {sentence()}"""


@pytest.mark.parametrize("kind", NEEDLES)
def test_the_search_finds_what_is_there(kind: str) -> None:
	for form in (
		sentence(),
		sentence().upper(),
		json.dumps(PERSON),
		quote(sentence()),
		quote_plus(sentence()),
	):
		assert kind in found_in(form)
		assert kind in found_in(html.escape(form)) and kind in found_in(json.dumps(html.escape(form)))
	assert found_in(repr({"total": 111, "hours": "1,1,1,2,2,2,3,3,3", "hash": "0417ab"})) == []


@pytest.fixture
def raised(host: Host) -> Host:
	"""A site that knows one of its members, whose errors quote all there is to know of her."""
	host.store.insert("tabMember", [{"name": "Assoc-Member-1", "full_name": f"{FIRST} {LAST}"}])
	redaction.forget_names(host)
	now = host.clock.now().replace(tzinfo=None)
	texts = (
		("Dues", TRACEBACK),
		(sentence()[:140], sentence()),
		(sentence().upper()[:140], json.dumps({"rows": [PERSON]}, indent=1)),
		("404", f"GET /pay?{quote_plus(sentence())} failed"),
	)
	for number, (title, text) in enumerate(texts):
		moment = now - timedelta(minutes=number)
		row = {"name": f"canary-{number}", "method": title, "error": text, "owner": PERSON["email"]}
		host.store.insert(TABLE, [row | {"creation": moment, "modified": moment}])
	assert {result["error"] for result in collect_all(host, 300)} == {None}
	return host


def answers(host: Host) -> dict[str, str]:
	"""What every reading door says."""
	(name, *_), *_ = host.store.query("SELECT name FROM `tabError Issue` ORDER BY event_count DESC")
	given = {"get_issue": {"name": name}, "preview_grouping_rule": {"rule": json.dumps(RULE)}}
	found = {}
	for path, door in REGISTRY.items():
		parameters = signature(unwrap(door.function)).parameters.values()
		arguments = given.get(path.rpartition(".")[2], {})
		needed = {each.name for each in parameters if each.default is each.empty}
		if "GET" in door.methods and needed <= arguments.keys():
			found[path] = json.dumps(door.function(**arguments), default=str)
	return found


def test_tables_and_answers_hold_none(raised: Host) -> None:
	said = answers(raised)
	assert "ValueError" in said["verenigingen.utils.error_issues.get_issue"] or len(said) > 10
	assert {path: found for path, answer in said.items() if (found := found_in(answer))} == {}
	kept = {
		table: repr(raised.store.query(f"SELECT * FROM `{table}`"))
		for table in tables(raised)
		if table not in (TABLE, "tabMember")
	}
	assert "ValueError" in kept["tabError Issue"]
	assert {table: found for table, rows in kept.items() if (found := found_in(rows))} == {}


def test_the_printed_report_holds_none(raised: Host, site: Path) -> None:
	for arguments in (["report", "--json"], ["report"], ["hotspots"]):
		done = CliRunner().invoke(main, ["--site", str(site), *arguments])
		assert done.exit_code == 0, done.output
		assert "ValueError" in done.output or "--json" not in arguments
		assert found_in(done.output) == []
