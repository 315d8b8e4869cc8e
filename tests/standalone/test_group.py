"""`verenigingen group` on files as people have them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from click.testing import CliRunner, Result

from verenigingen.core.errors import Link
from verenigingen.standalone.cli import main
from verenigingen.standalone.group import joined

TRACE = (
	'Traceback (most recent call last):\n  File "apps/crm/crm/dues.py", line {line}, in fee_for\n'
	"    fee = FEES[tier]\nKeyError: {key!r}\n"
)


def run(content: bytes, folder: Path | None = None, name: str = "rows.jsonl") -> Result:
	"""The command on a file, or on standard input where no folder is given."""
	if folder is None:
		return CliRunner().invoke(main, ["group", "-"], input=content)
	path = folder / name
	path.write_bytes(content)
	return CliRunner().invoke(main, ["group", str(path)])


def rows(*entries: object) -> bytes:
	return "\n".join(json.dumps(entry) for entry in entries).encode()


def answers(result: Result) -> list[dict[str, str]]:
	assert result.exit_code == 0, result.output
	return [json.loads(line) for line in result.stdout.splitlines()]


def test_one_answer_per_row_in_the_order_given(tmp_path: Path) -> None:
	content = rows(
		{"id": "b", "method": "Renewal", "error": TRACE.format(line=3, key="Gold"), "other": 1},
		{"id": 7, "method": "Queue", "error": None},
		{"id": "a", "error": TRACE.format(line=9, key="Silver")},
	)
	found = answers(run(content, tmp_path))
	assert [row["id"] for row in found] == ["b", 7, "a"]
	assert found[0]["group"] == found[2]["group"] != found[1]["group"]
	assert found[0]["title"] == "KeyError: <value>" and "in-app frame" in found[0]["reason"]
	assert answers(run(gzip.compress(content), tmp_path, "rows.jsonl.gz")) == found
	assert answers(run(content)) == answers(run(gzip.compress(content))) == found


def test_bad_lines_are_named_and_the_others_answered() -> None:
	result = run(
		b'\xef\xbb\xbf{"id": 1}\nxx\n\n[]\n{"id": true}\n{"id": 2, "method": 4}\n\xff{"id": 3}\n{"id": 4}'
	)
	assert result.exit_code == 1
	assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [1, 4]
	for number, word in ((2, "not JSON"), (4, "object"), (5, "`id`"), (6, "`method`"), (7, "not JSON")):
		assert any(f"line {number}:" in line and word in line for line in result.stderr.splitlines())
	assert "5 lines" in result.stderr and "Traceback" not in result.output


def test_a_damaged_packed_file_is_told(tmp_path: Path) -> None:
	result = run(gzip.compress(rows({"id": 1}) * 1)[:-9], tmp_path, "cut.gz")
	assert result.exit_code == 1 and "cannot be read" in result.stderr


def test_messages_of_a_log_one_per_line() -> None:
	content = b"session closed for user root\r\nconnection 5 refused\n\nsession closed for user ada\n\xff\x00\nsession closed for user bo"
	result = CliRunner().invoke(main, ["group", "--messages", "-"], input=content)
	found = answers(result)
	assert [row["id"] for row in found] == [1, 2, 3, 4, 5, 6]
	assert found[0]["group"] == found[3]["group"] == found[5]["group"]
	assert len({row["group"] for row in found}) == 4
	assert found[0]["title"] == "session closed for user <*>"
	assert found[0]["reason"].startswith("3 lines share 4 words; 1 position varies")


def test_rows_without_traceback_are_compared_with_each_other() -> None:
	plans = ("basic", "senior", "youth")
	entries = [
		{"id": number, "method": "Trip", "error": f"no seat for member {plan} in bus {number}"}
		for number, plan in enumerate(plans)
	]
	entries.append({"id": 9, "method": "Queue", "error": "5 jobs wait"})
	found = answers(run(rows(*entries)))
	assert len({row["group"] for row in found[:3]}) == 1 and found[3]["group"] != found[0]["group"]
	assert "no traceback" in found[0]["reason"] and "3 lines share" in found[0]["reason"]
	again = answers(run(rows(*reversed(entries))))
	assert {row["id"]: row["group"] for row in again} == {row["id"]: row["group"] for row in found}


def test_messages_of_one_template_follow_the_group_others_of_them_belong_to() -> None:
	plain = {name: f"no seat for member {name}" for name in ("a", "b", "c", "d")}
	assert joined({}, plain) == {name: Link("a", joined({}, plain)["a"].reason) for name in plain}
	one = {"b": Link("x", "told")}
	assert {name: link.group for name, link in joined(one, plain).items()} == dict.fromkeys("abcd", "x")
	two = {"b": Link("x", "told"), "c": Link("y", "told")}
	found = {name: link.group for name, link in joined(two, plain).items()}
	assert found == {"b": "x", "c": "y", "a": "a", "d": "a"}
	assert joined({}, {"a": "one", "b": "two"}) == {}
