"""The pages of the stand-alone server. The dashboard is the very template the bench renders; the frame round it,
the login page and the messages are here."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from verenigingen.exceptions import Unavailable
from verenigingen.host import current_host
from verenigingen.www import monitoring_dashboard

PACKAGE = Path(__file__).parents[1]
PUBLIC = PACKAGE / "public"
ASSETS = "/assets/verenigingen/"
SCRIPT = "monitoring_dashboard.bundle.js"
STYLE = "monitoring_dashboard.bundle.css"


class FrontEndMissing(Unavailable):
	"""The scripts and styles were not built."""


def _address(name: str) -> str:
	return f"{ASSETS}dist/{name.rpartition('.')[2]}/{name}"


def _include_style(name: str) -> Markup:
	return Markup('<link rel="stylesheet" href="{}">').format(_address(name))


def _include_script(name: str) -> Markup:
	return Markup('<script src="{}" defer></script>').format(_address(name))


def _count(value: float | None) -> str:
	return "–" if value is None else f"{value:,.0f}"


def _share(value: float | None, sign: bool = False) -> str:
	return "–" if value is None else f"{value:+.0%}" if sign else f"{value:.0%}"


def _environment() -> Environment:
	# "templates/web.html" is the name of Frappe's frame; in the package it must not lie under that name, or Frappe
	# would take ours for the whole website
	loader = PrefixLoader(
		{
			"templates": FileSystemLoader(PACKAGE / "standalone" / "templates"),
			"www": FileSystemLoader(PACKAGE / "www"),
		}
	)
	made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
	made.globals |= {"include_style": _include_style, "include_script": _include_script}
	made.filters |= {"count": _count, "share": _share}
	return made


TEMPLATES = _environment()


def dashboard() -> str:
	"""The monitoring page for the present user. Raises NotLoggedIn, NotPermitted, FrontEndMissing."""
	context: Any = SimpleNamespace()
	monitoring_dashboard.get_context(context)
	require_front_end()
	return _render("www/monitoring_dashboard.html", **vars(context))


def login(*, failed: str = "") -> str:
	"""The form that asks for the token; `failed` says why the last try did not succeed."""
	return _render("templates/login.html", failed=failed)


def onward(address: str) -> str:
	"""A page that leads on by itself."""
	return _render("templates/onward.html", address=address)


def message(title: str, text: str) -> str:
	"""A page that says one thing."""
	return _render("templates/message.html", title=title, text=text)


def report(result: dict[str, Any]) -> str:
	"""The insights report as one file: no script, no request to anywhere."""
	return _render("templates/report.html", report=result, site=current_host().site)


def require_front_end() -> None:
	"""Raises FrontEndMissing when the scripts or styles are not built."""
	missing = [
		name for name in (SCRIPT, STYLE) if not (PUBLIC / "dist" / name.rpartition(".")[2] / name).exists()
	]
	if missing:
		raise FrontEndMissing(
			f"The front end is not built ({', '.join(missing)} missing). Run `make setup`, which needs Node.js, or"
			" `npm install --no-package-lock && npm run bundle`; then reload this page."
		)


def _render(name: str, **values: Any) -> str:
	base: dict[str, Any] = {
		"csrf_token": "",
		"site": current_host().site,
		"user": current_host().access.user(),
	}
	return TEMPLATES.get_template(name).render(base | values)
