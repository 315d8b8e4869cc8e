"""Grouping rules on a site: new events follow them, past issues are shown first and merged on demand."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_config
from tests.services.test_collection import add_rows, collect, counts, now_of
from tests.services.test_grouping import WORDS, content, events, name_of, sums, take, value
from verenigingen.core.errors.rules import FIELDS, Rules, read_rules
from verenigingen.exceptions import BadArgument, ConfigurationError, NotPermitted
from verenigingen.host import Host, User, use_host
from verenigingen.host.on_local import acting_as, open_host
from verenigingen.services.batch import Batch, gather, issue_name
from verenigingen.services.collection import LOCK
from verenigingen.services.grouping import merge_issues
from verenigingen.services.grouping_settings import load_rules
from verenigingen.services.monitoring import collect_all
from verenigingen.services.rollup import write
from verenigingen.standalone.import_errors import ensure_error_log
from verenigingen.utils import error_grouping

OUTAGE = {"rule_name": "outage", "action": "merge", "title": "Everything is down", "message": "a failed"}
PIN = {"rule_name": "keep", "action": "pin", "message": "gamma", "title": "Known: gamma", "severity": "low"}
SPLIT = {"rule_name": "ways", "action": "split", "message": "epsilon", "split_by": "entry point"}


def save(host: Host, *rows: dict[str, Any]) -> None:
	"""The rules as Monitoring Settings would hold them."""
	host.store.execute("DELETE FROM `tabError Grouping Rule`")
	defaults = dict.fromkeys(FIELDS, "") | {"enabled": 1}
	host.store.insert(
		"tabError Grouping Rule",
		[
			{"name": f"row{place}", "parent": "Monitoring Settings", "idx": place, **defaults, **row}
			for place, row in enumerate(rows, 1)
		],
	)


def take_ruled(host: Host, rows: Any) -> None:
	batch = Batch()
	gather(batch, rows, host.secrets.pseudonym, Rules(load_rules(host)))
	with host.store.transaction(LOCK):
		write(host, "Error Log", batch)


def preview(rule: dict[str, Any]) -> dict[str, Any]:
	return error_grouping.preview_grouping_rule(rule=json.dumps(rule))


def effects(rule: dict[str, Any]) -> dict[str, str]:
	return {entry["title"]: entry["effect"] for entry in preview(rule)["issues"]}


def test_new_events_follow_the_rules_of_the_settings(host: Host) -> None:
	save(host, PIN, OUTAGE, SPLIT)
	past = now_of(host) - timedelta(days=1)
	for word in WORDS:
		add_rows(host, [f"{word}{i}" for i in range(4)], past, method="x", error=f"{word} failed")
	collect(host)
	found = dict(host.store.query("SELECT title, event_count FROM `tabError Issue`"))
	# alpha, beta, delta are one; epsilon has no known entry point, so nothing splits it
	assert found.pop("Everything is down") == 12
	assert found.pop("Known: gamma") == 4
	assert list(found.values()) == [4]
	assert counts(host) == (20, 20, 20)
	merged = issue_name(read_rules([OUTAGE])[0].fingerprint)
	assert value(host, merged, "reason") == "merged by rule 'outage'"
	assert value(host, merged, "pinned") == 1


def test_rules_of_the_site_config_hold_where_the_settings_have_none(tmp_path: Path) -> None:
	path = write_config(
		tmp_path, db_type="sqlite", db_name="s", monitoring_own_site=True, error_grouping_rules=[OUTAGE]
	)
	with use_host(open_host(path)) as host:
		ensure_error_log(host)
		add_rows(host, ["one"], method="x", error="alpha failed")
		collect(host)
		assert host.store.query("SELECT title FROM `tabError Issue`") == [("Everything is down",)]
		save(host, PIN)
		assert [rule.name for rule in load_rules(host)] == ["keep"]


def test_a_bad_rule_in_the_site_config_stops_collecting_and_says_why(tmp_path: Path) -> None:
	path = write_config(
		tmp_path,
		db_type="sqlite",
		db_name="s",
		monitoring_own_site=True,
		error_grouping_rules=[{"rule_name": "A", "action": "pin"}],
	)
	with use_host(open_host(path)) as host:
		ensure_error_log(host)
		with pytest.raises(ConfigurationError, match="'A' would match every error"):
			load_rules(host)
		add_rows(host, ["one"])
		[result] = [row for row in collect_all(host, 10) if row["collector"].endswith("error_log.collect")]
		assert "'A' would match every error" in result["error"]
		assert host.store.query("SELECT COUNT(*) FROM `tabError Issue`") == [(0,)]


def test_trying_a_rule_shows_what_it_would_do_and_changes_nothing(host: Host) -> None:
	take(host, events(1, 300))
	save(host, PIN)
	before = content(host)
	shown = preview(OUTAGE)
	titles = {f"{word} failed" for word in WORDS if word.endswith("a")}
	assert {entry["title"].partition(":")[0] for entry in shown["issues"]} >= {
		title for title in titles if title[0] != "g"
	}
	assert shown["touches"] == 3 and shown["action"] == "merge"
	by_effect = {entry["title"]: (entry["effect"], entry["explanation"]) for entry in shown["issues"]}
	assert [why for effect, why in by_effect.values() if effect == "nothing"] == [
		"Rule 'keep' comes before it."
	]
	assert [effect for effect, _ in by_effect.values()].count("merge") == 3
	assert shown["events"] == sum(
		entry["event_count"] for entry in shown["issues"] if entry["effect"] == "merge"
	)
	assert content(host) == before


def test_trying_a_split_shows_its_parts_as_far_as_known(host: Host) -> None:
	take(host, events(1, 300))
	[entry] = preview(SPLIT)["issues"]
	assert set(entry["parts"]) == {"GET /a", "GET /b"}
	assert sum(entry["parts"].values()) == entry["event_count"] == entry["matching_events"]
	assert "Past events are not split" in " ".join(preview(SPLIT)["notes"])
	assert preview({**SPLIT, "message": "zeta"})["touches"] == 0


def test_what_part_of_an_issue_matches_is_said_and_not_merged(host: Host) -> None:
	take(host, events(1, 300))
	rule = {**OUTAGE, "entry_point": "*/a"}
	entry = preview(rule)["issues"][0]
	assert 0 < entry["matching_events"] < entry["event_count"] and entry["exact"]
	assert entry["effect"] == "new events only" and "of its" in entry["explanation"]
	save(host, rule)
	before = content(host)
	done = error_grouping.apply_grouping_rules()
	assert (done["merged"], done["pinned"], len(done["left"])) == ([], [], 4)
	assert content(host) == before


def test_applied_rules_merge_and_pin_past_issues_once_and_reversibly(host: Host) -> None:
	take(host, events(1, 300))
	save(host, PIN, OUTAGE, SPLIT)
	alone = content(host)
	done = error_grouping.apply_grouping_rules()
	target = issue_name(read_rules([OUTAGE])[0].fingerprint)
	assert [(entry["issue"], sorted(entry["issues"])) for entry in done["merged"]] == [
		(target, sorted(name_of(word) for word in ("alpha", "beta", "delta")))
	]
	assert done["pinned"] == [name_of("gamma")]
	assert [entry["issue"] for entry in done["left"]] == [name_of("epsilon")]
	assert sums(host) == (300, 300, 0)
	assert value(host, target, "title") == "Everything is down"
	assert value(host, name_of("gamma"), "title") == "Known: gamma"
	assert value(host, name_of("gamma"), "severity") == "low"
	applied = content(host)
	assert error_grouping.apply_grouping_rules()["merged"] == []
	assert content(host) == applied
	assert effects(OUTAGE)["Everything is down"] == "nothing"
	assert effects(PIN) == {"Known: gamma": "pin"}
	take_ruled(host, events(2, 100))  # what comes later lands in the same issues
	assert sums(host) == (400, 400, 0)
	assert host.store.query("SELECT COUNT(*) FROM `tabError Issue` WHERE merged_into IS NULL") == [(5,)]
	for word in ("alpha", "beta", "delta"):
		error_grouping.unmerge_issue(name=name_of(word))
		was = [row for row in alone["Error Issue"] if name_of(word) in row]
		assert len(was) == 1 and value(host, name_of(word), "event_count") in was[0]
	assert sums(host) == (400, 400, 0)


def test_a_changed_title_of_a_rule_reaches_its_issue(host: Host) -> None:
	save(host, OUTAGE)
	take_ruled(host, events(1, 50))
	save(host, {**OUTAGE, "title": "Bank holiday", "severity": "critical"})
	error_grouping.apply_grouping_rules()
	target = issue_name(read_rules([OUTAGE])[0].fingerprint)
	assert (value(host, target, "title"), value(host, target, "severity")) == ("Bank holiday", "critical")


def test_an_event_of_a_pin_keeps_algorithms_away_from_a_past_issue(host: Host) -> None:
	take(host, events(1, 50))
	save(host, PIN)
	take_ruled(host, events(2, 50))
	result = merge_issues(host, name_of("alpha"), [name_of("gamma"), name_of("beta")], "mined")
	assert result.merged == (name_of("beta"),)


def test_what_a_person_pinned_is_left_to_new_events(host: Host) -> None:
	take(host, events(1, 100))
	error_grouping.pin_issue(name=name_of("alpha"))
	save(host, OUTAGE)
	[left] = error_grouping.apply_grouping_rules()["left"]
	assert left["issue"] == name_of("alpha") and "pinned" in left["why"]
	error_grouping.pin_issue(name=name_of("alpha"), pinned=False)
	assert error_grouping.apply_grouping_rules()["merged"][0]["issues"] == [name_of("alpha")]


def test_merging_by_hand_keeps_the_oldest_unless_told(host: Host) -> None:
	take(host, events(1, 200))
	names = [name_of(word) for word in WORDS[:3]]
	oldest = min(names, key=lambda name: str(value(host, name, "first_seen")))
	done = error_grouping.merge_issues(names=json.dumps(names))
	assert done == {"issue": oldest, "merged": [name for name in names if name != oldest], "left": {}}
	assert dict(host.store.query("SELECT name, reason FROM `tabError Issue Alias`"))[
		done["merged"][0]
	].startswith("merged by ")
	fourth = name_of(WORDS[3])
	assert error_grouping.merge_issues(names=json.dumps([oldest, fourth]), into=fourth)["issue"] == fourth


BAD = [
	(error_grouping.merge_issues, {"names": "a, b"}, "JSON list of two or more"),
	(error_grouping.merge_issues, {"names": '["a"]'}, "JSON list of two or more"),
	(error_grouping.merge_issues, {"names": "[" * 100_000}, "JSON list of two or more"),
	(error_grouping.preview_grouping_rule, {"rule": "[]"}, "must be a JSON object"),
	(error_grouping.preview_grouping_rule, {"rule": '{"action": "pin"}'}, "would match every error"),
	(error_grouping.preview_grouping_rule, {"rule": '{"action": "pin", "x": 1}'}, "'x' is not known"),
]


@pytest.mark.parametrize(("door", "arguments", "said"), BAD)
def test_bad_arguments_are_refused_with_what_to_write(
	host: Host, door: Any, arguments: dict[str, str], said: str
) -> None:
	with pytest.raises(BadArgument, match=said):
		door(**arguments)


def test_only_a_system_manager_groups(host: Host) -> None:
	for door in (error_grouping.apply_grouping_rules, error_grouping.preview_grouping_rule):
		with acting_as(User("agent", frozenset({"Monitoring Agent"}))), pytest.raises(NotPermitted):
			door(rule="{}")
