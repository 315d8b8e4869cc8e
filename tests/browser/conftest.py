"""The demo site behind a server of its own, and Debian's Chromium."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.servers import need
from tests.support.web import Client, Server
from verenigingen.host import use_host
from verenigingen.host.on_local import local_file, open_host
from verenigingen.services.monitoring import collect_all
from verenigingen.standalone.api_keys import ApiKeys
from verenigingen.standalone.demo.site import build_site

RESULTS = Path(__file__).parents[2] / "test-results"
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>{{ 7 * 7 }}'
QUIET = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--no-first-run",
]
WATCH = (
	"window.violations = [];"
	"document.addEventListener('securitypolicyviolation', (e) => window.violations.push(e.violatedDirective));"
)


@dataclass
class Demo:
	"""The served demo: where it is, what was planted, and its answers by API key."""

	address: str
	manifest: dict[str, Any]
	key: str

	def facts(self, identifier: str) -> dict[str, Any]:
		"""A planted incident."""
		return next(row for row in self.manifest["incidents"] if row["id"] == identifier)

	def sections(self, days: int) -> dict[str, Any]:
		"""What the API says of the last `days` days."""
		path = f"/api/method/verenigingen.www.monitoring_dashboard.refresh_dashboard_data?days={days}"
		answer = Client(self.address).ask(path, headers={"Authorization": f"token {self.key}"})
		return {name: part.get("data") for name, part in answer.json["message"]["sections"].items()}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
	"""The site, with one issue whose title attacks whoever shows it."""
	folder = tmp_path_factory.mktemp("browser") / "demo"
	build_site(folder, progress=lambda done, total, title: None)
	host = open_host(folder)
	with use_host(host):
		collect_all(host, 600)
	host.store.execute(
		"UPDATE `tabError Issue` SET title = %s WHERE culprit LIKE %s", (HOSTILE, "age_group%")
	)
	key = ":".join(ApiKeys(local_file(folder, ".api-keys.json")).create("test", ["System Manager"]))
	with Server(folder) as server:
		yield Demo(server.address, json.loads((folder / "manifest.json").read_text()), key)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
	"""One Chromium for all tests."""
	with sync_playwright() as playwright:
		launched = playwright.chromium.launch(executable_path=need("chromium"), args=QUIET)
		yield launched
		launched.close()


@dataclass
class Tab:
	"""A page in a browser profile of its own, and everything it complained about."""

	page: Page
	complaints: list[str] = field(default_factory=list)

	def check_quiet(self) -> None:
		"""Nothing on the console, no script error, no policy violation, no dialog."""
		assert self.complaints == []
		assert self.page.evaluate("window.violations") == []

	def wait_loaded(self) -> None:
		"""Until the data are drawn."""
		self.page.wait_for_selector("#monitoring-dashboard[aria-busy=false] .mon-table")

	def shoot(self, name: str, *, whole: bool = True) -> None:
		"""Saves what is seen."""
		RESULTS.mkdir(exist_ok=True)
		self.page.screenshot(path=RESULTS / f"{name}.png", full_page=whole)


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Callable[..., Tab]]:
	"""Opens tabs; each has its own cookies."""
	contexts = []

	def opener(width: int = 1280, height: int = 1000, scheme: str = "light") -> Tab:
		context = browser.new_context(
			viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-US"
		)
		contexts.append(context)
		page = context.new_page()
		tab = Tab(page)
		page.add_init_script(WATCH)
		page.on("console", lambda message: tab.complaints.append(f"{message.type}: {message.text}"))
		page.on("pageerror", lambda error: tab.complaints.append(str(error)))

		def dismiss(dialog: Any) -> None:
			tab.complaints.append(f"dialog: {dialog.message}")
			dialog.dismiss()

		page.on("dialog", dismiss)
		return tab

	yield opener
	for context in contexts:
		context.close()
