"""`import-errors` on files as people have them: packed or not, damaged, with odd rows."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path

import pytest

from verenigingen.core.model import as_datetime
from verenigingen.exceptions import BadArgument
from verenigingen.host import Host
from verenigingen.standalone.import_errors import TABLE, import_errors

ROW = {"id": "a1", "method": "m", "error": "e", "owner": "o@example.org", "creation": "2026-11-20 23:30:00"}


def write(folder: Path, *lines: object, name: str = "rows.jsonl") -> Path:
	text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
	path = folder / name
	path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
	return path


def test_packed_or_not_and_again_give_the_same_rows(host: Host, tmp_path: Path) -> None:
	rows = [ROW, {**ROW, "id": "a2"}, {**ROW, "id": "a2"}, {"id": 7}]
	assert import_errors(host, write(tmp_path, *rows, name="x.jsonl.gz")) == (3, 1)
	assert import_errors(host, write(tmp_path, *rows)) == (0, 4)
	assert import_errors(host, write(tmp_path, "\ufeff" + json.dumps({**ROW, "id": "bom"}))) == (1, 0)


@pytest.mark.parametrize(
	("creation", "stored"),
	[
		("2026-11-20T23:30:00Z", datetime(2026, 11, 21, 0, 30)),
		("2026-11-20T23:30:00+00:00", datetime(2026, 11, 21, 0, 30)),
		("2026-11-20 23:30:00", datetime(2026, 11, 20, 23, 30)),
		("yesterday", None),
		(None, None),
	],
)
def test_a_time_with_a_zone_becomes_the_site_s(
	host: Host, tmp_path: Path, creation: object, stored: datetime | None
) -> None:
	import_errors(host, write(tmp_path, {**ROW, "creation": creation}))
	assert as_datetime(host.store.query(f"SELECT creation FROM `{TABLE}`")[0][0]) == stored


BAD = [
	("not json", "{", "line 2: not JSON"),
	("no object", "[1]", "line 2: not a JSON object with an `id`"),
	("no id", {"error": "x"}, "`id` of 1 to 140"),
	("null id", {"id": None}, "`id` of 1 to 140"),
	("empty id", {"id": " "}, "`id` of 1 to 140"),
	("object id", {"id": {"a": 1}}, "`id` of 1 to 140"),
	("long id", {"id": "x" * 141}, "`id` of 1 to 140"),
	("list error", {"id": "b", "error": ["x"]}, "`error` must be text or null, not list"),
	("number error", {"id": "b", "error": 10**30}, "`error` must be text or null, not int"),
	("object owner", {"id": "b", "owner": {}}, "`owner` must be text or null, not dict"),
]


@pytest.mark.parametrize(("row", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_line_is_named_and_nothing_is_imported(
	host: Host, tmp_path: Path, row: object, message: str
) -> None:
	with pytest.raises(BadArgument, match=message):
		import_errors(host, write(tmp_path, ROW, row))
	assert host.store.query(f"SELECT COUNT(*) FROM `{TABLE}`")[0][0] == 0


def test_a_damaged_archive_is_named(host: Host, tmp_path: Path) -> None:
	path = write(tmp_path, *[{**ROW, "id": f"r{i}"} for i in range(500)], name="x.jsonl.gz")
	path.write_bytes(path.read_bytes()[:400])
	with pytest.raises(BadArgument, match=r"x\.jsonl\.gz cannot be read to its end"):
		import_errors(host, path)


def test_what_is_too_long_for_a_field_of_frappe_is_cut(host: Host, tmp_path: Path) -> None:
	import_errors(host, write(tmp_path, {**ROW, "owner": "o" * 300, "method": "m" * 300, "error": "e" * 300}))
	[row] = host.store.query(f"SELECT owner, method, error FROM `{TABLE}`")
	assert [len(value) for value in row] == [140, 140, 300]
