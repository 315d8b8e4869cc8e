"""Small facts about a site that tell of a change without telling the content: both adapters use them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SHORT = 12  # digits of a commit


def value_digests(values: Mapping[str, Any], keyed: Callable[[str], str]) -> dict[str, str]:
	"""A keyed digest of each value, the same for equal values whatever the order of their keys."""
	# a copy: the first use of the site's key writes it into the very config that is digested
	return {
		str(name): keyed(json.dumps(value, sort_keys=True, default=str))
		for name, value in dict(values).items()
	}


def commit_of(folder: Path) -> str | None:
	"""The first digits of the commit checked out in `folder`; None when it is no checkout, or an unreadable one."""
	try:
		git = folder / ".git"
		if git.is_file():  # a worktree names its real folder
			git = folder / git.read_text().partition("gitdir:")[2].strip()
		head = (git / "HEAD").read_text().strip()
		name = head.removeprefix("ref:").strip()
		return (head if name == head else _reference(git, name))[:SHORT] or None
	except (OSError, ValueError):
		return None


def _reference(git: Path, name: str) -> str:
	common = git / "commondir"
	for base in (git, (git / common.read_text().strip()) if common.exists() else git):
		if (base / name).exists():
			return (base / name).read_text().strip()
		packed = base / "packed-refs"
		for line in packed.read_text().splitlines() if packed.exists() else ():
			if line.endswith(f" {name}"):
				return line.split()[0]
	return ""
