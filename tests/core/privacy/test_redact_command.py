"""The filter `verenigingen redact`: bytes in, bytes out."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from verenigingen.standalone.cli import main

KEY = "sixteen bytes and more"


def run(raw: bytes, *options: str) -> Result:
	return CliRunner().invoke(main, ["redact", *options], input=raw)


def test_everything_but_the_values_stays_byte_for_byte() -> None:
	raw = b"\xff\xfe caf\xe9\r\n\x00mail jan@x.example\r\nno end"
	out = run(raw, "--key", KEY).stdout_bytes
	before, _, after = raw.partition(b"jan@x.example")
	assert out.startswith(before + b"<mail:") and out.endswith(b">" + after)
	ordinary = bytes(range(256)) * 3_000
	assert run(ordinary).stdout_bytes == ordinary


def test_names_come_from_a_file_and_tokens_from_the_key(tmp_path: Path) -> None:
	names = tmp_path / "names.txt"
	names.write_bytes("\ufeffBjörn Ypma\r\n\r\nSanne Brouwer\n".encode())
	raw = "Bj\u00f6rn Ypma, S. Brouwer".encode()
	once = run(raw, "--names", str(names), "--key", KEY).stdout_bytes
	assert once == run(raw, "--names", str(names), "--key", KEY).stdout_bytes
	assert b"Ypma" not in once and b"Brouwer" not in once
	assert run(raw).stdout_bytes == raw
	assert run(b"jan@x.example").stdout_bytes != run(b"jan@x.example").stdout_bytes


def test_a_short_key_is_refused_with_the_length() -> None:
	result = run(b"", "--key", "short")
	assert result.exit_code == 1 and "at least 16" in result.output
