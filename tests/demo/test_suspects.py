"""The change of settings that was planted before an error is found first, and none is found where none was planted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verenigingen.host import use_host
from verenigingen.host.on_local.schema import create_table
from verenigingen.standalone.demo.schema import CORE_TABLES
from verenigingen.utils.error_issues import get_issue

from .conftest import CONFIGURATIONS, ZONE, Demo, make
from .test_analysis import FURTHER, Analysed, analyse


@pytest.fixture(scope="module", params=["autumn", "easter", "midweek"])
def site(
	request: pytest.FixtureRequest,
	configured: Callable[[str], Demo],
	tmp_path_factory: pytest.TempPathFactory,
) -> Analysed:
	"""A demo with its audit trail."""
	folder = tmp_path_factory.mktemp("suspects")
	if request.param in CONFIGURATIONS:
		demo = configured(request.param)
	else:
		demo = make(folder / "demo.localhost", **FURTHER[request.param])
	analysed = analyse(demo, demo.now.replace(tzinfo=ZONE), Path(folder) / "own")
	store: Any = analysed.host.store
	create_table(store.execute, store.columns, store.dialect, "tabVersion", CORE_TABLES["Version"])
	store.insert("tabVersion", demo.rows("Version"))
	return analysed


def suspects(site: Analysed, incident: str) -> dict[str, Any]:
	with use_host(site.host):
		found: dict[str, Any] = get_issue(name=site.issue(incident))["suspects"]
	return found


def test_the_planted_change_of_settings_is_the_first_suspect(site: Analysed) -> None:
	_, facts = site.incident("new_after_change")
	found = suspects(site, "new_after_change")
	first = found["suspects"][0]
	assert (first["kind"], first["fields"]) == (facts["cause_doctype"], [facts["cause_field"]])
	assert first["when"].startswith(facts["cause_when"][:19])
	assert first["actor"] == site.host.secrets.pseudonym(facts["cause_user"])
	assert f"{facts['minutes_after_cause']} minutes before it began" in first["evidence"]
	assert "number_format" in found["statement"]


@pytest.mark.parametrize("incident", ["one_user", "resolved"])
def test_where_nothing_was_changed_nothing_is_suspected(site: Analysed, incident: str) -> None:
	found = suspects(site, incident)
	assert found["suspects"] == []
	assert found["statement"].startswith("Nothing changed on record in the 48 h before")
