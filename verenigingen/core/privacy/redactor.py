"""Replaces personal data in text and in structures by typed, stable tokens, and leaves everything else as it is.

Text is worked on in stretches of lines. Each detector looks for the one thing that costs little and that its values
cannot be without (an `@`, digits in a certain order, a telling word); only where that stands is it looked at closely.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .banking import find_bics, find_cards, find_ibans
from .bound import find_bound
from .commands import find_command_secrets
from .contact import find_ips, find_mails, find_phones
from .digits import candidates
from .identity import find_bsns
from .keyed import find_keyed
from .keynames import kind_of, telling
from .names import NameIndex
from .plain import find_plain_secrets
from .postal import find_addresses
from .sql import find_inserted
from .tokens import TOKEN, Span, Tokens
from .values import spans_of
from .view import View

STRETCH = 32 * 1024  # characters looked at together
CONTEXT = 512  # characters before a stretch, for the names and words that stand before a value
DEPTH = 40  # levels of a structure that are looked into; deeper ones are shown as text
_PASSES = 4  # at least, over a stretch in which values are glued to others: each may bare the next
_LOOKED_AT = _PASSES * STRETCH  # characters that the passes over a shorter text may look at in all
_BORDERS_BEFORE = frozenset(" \t\r\n'\"`()[]{}<>,;:=&|/\\.%")
_BORDERS_AFTER = frozenset(" \t\r\n'\"`)]}<>,;:&|%.\\/?!")
_ORDINARY_LIMIT = 50_000
_STATEMENTS = frozenset(("select", "insert", "update", "delete", "replace", "where", "set"))
_LETTERS = {code: " " for code in range(128) if not chr(code).isalpha()}
_LETTERS |= {ord(char): char.lower() for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


class Redactor:
	"""Redacts with one key and one set of known names.

	Safe to share between threads: what it remembers are ordinary words only, never a value.
	"""

	def __init__(self, key: bytes, names: NameIndex | None = None) -> None:
		self.tokens = Tokens(key)
		self.names = names or NameIndex()
		self._ordinary: set[str] = set()

	def redact(self, text: str) -> str:
		"""The text with every value found replaced. Linear in its length; never raises."""
		if len(text) <= STRETCH:
			return self.replaced(text, 0, len(text))[0]
		stretches = Stretches(self)
		return "".join((*stretches.feed(text), *stretches.finish()))

	def redact_known(self, text: str) -> str:
		"""The text redacted if a word of a known name is in it, else the text as it is: a few microseconds for most."""
		if not self.names.anchors or self.names.anchors.isdisjoint(
			View(text).flat.translate(_LETTERS).split()
		):
			return text
		return self.redact(text)

	def spans(self, text: str) -> list[Span]:
		"""What would be replaced, with places in the text, in order and without overlap."""
		view = View(text)
		found = self._found(view)
		if not found:
			return []
		kept = [Span(*view.origin(span.start, span.end), span.kind, span.value) for span in _disjoint(found)]
		return _outside_tokens(text, kept)

	def redact_value(self, value: Any, name: str = "") -> Any:
		"""A structure of dicts, lists, tuples and plain values with its texts redacted; `name`: the key it stands under.

		Keys stay. A secret is recognised by its key at any depth, whatever it looks like.
		"""
		return self._redact_value(value, name, DEPTH)

	def _redact_value(self, value: Any, name: str, depth: int) -> Any:
		if depth == 0:
			return self.redact(str(value))
		if isinstance(value, Mapping):
			inherited = name if kind_of(name) == "secret" else ""
			return {
				key: self._redact_value(
					inner, str(key) if kind_of(str(key)) else inherited or str(key), depth - 1
				)
				for key, inner in value.items()
			}
		if isinstance(value, list | tuple | set | frozenset):
			made = [self._redact_value(inner, name, depth - 1) for inner in value]
			return made if isinstance(value, list | set | frozenset) else tuple(made)
		if value is None or isinstance(value, bool):
			return value
		return self._named(value, name)

	def _named(self, value: Any, name: str) -> Any:
		"""A single value, judged together with its key, as if it stood in a dictionary."""
		text = value if isinstance(value, str) else str(value)
		if kind_of(name) == "secret" and text and not TOKEN.fullmatch(text):
			return self.tokens.token("secret", text)
		lead = f'"{name}": "'
		spans = (
			[span for span in self.spans(f'{lead}{text}"') if span.end > len(lead)]
			if name
			else self.spans(text)
		)
		if name and not spans:
			kind = kind_of(name)
			if kind:
				spans = [
					Span(s.start + len(lead), s.end + len(lead), s.kind, s.value)
					for s in spans_of(kind, text, 0, len(text), quoted=True, separator=":")
				]
		if not spans:
			return value
		offset = len(lead) if name else 0
		moved = [
			Span(max(0, s.start - offset), min(len(text), s.end - offset), s.kind, s.value) for s in spans
		]
		return self._written(text, moved, 0, len(text))

	def replaced(self, text: str, start: int, stop: int) -> tuple[str, int]:
		"""text[start:stop] redacted, and where it really ended: a value that begins before `stop` is done whole."""
		end = stop
		for _ in range(max(_PASSES, _LOOKED_AT // max(1, len(text)))):
			spans = [span for span in self.spans(text) if span.end > start and span.start < stop]
			if not spans:
				break
			last = max(stop, spans[-1].end)
			made = self._written(text, spans, start, last)
			end += last - stop
			glued = _glued(text, spans)
			text = f"{text[:start]}{made}{text[last:]}"
			stop = start + len(made)
			if not glued:
				break
		return text[start:stop], end

	def _written(self, text: str, spans: list[Span], position: int, stop: int) -> str:
		pieces: list[str] = []
		for span in spans:
			if span.start >= position:
				pieces += (text[position : span.start], self.tokens.token(span.kind, span.value))
			position = max(position, span.end)
		pieces.append(text[position:stop])
		return "".join(pieces)

	def _found(self, view: View) -> list[Span]:
		found: list[Span] = []
		mails = list(find_mails(view)) if "@" in view.flat else []
		found += mails
		numbers = candidates(view)
		ibans = list(find_ibans(view, numbers.accounts, numbers.spaced))
		found += ibans
		found += find_bics(view, ibans)
		found += find_cards(view, numbers.cards)
		words = set(view.flat.translate(_LETTERS).split())
		found += find_phones(view, numbers, words)
		found += find_addresses(view, numbers)
		found += find_ips(view, numbers.addresses)
		found += find_bsns(view)
		found += find_plain_secrets(view, words)
		found += find_command_secrets(view, words)
		keys = self._telling(words)
		if keys:
			found += find_keyed(view, keys)
			if "into" in words:
				found += find_inserted(view)
			if not _STATEMENTS.isdisjoint(words):
				found += find_bound(view)
		hits = self.names.anchors & words
		if hits:
			found += self.names.find(view, hits, mails)
		return found

	def _telling(self, words: set[str]) -> list[str]:
		unknown = words - self._ordinary
		told = [word for word in unknown if word.isascii() and telling(word[:60])]
		if len(self._ordinary) < _ORDINARY_LIMIT:
			# only words that are common enough to be short are worth remembering
			self._ordinary.update(word for word in unknown.difference(told) if len(word) < 24)
		return told


class Stretches:
	"""Redacts a text that arrives in parts; memory stays within a few stretches, whatever the length of its lines."""

	def __init__(self, redactor: Redactor) -> None:
		self._redactor = redactor
		self._before = ""  # what was written already, as context
		self._waiting = ""

	def feed(self, text: str) -> Iterator[str]:
		"""Takes the next part; gives what is ready."""
		yield from self._work(self._waiting + text, 2 * STRETCH)

	def flush(self) -> Iterator[str]:
		"""Gives all whole lines there are, for a reader who watches; what follows them is no longer waited for."""
		line = self._waiting.rfind("\n") + 1
		yield from self._work(self._waiting, len(self._waiting) - line)

	def finish(self) -> Iterator[str]:
		"""Gives the rest."""
		yield from self._work(self._waiting, 0)

	def _work(self, text: str, kept: int) -> Iterator[str]:
		"""Redacts all of a text but `kept` characters, which wait for what follows them."""
		position = 0
		while len(text) - position > kept:
			last = len(text) - position <= STRETCH
			stop = len(text) - kept if last else _cut(text, position)
			# some text after the cut belongs to the judgement of what stands before it
			looked_at = self._before + text[position : stop + CONTEXT]
			context = len(self._before)
			made, end = self._redactor.replaced(looked_at, context, context + stop - position)
			yield made
			position += end - context
			self._before = looked_at[max(0, end - CONTEXT) : end]
		self._waiting = text[position:]


def _cut(text: str, position: int) -> int:
	"""Where a stretch that begins at a place ends: after its last line, else after its last blank, else anywhere."""
	end = position + STRETCH
	key_file = text.rfind("-----BEGIN ", position + 1, end)
	if key_file >= 0 and text.find("-----END ", key_file, end) < 0:
		return key_file
	line = text.rfind("\n", position + STRETCH // 2, end)
	if line >= 0:
		return line + 1
	blank = text.rfind(" ", end - CONTEXT, end)
	return blank + 1 if blank >= 0 else end


def _disjoint(found: list[Span]) -> list[Span]:
	"""Overlapping findings become one: the earliest and longest gives the kind, all of it is replaced."""
	found.sort(key=lambda span: (span.start, -span.end))
	kept: list[Span] = []
	for span in found:
		if kept and span.start < kept[-1].end:
			last = kept[-1]
			if span.end > last.end:
				kept[-1] = Span(last.start, span.end, last.kind, last.value + span.value)
		elif span.end > span.start:
			kept.append(span)
	return kept


def _glued(text: str, spans: list[Span]) -> bool:
	"""Whether a value stands in a word: its token then makes borders that were none, and other values may show."""
	limit = len(text)
	return any(
		(span.start and text[span.start - 1] not in _BORDERS_BEFORE)
		or (span.end < limit and text[span.end] not in _BORDERS_AFTER)
		or text.startswith("::", span.end)
		for span in spans
	)


def _outside_tokens(text: str, spans: list[Span]) -> list[Span]:
	if "<" not in text or ":" not in text:
		return spans
	tokens = [found.span() for found in TOKEN.finditer(text)]
	if not tokens:
		return spans
	kept, index = [], 0
	for span in spans:
		while index < len(tokens) and tokens[index][1] <= span.start:
			index += 1
		inside = index < len(tokens) and tokens[index][0] <= span.start and span.end <= tokens[index][1]
		if not inside:
			kept.append(span)
	return kept
