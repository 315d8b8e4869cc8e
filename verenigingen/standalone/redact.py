"""`verenigingen redact`: a filter that replaces personal data and secrets, and leaves every other byte as it is."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import click

from verenigingen.core.privacy import NameIndex, Redactor, Stretches
from verenigingen.exceptions import BadArgument

PART = 256 * 1024  # bytes read at once
KEY_LENGTH = 16


@click.command()
@click.option(
	"--names",
	type=click.Path(exists=True, dir_okay=False, path_type=Path),
	help="Known persons, one name per line. Names cannot be told by their shape: without a list none is found, except"
	" behind a key such as full_name.",
)
@click.option(
	"--key",
	envvar="VERENIGINGEN_REDACT_KEY",
	help="Any text of at least 16 bytes: the same value gets the same token in every run. Better given in the variable,"
	" which other users of the machine cannot read.",
)
def redact(names: Path | None, key: str | None) -> None:
	"""Redacts standard input to standard output: values become tokens such as <iban:3f2a1c>.

	Without a key a random one is used and forgotten: tokens then agree within this run only, and nobody can ever tell
	which value one stood for.
	"""
	redactor = Redactor(_key(key), NameIndex(_lines(names)) if names else None)
	out = sys.stdout.buffer
	try:
		for part in redacted(redactor, _parts(sys.stdin.buffer)):
			out.write(part)
			out.flush()
	except BrokenPipeError:
		# the reader has seen enough; Python would complain again when it closes standard output
		os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
		raise SystemExit(1) from None


def redacted(redactor: Redactor, parts: Iterable[bytes]) -> Iterator[bytes]:
	"""The parts of a byte stream redacted. Bytes that are not UTF-8 come out as they went in; memory is bounded,
	however long the lines are."""
	# half a character at the end of a part waits for the other half
	decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
	stretches = Stretches(redactor)
	for part in parts:
		for text in stretches.feed(decoder.decode(part)):
			yield _encoded(text)
		if len(part) < PART:
			for text in stretches.flush():
				yield _encoded(text)
	for text in stretches.feed(decoder.decode(b"", final=True)):
		yield _encoded(text)
	for text in stretches.finish():
		yield _encoded(text)


def _encoded(text: str) -> bytes:
	return text.encode("utf-8", "surrogateescape")


def _parts(stream: BinaryIO) -> Iterator[bytes]:
	read = getattr(
		stream, "read1", stream.read
	)  # what is there, so that a pipe that is watched shows its lines
	while part := read(PART):
		yield part


def _lines(path: Path) -> list[str]:
	return path.read_bytes().decode("utf-8-sig", "surrogateescape").splitlines()


def _key(given: str | None) -> bytes:
	if given is None:
		return os.urandom(32)
	key = given.encode("utf-8", "surrogateescape")
	if len(key) < KEY_LENGTH:
		raise BadArgument(
			f"The key has {len(key)} bytes; give at least {KEY_LENGTH}, or none for a random one."
		)
	return key
