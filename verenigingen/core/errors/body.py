"""What the body of an answer says: error pages in HTML, error objects in JSON or XML, alone or behind a heading.

Services answer with a page or an object that is different each time (ids, times, the version of the server) and is
logged under whatever title the caller chose. The page's headings and the object's own words tell which error it is.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import NamedTuple

BODY_LIMIT = 64 * 1024  # characters of a body that are looked at
PREFIX_LIMIT = 300  # characters before a body that may be its heading
SAID_LIMIT = 600  # characters of what is said
_DEPTH = 8  # objects and texts inside objects
_PARTS = 3  # texts of one object
_KEYS_SHOWN = 12
_KEYS_ONLY = "JSON with "
# Which error it is, and what went wrong, the most telling key first; compared in small letters without "_" and "-".
_MESSAGE_KEYS = (
	"code errorcode type exctype exception error title name message msg errormessage errordescription description "
	"detail details reason faultcode faultstring text errors fault response data body exc servermessages"
).split()
_HTML_HEADS = ("<!doctype html", "<html", "<head>", "<body", "<title>", "<h1", "<center>")
_SCRIPTS = re.compile(r"<(script|style|svg|noscript)\b[^<>]{0,2000}>")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BLANKS = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_ELEMENT = re.compile(r"<(?:[\w.-]{1,40}:)?([A-Za-z][\w.-]{0,40})(?:\s[^<>]{0,500})?>([^<>]{1,2000})</")
# `"key": "text"` where the object cannot be read as a whole: it was cut, or is written as Python writes it.
_PAIR = re.compile(
	r"[\"'](\w{1,40})[\"']\s{0,3}:\s{0,3}(?:\"((?:[^\"\\]|\\.){1,2000})(?:\"|\Z)|'((?:[^'\\]|\\.){1,2000})(?:'|\Z))"
)
_OPENING = re.compile(r"\{\s{0,20}[\"'}]|\[\s{0,20}\{")


class Said(NamedTuple):
	"""`text` is one line; `whole`: the body stands alone, without a heading before it."""

	text: str
	whole: bool


def said_in(text: str) -> Said | None:
	"""What a text says that is, or ends with, the body of an answer; None for any other text. Linear, never raises."""
	text = text[:BODY_LIMIT].strip()
	if "&lt;" in text[:PREFIX_LIMIT] and "<" not in text[:PREFIX_LIMIT]:
		text = html.unescape(text) if "&#" not in text else text.replace("&lt;", "<").replace("&gt;", ">")
	start, said = _markup(text)
	if not said:
		start, said = _object(text)
	if not said:
		return None
	prefix = " ".join(text[:start].split()).rstrip(":-– ")
	return Said(f"{prefix}: {said}"[:SAID_LIMIT] if prefix else said[:SAID_LIMIT], not prefix)


def is_telling(said: str) -> bool:
	"""Whether what a body says can stand without the heading it was logged under: two words, or a code like `no_such_id`."""
	return not said.startswith(_KEYS_ONLY) and (len(_WORD.findall(said)) > 1 or "_" in said)


def _markup(text: str) -> tuple[int, str]:
	"""Where a page or an XML document begins, and what it says; "" for none."""
	if "<" not in text[: PREFIX_LIMIT + 1]:
		return 0, ""
	lowered = text.lower() if len(text.lower()) == len(text) else text
	starts = [at for head in _HTML_HEADS if 0 <= (at := lowered.find(head, 0, PREFIX_LIMIT + 20))]
	if starts:
		return min(starts), _page(text, lowered)
	at = lowered.find("<?xml", 0, PREFIX_LIMIT + 5)
	if at < 0:
		return 0, ""
	found = {name.lower(): _plain(inner) for name, inner in _ELEMENT.findall(text)}
	told = [found[key] for key in _MESSAGE_KEYS if found.get(key)][:_PARTS]
	return at, ": ".join(dict.fromkeys(told))


def _page(text: str, lowered: str) -> str:
	"""Title, first heading and first paragraphs of a page; without them what it shows first."""
	parts: list[str] = []
	for tag, most in (("title", 1), ("h1", 1), ("p", 2)):
		for inner in _elements(text, lowered, tag, most):
			part = _plain(inner) if tag == "p" else _small(_plain(inner))
			if _WORD.search(part) and not any(part.lower() in one.lower() for one in parts):
				parts.append(part)
	if parts:
		return ": ".join(parts)
	end = lowered.find("<hr")  # below it the server signs
	return " ".join(_plain(_without_scripts(text[: end if end > 0 else None])).split()[:30])


def _small(heading: str) -> str:
	"""A heading without its capitals, which make no names; abbreviations keep theirs."""
	return " ".join(word if word.isupper() else word.lower() for word in heading.split(" "))


def _elements(text: str, lowered: str, tag: str, most: int) -> Iterator[str]:
	"""The insides of the first elements of a kind; one that is not closed ends where the next begins."""
	at = 0
	for _ in range(most):
		begin = _open(lowered, tag, at)
		if begin < 0:
			return
		begin = lowered.find(">", begin) + 1
		if not begin:
			return
		ends = [end for end in (lowered.find(f"</{tag}", begin), _open(lowered, tag, begin)) if end >= 0]
		at = min(ends, default=len(text))
		yield text[begin : min(at, begin + SAID_LIMIT)]


def _open(lowered: str, tag: str, at: int) -> int:
	found = [place for end in (">", " ", "\n") if (place := lowered.find(f"<{tag}{end}", at)) >= 0]
	return min(found, default=-1)


def _without_scripts(text: str) -> str:
	kept, at = [], 0
	for found in _SCRIPTS.finditer(text):
		if found.start() >= at:
			kept.append(text[at : found.start()])
			end = text.find(f"</{found[1]}", found.end())
			at = end if end >= 0 else len(text)
	return "".join([*kept, text[at:]])


def _plain(text: str) -> str:
	text = _TAG.sub(" ", text)
	if "&" in text and len(text) < SAID_LIMIT * 2:
		text = html.unescape(text) if not re.search(r"&#\w{9,}", text) else text
	return _BLANKS.sub(" ", text).strip()


def _object(text: str) -> tuple[int, str]:
	"""Where an object begins that goes on to the end, and what it says; "" for none."""
	found = _OPENING.search(text, 0, PREFIX_LIMIT + 20)
	if found is None:
		return 0, ""
	start, body = found.start(), text[found.start() :]
	try:
		value = json.loads(body)
	except (ValueError, RecursionError):
		return start, _pairs(body) if start == 0 or body.endswith(("}", "]", "…")) or len(text) >= 138 else ""
	said = ": ".join(dict.fromkeys(_told(value, _DEPTH)))
	if not said and start == 0:
		value = value[0] if isinstance(value, list) and value else value
		keys = sorted(str(key) for key in value) if isinstance(value, dict) else []
		return start, f"{_KEYS_ONLY}{', '.join(keys[:_KEYS_SHOWN])}" if keys else ""
	return start, said


def _pairs(body: str) -> str:
	found: dict[str, str] = {}
	for key, double, single in _PAIR.findall(body):
		found.setdefault(_key(key), double or single)
	told = [found[key] for key in _MESSAGE_KEYS if found.get(key, "").strip()][:_PARTS]
	return ": ".join(dict.fromkeys(map(_text, told)))


def _told(value: object, depth: int) -> list[str]:
	"""Texts of an object, those of telling keys first."""
	if depth == 0:
		return []
	if isinstance(value, str):
		return _told_text(value, depth)
	if isinstance(value, list):
		return next((found for one in value[:3] if (found := _told(one, depth - 1))), [])
	if not isinstance(value, dict):
		return []
	named = {_key(str(key)): inner for key, inner in value.items()}
	told: list[str] = []
	for key in _MESSAGE_KEYS:
		if len(told) < _PARTS and named.get(key):
			told += [part for part in _told(named[key], depth - 1) if part not in told]
	if not told:
		# of a form that was filled in wrongly: the field, and what is wrong with it
		for name, inner in list(value.items())[:_KEYS_SHOWN]:
			if isinstance(inner, list) and inner and isinstance(inner[0], str):
				told.append(f"{name}: {_text(inner[0])}")
	return told[:_PARTS]


def _told_text(text: str, depth: int) -> list[str]:
	text = text.strip()
	if text[:1] in ("{", "["):
		try:
			return _told(json.loads(text), depth - 1)
		except (ValueError, RecursionError):
			pass
	return [_text(text)] if text else []


def _text(text: str) -> str:
	return _plain(text[:SAID_LIMIT].replace("\\n", " "))


def _key(name: str) -> str:
	return name.lower().replace("_", "").replace("-", "")
