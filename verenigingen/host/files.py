"""Files of a folder, as both adapters list them."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import FileSeen

MOST = 5_000


def files_in(folder: Path, source: str) -> list[FileSeen]:
	"""The plain files of a folder, at most MOST of them. Raises SourceAbsent when it cannot be read."""
	found: list[FileSeen] = []
	try:
		for path in folder.iterdir():
			try:
				facts = path.stat()
			except FileNotFoundError:  # deleted meanwhile
				continue
			if path.is_file() and len(found) < MOST:
				changed = datetime.fromtimestamp(facts.st_mtime, timezone.utc)
				found.append(FileSeen(path.name, facts.st_size, changed))
	except OSError as exc:
		raise SourceAbsent(source, f"The folder {folder} cannot be read here: {exc.strerror}.") from exc
	return found
