"""Reads out of a raising statement which words of its message are the program's and which are values.

A traceback shows the statement that raised, and the statement mostly holds the wording: `frappe.throw(_("Mandate {0}
of {1} is missing").format(name, person))`, an f-string, a `%` format. Words that stand in it are the template; what
stands in their gaps is a value, whatever it looks like: no list of names could tell "Joost Ypma" from "Sales Invoice".
A gap whose expression names a part of the schema (`_(doctype)`, `df.label`) or another error (`str(e)`) stays, as that
is what tells two failures of one statement apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from .frames import locate
from .traceback import Frame

MIN_WORDS = 2  # a wording of one word ("Bad {x}") says too little to call the rest a value
VALUE = "<value>"
# Frappe's own frames between the statement that throws and the exception.
_THROWERS = frozenset(("throw", "msgprint", "_raise_exception", "_throw"))
_RAISE = re.compile(r"raise\s+[\w.]+\s*\(|(?<!\w)_?throw\(|(?<!\w)msgprint\(")
_OPENING = re.compile(r"(?<![\w'\"])([A-Za-z]{0,2})('''|\"\"\"|'|\")")
_GAP = re.compile(r"\{\{|\}\}|%%|\\.|\{([^{}]*)\}|%(?:\((\w+)\))?[-#0+]?\d*(?:\.\d+)?[sdrfgixX]", re.DOTALL)
_TRANSLATED = re.compile(r"(?<!\w)_{1,2}\(\s*\Z")
_KEYWORD = re.compile(r"[(,\s](\w{1,40})\s{0,3}=\s{0,3}(?:_{1,2}\(\s{0,3})?\Z")
_MESSAGE_ARGUMENTS = frozenset(("msg", "message"))
_CALL = re.compile(r"\s*\)?\s*(?:\.format\(|%\s*\(|%\s*(?=[^\s(])|(\+))")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_BLANKS = re.compile(r"\s+")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_IDENTIFIERS = re.compile(r"[A-Za-z_]\w*")
# What an expression is called when it holds the text of another error, and when it holds a part of the schema or program.
_TEXTS = frozenset(
	"e ex exc err error errors exception msg message messages reason detail details response text stderr output".split()
)
_SCHEMA = frozenset(
	"doctype fieldname fieldtype field label column attribute key setting option parameter param argument method "
	"function".split()
)
_SCHEMA_LENGTH = 60  # characters of a name; longer is something else


_LEFT_OUT, _AS_TEXT, _AS_IT_IS = range(3)


class Template(NamedTuple):
	"""One wording: `fragments` stand around the gaps, and `kept` says of each gap whether its text matters (_LEFT_OUT,
	_AS_TEXT, or _AS_IT_IS for the name of a part of the schema).

	constant is the wording with `<value>` in the gaps, None where a gap is kept. translated: the words are looked up
	in a catalogue, so that the message may hold other ones. open_ended: the message may go on after the last fragment.
	"""

	fragments: tuple[str, ...]
	kept: tuple[int, ...]
	constant: str | None
	translated: bool
	open_ended: bool


class _Literal(NamedTuple):
	"""A string of the statement; gaps hold the expression of an f-string, or the field of a format as `{field`."""

	fragments: list[str]
	gaps: list[str]
	start: int
	end: int
	cut: bool


def message_parts(frames: tuple[Frame, ...], message: str) -> list[str] | None:
	"""The message of an error in pieces if the raising statement shows its wording, else None.

	Pieces at even places are the program's words, ready to show; those at odd places are what a kept gap held and
	still have to be freed of values. Linear in the length of the message; a statement is read once.
	"""
	index = len(frames) - 1
	while index > 0 and frames[index].function in _THROWERS:
		index -= 1
	path, _, source = frames[index]
	if "raise " not in source and "throw(" not in source and "msgprint(" not in source:
		return None
	for template in _templates(source, locate(path)[2]):
		found = _match(template, message)
		if found is not None:
			return found
	return None


def _match(template: Template, message: str) -> list[str] | None:
	fragments = template.fragments
	position, last = len(fragments[0]), len(fragments) - 1
	values: list[str] = []
	found = message.startswith(fragments[0])
	for index in range(1, len(fragments)):
		if not found:
			break
		fragment = fragments[index]
		if index == last and not fragment:
			at = len(message)
		elif index == last and not template.open_ended:
			at = len(message) - len(fragment) if message.endswith(fragment) else -1
			at = at if at >= position else -1
		else:
			at = message.find(fragment, position)
		found = at >= 0
		values.append(message[position:at])
		position = at + len(fragment)
	if found and last == 0 and not template.open_ended:
		found = position == len(message)
	if template.constant is not None:
		return [template.constant] if found or template.translated else None
	return _kept(template, values) if found else None


def _kept(template: Template, values: list[str]) -> list[str]:
	fragments = [_shown(fragment) for fragment in template.fragments]
	parts = [fragments[0]]
	for fragment, value, kept in zip(fragments[1:], values, template.kept, strict=True):
		if kept == _AS_IT_IS and len(value) <= _SCHEMA_LENGTH and not any(map(str.isdigit, value)):
			parts[-1] += _shown(value) + fragment
		elif kept:
			parts += [value, fragment]
		else:
			parts[-1] += VALUE + fragment
	return parts


@lru_cache(maxsize=4096)
def _templates(source: str, kind: str) -> tuple[Template, ...]:
	"""The wordings a raising statement may use; none where it shows none, or is no part of site or Frappe."""
	begin = _RAISE.search(source)
	if begin is None or kind not in ("app", "framework"):
		return ()
	found: list[Template] = []
	position = begin.end()
	# of what is thrown, only the first argument is the message; a class takes what it likes
	told = len(source) if begin[0].startswith("raise") else _argument_end(source, position)
	while (literal := _literal(source, position)) is not None:
		position = literal.end
		keyword = _KEYWORD.search(source, 0, literal.start)
		if keyword[1] not in _MESSAGE_ARGUMENTS if keyword else literal.start >= told:
			continue
		template = _template(source, literal, known_only=kind == "framework")
		if template is not None:
			found.append(template)
	translated = sum(template.translated for template in found)
	if translated > 1:
		# of two wordings in another language nobody can tell which one was used
		found = [template._replace(translated=False) for template in found]
	return tuple(sorted(found, key=lambda template: template.translated))


def _template(source: str, literal: _Literal, known_only: bool) -> Template | None:
	if len(_WORDS.findall(_TAG.sub(" ", " ".join(literal.fragments)))) < MIN_WORDS:
		return None
	call = _CALL.match(source, literal.end)
	open_ended = literal.cut or not source[literal.end :].strip() or source.endswith(("(", ","))
	fragments, expressions = list(literal.fragments), list[str | None](literal.gaps)
	arguments: list[str] | None = None
	if call and call[1]:
		fragments.append("")
		expressions.append(source[call.end() :])
		open_ended = True
	elif call:
		arguments, closed = _arguments(source, call.end())
		open_ended = open_ended or not closed
	numbers = iter(range(len(expressions)))
	resolved = [_resolved(gap, arguments, numbers) for gap in expressions]
	if known_only and None in resolved:
		return None
	kept = tuple([_LEFT_OUT if expression is None else _telling(expression) for expression in resolved])
	fragments[0], fragments[-1] = fragments[0].lstrip(), fragments[-1].rstrip()
	constant = None if any(kept) else VALUE.join(_shown(fragment) for fragment in fragments).strip()
	translated = _TRANSLATED.search(source, 0, literal.start) is not None
	return Template(tuple(fragments), kept, constant, translated, open_ended)


def _shown(fragment: str) -> str:
	return _BLANKS.sub(" ", _TAG.sub(" ", fragment))


def _telling(expression: str) -> int:
	names = _IDENTIFIERS.findall(expression)
	parts = {part for name in names for part in name.lower().split("_")}
	if parts & _TEXTS:
		return _AS_TEXT
	if parts & _SCHEMA:
		return _AS_IT_IS
	return _AS_TEXT if "_" in names or "__" in names else _LEFT_OUT


def _resolved(gap: str | None, arguments: list[str] | None, numbers: Iterator[int]) -> str | None:
	"""The expression that fills a gap, or None where the line does not show it."""
	if gap is None or not gap.startswith("{"):
		return gap
	name = re.split(r"[!:.\[]", gap[1:], maxsplit=1)[0].strip()
	if arguments is None:
		return name if name and not name.isdigit() else None
	if name and not name.isdigit():
		named = [item for item in arguments if re.match(rf"{re.escape(name)}\s*=", item)]
		return named[0] if named else name
	index = int(name) if name.isdigit() else next(numbers)
	return arguments[index] if index < len(arguments) else None


def _literal(source: str, position: int) -> _Literal | None:
	"""The next string at or after a position, with those that follow it directly; None if there is none."""
	opening = _OPENING.search(source, position)
	if opening is None:
		return None
	found = _body(source, opening)
	if found is None:
		return None
	while True:
		following = _OPENING.match(
			source, found.end + len(source[found.end :]) - len(source[found.end :].lstrip())
		)
		more = _body(source, following) if following else None
		if more is None:
			return found
		fragments = [*found.fragments[:-1], found.fragments[-1] + more.fragments[0], *more.fragments[1:]]
		found = _Literal(fragments, found.gaps + more.gaps, found.start, more.end, found.cut or more.cut)


def _body(source: str, opening: re.Match[str]) -> _Literal | None:
	"""One string, split at its gaps; None where the line ends before the string does."""
	prefix, quote = opening[1].lower(), opening[2]
	fragments, gaps, position = [""], list[str](), opening.end()
	while not source.startswith(quote, position):
		if position >= len(source):
			return None
		if "f" in prefix and source[position] == "{" and source[position + 1 : position + 2] != "{":
			end = _closing(source, position + 1, "}")
			gap, step = source[position + 1 : end], end + 1 - position
		else:
			found = _GAP.match(source, position)
			if found is None or ("f" in prefix and found[0][0] == "%"):
				fragments[-1] += source[position]
				position += 1
				continue
			if found[0] in ("\\'", '\\"'):
				fragments[-1] += found[0][1]
				position += 2
				continue
			gap, step = _gap(found), found.end() - position
		fragments.append("")
		gaps.append(gap)
		position += step
	return _until_break(fragments, gaps, opening.start(), position + len(quote))


def _gap(found: re.Match[str]) -> str:
	if found[1] is not None:
		return "{" + found[1]
	if found[0] == "\\n":
		return "\n"
	if found[0][0] == "%" and found[0] != "%%":
		return "{" + (found[2] or "")
	return ""  # an escape: it stands for a text that is not looked at


def _until_break(fragments: list[str], gaps: list[str], start: int, end: int) -> _Literal:
	"""Only the first line of a message is compared."""
	if "\n" in gaps:
		at = gaps.index("\n")
		return _Literal(fragments[: at + 1], gaps[:at], start, end, True)
	return _Literal(fragments, gaps, start, end, False)


def _closing(source: str, position: int, bracket: str) -> int:
	"""Where the bracket closes that was opened before `position`; the end of the line if it does not."""
	depth = 0
	while position < len(source):
		char = source[position]
		if depth == 0 and char == bracket:
			return position
		depth += (char in "([{") - (char in ")]}")
		position += 1
	return position


def _arguments(source: str, position: int) -> tuple[list[str], bool]:
	"""The arguments of a call from its bracket on, and whether the line shows them all."""
	end = _closing(source, position, ")")
	found, begin = list[str](), position
	while (at := _argument_end(source, begin, end)) < end:
		found.append(source[begin:at].strip())
		begin = at + 1
	found.append(source[begin:end].strip())
	return found, end < len(source)


def _argument_end(source: str, position: int, end: int | None = None) -> int:
	"""Where the comma stands that ends the argument which begins at `position`; `end` if there is none."""
	depth, quote, end = 0, "", len(source) if end is None else end
	for at in range(position, end):
		char = source[at]
		if quote:
			quote = "" if char == quote else quote
		elif char in "'\"":
			quote = char
		elif char == "," and depth == 0:
			return at
		else:
			depth += (char in "([{") - (char in ")]}")
	return end
