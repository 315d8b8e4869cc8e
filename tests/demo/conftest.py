"""One demo site per configuration, built once for all tests; found again by table name."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from verenigingen.standalone.demo import build

ZONE = ZoneInfo("Europe/Amsterdam")
# A Monday after the clocks went back, and Easter Monday just after they went forward.
CONFIGURATIONS = {
	"autumn": {"now": datetime(2026, 11, 23, 15, 17, 5, tzinfo=ZONE), "seed": 2026, "members": 2500},
	"easter": {"now": datetime(2026, 4, 6, 8, 41, 0, tzinfo=ZONE), "seed": 7, "members": 900},
}


@dataclass
class Demo:
	"""What a build wrote."""

	tables: dict[str, list[Mapping[str, Any]]]
	manifest: dict[str, Any]
	site_dir: Path
	now: datetime
	sizes: list[int]
	progress: list[tuple[int, int, str]]

	def rows(self, doctype: str) -> list[Mapping[str, Any]]:
		"""The rows of a DocType."""
		return self.tables[f"tab{doctype}"]

	def facts(self, identifier: str) -> dict[str, Any]:
		"""The facts of an incident."""
		return next(entry["facts"] for entry in self.manifest["incidents"] if entry["id"] == identifier)

	def planted(self, rule: str) -> set[str]:
		"""The names that break a rule."""
		return set(self.manifest["sepa_breaches"][rule]["names"])

	def traffic(self) -> list[dict[str, Any]]:
		"""The lines of the request log."""
		path = self.site_dir / self.manifest["request_log"]["path"]
		return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def make(site_dir: Path, **options: Any) -> Demo:
	"""Builds a site into memory."""
	tables: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
	sizes: list[int] = []
	steps: list[tuple[int, int, str]] = []

	def write(table: str, rows: Sequence[Mapping[str, Any]]) -> None:
		assert all(row.keys() == rows[0].keys() for row in rows)
		sizes.append(len(rows))
		tables[table].extend(rows)

	manifest = build(write, site_dir=site_dir, progress=lambda *step: steps.append(step), **options)
	now = options["now"].astimezone(ZONE).replace(tzinfo=None)
	return Demo(dict(tables), manifest, site_dir, now, sizes, steps)


@pytest.fixture(scope="session")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Demo]:
	"""The site of a configuration by its name, built when it is first asked for."""
	built: dict[str, Demo] = {}

	def find(name: str) -> Demo:
		if name not in built:
			built[name] = make(tmp_path_factory.mktemp("sites") / "demo.localhost", **CONFIGURATIONS[name])
		return built[name]

	return find


@pytest.fixture(scope="session", params=list(CONFIGURATIONS))
def demo(request: pytest.FixtureRequest, configured: Callable[[str], Demo]) -> Demo:
	"""The site of each configuration."""
	return configured(request.param)


@pytest.fixture
def make_demo(tmp_path: Path) -> Callable[..., Demo]:
	"""Builds further sites."""

	def maker(folder: str = "one", **options: Any) -> Demo:
		return make(tmp_path / folder / "demo.localhost", **options)

	return maker
