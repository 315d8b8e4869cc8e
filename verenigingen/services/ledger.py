"""Which source rows have been counted: sets of 64-bit keys, kept in a fixed number of pages per source.

A row per counted row would cost more to write than everything else a collector does. A page is picked by the first
byte of the key, so a few new rows touch a few small pages, and many rows touch each page once. 64 bits keep a million
rows apart with a chance of 3 in 10^8 that any two collide.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from verenigingen.core.model import as_text
from verenigingen.host.port import Store, marks

LEDGER = "tabCollection Ledger"
PAGES = 256

Keys = NDArray[np.uint64]


def row_keys(source: str, names: Iterable[str]) -> Keys:
	"""One key per name, in order."""
	begin = blake2b(f"{source}\0".encode(), digest_size=12)
	digests = []
	for name in names:
		digest = begin.copy()
		digest.update(name.encode("utf-8", "surrogatepass"))
		digests.append(digest.digest()[:8])
	return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64)


def unseen(store: Store, source: str, names: Sequence[str]) -> list[str]:
	"""The names whose rows have not been counted, in order, each once."""
	distinct = list(dict.fromkeys(names))
	if not distinct:
		return []
	keys = row_keys(source, distinct)
	pages = _pages(store, source, _pages_of(keys))
	# keys are in order within a page, and pages by their first byte: together they are in order
	held = np.concatenate([*(pages[page] for page in sorted(pages)), _none()])
	if not held.size:
		return distinct
	found = held[np.minimum(np.searchsorted(held, keys), held.size - 1)] == keys
	return [name for name, seen in zip(distinct, found, strict=True) if not seen]


def enter(store: Store, source: str, names: Sequence[str]) -> None:
	"""Marks rows as counted. Call it inside the transaction that counts them."""
	enter_keys(store, source, row_keys(source, names))


def enter_keys(store: Store, source: str, keys: Keys) -> None:
	"""As `enter`, by key; keys that are there already stay once."""
	touched = _pages_of(keys)
	old = _pages(store, source, touched)
	numbers = keys >> np.uint64(56)
	_write(
		store,
		source,
		{page: np.union1d(old.get(page, _none()), keys[numbers == page]) for page in touched},
	)


def size(store: Store, source: str) -> int:
	"""How many rows of the source are marked as counted."""
	found = store.query(f"SELECT SUM(row_count) FROM `{LEDGER}` WHERE source = %s", (source,))
	return int(found[0][0] or 0)


def held(store: Store, source: str) -> Keys:
	"""Every key of the source."""
	return np.concatenate([*_pages(store, source, None).values(), _none()])


def forget(store: Store, source: str, gone: Keys) -> None:
	"""Drops keys whose rows left the source. Call it inside a transaction."""
	touched = _pages_of(gone)
	old = _pages(store, source, touched)
	_write(store, source, {page: keys[~np.isin(keys, gone)] for page, keys in old.items()})


def _none() -> Keys:
	return np.empty(0, dtype=np.uint64)


def _pages_of(keys: Keys) -> list[int]:
	return [int(page) for page in np.unique(keys >> np.uint64(56))]


def _page_name(source: str, page: int) -> str:
	return f"{source}-{page:02x}"


def _pages(store: Store, source: str, wanted: Sequence[int] | None) -> dict[int, Keys]:
	sql = f"SELECT page, row_keys FROM `{LEDGER}` WHERE "
	if wanted is None:
		found = store.query(f"{sql}source = %s", (source,))
	else:
		names = [_page_name(source, page) for page in wanted]
		found = store.query(f"{sql}name IN ({marks(len(names))})", names)
	return {int(page): np.frombuffer(b64decode(as_text(keys)), dtype="<u8") for page, keys in found}


def _write(store: Store, source: str, pages: dict[int, Keys]) -> None:
	store.upsert(
		LEDGER,
		[
			{
				"name": _page_name(source, page),
				"source": source,
				"page": page,
				"row_count": len(keys),
				"row_keys": b64encode(keys.astype("<u8").tobytes()).decode(),
			}
			for page, keys in pages.items()
		],
	)
