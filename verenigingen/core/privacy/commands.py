"""Finds secrets in command lines: `curl -u jan:x`, `mysql -pX`, `--password x`, also as a list of arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from .keyed import places
from .keynames import kind_of
from .tokens import TOKEN, Span
from .view import BREAK, View

_REACH = 400  # characters behind a program's name in which its options stand
# Programs, and their options that hold a secret; "p+" where it may only be glued to the letter, "u:" where it stands
# behind the name of a user.
_OPTIONS: dict[str, tuple[str, ...]] = {
	**dict.fromkeys(
		"mysql mariadb mysqldump mysqladmin mysqlimport mysqlcheck mysqlsh dump".split(), ("p+",)
	),
	"curl": ("u:", "U:", "user:", "proxy-user:"),
	"http": ("a:", "auth:"),
	"sshpass": ("p",),
	"cli": ("a", "pass"),  # redis-cli
	"ldapsearch": ("w",),
	"ldapmodify": ("w",),
	"ldappasswd": ("w", "s"),
	"smbclient": ("U:",),
	"login": ("p",),  # docker login, oc login
	"mongo": ("p",),
	"mongosh": ("p",),
	"mongodump": ("p",),
	"zip": ("P",),
	"unzip": ("P",),
	"sqlcmd": ("P",),
	"lftp": ("u:",),
}
_SEPARATOR = rf"(?:[ \t]{{1,4}}|\\{{0,4}}[\"'],[\s{BREAK}]{{0,8}}\\{{0,4}}[\"'])"
_VALUE = rf"(?:\\{{0,4}}([\"'])([^\"'\n{BREAK}]{{1,200}})|([^\s\"'`|;&<>(){BREAK}-][^\s\"'`|;&<>(){BREAK}]{{0,400}}))"
_LONG = re.compile(rf"--([a-z][a-z-]{{1,40}}){_SEPARATOR}{_VALUE}")
_LINE_END = re.compile(rf"[\n{BREAK}]")
_PAIR = re.compile(r"[^:%,]{0,100}[:%,](.+)")


def _reader(options: tuple[str, ...]) -> re.Pattern[str]:
	ways = []
	for option in options:
		name = option.rstrip("+:")
		between = "" if option.endswith("+") else rf"(?:{_SEPARATOR}|=)" + ("?" if len(name) == 1 else "")
		ways.append(f"-{name}{between}" if len(name) == 1 else f"--{name}{between}")
	return re.compile(rf"(?<![\w-])(?:{'|'.join(ways)}){_VALUE}")


_READERS = {program: _reader(options) for program, options in _OPTIONS.items()}


def find_command_secrets(view: View, words: Set[str]) -> Iterator[Span]:
	"""Secrets behind the options of programs and behind long options; `words`: the words of the view, in lower case."""
	flat = view.flat
	if "--" in flat:
		for found in _LONG.finditer(flat):
			if kind_of(found[1].replace("-", "_")) == "secret":
				yield from _span(found, 2)
	programs = [
		(begin, end)
		for begin, end in sorted(places(view.low, sorted(words & _OPTIONS.keys())))
		if flat[end : end + 1] in (" ", "'", '"', "\t")
	]
	for index, (begin, end) in enumerate(programs):
		program = view.low[begin:end]
		following = programs[index + 1][0] if index + 1 < len(programs) else len(flat)
		stop = min(end + _REACH, following)
		line_end = _LINE_END.search(flat, end, stop)
		for found in _READERS[program].finditer(flat, end, line_end.start() if line_end else stop):
			yield from _span(found, 1, pair=_OPTIONS[program][0].endswith(":"))


def _span(found: re.Match[str], group: int, *, pair: bool = False) -> Iterator[Span]:
	"""The secret of a match: what its quotes hold, else its bare value; of `user:password` the second part."""
	group = group + 1 if found[group + 1] is not None else group + 2
	start, end = found.span(group)
	if pair:
		parts = _PAIR.fullmatch(found[group])
		if parts is None:
			return
		start += parts.start(1)
	value = found.string[start:end]
	if not TOKEN.fullmatch(value) and not value.startswith(("$", "%s", "{", "***")):
		yield Span(start, end, "secret", value)
