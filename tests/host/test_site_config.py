"""Configurations as benches have them, and values that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import maria_config
from tests.support.servers import MariaServer
from verenigingen.exceptions import ConfigurationError, DatabaseUnavailable
from verenigingen.host.on_local import local_file, open_host, read_config


def bench(folder: Path, site: object, common: object = None) -> Path:
	"""A bench's `sites` folder with one site; the site's folder."""
	place = folder / "sites" / "club.example"
	place.mkdir(parents=True)
	text = site if isinstance(site, str) else json.dumps(site)
	(place / "site_config.json").write_text(text)
	if common is not None:
		text = common if isinstance(common, str) else json.dumps(common)
		(place.parent / "common_site_config.json").write_text(text)
	return place


@pytest.mark.parametrize("value", ["false", "no", [0], 1.5, {}])
def test_a_site_is_our_own_only_where_true_says_so(tmp_path: Path, value: object) -> None:
	path = tmp_path / "site_config.json"
	path.write_text(json.dumps({"db_name": "x", "monitoring_own_site": value}))
	with pytest.raises(ConfigurationError, match=r"monitoring_own_site .* must be true or false"):
		read_config(path)


def test_a_site_is_opened_with_what_stands_in_the_common_file(mariadb: MariaServer, tmp_path: Path) -> None:
	values = maria_config(mariadb)
	common = {
		"db_host": values.pop("db_host"),
		"db_port": str(values.pop("db_port")),
		"time_zone": "Asia/Tokyo",
	}
	place = bench(tmp_path, {**values, "time_zone": "Europe/Amsterdam"}, common)
	host = open_host(place, store=tmp_path / "store.db")
	assert host.db.query("SELECT 1") == [(1,)]
	assert str(host.clock.now().tzinfo) == "Europe/Amsterdam"  # the site's own value wins


def test_a_bench_cannot_declare_all_its_sites_our_own(tmp_path: Path) -> None:
	place = bench(tmp_path, {"db_name": "x"}, {"monitoring_own_site": True, "redis_cache": "redis://h:1"})
	config = read_config(place)
	assert not config.own
	assert config.redis("redis_cache") is None


BAD = [
	("no json", "{", None, r"site_config\.json is not valid JSON"),
	("no object", [], None, r"site_config\.json is not a JSON object"),
	("no name", {"db_host": "x"}, None, "names no db_name"),
	("bad common", {"db_name": "x"}, "{", r"common_site_config\.json is not valid JSON"),
	(
		"port text",
		{"db_name": "x", "db_port": "abc"},
		None,
		r"db_port in .*/site_config\.json must be .* not 'abc'",
	),
	("port range", {"db_name": "x"}, {"db_port": 70_000}, r"db_port in .*common_site_config\.json must be"),
	("port bool", {"db_name": "x", "db_port": True}, None, "db_port"),
	("password", {"db_name": "x", "db_password": 1234}, None, "db_password in .* must be a text"),
	("type", {"db_name": "x", "db_type": "oracle"}, None, "db_type 'oracle'"),
]


@pytest.mark.parametrize(("site", "common", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_unusable_values_are_named_with_their_file(
	tmp_path: Path, site: object, common: object, message: str
) -> None:
	with pytest.raises(ConfigurationError, match=message):
		open_host(bench(tmp_path, site, common), store=tmp_path / "store.db")


OWN = {"db_type": "sqlite", "db_name": "x", "monitoring_own_site": True}


@pytest.mark.parametrize(
	("values", "message"),
	[
		({"time_zone": "Europe/Atlantis"}, "time zone 'Europe/Atlantis'"),
		({"redis_cache": "localhost:13000"}, "redis_cache in site_config.json must be a URL"),
		({"redis_queue": "localhost:13000"}, "redis_queue in site_config.json must be a URL"),
	],
)
def test_unusable_values_of_a_site_of_our_own(tmp_path: Path, values: dict[str, str], message: str) -> None:
	with pytest.raises(ConfigurationError, match=message):
		open_host(bench(tmp_path, {**OWN, **values}))


def test_a_key_that_is_none_is_told_when_it_is_needed(tmp_path: Path) -> None:
	host = open_host(bench(tmp_path, {**OWN, "encryption_key": "short"}))
	with pytest.raises(ConfigurationError, match=r"encryption_key in site_config\.json is not a Fernet key"):
		host.secrets.encrypt("x")


def test_a_file_that_is_not_there_and_a_server_that_is_not(tmp_path: Path) -> None:
	with pytest.raises(ConfigurationError, match="Cannot read"):
		open_host(tmp_path / "nowhere.json")
	place = bench(tmp_path, {"db_name": "x", "db_port": 1})
	with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1 refuses database x"):
		open_host(place, store=tmp_path / "store.db")


def test_files_of_ours_lie_beside_our_own_site_or_beside_the_store(
	tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
	monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
	own, audited = bench(tmp_path / "a", OWN), bench(tmp_path / "b", {"db_name": "../../x"})
	assert local_file(own, ".key") == own / "site_config.key"
	assert local_file(audited, ".key", store=tmp_path / "s.db") == tmp_path / "s.key"
	assert local_file(audited, ".key").parent == tmp_path / "data" / "verenigingen"
