"""`verenigingen group`: which rows of a file of logged errors are the same error, without any site.

Rows come and go as JSON lines, so that the answer can be compared with one's own labels or with another tool's.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

import click

from verenigingen.core.errors import Identity, Link, Linker, examine, sample
from verenigingen.core.errors.mining import Miner, message_of, unions
from verenigingen.exceptions import BadArgument

SHOWN_FAULTS = 20  # bad lines named one by one


class Entry(NamedTuple):
	"""One logged error: `id` as given, title and text as an Error Log row holds them."""

	id: str | int
	title: str
	text: str


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--messages", is_flag=True, help="FILE holds one message per line instead of JSON.")
def group(file: str, messages: bool) -> None:
	"""Groups the errors of FILE (JSON lines, may be gzipped, `-` for standard input).

	Each line needs `id`, and of `method` (the title) and `error` (the text) what there is; other columns are ignored.
	For each, in the order given, one JSON object: `id`, `group`, `title`, `reason`. Bad lines are named and left out;
	the exit code is then 1.

	With --messages every line is a message by itself, as in a log without its times; its number is its `id`.
	"""
	with click.open_file(file, "rb") as raw:
		if messages:
			_group_messages(lines(raw))
			return
		faults = 0
		found: list[tuple[str | int, Identity]] = []
		plain: dict[str, str] = {}
		linker = Linker()
		for number, line in enumerate(lines(raw), 1):
			if not line.strip():
				continue
			try:
				entry = read(line)
			except BadArgument as fault:
				faults += 1
				if faults <= SHOWN_FAULTS:
					click.echo(f"{file}, line {number}: {fault}", err=True)
				continue
			identity, clues = examine(entry.title, entry.text)
			linker.add(identity.fingerprint, clues)
			found.append((entry.id, identity))
			if identity.exception is None and identity.culprit is None:
				message = message_of(identity.title, sample(entry.title, entry.text))
				# the same one whatever the order, should the samples of one fingerprint differ
				plain[identity.fingerprint] = min(message, plain.get(identity.fingerprint, message))
	_print_entries(found, joined(linker.links(), plain))
	if faults:
		raise BadArgument(f"{faults} lines of {file} were left out: they are not JSON objects with an `id`.")


def joined(links: dict[str, Link], plain: dict[str, str]) -> dict[str, Link]:
	"""The links, and with them those of messages without traceback (`plain`: by fingerprint) that share a template.

	Messages of one template follow the one group that others of them belong to; where these belong to several, it is
	not known to which, and only those that belong to none become one.
	"""
	found = dict(links)
	for union in unions(plain):
		targets = {links[name].group for name in union.fingerprints if name in links}
		free = [name for name in union.fingerprints if name not in links]
		target = targets.pop() if len(targets) == 1 else free[0] if free else ""
		found |= {name: Link(target, union.reason) for name in free if len(free) > 1 or target != name}
	return found


def _print_entries(found: list[tuple[str | int, Identity]], links: dict[str, Link]) -> None:
	"""One answer per row; a group that was joined with another one says so in its reason."""
	for name, identity in found:
		link = links.get(identity.fingerprint)
		reason = f"{identity.reason}; {link.reason}" if link else identity.reason
		_print(name, link.group if link else identity.fingerprint, identity.title, reason)


def _group_messages(messages: Iterable[str]) -> None:
	miner = Miner()
	forms = [miner.add(message) for message in messages]
	for number, form in enumerate(forms, 1):
		found = miner.template_of_form(form)
		_print(number, found.key, found.text, found.reason)


def _print(name: str | int, key: str, title: str, reason: str) -> None:
	sys.stdout.write(json.dumps({"id": name, "group": key, "title": title, "reason": reason}) + "\n")


def lines(raw: BinaryIO) -> Iterator[str]:
	"""The lines of a file that may be gzipped; bytes that are no UTF-8 are replaced. Raises BadArgument."""
	peek = getattr(raw, "peek", None)
	if peek is None:
		raw = io.BufferedReader(raw)  # type: ignore[arg-type]
		peek = raw.peek
	source = gzip.open(raw) if peek(2)[:2] == b"\x1f\x8b" else raw
	try:
		yield from io.TextIOWrapper(source, encoding="utf-8-sig", errors="replace", newline="\n")
	except (OSError, EOFError) as exc:  # gzip tells a damaged file by these
		raise BadArgument(f"The file cannot be read to its end: {exc}.") from exc


def read(line: str) -> Entry:
	"""One row. Raises BadArgument saying what is wrong with it."""
	try:
		row = json.loads(line)
	except (ValueError, RecursionError) as exc:
		raise BadArgument(f"not JSON: {exc}") from exc
	if not isinstance(row, dict):
		raise BadArgument(f"a JSON object is needed, not {type(row).__name__}")
	name = row.get("id")
	if isinstance(name, bool) or not isinstance(name, str | int):
		raise BadArgument("`id` must be a text or a whole number")
	return Entry(name, _text(row, "method"), _text(row, "error"))


def _text(row: dict[str, object], field: str) -> str:
	value = row.get(field)
	if value is None or isinstance(value, str):
		return value or ""
	raise BadArgument(f"`{field}` must be text or null, not {type(value).__name__}")
