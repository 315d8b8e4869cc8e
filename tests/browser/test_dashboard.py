"""The dashboard as a person sees it, on the demo site with its planted incidents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import HOSTILE, Demo, Tab
from tests.conftest import write_config
from tests.support.web import Server
from verenigingen.host.on_local import open_host
from verenigingen.standalone.import_errors import ensure_error_log

pytestmark = pytest.mark.browser
Open = Callable[..., Tab]
DATA = "**/api/method/**"


def tile(tab: Tab, label: str) -> Locator:
	"""The figure under a label."""
	return tab.page.locator(".mon-tile", has=tab.page.get_by_text(label, exact=True)).locator("strong")


def row(tab: Tab, culprit: str) -> Locator:
	"""The line of the recurring issue that this function raises."""
	return tab.page.locator(".mon-table tbody tr", has_text=culprit)


def test_the_printed_address_opens_a_page_that_agrees_with_the_api(demo: Demo, open_tab: Open) -> None:
	tab = open_tab()
	tab.page.goto(demo.address)
	tab.wait_loaded()
	assert tab.page.url.endswith("/monitoring_dashboard") and "token" not in tab.page.url
	errors = demo.sections(30)["error_summary"]
	expect(tile(tab, "Errors")).to_have_text(f"{errors['total_errors']:,}")
	expect(tile(tab, "Issues")).to_have_text(f"{errors['total_issues']:,}")
	expect(tile(tab, "Affected users")).to_have_text(f"{errors['affected_users']:,}")
	shown = tab.page.locator(".mon-severity strong").all_inner_texts()
	assert shown == [f"{level['count']:,}" for level in errors["severity"].values()]
	assert tab.page.locator(".mon-table tbody tr").count() == len(errors["recurring_issues"])
	tab.check_quiet()


def test_the_planted_spike_stands_on_its_day(demo: Demo, open_tab: Open) -> None:
	spike = demo.facts("error-spike")
	tab = open_tab()
	tab.page.goto(demo.address)
	tab.wait_loaded()
	line = row(tab, spike["facts"]["culprit"])
	expect(line).to_have_count(1)
	bars = line.locator("rect").evaluate_all(
		"nodes => nodes.map((node) => Number(node.getAttribute('height')))"
	)
	days = [day["date"] for day in demo.sections(30)["analytics_summary"]["daily_trends"]["series"]]
	assert len(bars) == len(days) == 30
	assert days[bars.index(max(bars))] == spike["when"][:10]
	assert sorted(bars)[-1] > 2 * sorted(bars)[-2]


def test_the_error_planted_after_a_change_is_shown_as_critical(demo: Demo, open_tab: Open) -> None:
	tab = open_tab()
	tab.page.goto(demo.address)
	tab.wait_loaded()
	line = row(tab, demo.facts("error-new_after_change")["facts"]["culprit"])
	expect(line.locator(".mon-badge")).to_have_text("Critical")
	expect(tab.page.locator(".mon-state")).to_have_text("Critical")
	unmeasured = tab.page.locator(".mon-card", has_text="Not measured")
	expect(unmeasured).to_contain_text("Compliance status")


def test_what_is_silent_is_shown_with_what_could_not_be_seen(demo: Demo, open_tab: Open) -> None:
	watched = [row for row in demo.sections(30)["active_alerts"]["alerts"] if row["source"] == "watchdog"]
	tab = open_tab()
	tab.page.goto(demo.address)
	tab.wait_loaded()
	card = tab.page.locator(".mon-card", has_text="Silent or stuck now")
	expect(card.locator("ol > li")).to_have_count(len(watched))
	for row in watched:
		expect(card).to_contain_text(row["title"])
		expect(card).to_contain_text(row["remedy"])
	card.locator("summary").click()
	expect(card).to_contain_text("cannot be seen")
	assert not [row for row in watched if row["severity"] == "critical"], "the demo's scheduler has just run"
	tab.check_quiet()


def test_hostile_titles_are_text_and_link_nowhere(demo: Demo, open_tab: Open) -> None:
	tab = open_tab()
	tab.page.goto(demo.address)
	tab.wait_loaded()
	expect(tab.page.locator(".mon-table tbody tr", has_text=HOSTILE)).to_have_count(1)
	assert tab.page.locator("#monitoring-dashboard img, #monitoring-dashboard script").count() == 0
	assert tab.page.locator("#monitoring-dashboard a").count() == 0
	tab.check_quiet()


@pytest.mark.parametrize(
	("name", "width", "height", "scheme"),
	[
		("dashboard", 1280, 1000, "light"),
		("phone", 390, 844, "light"),
		("dark", 1280, 1000, "dark"),
		("phone-dark", 390, 844, "dark"),
	],
)
def test_it_fits_the_screen_and_the_scheme(
	demo: Demo, open_tab: Open, name: str, width: int, height: int, scheme: str
) -> None:
	tab = open_tab(width, height, scheme)
	tab.page.goto(demo.address)
	tab.wait_loaded()
	assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
	over = tab.page.locator("#monitoring-dashboard *").evaluate_all(
		"(nodes, wide) => nodes.filter((n) => n.getBoundingClientRect().right > wide + 1).map((n) => n.className)",
		width,
	)
	assert over == []
	brightness = tab.page.locator(".mon-card").first.evaluate(
		"node => getComputedStyle(node).backgroundColor.match(/[0-9]+/g).slice(0, 3).map(Number).reduce((a, b) => a + b)"
	)
	assert brightness > 600 if scheme == "light" else brightness < 200
	for canvas in tab.page.locator(".mon-chart canvas").all():
		assert (
			canvas.evaluate(
				"node => new Set(node.getContext('2d').getImageData(0, 0, node.width, node.height).data).size"
			)
			> 8
		)
	assert tab.page.locator(".mon-chart canvas").count() == 3
	tab.check_quiet()
	tab.shoot(name)
	tab.shoot(f"{name}-top", whole=False)


def test_another_period_is_asked_for_and_survives_a_reload(demo: Demo, open_tab: Open) -> None:
	tab = open_tab()
	tab.page.goto(demo.address)
	tab.wait_loaded()
	tab.page.get_by_role("button", name="7 days").click()
	total = f"{demo.sections(7)['error_summary']['total_errors']:,}"
	expect(tile(tab, "Errors")).to_have_text(total)
	tab.page.reload()
	expect(tile(tab, "Errors")).to_have_text(total)
	expect(tab.page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")


def test_a_lost_network_is_said_and_the_next_try_recovers(demo: Demo, open_tab: Open) -> None:
	tab = open_tab()
	tab.page.goto(demo.address)
	tab.wait_loaded()
	banner, before = tab.page.locator(".mon-banner[role=alert]"), tile(tab, "Errors").inner_text()
	expect(banner).to_be_hidden()
	tab.page.route(DATA, lambda route: route.abort())
	tab.page.get_by_role("button", name="Refresh").click()
	expect(banner).to_contain_text("cannot be reached")
	expect(tile(tab, "Errors")).to_have_text(before)  # what was known stays
	tab.shoot("failure", whole=False)
	tab.page.unroute(DATA)
	tab.page.get_by_role("button", name="Refresh").click()
	expect(banner).to_be_hidden()


def test_a_failure_of_the_server_is_told_in_its_own_words(demo: Demo, open_tab: Open) -> None:
	tab = open_tab()
	message = '["{\\"message\\": \\"The database rests &lt;b&gt;now&lt;/b&gt;.\\"}"]'

	def answer(route: Route) -> None:
		route.fulfill(status=503, json={"exc_type": "DatabaseUnavailable", "_server_messages": message})

	tab.page.route(DATA, answer)
	tab.page.goto(demo.address)
	banner = tab.page.locator(".mon-banner[role=alert]")
	expect(banner).to_contain_text("The database rests <b>now</b>.")
	expect(tab.page.locator("[data-body]")).to_contain_text("nothing to show yet")


def test_a_session_that_ended_offers_the_login(demo: Demo, open_tab: Open) -> None:
	tab = open_tab()
	tab.page.goto(demo.address)
	tab.wait_loaded()
	tab.page.context.clear_cookies()
	tab.page.get_by_role("button", name="Refresh").click()
	tab.page.get_by_role("link", name="Log in").click()
	expect(tab.page.get_by_label("Token")).to_be_focused()


def test_the_form_refuses_and_admits_and_the_button_logs_out(demo: Demo, open_tab: Open) -> None:
	start, _, token = demo.address.partition("?token=")
	tab = open_tab(390, 844)
	tab.page.goto(start)
	tab.page.get_by_label("Token").fill("guess")
	tab.page.get_by_role("button", name="Log in").click()
	expect(tab.page.get_by_role("alert")).to_contain_text("not the token")
	tab.shoot("login")
	tab.page.get_by_label("Token").fill(token)
	tab.page.get_by_role("button", name="Log in").click()
	tab.wait_loaded()
	tab.page.get_by_role("button", name="Log out").click()
	expect(tab.page.get_by_label("Token")).to_be_visible()
	tab.page.goto(start + "monitoring_dashboard")
	expect(tab.page.get_by_label("Token")).to_be_visible()


def test_a_link_on_a_page_of_another_site_logs_in_too(demo: Demo, open_tab: Open) -> None:
	tab = open_tab()
	tab.page.route(
		"http://chat.example/",
		lambda route: route.fulfill(body=f'<a href="{demo.address}">open</a>', content_type="text/html"),
	)
	tab.page.goto("http://chat.example/")
	tab.page.get_by_role("link", name="open").click()
	tab.wait_loaded()
	assert tab.page.url.endswith("/monitoring_dashboard")


def test_a_site_without_data_shows_no_figure_and_says_why(open_tab: Open, tmp_path: Path) -> None:
	write_config(tmp_path, db_type="sqlite", db_name="leeg", monitoring_own_site=True)
	ensure_error_log(open_host(tmp_path))
	tab = open_tab()
	with Server(tmp_path) as server:
		tab.page.goto(server.address)
		expect(tab.page.locator(".mon-unknown").first).to_contain_text("not collected yet")
		assert tab.page.locator(".mon-tile").count() == 0
		tab.check_quiet()
		tab.shoot("empty")
